"""What is there is not computed again; what changed is, and only that."""

from __future__ import annotations

import pytest

import spark_llmdata as sl
from spark_llmdata.runner.runner import _held_on_top
from spark_llmdata.store import Table
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import documents, write_jsonl

pytestmark = pytest.mark.spark


@pytest.fixture
def inputs(tmp_path):
    write_jsonl(tmp_path / "in/a.jsonl", documents(30))
    write_jsonl(tmp_path / "in/b.jsonl", documents(30, start=30))
    return tmp_path


def run(spark, folder, *paths, settings=()):
    return sl.run(
        "quickstart", input=[folder / p for p in paths or ("in",)], store=folder / "store", spark=spark, set=settings
    )


def reused(result) -> dict[str, bool]:
    return {c.stage: c.reused for c in result.by_stage}


def test_the_same_again_reuses_everything(spark, inputs):
    first = run(spark, inputs)
    again = run(spark, inputs)
    assert not any(reused(first).values())
    assert all(reused(again).values())
    assert again.content_hash == first.content_hash
    assert again.corpus_version == first.corpus_version  # a commit of its own, which names the version with the rows
    assert [n.get("run") for n in again.store.corpus.notes()] == [again.run, first.run]
    assert again.corpus.count() == first.corpus.count() == first.counts["kept"]


def test_a_threshold_reruns_its_segment_and_what_follows(spark, inputs):
    first = run(spark, inputs)
    second = run(
        spark, inputs, settings=["filter.gopher_quality.min_words=1", "filter.gopher_quality.min_stop_words=0"]
    )
    assert reused(second) == {"read": True, "extract.html": True, "filter.gopher_quality": False, "dedup.exact": False}
    assert second.counts["kept"] > first.counts["kept"]
    back = run(spark, inputs)
    assert all(reused(back).values())
    assert back.content_hash == first.content_hash
    assert second.corpus.count() == second.counts["kept"]  # the older build is still there


def test_a_new_file_costs_that_file(spark, inputs):
    only_a = run(spark, inputs, "in/a.jsonl")
    both = run(spark, inputs)
    table = both.store.spark.read.format("delta").load(f"{both.store.root}/{_segments(both)[0]['table']}")
    parts = {(r.part, r.file.rsplit("/", 1)[-1]) for r in table.where("split IS NULL").collect()}
    assert len({p for p, _ in parts}) == 2
    assert {f for _, f in parts} == {"a.jsonl", "b.jsonl"}
    fresh = sl.run("quickstart", input=inputs / "in", store=inputs / "other", spark=spark)
    assert both.content_hash == fresh.content_hash
    # and back to fewer files than the parts hold
    only_b = run(spark, inputs, "in/b.jsonl")
    fresh_b = sl.run("quickstart", input=inputs / "in/b.jsonl", store=inputs / "third", spark=spark)
    assert only_b.content_hash == fresh_b.content_hash
    assert reused(only_b)["filter.gopher_quality"]
    assert only_a.counts["read"] == only_b.counts["read"] == 30


def test_a_part_that_holds_more_files_than_the_run(spark, inputs):
    run(spark, inputs)
    write_jsonl(inputs / "in/c.jsonl", documents(30)[:20])  # copies of records in a.jsonl
    some = run(spark, inputs, "in/b.jsonl", "in/c.jsonl")
    fresh = sl.run("quickstart", input=[inputs / "in/b.jsonl", inputs / "in/c.jsonl"], store=inputs / "x", spark=spark)
    assert some.content_hash == fresh.content_hash
    assert some.counts == fresh.counts
    everything = run(spark, inputs)
    assert everything.counts["read"] == 80
    assert everything.content_hash == run(spark, inputs, "in/a.jsonl", "in/b.jsonl").content_hash


def test_a_part_that_another_run_wrote_meanwhile(spark, inputs):
    """Verdicts speak of rows by their part: where a smaller part takes a file over, they must not be reused."""
    write_jsonl(inputs / "in/c.jsonl", documents(30)[:20])  # copies of records in a.jsonl
    first = run(spark, inputs)
    for name in ("a", "b", "c"):
        run(spark, inputs, f"in/{name}.jsonl")
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe import load_recipe
    from spark_llmdata.runner import covering
    from spark_llmdata.sources.inputs import find_files

    node = make_plan(load_recipe("quickstart")).segments[0]
    table = first.store.segment(node.table, node.segment.schema)
    for name in ("a", "b", "c"):  # as concurrent runs would, which saw no part yet
        files = find_files([str(inputs / f"in/{name}.jsonl")]).files
        part = f"{name}{'0' * 15}"
        rows = covering._read_part(table, node, files, part, load_recipe("quickstart").read)
        table.append_once(rows, part, {})
    again = run(spark, inputs)
    assert again.counts == first.counts
    assert again.content_hash == first.content_hash


def test_a_changed_file_is_read_again(spark, inputs):
    run(spark, inputs)
    write_jsonl(inputs / "in/a.jsonl", documents(31))
    second = run(spark, inputs)
    assert second.counts["read"] == 61
    fresh = sl.run("quickstart", input=inputs / "in", store=inputs / "fresh", spark=spark)
    assert second.content_hash == fresh.content_hash


def test_another_build_between_the_two_looks(spark, inputs, monkeypatch):
    """A run finds its content on top, another one commits before it: both are right, the later one is on top."""
    first = run(spark, inputs)
    append_once = Table.append_once

    def let_another_in(table, rows, key, note, **others):
        if "holds" in note:
            monkeypatch.undo()
            run(spark, inputs, "in/a.jsonl")
        append_once(table, rows, key, note, **others)

    monkeypatch.setattr(Table, "append_once", let_another_in)
    again = run(spark, inputs)
    between = Ledger(again.store).list()[-1]
    assert between.run not in (first.run, again.run)
    assert (first.corpus_version, between.version) == (0, 1)
    assert again.corpus_version == again.store.corpus.version() == 3  # behind its own note, which named version 0
    assert again.store.corpus.read().count() == again.counts["kept"] == first.counts["kept"] != 30
    assert again.content_hash == first.content_hash


@pytest.mark.parametrize(
    ("notes", "held"),
    [
        ([], None),
        ([{"version": 3, "content_hash": "a"}], 3),
        ([{"version": 3, "content_hash": "b"}], None),
        ([{"version": 4, "content_hash": "a", "holds": 3}, {"version": 3, "content_hash": "a"}], 3),
        ([{"version": 4}, {"version": 3, "content_hash": "a"}], None),  # somebody's OPTIMIZE
        (
            [
                {"version": 5, "content_hash": "a", "holds": 3},
                {"version": 4, "content_hash": "b"},
                {"version": 3, "content_hash": "a"},
            ],
            None,
        ),
        ([{"version": 4, "content_hash": "a", "holds": 3}], None),  # a log that begins later
    ],
)
def test_what_is_on_top_of_the_corpus(notes, held):
    assert _held_on_top(notes, "a") == held


def _segments(result):
    return Ledger(result.store).find(result.run).manifest["segments"]
