"""A report filled from a store: few passes over narrow columns, texts of some examples only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spark_llmdata.errors import NotFound
from spark_llmdata.report.page import collect_clusters as clusters
from spark_llmdata.report.page import collect_costs as costs
from spark_llmdata.report.page import collect_edits as edits
from spark_llmdata.report.page import collect_reasons as reasons
from spark_llmdata.report.page import collect_thresholds as thresholds
from spark_llmdata.report.page.collect_breakdowns import count_shares, make_breakdowns
from spark_llmdata.report.page.collect_tokens import count_tokens, read_tokenizer
from spark_llmdata.report.page.examples import Examples
from spark_llmdata.report.page.model import Report
from spark_llmdata.report.page.records import Records
from spark_llmdata.report.page.screen import Screen
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger, RunRecord

#: Examples of each kind.
EXAMPLES = 3


@dataclass
class _Found:
    """What was counted, before texts are read."""

    reasons: list[reasons.Counted]
    shares: list[Any]
    scores: list[thresholds.Counted]
    problems: list[str]
    clusters: list[clusters.Chosen]
    sizes: dict[int, int]
    edits: list[edits.Counted]


def collect(
    store: Store,
    run: str | None = None,
    *,
    examples: int = EXAMPLES,
    private: bool = False,
    tokenizer: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Ask a store for all that a report tells of a run.

    `run` is an id or its beginning, by default the newest over all of its input that is done. `examples` are told of
    each reason, side of a threshold, cluster and editing stage; chosen by hashes, so that a report of the same run
    tells the same. `tokenizer` is the file of one, for tokens by source. What private stages take out of texts is shown
    by its kind, unless `private`.

    Raises:
        NotFound: no such run, or it is not done.
        UsageError: the file holds no tokenizer.
    """
    say = progress or (lambda _: None)
    record = Ledger(store).find(run)
    if record.version is None:
        raise NotFound(
            f"run {record.run} is {record.state}; a report tells of a run that is done. `llmdata runs` lists all, "
            "`llmdata why` tells of single documents of this one"
        )
    content = None if tokenizer is None else read_tokenizer(tokenizer)
    records, screen = Records(store, record), Screen(record, private=private)
    found = _count(records, screen, examples, say)
    say("reading examples")
    made = Examples(records, screen)
    stored = reasons.list_places(records, found.reasons)
    near = {one.place for counted in found.scores for one in counted.near}
    made.fetch({*stored.values()} | near | clusters.list_places(found.clusters) | edits.list_places(found.edits))
    tokens = None
    if content is not None:
        say("counting tokens")
        tokens = count_tokens(record.read_corpus(store), content)
    return _put_together(records, screen, found, made, stored, tokens, tokenizer)


def _count(records: Records, screen: Screen, examples: int, say: Callable[[str], None]) -> _Found:
    say(f"counting {records.record.manifest['counts']['read']:,} records of run {records.record.run} by reason")
    by_reason = reasons.count_reasons(records, examples)
    say("counting documents by language, host, source and length")
    shares = count_shares(records)
    say("counting scores around thresholds")
    scores, problems = thresholds.count_scores(records, [*screen.stages.values()], examples)
    say("looking for clusters of duplicates")
    chosen, sizes = clusters.choose_clusters(records, examples), clusters.count_clusters(records)
    say("counting edits")
    return _Found(by_reason, shares, scores, problems, chosen, sizes, edits.count_edits(records, examples))


def _put_together(
    records: Records,
    screen: Screen,
    found: _Found,
    made: Examples,
    stored: dict[tuple[str, int], Any],
    tokens: dict[str, int] | None,
    tokenizer: str | None,
) -> Report:
    record, manifest = records.record, records.record.manifest
    counts = manifest["counts"]
    kept = [group for group in found.reasons if group.outcome == "kept"]
    aside = sum(group.documents for group in found.reasons if group.is_aside)
    passes = costs.make_costs(manifest)
    meanings = reasons.list_meanings(screen, manifest["recipe"])
    return Report(
        run=record.run,
        recipe=record.recipe,
        started=record.started,
        seconds=costs.add_seconds(manifest, passes, record),
        store=records.store.root,
        table=record.table,
        corpus_version=_version(record),
        content_hash=manifest["content_hash"],
        reproducible=manifest["reproducible"],
        caveats=(*costs.list_caveats(manifest, screen.lost), *found.problems),
        records=counts["read"],
        documents=counts["read"] - aside,
        kept=counts["kept"],
        removed=counts["removed"] - aside,
        rejected=counts["rejected"],
        kept_words=sum(group.words for group in kept),
        kept_bytes=sum(group.bytes for group in kept),
        funnel=reasons.make_funnel(manifest["by_stage"], found.reasons),
        reasons=reasons.make_reasons(found.reasons, stored, made, meanings),
        thresholds=thresholds.make_views(found.scores, screen.stages, costs.lost_before(manifest), made.of_place),
        clusters=clusters.make_clusters(found.clusters, made),
        cluster_sizes=found.sizes,
        edits=edits.make_edits(found.edits, records, made),
        breakdowns=make_breakdowns(found.shares, tokens),
        tokenizer=tokenizer,
        costs=passes,
        manifest=costs.shorten_manifest(manifest),
    )


def _version(record: RunRecord) -> int:
    assert record.version is not None
    return record.version
