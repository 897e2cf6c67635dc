"""fsck finds every damage, says where and for whom, and changes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.errors import NotFound
from spark_llmdata.store import Store, driver
from spark_llmdata.store.ledger import MANIFEST_FORMAT, Ledger
from spark_llmdata.upkeep import check_store
from spark_llmdata.upkeep.contents import broken_accounts, count_repeated
from tests.upkeep.stores import copy, records, snapshot

pytestmark = pytest.mark.spark


@pytest.fixture
def store(built, tmp_path):
    return copy(built / "store", tmp_path)


def fsck(spark, store, run=None):
    """Check, and see to it that nothing was changed."""
    before = snapshot(store)
    found = check_store(Store(spark, str(store)), run)
    assert snapshot(store) == before
    return found


def data_files(store: Path, table: str) -> list[Path]:
    """The files that the newest versions of a table hold."""
    from spark_llmdata.delta_log import Folder, read_history

    folder = store / table
    return [folder / name for name in sorted(read_history(Folder.look(str(folder))).live)]


def table_of(store: Path, words: str) -> str:
    [found] = [p for p in store.glob(f"*/{words}-*") if p.is_dir()]
    return str(found.relative_to(store))


def flip(path: Path, column: str) -> None:
    """Change one bit of a column's last page, and take away Hadoop's own checksums, which only local disks have."""
    data = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(0)
    chunk = next(c for c in map(group.column, range(group.num_columns)) if c.path_in_schema == column)
    data[(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 3] ^= 1
    path.write_bytes(data)
    path.with_name(f".{path.name}.crc").unlink(missing_ok=True)


def places(found) -> dict[str, tuple[str, ...]]:
    return {f.place: f.runs for f in found.findings}


def test_a_whole_store(spark, store):
    found = fsck(spark, store)
    assert found.findings == []
    runs = [r.run for r in records(spark, store)]
    assert found.runs == found.sound == runs
    assert found.tables == len(list(store.rglob("_delta_log")))
    assert found.garbage is not None
    assert "nothing is damaged" in found.summary()
    with pytest.raises(NotFound, match="no runs begin with 'x'"):
        check_store(Store(spark, str(store)), "x")


def test_damaged_files_are_named_all_of_them(spark, store, capsys):
    first, second = (r.run for r in records(spark, store))
    html, gopher = table_of(store, "html"), table_of(store, "gopher_quality")
    old, new = _parts(store, html, first, second)
    missing = data_files(store, "corpus")[0]
    missing.unlink()
    cut = store / gopher / _parts(store, gopher, first, second)[1]
    cut.write_bytes(cut.read_bytes()[:-10])
    flipped = [store / html / old, store / html / new]
    flip(flipped[0], "text")
    flip(flipped[1], "row_lo")
    size = cut.stat().st_size

    found = fsck(spark, store)
    told = {f.place: f for f in found.findings}
    assert set(told) == {str(p.relative_to(store)) for p in (missing, cut, *flipped)}
    assert told[f"{html}/{old}"].runs == (first, second)
    assert told[f"{html}/{new}"].runs == (second,)
    assert "cannot be read whole" in told[f"{html}/{new}"].problem
    assert told[f"{gopher}/{cut.name}"].problem == f"has {size:,} bytes, {size + 10:,} were committed"
    assert told[f"{gopher}/{cut.name}"].runs == (second,)
    assert f"move the folder {gopher} away" in told[f"{gopher}/{cut.name}"].remedy
    assert "llmdata run quickstart --input" in told[f"{gopher}/{cut.name}"].remedy
    assert told[f"corpus/{missing.name}"].runs == (second,)
    assert f"DELETE FROM delta.`{store}/corpus`" in told[f"corpus/{missing.name}"].remedy

    # What the first run names beside the one file that both share is fine.
    assert main(["fsck", "--store", str(store), "--run", first, "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert [(f["place"], f["runs"]) for f in facts["findings"]] == [(f"{html}/{old}", [first])]


def test_what_it_says_to_do_works(spark, built, tmp_path, capsys):
    folder = Path(shutil.copytree(built, tmp_path / "moved"))
    store = folder / "store"
    table = table_of(store, "gopher_quality")
    damaged = data_files(store, table)[0], data_files(store, "corpus")[0]
    for path in damaged:
        path.unlink()
    assert main(["fsck", "--store", str(store)]) == 1
    said = capsys.readouterr().out
    assert all(str(path.relative_to(store)) in said for path in damaged)
    assert f"-> move the folder {table} away and run the same again, with the same code: llmdata run" in said

    (store / table).rename(folder / "away")
    spark.sql(f"DELETE FROM delta.`{store}/corpus`")
    second = records(spark, store)[-1]
    again = sl.run("quickstart", input=[i["url"] for i in second.manifest["inputs"]], store=store, spark=spark)
    assert again.content_hash == second.manifest["content_hash"]
    found = fsck(spark, store)
    assert places(found) == {f"corpus/{damaged[1].name}": (second.run,)}
    assert again.run in found.sound
    assert second.run not in found.sound


def _parts(store: Path, table: str, *runs: str) -> list[str]:
    """The file that each run wrote into a table."""
    from spark_llmdata.delta_log import Folder

    commits = list(Folder.look(str(store / table)).commits())
    return [name for run in runs for c in commits if c.note.get("run") == run for name in c.added]


def test_damaged_logs(spark, store):
    first, second = (r.run for r in records(spark, store))
    html, exact = table_of(store, "html"), next(v for v in _verdicts(spark, store, second) if "exact" in v)
    log = store / html / "_delta_log/00000000000000000001.json"
    data = log.read_bytes()
    at = data.index(b"numRecords") + 14
    log.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])  # still JSON; its checksum is beside it
    (store / "corpus/_delta_log/00000000000000000001.json").unlink()
    (store / exact / "_delta_log/00000000000000000000.checkpoint.parquet").write_bytes(b"PAR1 nothing PAR1")
    (store / "fates/_delta_log/_last_checkpoint").write_text("{")

    found = fsck(spark, store)
    told = {f.place: f for f in found.findings}
    flipped = told[f"{html}/_delta_log/00000000000000000001.json"]
    assert flipped.runs == (first, second)
    assert "differs from its checksum at byte" in flipped.problem
    vanished = told["corpus/_delta_log/00000000000000000001.json"]
    assert "version 1 cannot be read" in vanished.problem
    assert vanished.runs == (second,)
    assert (
        "a checkpoint that cannot be read"
        in told[f"{exact}/_delta_log/00000000000000000000.checkpoint.parquet"].problem
    )
    assert told["fates/_delta_log/_last_checkpoint"].what == "log"


def _verdicts(spark, store, run):
    return [v["table"] for r in records(spark, store) if r.run == run for v in r.manifest["verdicts"]]


def test_what_is_gone(spark, store):
    first = records(spark, store)[0].run
    gone = _verdicts(spark, store, first)[0]
    shutil.rmtree(store / gone)
    vanished = "corpus/_delta_log/00000000000000000000.json"
    (store / vanished).unlink()
    ledger = Ledger(Store.open(spark, str(store)))
    newer = {"format": MANIFEST_FORMAT + 1, "driver": driver.describe_self() | {"began": "0"}}
    ledger.record("20990101T000000-newer", 0, "started", "quickstart", newer)
    found = fsck(spark, store)
    told = {f.place: f for f in found.findings}
    assert told.keys() - {"corpus version 1"} == {gone, vanished, "runs/20990101T000000-newer"}
    assert (told[gone].problem, told[gone].runs) == ("is missing", (first,))
    assert told["runs/20990101T000000-newer"].remedy == "update the package, check again"
    assert first in told[vanished].runs
    assert "restore the file from a backup; without one move the folder corpus away" in told[vanished].remedy


def test_a_table_of_builds_that_never_was(spark, store):
    """A first try that was stopped between announcing its commit and making it; a second one would have made it."""
    first, second = records(spark, store)
    ledger = Ledger(Store.open(spark, str(store)))
    manifest = first.manifest | {"portion": {"limit": 3}, "driver": driver.describe_self() | {"began": "0"}}
    ledger.record("20990101T000000-try", 0, "committing", "quickstart", manifest)
    assert "trials" not in places(fsck(spark, store))
    ledger.record("20990102T000000-try", 0, "committing", "quickstart", manifest)
    shutil.rmtree(store / "corpus")
    told = places(fsck(spark, store))
    assert told["trials"] == ("20990101T000000-try", "20990102T000000-try")
    assert told["corpus"] == (first.run, second.run)


def test_rows_that_do_not_add_up(spark, store):
    first, second = records(spark, store)
    html, gopher = table_of(store, "html"), table_of(store, "gopher_quality")
    parts = [set(r.manifest["segments"][0]["parts"]) for r in (first, second)]
    [old], [new] = parts[0], parts[1] - parts[0]
    for table, part in ((html, new), (gopher, old)):
        rows = spark.read.format("delta").load(f"{store}/{table}").where(f"part = '{part}' AND kept")
        rows.limit(1).write.format("delta").mode("append").save(f"{store}/{table}")
    content = first.manifest["content_hash"]
    verdicts = [v | {"rows": v["rows"] + 1} for v in first.manifest["verdicts"] if "exact" in v["table"]]
    counts = first.manifest["counts"] | {"kept": first.manifest["counts"]["kept"] + 1}
    wrong = {"content_hash": f"ff{content[2:]}", "counts": counts, "verdicts": verdicts}
    Ledger(Store.open(spark, str(store))).record(first.run, 0, "failed", "quickstart", {"format": 1, **wrong})

    found = fsck(spark, store)
    told = {f.place: f for f in found.findings}
    assert {p: f.runs for p, f in told.items()} == {
        html: (second.run,),
        gopher: (first.run, second.run),
        verdicts[0]["table"]: (first.run,),
        "fates": (first.run,),
        "corpus version 0": (first.run,),
    }
    assert f"part {new}: " in told[html].problem
    assert "b.jsonl: 21 rows of 20 records" in told[html].problem
    assert f"part {old} has " in told[gopher].problem
    assert told["fates"].problem.endswith(
        f"its manifest says {{'kept': {counts['kept']}, 'removed': {counts['removed']}}}"
    )
    assert told["corpus version 0"].problem == f"its content is {content}, ff{content[2:]} was built"


def test_splits_have_to_tile_a_file(spark):
    """A gap and an overlap of the same length do not make up for each other."""
    split = "split struct<file: string, digest: string, begin: bigint, end: bigint, size: bigint, records: bigint>"
    tilings = {
        "whole": [(0, 4), (4, 10)],
        "empty": [(0, 0), (0, 10)],
        "cancel": [(0, 4), (3, 6), (7, 10)],
        "late": [(1, 10), (10, 11)],
        "short": [(0, 9)],
    }
    control = [
        (part, None, (f"{part}.f", part, begin, end, 10, 1))
        for part, splits in tilings.items()
        for begin, end in reversed(splits)
    ]
    held = [(part, f"{part}.f", None) for part, splits in tilings.items() for _ in splits]
    # Broken in a part, and whole in another one: nobody reads the broken one.
    control += [("again", None, ("whole.f", "whole", 0, 4, 10, 1)), ("other", None, ("cancel2.f", "c2", 0, 9, 10, 1))]
    rows = spark.createDataFrame(control + held, f"part string, file string, {split}")
    broken = {row.part: row for row in broken_accounts(rows).collect()}
    assert broken.keys() == {"cancel", "late", "short", "other"}
    assert (broken["cancel"].covered, broken["cancel"].breaks) == (10, 2)
    assert (broken["late"].covered, broken["late"].breaks) == (10, 1)
    ids = spark.createDataFrame([(i,) for i in "abbcccd"], "doc_id string")
    assert (count_repeated(ids), count_repeated(ids.distinct())) == (2, 0)


def test_nothing_can_be_read(spark, store):
    """Without the log of runs there are no manifests; the files are looked at all the same."""
    for path in sorted((store / "runs").glob("*.parquet")):
        path.write_bytes(b"")
    cut = data_files(store, table_of(store, "gopher_quality"))[0]
    cut.write_bytes(b"")
    found = fsck(spark, store)
    assert {f.place.split("/")[0] for f in found.findings} == {"runs", "segments"}
    assert str(cut.relative_to(store)) in places(found)
    assert all("move the folder runs away" in f.remedy for f in found.findings if f.place.startswith("runs"))
