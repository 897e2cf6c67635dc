"""Reports made by hand: one as a run gives it, one that is empty, one full of hostile texts, one at its bounds."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timezone

from spark_llmdata.report.page.model import (
    Bin,
    Breakdown,
    Cluster,
    Cost,
    EditGroup,
    Example,
    FunnelStep,
    Member,
    Piece,
    ReasonGroup,
    Report,
    Retention,
    Share,
    ThresholdView,
)

READ = 146_218
ASIDE = 4_113
STAGES = (  # kind, removed, rejected
    ("extract.html", 4_212, 318),
    ("clean.unicode", 0, 0),
    ("filter.url", 3_907, 0),
    ("filter.language", 38_411, 0),
    ("filter.gopher_repetition", 9_873, 0),
    ("filter.gopher_quality", 14_120, 4),
    ("clean.pii", 0, 0),
    ("dedup.minhash", 11_392, 0),
)
PROSE = (
    "The harbor master keeps two notebooks, one for the tides and one for everything else. In the first there is a "
    "line for each day since 1974; in the second are storms, lost oars, a wedding, the price of diesel.\n\nVisitors "
    "ask for the first one. It is the second that he shows to his grandchildren."
)
HOSTILE = (
    "<script>document.title='taken'</script>",
    "</style><style>body{display:none}</style>",
    '"><img src=x onerror=alert(1)>',
    "</textarea></title><!--",
    "turned \u202eright to left\u202c and \u2066isolated",
    "control \x00\x07\x1b[31m\x7f\x9f and \ufeff\ufffe, tag \U000e0041",
    "w" * 4_000,
    "שלום עולם, this is mixed",
    "مرحبا بالعالم",
    "&lt;b&gt; ]]> {{ }} ${x} javascript:alert(1)",
    "%3Cscript%3E &#60;i&#62; \\u003c",
)


def make_pieces(text: str = PROSE, kind: str = "condemned") -> tuple[Piece, ...]:
    """A text with a stretch in its middle marked."""
    third = len(text) // 3
    marked: Piece = Piece(kind, text[third : 2 * third])  # type: ignore[arg-type]
    return (Piece("plain", text[:third]), marked, Piece("plain", text[2 * third :]), Piece("cut", "1,204 characters"))


def make_example(n: int = 0, text: str = PROSE, kind: str = "condemned", **known: object) -> Example:
    """A document; `n` tells it from others."""
    example = Example(
        doc_id=f"{n:032x}",
        name=f"https://www.harbor-{n % 7}.example/articles/2024/a-notebook-for-everything-else-{n}.html",
        source="web",
        lang="en",
        words=212 + n,
        score=41 + n % 9,
        threshold=50,
        evidence="41 words; at least 50 are expected",
        pieces=make_pieces(text, kind),
        command=f"llmdata show {n:032x} --store corpora/news",
    )
    return replace(example, **known)  # type: ignore[arg-type]


def _make_funnel() -> tuple[FunnelStep, ...]:
    steps, shown = [], READ
    for stage, removed, rejected in STAGES:
        left = shown - removed - rejected
        steps.append(
            FunnelStep(stage, shown, removed, rejected, left, removed * 402, removed * 2_480, left * 611, left * 3_820)
        )
        shown = left
    return tuple(steps)


def _make_reasons() -> tuple[ReasonGroup, ...]:
    told = [
        ("filter.language", "language.not_wanted", "a language that is not in `languages`", 38_411),
        ("filter.gopher_quality", "gopher_quality.too_few_words", "fewer than `min_words` words", 9_020),
        ("dedup.minhash", "minhash.near_duplicate", "words almost as those of a document that stays", 11_392),
        ("filter.gopher_repetition", "gopher_repetition.duplicate_lines", "too many lines that occur twice", 9_873),
        ("filter.gopher_quality", "gopher_quality.too_few_stop_words", "fewer than `min_stop_words`", 5_100),
        ("extract.html", "html.no_text", "nothing is left beside navigation", 4_212),
        ("filter.url", "url.blocked_domain", "a host on the block list", 3_907),
    ]
    groups = [
        ReasonGroup(stage, reason, meaning, "removed", n, n * 402, n * 2_480, tuple(map(make_example, range(4))))
        for stage, reason, meaning, n in told
    ]
    reject = make_example(5, score=None, threshold=None, doc_id=None, lang=None, words=None, pieces=())
    lost = "member at byte 88,213 of crawl-00012.warc.gz: the data ends before the end of the stream"
    rejects = [
        ("read.damaged_member", "a gzip member that cannot be read to its end", 311, replace(reject, evidence=lost)),
        ("extract.not_decoded", None, 7, reject),
        ("judge.failed", "the stage raised an error on this row", 4, reject),
    ]
    groups += [
        ReasonGroup("extract.html", reason, meaning, "rejected", n, None, None, (example,))
        for reason, meaning, n, example in rejects
    ]
    requests = make_example(6, score=None, threshold=None, evidence=None, pieces=())
    beside = "no document, such as a request in an archive"
    groups.append(ReasonGroup("read", "read.not_content", beside, "aside", ASIDE, 0, 0, (requests,)))
    return tuple(groups)


def make_view(number: int = 0, *, bins: int = 32, examples: int = 3) -> ThresholdView:
    """A rule whose scores lie around 150 words; it removes what is below 50."""
    width, peak = 400 / bins, 150.0
    told = []
    for i in range(bins):
        begin = i * width
        n = round(9_000 * math.exp(-(((begin - peak) / 110) ** 2)) + 400 * math.exp(-begin / 30))
        told.append(Bin(begin, begin + width, n if begin >= 50 else 0, n if begin < 50 else 0))
    total = sum(b.kept + b.removed for b in told)
    retention = []
    for threshold in (0, 10, 20, 30, 40, 50, 60, 75, 100, 150, 200, 300):
        left = sum(b.kept + b.removed for b in told if b.begin >= threshold)
        retention.append(Retention(threshold, left, left * 190))
    return ThresholdView(
        stage="filter.gopher_quality",
        reason="gopher_quality.too_few_words" if not number else f"gopher_quality.rule_{number}",
        setting="filter.gopher_quality.min_words",
        score="n_words",
        removes="below",
        threshold=50,
        documents=total,
        exact=number % 2 == 0,
        note=None,
        bins=tuple(told),
        retention=tuple(retention),
        kept_examples=tuple(make_example(n, score=50 + n, evidence=None) for n in range(examples)),
        removed_examples=tuple(make_example(9 + n, score=49 - n) for n in range(examples)),
    )


def make_cluster(number: int = 0, members: int = 4) -> Cluster:
    """A survivor and those that went for it."""
    difference = (
        Piece("cut", "212 words"),
        Piece("plain", "In the first there is a line for each day since"),
        Piece("removed", " 1974;"),
        Piece("added", " the spring of 1981;"),
        Piece("plain", " in the second are storms, lost oars,"),
        Piece("removed", " a wedding,"),
        Piece("plain", " the price of diesel."),
    )
    gone = [
        Member(make_example(20 + n, score=None, evidence=None), "minhash.near_duplicate", 0.991 - n / 20, difference)
        for n in range(members)
    ]
    survivor = make_example(number, kind="plain", score=None, evidence=None)
    return Cluster("dedup.minhash", members + 8, survivor, tuple(gone))


def _make_edits() -> tuple[EditGroup, ...]:
    pieces = (
        Piece("plain", "Write to "),
        Piece("private", "email"),
        Piece("added", "email@example.com"),
        Piece("plain", " or ask the harbor master, who isn"),
        Piece("removed", "â€™"),
        Piece("added", "’"),
        Piece("plain", "t always there."),
    )
    example = make_example(3, score=None, threshold=None, evidence=None, pieces=pieces)
    return (
        EditGroup("clean.pii", 6_120, 9_377, {"email": 7_911, "phone": 1_202, "ip": 264}, (example, example)),
        EditGroup("clean.unicode", 21_004, 88_120, {"mojibake": 61_000, "line_ends": 27_120}, (example,)),
    )


def _make_breakdowns(hosts: int = 12) -> tuple[Breakdown, ...]:
    def share(label: str, read: int, kept: int) -> Share:
        return Share(label, read, kept, kept * 611, kept * 3_820, kept * 794)

    languages = ("English", 91_000, 63_501), ("German", 21_400, 120), ("French", 14_000, 60), ("not known", 3_100, 9)
    lengths = [("0–99", 31_000), ("100–299", 42_000), ("300–999", 51_000), ("1,000–9,999", 21_000), ("10,000+", 1_218)]
    return (
        Breakdown("language", tuple(share(*one) for one in languages), share("29 others", 16_718, 291)),
        Breakdown("length", tuple(share(name, n, n // 2) for name, n in lengths), None),
        Breakdown("source", (share("web", READ, 63_981),), None),
        Breakdown(
            "host",
            tuple(share(f"www.harbor-{n}.example", 900 - 7 * n, 512 - 9 * n) for n in range(hosts)),
            share("31,204 others", 137_000, 58_000),
        ),
        Breakdown("license", (share("none stated", 141_000, 61_000), share("CC-BY-4.0", 5_218, 2_981)), None),
    )


def _make_costs() -> tuple[Cost, ...]:
    names = ("extract.html", "filter.gopher_quality", "filter.gopher_repetition")
    minhash, exact = ("dedup.minhash",), ("dedup.exact",)
    return (
        Cost("read", names, READ, 9_100_000_000, 301, 2_100_000_000, False, 150_000, None, 280, 1_900_000_000),
        Cost("compare", exact, 76_000, 89_000_000, 9, None, True, 75_000, None, 12, None),
        Cost("compare", minhash, 75_000, 88_000_000, 64, None, False, 75_000, None, 90, None),
        Cost("judge", ("clean.pii", "filter.c4"), 70_000, None, None, None, True, None, None, None, None),
        Cost("corpus", (), 63_981, 244_000_000, 22, 900_000_000, False, 63_000, 250_000_000, 30, None),
    )


def make_report() -> Report:
    """A run of FineWeb's recipe over a crawl, with everything that a page can show."""
    return Report(
        run="20261121T213045-7f3a",
        recipe="fineweb",
        started=datetime(2026, 11, 21, 21, 30, 45, tzinfo=timezone.utc),
        seconds=396.0,
        store="corpora/news",
        table="corpus",
        corpus_version=3,
        content_hash="9f27c1c4d1e04ab6a4bb2d8b7f3a90ce",
        reproducible=True,
        caveats=(
            "The gate `max_removed` was overridden: 56.0 % of the documents went, 50 % are allowed.",
            "Scores of filter.gopher_quality are not complete: documents that filter.language removed have none.",
        ),
        records=READ + ASIDE,
        documents=READ,
        kept=63_981,
        removed=81_915,
        rejected=322,
        kept_words=39_092_391,
        kept_bytes=244_407_420,
        funnel=_make_funnel(),
        reasons=_make_reasons(),
        thresholds=(make_view(), replace(make_view(1), removes="above", threshold=240, score="mean_line_length")),
        clusters=(make_cluster(), make_cluster(1, 2)),
        cluster_sizes={2: 2_811, 3: 904, 4: 311, 7: 120, 12: 61, 33: 9, 210: 1},
        edits=_make_edits(),
        breakdowns=_make_breakdowns(),
        tokenizer="gpt2 (tokenizer.json, sha256 1f2c…)",
        costs=_make_costs(),
        manifest={
            "run": "20261121T213045-7f3a",
            "stages": [stage for stage, _, _ in STAGES],
            "splits": 412,
        },
    )


