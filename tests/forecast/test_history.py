"""Former runs: what they have done of a plan, and what they took; from manifests made by hand."""

from __future__ import annotations

import json

import pytest

from spark_llmdata.delta_log import Commit, DataFile, History
from spark_llmdata.errors import UsageError
from spark_llmdata.forecast import find_reuse, gather_runs, predict_by_history, read_runs
from spark_llmdata.forecast.history import NEWEST, FormerRun, Reuse, Tables, newest_files, trust
from spark_llmdata.plan import make_plan, stage_digest
from spark_llmdata.recipe import load_recipe
from spark_llmdata.sources.split import InputFile

A, B = (InputFile(f"/in/{name}.jsonl", size, 1, "default", "jsonl") for name, size in (("a", 100), ("b", 300)))


def plan(*settings):
    return make_plan(load_recipe("quickstart", settings))


def manifest(of, *inputs, seconds=10.0, reused=0.0):
    passes = [("start", []), ("read", ["extract.html"]), ("judge", ["filter.gopher_quality"])]
    passes += [("compare", ["dedup.exact"]), ("fates", [])]
    facts = {"rows": 80, "rows_out": 40, "bytes": 800, "bytes_out": 400, "memory_bytes": 7}
    return {
        "inputs": [{"digest": f.digest, "size": f.size} for f in inputs],
        "code": {f"stage {s.name}": stage_digest(s) for s in of.recipe.stages},
        "segments": [
            {"table": f"segments/{n.table}", "fingerprint": n.fingerprint, "parts": ["p"]} for n in of.segments
        ],
        "verdicts": [{"stage": "read", "table": "verdicts/d"}, {"stage": "dedup.exact", "table": "verdicts/e"}],
        "by_stage": [{"stage": "dedup.exact", "in": 50, "kept": 40}],
        "measured": [
            {"step": step, "stages": stages, "seconds": seconds, "reused": reused, **facts} for step, stages in passes
        ],
    }


def former(name="r1", **facts):
    return FormerRun(name, facts)


def shares(found):
    return [r.share for r in found]


def test_the_same_inputs_are_all_there():
    run = former(**manifest(plan(), A, B))
    assert find_reuse(plan(), [A, B], [run]) == [Reuse(1, "r1"), Reuse(1, "r1"), Reuse(1, "r1", 0.8)]


def test_of_new_inputs_the_old_ones_are_there_and_no_comparison():
    run = former(**manifest(plan(), A))
    assert shares(find_reuse(plan(), [A, B], [run])) == [0.25, 0.25, 0.0]


def test_runs_together_hold_more_than_each():
    runs = [former("r2", **manifest(plan(), B)), former("r1", **manifest(plan(), A))]
    found = find_reuse(plan(), [A, B], runs)
    assert shares(found) == [1, 1, 0]
    assert found[0].run == "r2"


def test_behind_what_changed_nothing_is_there():
    run = former(**manifest(plan(), A))
    assert shares(find_reuse(plan("filter.gopher_quality.min_words=7"), [A], [run])) == [1, 0, 0]
    assert shares(find_reuse(plan("extract.html.engine=strip"), [A], [run])) == [0, 0, 0]
    changed = manifest(plan(), A)
    changed["code"]["stage dedup.exact"] = "another revision"
    assert shares(find_reuse(plan(), [A], [former(**changed)])) == [1, 1, 0]


def test_tables_that_are_gone_are_not_there():
    run = former(**manifest(plan(), A))
    gone = plan().segments[1].table
    assert shares(find_reuse(plan(), [A], [run], lambda table, parts: gone not in table)) == [1, 0, 0]


def test_a_run_that_was_stopped_has_done_what_it_recorded():
    facts = manifest(plan(), A)
    facts |= {"segments": facts["segments"][:1], "verdicts": []}
    assert shares(find_reuse(plan(), [A], [former(**facts)])) == [1, 0, 0]
    assert shares(find_reuse(plan(), [A], [former(inputs=facts["inputs"])])) == [0, 0, 0]


