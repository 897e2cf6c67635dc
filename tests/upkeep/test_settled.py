"""What was settled on the way to verdicts stays as long as they are named, or a run may go on from it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from spark_llmdata.store import Store
from spark_llmdata.upkeep import check_store, collect_garbage, sweep
from spark_llmdata.upkeep.claims import Busy, Claims
from spark_llmdata.upkeep.garbage import Search
from tests.test_delta_log import add, commit, note
from tests.upkeep.stores import copy, records
from tests.upkeep.test_fsck import data_files

VERDICTS = f"minhash-{'0' * 16}"
NAMED = Claims(tables=frozenset({f"verdicts/{VERDICTS}"}))


def write(root: Path, place: str, *, committed: bool = True) -> Path:
    """A table with one file, of run `r`, older than any gc; or what is left of one that was not committed."""
    folder = root / place
    folder.mkdir(parents=True)
    if committed:
        commit(folder, 0, note(run="r", key="pairs"), add("part-0.parquet"))
    (folder / "part-0.parquet").write_bytes(b"1234567")
    for path in folder.rglob("*.*"):
        os.utime(path, (1e9, 1e9))
    return folder


def find(root: Path, claims: Claims) -> dict[tuple[str, str], str]:
    """Kind and place of what gc finds, with the reason why it stays."""
    store = SimpleNamespace(root=str(root), spark=None)
    return {(i.kind, i.place): i.why for i in Search(store, claims, int(1.1e18)).find()}


def test_settled_tables_go_with_the_verdicts(tmp_path):
    place = f"settled/{VERDICTS}/pairs"
    write(tmp_path, place)
    assert find(tmp_path, NAMED) == {}
    assert find(tmp_path, Claims()) == {("table", place): ""}
    assert find(tmp_path, Claims(tables=frozenset({f"verdicts/other-{'0' * 16}"}))) == {("table", place): ""}
    [why] = find(tmp_path, Claims(unfinished=frozenset({"r"}))).values()
    assert why.startswith("run r can be continued")
    [why] = find(tmp_path, Claims(busy=(Busy("b", here=True),))).values()
    assert why.startswith("run b is at work on this machine")


def test_what_was_not_committed_goes_though_there_are_verdicts(tmp_path):
    write(tmp_path, f"settled/{VERDICTS}/pairs")
    dead = write(tmp_path, f"settled/{VERDICTS}/labels", committed=False)
    assert find(tmp_path, NAMED) == {("leftover", f"settled/{VERDICTS}/labels"): ""}
    [why] = find(tmp_path, replace(NAMED, busy=(Busy("b", here=True),))).values()
    assert why.startswith("run b is at work on this machine")
    dead.rename(dead.with_name("pairs-2"))
    (tmp_path / f"settled/{VERDICTS}/pairs/part-dead.parquet").write_bytes(b"x")
    os.utime(tmp_path / f"settled/{VERDICTS}/pairs/part-dead.parquet", (1e9, 1e9))
    assert find(tmp_path, NAMED) == {
        ("files", f"settled/{VERDICTS}/pairs"): "",
        ("leftover", f"settled/{VERDICTS}/pairs-2"): "",
    }


@pytest.mark.parametrize("place", ["settled/notes/pairs", f"settled/{VERDICTS}/My pairs", f"settled/{VERDICTS}/a.txt"])
def test_what_is_not_ours_stays(tmp_path, place):
    write(tmp_path, place)
    assert find(tmp_path, Claims()) == {("table", place): "not a name that llmdata gives; move it elsewhere"}


def test_no_empty_folder_stays(tmp_path):
    places = [f"settled/{VERDICTS}/{name}" for name in ("pairs", "labels")]
    for place in places:
        write(tmp_path, place)
    store = SimpleNamespace(root=str(tmp_path), spark=None)
    items = Search(store, Claims(), int(1.1e18)).find()
    assert sweep._remove(store, items[0].place, items[:1], 0, lambda: True) == ""
    assert [p.name for p in (tmp_path / "settled" / VERDICTS).iterdir()] == ["pairs"]
    assert sweep._remove(store, items[1].place, items[1:], 0, lambda: True) == ""
    assert list((tmp_path / "settled").iterdir()) == []


def test_a_folder_that_a_killed_gc_was_removing_goes(tmp_path):
    write(tmp_path, f"settled/{VERDICTS}/.removed-pairs")
    assert find(tmp_path, NAMED) == {("leftover", f"settled/{VERDICTS}/.removed-pairs"): ""}


@pytest.mark.spark
def test_fsck_and_gc_know_what_was_settled(spark, built, tmp_path):
    store = copy(built / "store", tmp_path)
    first, second = (record.run for record in records(spark, store))
    [named] = [v["table"] for v in records(spark, store)[1].manifest["verdicts"] if "exact-" in v["table"]]
    opened = Store(spark, str(store), second)
    tables = [opened.settled(v, "pairs") for v in (named.removeprefix("verdicts/"), VERDICTS)]
    for table in tables:
        table.append_once(spark.range(10, numPartitions=1), "pairs", {})
    kept, unnamed = (opened.name_of(table) for table in tables)

    whole = check_store(opened)
    assert whole.findings == []
    assert whole.tables == len(list(store.rglob("_delta_log")))
    swept = collect_garbage(opened)
    assert [(i.kind, i.place) for i in swept.removed if i.kind == "table"] == [("table", unnamed)]
    assert (store / kept).exists()
    assert not (store / unnamed).parent.exists()

    [damaged] = data_files(store, kept)
    damaged.unlink()
    for run in (None, second):
        [finding] = check_store(opened, run).findings
        assert (finding.what, finding.place, finding.runs) == ("file", f"{kept}/{damaged.name}", (second,))
        assert f"move the folder {kept} away" in finding.remedy
    assert check_store(opened, first).findings == []
    (store / kept).rename(tmp_path / "away")
    assert check_store(opened).findings == []
