"""Counted rows made into what a report tells: without Spark."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from spark_llmdata.report.page.collect_breakdowns import make_breakdowns
from spark_llmdata.report.page.collect_costs import (
    add_seconds,
    list_caveats,
    lost_before,
    make_costs,
    shorten_manifest,
)
from spark_llmdata.report.page.collect_reasons import Counted, list_meanings, make_funnel
from spark_llmdata.report.page.collect_thresholds import _make_bins
from spark_llmdata.report.page.histogram import Axis
from spark_llmdata.report.page.model import Bin, FunnelStep, Share
from spark_llmdata.store.ledger import RunRecord


def count(stage: str, shown: int, removed: int = 0, rejected: int = 0, **others: Any) -> dict[str, Any]:
    kept = shown - removed - rejected
    facts = {"stage": stage, "in": shown, "removed": removed, "rejected": rejected, "kept": kept}
    return facts | {"seconds": 2.5, "reused": False} | others


MANIFEST: dict[str, Any] = {
    "by_stage": [
        count("read", 100, 10, 5),
        count("clean.unicode", 85),
        count("filter.c4", 85, 25),
        count("dedup.exact", 60, 10, told=["slow"]),
        count("clean.pii", 50, reused=True),
    ],
    "segments": [{"stages": ["clean.unicode", "filter.c4"]}, {"stages": ["clean.pii"]}],
    "verdicts": [{"stage": "read", "behind": 0}, {"stage": "dedup.exact", "behind": 0}],
    "counts": {"read": 100, "kept": 50, "removed": 45, "rejected": 5},
    "overridden": [],
    "reproducible": True,
    "recipe": {"write": {"removed_text": "all"}, "judge": "alive", "stages": [{"kind": "clean.unicode"}]},
}


def group(outcome: str, stage: str | None, words: int, size: int, reason: str | None = None, n: int = 1) -> Counted:
    return Counted(outcome, stage, reason, n, words, size)


def test_a_funnel_adds_up() -> None:
    found = [
        group("kept", None, 500, 3000),
        group("removed", "read", 50, 300),
        group("rejected", "read", 0, 0),
        group("removed", "filter.c4", 30, 200),
        group("removed", "filter.c4", 20, 100),
        group("removed", "dedup.exact", 7, 40),
    ]
    steps = make_funnel(MANIFEST["by_stage"], found)
    assert steps[0] == FunnelStep("read", 100, 10, 5, 85, 50, 300, 557, 3340)
    assert steps[2] == FunnelStep("filter.c4", 85, 25, 0, 60, 50, 300, 507, 3040)
    assert (steps[-1].kept_words, steps[-1].kept_bytes) == (500, 3000)


def test_a_funnel_begins_with_the_documents() -> None:
    aside = [group("removed", "read", 4, 20, reason, 3) for reason in ("read.not_content", "read.not_sampled")]
    found = [group("kept", None, 500, 3000), group("removed", "read", 50, 300, "read.duplicate_record", 4), *aside]
    steps = make_funnel(MANIFEST["by_stage"], found)
    assert steps[0] == FunnelStep("read", 94, 4, 5, 85, 50, 300, 500, 3000)
    assert steps[1].shown == steps[0].kept


def test_passes_cost_what_was_measured_and_else_what_the_counts_say() -> None:
    costs = make_costs(MANIFEST)
    assert [(c.step, c.stages, c.rows, c.seconds, c.reused) for c in costs] == [
        ("read", ("clean.unicode", "filter.c4"), 100, 2.5, False),
        ("compare", ("dedup.exact",), 60, 2.5, False),
        ("judge", ("clean.pii",), 50, 2.5, True),
    ]
    assert all(c.memory_bytes is None and c.predicted_seconds is None for c in costs)
    told = {"rows": 90, "bytes": 9, "shuffle_bytes": 1, "memory_bytes": 7, "seconds": 1.5}
    entries = [
        {"step": "start", "stages": []} | told,
        {"step": "read", "stages": []} | told | {"rows": 91},
        {"step": "compare", "stages": ["dedup.exact"]} | told,
    ]
    was = [entry | {"rows": 100, "reused": share} for entry, share in zip(entries, (0.0, 0.4, 1.0), strict=True)]
    start, read, compare = make_costs(MANIFEST | {"predicted": entries, "measured": was})
    assert (start.step, start.predicted_rows, start.rows, start.predicted_seconds) == ("start", 90, 100, 1.5)
    assert (read.predicted_rows, read.memory_bytes, read.predicted_memory_bytes, read.reused) == (91, 7, 7, False)
    assert (compare.stages, compare.reused) == (("dedup.exact",), True)


def test_a_run_took_what_its_passes_took() -> None:
    measured = [{"step": "start", "stages": [], "seconds": 1.5}, {"step": "fates", "stages": [], "seconds": 2.0}]
    manifest = MANIFEST | {"measured": measured}
    begin = datetime(2026, 1, 1)
    record = RunRecord("r", "done", "told", begin, begin + timedelta(seconds=9), manifest, 1)
    assert add_seconds(manifest, make_costs(manifest), record) == 3.5, "however long it lay interrupted"
    assert add_seconds(MANIFEST, make_costs(MANIFEST), record) == 9, "without measurements the log of the run tells"


def test_who_was_never_measured() -> None:
    found = lost_before(MANIFEST)
    assert found == {"read": 0, "clean.unicode": 5, "filter.c4": 5, "dedup.exact": 30, "clean.pii": 40}
    judged_all = MANIFEST | {"recipe": MANIFEST["recipe"] | {"judge": "all"}}
    assert lost_before(judged_all)["filter.c4"] == 0


def test_caveats() -> None:
    assert list_caveats(MANIFEST, None) == ("dedup.exact: slow",)
    empty = MANIFEST | {"counts": {"read": 5, "kept": 0, "removed": 5, "rejected": 0}}
    assert list_caveats(empty, None)[0] == "the corpus is empty: nothing that was read is kept"
    worse = MANIFEST | {
        "overridden": [{"gate": "max_removed", "found": "too many"}],
        "reproducible": False,
        "portion": {"limit": 10, "cut": True},
        "recipe": {"write": {"removed_text": "none"}, "judge": "alive", "stages": [1, 2]},
    }
    said = "\n".join(list_caveats(worse, "it is gone"))
    for part in (
        "max_removed",
        "not reproducible",
        "the first 10 records",
        "removed_text is none",
        "judge: all",
        "it is gone",
    ):
        assert part in said


def test_a_manifest_names_some_inputs_and_no_process() -> None:
    inputs = [{"url": str(i)} for i in range(300)]
    short = shorten_manifest({"driver": {"pid": 1}, "inputs": inputs, "run": "r"})
    assert list(short) == ["inputs", "run"]
    assert short["inputs"][-1] == "and 100 more"
    assert len(short["inputs"]) == 201


def row(by: str, label: str | None, read: int, *, rest: bool = False, labels: int = 1) -> SimpleNamespace:
    return SimpleNamespace(by=by, label=label, read=read, kept=1, words=2, bytes=3, rest=rest, labels=labels)


def test_breakdowns_in_their_order_with_the_rest_and_tokens() -> None:
    found = [
        *(row("length", label, 5) for label in ("100", "0", None, "100000")),
        row("source", "b", 5), row("source", "a", 9), row("source", None, 30, rest=True, labels=12),
        row("language", None, 3), row("license", None, 39),
    ]  # fmt: skip
    language, source, length = make_breakdowns(found, {"a": 40, "b": 2, "c": 5})
    assert [b.by for b in (language, source, length)] == ["language", "source", "length"]
    assert [s.label for s in language.shares] == ["unknown"]
    assert source.shares == (Share("a", 9, 1, 2, 3, 40), Share("b", 5, 1, 2, 3, 2))
    assert source.rest == Share("12 others", 30, 1, 2, 3, 5)
    assert [s.label for s in length.shares] == [
        "0 to 49 words",
        "100 to 199 words",
        "100,000 words and more",
        "no text",
    ]
    assert language.shares[0].tokens is None


def test_bars_reach_as_far_as_there_are_values() -> None:
    def bar(kept: int, removed: int, low: float, high: float) -> SimpleNamespace:
        return SimpleNamespace(kept=kept, removed=removed, low=low, high=high)

    axis = Axis((1.0, 2.0, 3.0, 4.0), "linear")
    bins = _make_bins(axis, 2.0, {0: bar(0, 4, -7.0, 0.5), 2: bar(3, 0, 2.0, 2.5), 4: bar(9, 0, 4.0, 80.0)})
    assert bins == (
        Bin(-7.0, 1.0, 0, 4),
        Bin(1.0, 2.0, 0, 0),
        Bin(2.0, 3.0, 3, 0),
        Bin(3.0, 4.0, 0, 0),
        Bin(4.0, 80.0, 9, 0),
    )
    # Nothing far from both values and threshold, which stays an edge; no bar reaches below the lowest value.
    assert _make_bins(axis, 2.0, {1: bar(0, 1, 1.5, 1.75)}) == (Bin(1.5, 2.0, 0, 1), Bin(2.0, 3.0, 0, 0))
    assert _make_bins(axis, 1.0, {3: bar(1, 0, 3.0, 3.0)})[-1] == Bin(3.0, 4.0, 1, 0)
    assert _make_bins(axis, 4.0, {4: bar(5, 0, 4.0, 4.0)}) == (Bin(3.0, 4.0, 0, 0), Bin(4.0, 4.0, 5, 0))


def test_reasons_mean_what_their_stages_say() -> None:
    screen = SimpleNamespace(stages={})
    recipe = {"stages": [{"kind": "dedup.exact", "id": None}, {"kind": "filter.c4", "id": "filter.mine"}]}
    meanings = list_meanings(screen, recipe)  # type: ignore[arg-type]
    assert {"read.duplicate_record", "exact.same_text", "mine.curly_bracket"} <= set(meanings)
