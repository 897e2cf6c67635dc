"""Reading WARC splits: the record schema, the tally, the bounds of batches."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from spark_llmdata.schema import RECORD
from spark_llmdata.sources.split import InputFile, Split, Tally
from spark_llmdata.sources.warc import read_warc

LIMITS = {"max_record_bytes": 16 << 20, "batch_rows": 7, "batch_bytes": 100_000}


def split_of(path: Path, number: int = 3) -> Split:
    size = path.stat().st_size
    compression = "gzip" if path.suffix == ".gz" else "none"
    file = InputFile(str(path), size, 0, "crawl", "warc", compression)  # type: ignore[arg-type]
    return Split(file, number, 0, size)


def test_every_file_is_accounted_for(shared_data: Path) -> None:
    folder = shared_data / "01_warc"
    paths = sorted(
        path
        for name in ("cc-whirlwind", "resiliparse", "warcio", "webarchive-commons", "jwat-conformance")
        for path in (folder / name).rglob("*")
        if any(suffix in path.suffixes for suffix in (".warc", ".arc"))
    )
    assert len(paths) > 40
    for path in [*paths, folder / "derived-compression" / "resiliparse-onemember.warc.gz"]:
        tally = Tally()
        batches = list(read_warc(split_of(path), tally, **LIMITS))
        assert (tally.begin, tally.end) == (0, path.stat().st_size), path
        assert tally.records == sum(batch.num_rows for batch in batches)
        assert tally.rejects == sum(batch.column("rejected").true_count for batch in batches)


def test_batches_have_the_record_schema_and_bounds(shared_data: Path) -> None:
    path = shared_data / "01_warc" / "resiliparse" / "warcfile.warc.gz"
    tally = Tally()
    batches = list(read_warc(split_of(path), tally, **LIMITS))
    assert all(batch.schema.equals(RECORD, check_metadata=True) for batch in batches)
    assert all(0 < batch.num_rows <= 7 for batch in batches)
    assert len({batch.num_rows for batch in batches[:-1]}) > 1, "no batch ended by its bytes"
    table = pa.Table.from_batches(batches)
    table.validate(full=True)
    assert table.num_rows == tally.records == tally.members == 50
    assert table.column("ordinal").to_pylist() == [3 << 32 | n for n in range(50)]
    assert set(table.column("file").to_pylist()) == {str(path)}
    assert set(table.column("source").to_pylist()) == {"crawl"}
    assert table.column("html").null_count == 50 - 16


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    for name in ("empty.warc", "empty.warc.gz"):
        path = tmp_path / name
        path.touch()
        tally = Tally(end=5)
        assert list(read_warc(split_of(path), tally, **LIMITS)) == []
        assert tally == Tally()