def make_empty() -> Report:
    """A run that read nothing and of which nothing else is known."""
    return replace(
        make_report(),
        caveats=(),
        records=0,
        documents=0,
        kept=0,
        removed=0,
        rejected=0,
        kept_words=0,
        kept_bytes=0,
        funnel=(),
        reasons=(),
        thresholds=(),
        clusters=(),
        cluster_sizes={},
        edits=(),
        breakdowns=(),
        tokenizer=None,
        costs=(),
        manifest={},
    )


def _relabel(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    return tuple(replace(share, label=text) for share, text in zip(shares, HOSTILE, strict=False))


def make_hostile() -> Report:
    """Every text that a document, a user's stage or a path may have brought, as bad as can be."""
    report = make_report()
    bad = " ".join(HOSTILE)
    cards = tuple(
        make_example(n, text, name=text, source=text, lang=text, evidence=text, command=text)
        for n, text in enumerate(HOSTILE)
    )
    view = replace(
        make_view(), reason=bad, score=bad, setting=bad, note=bad, stage=bad, kept_examples=cards, languages=bad
    )
    cluster = make_cluster()
    member = replace(cluster.members[0], example=cards[0], difference=tuple(Piece("added", text) for text in HOSTILE))
    return replace(
        report,
        run=bad,
        recipe=bad,
        store=bad,
        content_hash=bad,
        caveats=HOSTILE,
        tokenizer=bad,
        manifest={text: text for text in HOSTILE},
        funnel=tuple(replace(step, stage=text) for step, text in zip(report.funnel, HOSTILE, strict=False)),
        reasons=tuple(
            replace(group, stage=text, reason=text, meaning=text, examples=cards)
            for group, text in zip(report.reasons, HOSTILE, strict=True)
        ),
        thresholds=(view,),
        clusters=(replace(cluster, survivor=cards[0], members=(member,), stage=bad),),
        edits=(replace(report.edits[0], stage=bad, kinds={bad: 3}, examples=cards),),
        breakdowns=tuple(replace(one, shares=_relabel(one.shares)) for one in report.breakdowns),
        costs=tuple(replace(cost, step=bad, stages=HOSTILE) for cost in report.costs),
    )


def make_full() -> Report:
    """A report at its bounds: more than a run of 146,000 documents gives."""
    report = make_report()
    long = (PROSE + " ") * 4
    cards = tuple(make_example(n, long) for n in range(6))
    reasons = tuple(
        replace(report.reasons[0], reason=f"noun_{n}.defect", documents=5_000 - n, examples=cards) for n in range(60)
    )
    views = tuple(replace(make_view(n, bins=40), kept_examples=cards, removed_examples=cards) for n in range(30))
    clusters = tuple(make_cluster(n, 6) for n in range(40))
    edits = tuple(replace(report.edits[0], stage=f"clean.stage_{n}", examples=cards) for n in range(12))
    return replace(
        report,
        reasons=(*reasons, *report.reasons),
        thresholds=views,
        clusters=clusters,
        edits=edits,
        breakdowns=_make_breakdowns(50),
        manifest={f"split {n}": {"path": f"crawl-{n:05}.warc.gz", "digest": f"{n:032x}"} for n in range(20_000)},
    )
