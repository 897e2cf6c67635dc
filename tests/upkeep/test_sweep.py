"""Removing beside runs that begin, with logs written by hand; no Spark."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from spark_llmdata.delta_log import Folder, read_history
from spark_llmdata.upkeep import sweep
from spark_llmdata.upkeep.claims import Claims
from spark_llmdata.upkeep.garbage import CHANGED, Item, Search
from tests.test_delta_log import add, commit, note

PLACE = f"segments/s-{'0' * 16}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A table with two parts, of which one may go; taking out a part commits, and writes a file without rows."""
    place = tmp_path / PLACE
    commit(place, 0, note(run="r", key="p0"), add("part-0.parquet"))
    commit(place, 1, note(run="r", key="p1"), add("part-1.parquet"))
    for name in ("part-0.parquet", "part-1.parquet", "part-dead.parquet"):
        (place / name).write_bytes(b"1234567")
        os.utime(place / name, (1e9, 1e9))

    class Table:
        def __init__(self, *_):
            pass

        def take_out(self, column, keys):
            assert (column, keys) == ("part", ["p0"])
            commit(place, 2, note(removed=keys), {"remove": {"path": "part-0.parquet"}})
            (place / "part-empty.parquet").write_bytes(b"")

    monkeypatch.setattr(sweep, "Table", Table)
    return place


ITEMS = [
    Item("part", PLACE, "p0", names=frozenset({"part-0.parquet"})),
    Item("files", PLACE, names=frozenset({"part-dead.parquet"})),
]


def remove(folder, items, *, alone=lambda: True, began=int(1.1e18)):
    return sweep._remove(SimpleNamespace(spark=None, root=str(folder.parents[1])), PLACE, items, began, alone)


def names(folder) -> set[str]:
    return {path.name for path in folder.glob("*.parquet")}


def test_only_what_was_there_when_gc_looked_goes(folder):
    later = folder / "part-later.parquet"  # of a run whose storage has another clock
    later.write_bytes(b"x")
    os.utime(later, (1e9, 1e9))
    assert remove(folder, ITEMS) == ""
    assert names(folder) == {"part-1.parquet", "part-later.parquet"}


def test_files_stay_when_a_run_begins_while_rows_are_taken_out(folder):
    seen = []

    def alone():
        seen.append(set(read_history(Folder.look(str(folder))).live))
        return len(seen) == 1

    assert remove(folder, ITEMS, alone=alone) == sweep.DISTURBED
    assert seen == [{"part-0.parquet", "part-1.parquet"}, {"part-1.parquet"}]  # before the commit and behind it
    assert names(folder) == {"part-0.parquet", "part-1.parquet", "part-dead.parquet", "part-empty.parquet"}


def test_a_file_that_is_live_by_now_stays(folder):
    commit(folder, 2, note(run="r2", key="p2"), add("part-dead.parquet"))
    assert remove(folder, ITEMS[1:]) == ""
    assert "part-dead.parquet" in names(folder)


def test_files_of_a_part_that_a_run_names_stay_though_its_rows_are_gone(folder):
    """The run began while the rows were taken out, and reads the version before."""
    commit(folder, 2, note(removed=["p0"]), {"remove": {"path": "part-0.parquet"}})
    store = SimpleNamespace(root=str(folder.parents[1]))

    def dead(*parts):
        claims = Claims(tables=frozenset({PLACE}), parts=frozenset((PLACE, part) for part in parts))
        return [i.names for i in Search(store, claims, int(1.1e18)).find() if i.kind == "files"]

    assert dead("p0", "p1") == [{"part-dead.parquet"}]
    assert dead("p1") == [{"part-0.parquet", "part-dead.parquet"}]


def test_a_folder_into_which_something_came_stays(folder):
    item = Item("table", PLACE, names=frozenset(Folder.look(str(folder)).files))
    (folder / "part-new.parquet").write_bytes(b"x")
    assert remove(folder, [item]) == CHANGED
    assert "part-new.parquet" in names(folder)
    (folder / "part-new.parquet").unlink()
    assert remove(folder, [item], alone=lambda: False) == sweep.DISTURBED
    assert folder.exists()
    assert remove(folder, [item]) == ""
    assert list(folder.parent.iterdir()) == []
