"""gc removes what no run names, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from spark_llmdata import schema
from spark_llmdata.cli import main
from spark_llmdata.errors import UsageError
from spark_llmdata.store import Store, Table, driver
from spark_llmdata.store.ledger import MANIFEST_FORMAT, Ledger
from spark_llmdata.upkeep import collect_garbage, sweep
from tests.runner.corpora import documents, write_jsonl
from tests.upkeep.stores import build, copy, records, snapshot

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def made(spark, built, tmp_path_factory):
    folder = shutil.copytree(built, tmp_path_factory.mktemp("gc") / "made")
    # Delta writes files without rows and does not commit them.
    assert {i.kind for i in gc(spark, folder / "store").removed} <= {"files"}
    return folder


@pytest.fixture
def store(made, tmp_path):
    return copy(made / "store", tmp_path)


def gc(spark, store, **options):
    return collect_garbage(Store.open(spark, str(store)), **options)


def told(items) -> set[tuple[str, str, str]]:
    return {(i.kind, i.place, i.name) for i in items}


def litter(store) -> dict[str, int]:
    """What killed writers leave: data files in every kind of table, a vector, a temporary file of a log."""
    sizes = {}
    tables = [str(p.parent.relative_to(store)) for p in sorted(store.rglob("_delta_log"))]
    part = next((store / "corpus").glob("part-*.parquet"))
    for table in tables:
        names = [f"part-00007-{'0' * 8}.snappy.parquet", f".part-00007-{'0' * 8}.snappy.parquet.crc"]
        names += ["deletion_vector_7.bin", "_delta_log/.00000000000000000009.json.7.tmp"]
        for name in names:
            shutil.copyfile(part, store / table / name)
            os.utime(store / table / name, (1e9, 1e9))
        sizes[table] = len(names) * part.stat().st_size
    return sizes


def test_a_clean_store_stays_as_it_is(spark, store):
    before = snapshot(store)
    swept = gc(spark, store)
    assert (swept.removed, swept.left, swept.stopped) == ([], [], None)
    assert snapshot(store) == before


def test_files_of_killed_writers_go(spark, store, capsys):
    before = snapshot(store)
    sizes = litter(store)
    unfinished = store / f"segments/html-{'1' * 16}"  # killed before its first commit
    unfinished.mkdir()
    (unfinished / "part-0.parquet").write_bytes(b"x" * 10)
    os.utime(unfinished / "part-0.parquet", (1e9, 1e9))
    young = store / "corpus/part-young.parquet"
    young.write_bytes(b"x")
    os.utime(young, (time.time() + 3600,) * 2)
    notes = store / "corpus/README.md"
    notes.write_text("ours")
    littered = snapshot(store)

    assert main(["gc", "--store", str(store), "--dry-run", "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert snapshot(store) == littered
    swept = gc(spark, store)
    assert [i.as_json() for i in swept.removed] == tried["removed"]
    assert tried["bytes"] == sum(sizes.values()) + 10
    whole = {("files", table, "") for table in sizes}
    assert told(swept.removed) == whole | {("leftover", f"segments/html-{'1' * 16}", "")}
    assert {i.place: i.bytes for i in swept.removed if i.kind == "files"} == sizes
    assert young.exists()
    young.unlink()
    assert [(i.place, i.name, i.why) for i in swept.left] == [("corpus", "README.md", "not a file of llmdata's")]
    notes.unlink()
    assert snapshot(store) == before
    assert gc(spark, store).removed == []


def begin(spark, store, run: str, driver_facts) -> None:
    record = Ledger(Store.open(spark, str(store)))
    record.record(run, 0, "started", "quickstart", {"format": 1, "request": run, "driver": driver_facts})


def test_a_run_at_work_keeps_everything(spark, store):
    sizes = litter(store)
    littered = snapshot(store)
    begin(spark, store, "20990101T000000-alive", driver.describe_self())
    recorded = snapshot(store)
    swept = gc(spark, store)
    assert swept.removed == []
    assert {i.place for i in swept.left} == set(sizes)
    assert all("20990101T000000-alive is at work on this machine" in i.why for i in swept.left)
    assert snapshot(store) == recorded
    assert littered.keys() < recorded.keys()
    with pytest.raises(UsageError, match=f"is at work on this machine \\(process {os.getpid()}\\)"):
        gc(spark, store, abandon=["20990101T000000-alive"])
    assert snapshot(store) == recorded


def test_a_run_of_another_machine_has_to_be_given_up(spark, store):
    sizes = litter(store)
    begin(spark, store, "20990101T000000-far", {"machine": "elsewhere", "pid": 1, "began": "1"})
    swept = gc(spark, store)
    assert swept.removed == []
    assert all("llmdata gc --abandon 20990101T000000-far" in i.why for i in swept.left)
    done = records(spark, store)[0].run
    with pytest.raises(UsageError, match=f"run {done} is done"):
        gc(spark, store, abandon=["20990101T000000-far", done])
    before = snapshot(store)
    tried = gc(spark, store, abandon=["20990101T000000-far"], dry_run=True)
    assert snapshot(store) == before
    swept = gc(spark, store, abandon=["20990101T000000-far"])
    assert told(swept.removed) == told(tried.removed) == {("files", table, "") for table in sizes}
    assert records(spark, store)[-1].state == "abandoned"


def test_a_run_that_is_continued_while_it_is_given_up_is_not_given_up(spark, store, monkeypatch):
    litter(store)
    run = "20990101T000000-far"
    begin(spark, store, run, {"machine": "elsewhere", "pid": 1, "began": "1"})
    littered = set(snapshot(store))
    give_up = sweep.give_up

    def give_up_then_resume(store, name, *, dry_run):
        given_up = give_up(store, name, dry_run=dry_run)
        if not dry_run:
            facts = {"format": 1, "request": run, "driver": {"machine": "elsewhere", "pid": 2, "began": "2"}}
            Ledger(store).record(run, 1, "started", "quickstart", facts)
        return given_up

    monkeypatch.setattr(sweep, "give_up", give_up_then_resume)
    with pytest.raises(UsageError, match=f"--abandon {run}: somebody continued it"):
        gc(spark, store, abandon=[run])
    assert littered <= set(snapshot(store))


def test_taking_out_what_has_no_rows_is_noted(spark, store):
    """Without a note gc would take the same out for ever."""
    fates = Store.open(spark, str(store)).fates
    fates.append_once(fates.read().limit(0), "r", {})
    for times in (1, 2):
        fates.take_out("run", ["r"])
        there, removed = fates.appended()
        assert "r" not in there
        assert removed == {"r": times}


def test_what_a_killed_run_wrote_stays_until_it_is_given_up(spark, made, tmp_path, monkeypatch):
    """It can be continued until then; behind it the same parts are written again."""
    folder = Path(shutil.copytree(made, tmp_path / "moved"))
    store = folder / "store"
    write_jsonl(folder / "in/c.jsonl", documents(10, start=70))
    killed = kill_before_its_manifest(spark, folder, monkeypatch)
    spared = [i for i in gc(spark, store).left if i.kind != "files"]
    assert {i.place.split("/")[0] for i in spared} == {"segments", "verdicts"}
    assert all(f"run {killed} can be continued" in i.why for i in spared)

    options = {"abandon": [killed[:-2]]}
    tried = gc(spark, store, **options, dry_run=True)
    swept = gc(spark, store, **options)
    assert swept.abandoned == tried.abandoned == [killed]
    assert told(swept.removed) == told(tried.removed)
    spared_by_name = {(i.kind, i.place, i.name) for i in spared}
    assert told(swept.removed) == spared_by_name | {("fates", "fates", killed)}
    assert {i.kind for i in spared} == {"table", "part"}
    assert {i.kind: i.bytes for i in swept.removed if i.bytes == 0} == {"fates": 0}
    assert gc(spark, store).removed == []
    opened = Store.open(spark, str(store))
    for record in records(spark, store)[:2]:
        assert opened.corpus.read(record.version).count() == record.manifest["counts"]["kept"]
        assert opened.fates.read().where(f"run = '{record.run}'").count() == record.manifest["counts"]["read"]
    assert opened.fates.read().where(f"run = '{killed}'").count() == 0

    again = build(spark, folder, "c.jsonl")
    assert not any(s.reused for s in again.by_stage)
    assert again.counts["read"] == 10
    [part] = [i.name for i in swept.removed if i.kind == "part" and "html-" in i.place]
    [table] = [i.place for i in swept.removed if i.kind == "part" and "html-" in i.place]
    there, removed = Table(spark, f"{store}/{table}", schema.segment()).appended()
    assert part in there
    assert removed == {part: 1}
    assert {i.kind for i in gc(spark, store, dry_run=True).removed} <= {"files"}


def kill_before_its_manifest(spark, folder, monkeypatch) -> str:
    """A run killed when its fates were written, before it said what it used. Returns its id."""

    class Killed(BaseException):
        pass

    record = Ledger.record

    def die(self, run, attempt, state, *rest):
        if state != "started":
            raise Killed
        record(self, run, attempt, state, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "record", die)
        patched.setattr("spark_llmdata.runner.runner.describe_self", lambda: driver.describe_self() | {"began": "0"})
        with pytest.raises(Killed):
            build(spark, folder, "c.jsonl")
    killed = records(spark, folder / "store")[-1]
    assert killed.state == "killed"
    return killed.run


def test_scratch_stores_go_unless_a_run_is_at_work_in_them(spark, store):
    for name in ("done", "busy"):
        shutil.copytree(store, store.parent / "r" / name)
    shutil.copytree(store.parent / "r", store / "reproductions")
    begin(spark, store / "reproductions/busy", "20990101T000000-alive", driver.describe_self())
    (store / "reproductions/.removed-old").mkdir()
    beginning = store / "reproductions/new/runs/part-0.parquet"  # before its first event
    beginning.parent.mkdir(parents=True)
    beginning.write_bytes(b"x")
    os.utime(beginning, (time.time() + 3600,) * 2)
    swept = gc(spark, store)
    assert told(swept.removed) == {
        ("leftover", "reproductions/.removed-old", ""),
        ("reproduction", "reproductions/done", ""),
    }
    assert [i.place for i in swept.left] == ["reproductions/busy", "reproductions/new"]
    assert {p.name for p in (store / "reproductions").iterdir()} == {"busy", "new"}


def test_gc_stops_when_a_run_begins(spark, store, monkeypatch):
    sizes = litter(store)
    remove = sweep._remove

    def remove_then_begin(*arguments):
        why = remove(*arguments)
        begin(spark, store, "20990101T000000-new", driver.describe_self())
        return why

    monkeypatch.setattr(sweep, "_remove", remove_then_begin)
    swept = gc(spark, store)
    assert len(swept.removed) == 1
    assert swept.stopped == "a run has begun or ended meanwhile; run gc again"
    assert len(swept.left) == len(sizes) - 1


def test_a_run_of_a_newer_package_stops_gc(spark, store):
    ledger = Ledger(Store.open(spark, str(store)))
    ledger.record("20990101T000000-newer", 0, "started", "quickstart", {"format": MANIFEST_FORMAT + 1})
    with pytest.raises(UsageError, match="newer spark_llmdata .* update the package"):
        gc(spark, store)


def test_a_damaged_log_is_left_alone(spark, store):
    [table] = [p for p in (store / "segments").iterdir() if p.name.startswith("gopher")]
    (table / "_delta_log/00000000000000000000.json").unlink()
    litter(store)
    swept = gc(spark, store)
    assert [(i.place, i.why) for i in swept.left] == [
        (
            f"segments/{table.name}",
            "its log is damaged (_delta_log/: version 0 is missing); see llmdata fsck",
        )
    ]