def test_events_become_runs_the_newest_first():
    events = [("a", 10, {"x": 2}), ("b", 0, {"x": 3}), ("a", 0, {"x": 1, "inputs": []})]
    runs = gather_runs((run, seq, json.dumps(facts)) for run, seq, facts in events)
    assert [(r.run, dict(r.manifest)) for r in runs] == [("b", {"x": 3}), ("a", {"x": 2, "inputs": []})]
    many = gather_runs((f"{i:03d}", 0, "{}") for i in range(NEWEST + 5))
    assert len(many) == NEWEST
    assert many[0].run == f"{NEWEST + 4:03d}"


def test_a_store_that_is_not_there_has_no_runs_and_a_damaged_one_is_said_to_be(tmp_path):
    assert read_runs(str(tmp_path / "new")) == []
    (tmp_path / "runs/_delta_log").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"log of runs cannot be read.*llmdata fsck"):
        read_runs(str(tmp_path))
    assert not Tables(str(tmp_path))("segments/none", ["p"])


def test_times_of_a_former_run_grow_with_the_input():
    runs = [former(**manifest(plan(), A, seconds=100.0))]
    small = predict_by_history(plan(), [A], runs, [Reuse()] * 3)
    assert [p.step for p in small.passes] == ["start", "read", "judge", "compare", "fates", "corpus"]
    assert [p.seconds for p in small.passes[:5]] == [100.0] * 5
    assert (small.passes[5].rows, small.passes[5].bytes) == (40, 400)
    large = predict_by_history(plan(), [B], runs, [Reuse()] * 3)
    assert [p.rows for p in large.passes] == [240] * 5 + [120]
    assert all(100 < p.seconds < 300 for p in large.passes[:5])
    assert large.by == {"runs": ["r1"]}
    assert large.passes[1].stages == ("extract.html",)
    assert large.passes[1].memory_bytes == 7


def test_what_is_reused_takes_what_reusing_took():
    computed = former("r1", **manifest(plan(), A, seconds=100.0))
    found = former("r2", **manifest(plan(), A, seconds=2.0, reused=1.0))
    again = predict_by_history(plan(), [A], [found, computed], [Reuse(1.0)] * 3)
    assert [p.seconds for p in again.passes[1:4]] == [2.0] * 3
    never = predict_by_history(plan(), [A], [former("r1", **manifest(plan(), A, seconds=0.5))], [Reuse(1.0)] * 3)
    assert [p.seconds for p in never.passes[1:4]] == [0.5] * 3
    first = predict_by_history(plan(), [A], [found], [Reuse()] * 3)
    assert all(p.seconds > 2.0 for p in first.passes[1:4])
    anew = predict_by_history(plan(), [B], [found, computed], [Reuse()] * 3)
    assert all(p.seconds > 100 for p in anew.passes[1:4])


def test_other_stages_say_nothing_of_these():
    run = former(**manifest(plan("filter.gopher_quality.min_words=7"), A))
    assert predict_by_history(plan(), [A], [run], [Reuse()] * 3) is None
    assert predict_by_history(plan(), [A], [], [Reuse()] * 3) is None
    assert trust("anything", ["p"])


def test_of_a_long_log_only_the_newest_runs_are_read():
    history = History()
    for number in range(NEWEST + 3):
        for seq in (0, 10):
            note = {"run": f"r{number:02}", "key": f"r{number:02}-{seq}"}
            history.take(Commit(2 * number + seq // 10, note, {f"{number:02}-{seq}": DataFile(1, 1)}))
    first, *others = newest_files(history)
    assert first == sorted(f"{n:02}-{seq}" for n in range(3, NEWEST + 3) for seq in (0, 10))
    assert others == [[f"{n:02}-{seq}" for n in range(3) for seq in (0, 10)]], "asked for where the newest were tries"
    history.take(Commit(99, added={"packed": DataFile(9, 9)}, removed={"22-0", "00-0"}))  # as OPTIMIZE does it
    found = next(newest_files(history))
    assert {"packed", "22-10", "03-0"} < set(found)  # the new file may hold events of any run
    assert not {"22-0", "00-0", "00-10"} & set(found)


def test_tries_hide_no_run():
    """Twenty runs with --limit were the twenty newest, and nothing was known of what the store holds."""
    whole = ("r00", 1, json.dumps({"inputs": []}))
    tries = [(f"r{n:02}", 1, json.dumps({"portion": {"limit": 5}})) for n in range(1, NEWEST + 5)]
    assert [run.run for run in gather_runs([whole, *tries])] == ["r00"]
