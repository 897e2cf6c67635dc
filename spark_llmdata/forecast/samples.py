"""A sample spread over all bytes of the inputs, and how many records they hold by it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.errors import InputError, UsageError
from spark_llmdata.ordering.sample import read_parquet_head
from spark_llmdata.recipe import Read
from spark_llmdata.segment import BATCH_BYTES, BATCH_ROWS
from spark_llmdata.sources import files, parquet
from spark_llmdata.sources.compression import decompress
from spark_llmdata.sources.inputs import plan_splits
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally

#: Records that are looked at; all of them where the inputs hold no more.
SAMPLE_ROWS = 2_000
#: At how many places, evenly over the bytes of all inputs.
PLACES = 40
#: Inputs that can be read in so many seconds of the processor are read to the end: then their records are counted.
READ_S = 2.0
#: And Parquet of so many bytes, as stored.
SCANNED_BYTES = 128 << 20
#: Of a compressed file of JSON lines so much of its beginning tells how well it is compressed.
_HEAD_BYTES = 1 << 20
_FOOTER_THREADS = 16


@dataclass(frozen=True)
class Look:
    """Records of a sample (`schema.RECORD`), and what they say of all inputs.

    `records` is how many there are, counted where `exact`, else by the bytes of those looked at. `read_cpu_s` is the
    processor time of reading one, `stored_bytes` what it takes in the inputs, `content_bytes` its text and HTML, of all
    records where all were read.
    """

    batches: tuple[pa.RecordBatch, ...]
    records: int
    exact: bool
    read_cpu_s: float
    stored_bytes: float
    content_bytes: float

    @property
    def seen(self) -> int:
        """How many records were looked at."""
        return sum(batch.num_rows for batch in self.batches)


@dataclass
class _Found:
    """Records of one place, how many bytes of the file they take, and the processor time of reading them."""

    batches: list[pa.RecordBatch]
    bytes: float
    cpu_s: float
    all_rows: int = 0  # those left out too
    all_content: int = 0

    @property
    def rows(self) -> int:
        return sum(batch.num_rows for batch in self.batches)


def look(inputs: Sequence[InputFile], read: Read, rows: int = SAMPLE_ROWS) -> Look:
    """Read some records at places that are spread evenly over the bytes of the inputs; all of them where they are few.

    A compressed file of JSON lines can be read from its beginning alone.

    Raises:
        UsageError: fewer than one row is asked for, or an input is a lookup, whose records would have to be fetched.
        InputError: a file cannot be read at all, or no place holds a record.
    """
    if rows < 1:
        raise UsageError(f"--sample-rows {rows}: expected how many records to look at, 1 or more (default 2,000)")
    lookup = next((f.url for f in inputs if f.format == "cdx"), None)
    if lookup is not None:
        raise UsageError(
            f"{lookup}: what a lookup will give is not known before its records are fetched; plan without --input, or "
            "try it with `llmdata run --limit`"
        )
    total = sum(f.size for f in inputs)
    places = _spread(inputs, total)
    found = [_read(split, read, -(-rows // len(places))) for split in places]
    seen, taken = sum(f.rows for f in found), sum(f.bytes for f in found)
    if not seen:
        raise InputError(
            f"no record in {len(inputs):,} input files where they were looked at ({len(found)} places); a run cannot "
            "be estimated from that: name other inputs, or leave --input out to see the plan alone"
        )
    counted = _count_rows(inputs)
    records = counted or round(seen / max(1.0, taken) * total)
    read_cpu_s = sum(f.cpu_s for f in found) / seen
    quick = records * read_cpu_s <= READ_S if counted is None else total <= SCANNED_BYTES
    if records <= rows or quick:
        every = max(1, records // rows)
        found = [_read(Split(f, number, 0, f.size), read, None, every) for number, f in enumerate(inputs)]
        counted = sum(f.all_rows for f in found)
        records, read_cpu_s = counted, sum(f.cpu_s for f in found) / max(1, counted)
    batches = tuple(batch for f in found for batch in f.batches)
    content = sum(f.all_content for f in found) / max(1, sum(f.all_rows for f in found))
    return Look(batches, records, counted is not None, read_cpu_s, total / max(1, records), content)


def count_content(batch: pa.RecordBatch) -> int:
    """Bytes of text and HTML in a batch that has these columns."""
    columns = [batch.column(name) for name in ("text", "html") if name in batch.schema.names]
    return sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in columns)


def _count_rows(inputs: Sequence[InputFile]) -> int | None:
    """What the footers promise, where all inputs are Parquet."""
    if all(f.format == "parquet" for f in inputs):
        with ThreadPoolExecutor(_FOOTER_THREADS) as pool:
            return sum(pool.map(parquet.count_rows, inputs)) or None
    return None


def _spread(inputs: Sequence[InputFile], total: int) -> list[Split]:
    """From evenly spread bytes to the ends of their files; a file that can be read only from its begin comes once."""
    places: dict[tuple[str, int], Split] = {}
    turns = iter(sorted(inputs, key=_turn))
    file, before = next(turns), 0
    for k in range(PLACES):
        at = int((k + 0.5) / PLACES * total)
        while at >= before + file.size and at < total:
            before += file.size
            file = next(turns)
        begin = at - before if _is_divisible(file) else 0
        if file.format == "parquet":
            groups = parquet.count_groups(file)
            begin = int(begin / file.size * groups) * file.size // groups + 1
        places.setdefault((file.url, begin), Split(file, len(places), begin, file.size))
    return list(places.values())


def _is_divisible(file: InputFile) -> bool:
    """Whether a reader can begin anywhere in the file."""
    return file.format == "parquet" or len(plan_splits([file], max(1, file.size // 2))) > 1


def _turn(file: InputFile) -> bytes:
    return hashlib.sha256(file.url.encode("utf-8", "surrogateescape")).digest()


def _read(split: Split, read: Read, rows: int | None, every: int = 1) -> _Found:
    """At most so many records from a place on, or of all of them one of `every`."""
    begun = time.process_time()
    found = _Found([], 0.0, 0.0)
    with closing(_batches(split, read, rows)) as stream:
        for batch in stream:
            found.all_content += count_content(batch) if rows is None else 0
            if every > 1:
                place = found.all_rows
                found.all_rows += batch.num_rows
                batch = batch.take(pa.array(range(-place % every, batch.num_rows, every), pa.int64()))
            else:
                batch = batch.slice(0, None if rows is None else rows - found.rows)
                found.all_rows += batch.num_rows
                found.all_content += 0 if rows is None else count_content(batch)
            if batch.num_rows:
                found.batches.append(batch)
            if rows is not None and found.rows >= rows:
                break
    # Rows of Parquet are read by Spark's scan, whose time is counted where the JVM's is.
    found.cpu_s = 0.0 if split.file.format == "parquet" else time.process_time() - begun
    found.bytes = _taken(split, found)
    return found


def _batches(split: Split, read: Read, rows: int | None) -> Generator[pa.RecordBatch, None, None]:
    if split.file.format == "parquet":
        yield from read_parquet_head(split.file, read, split.begin / max(1, split.file.size))
        return
    limits = {"max_record_bytes": read.max_record_bytes, "batch_rows": min(rows or BATCH_ROWS, BATCH_ROWS)}
    yield from read_split(split, Tally(), columns=read.sources(), batch_bytes=BATCH_BYTES, **limits)


def _taken(split: Split, found: _Found) -> float:
    """Bytes of the file, as stored, that these records take."""
    file, rows = split.file, found.rows
    if file.format == "parquet":
        return file.size * rows / max(1, parquet.count_rows(file))
    whole = float(split.end - split.begin)
    if rows < 2:
        return whole
    first, last = (found.batches[i].column("offset")[i].as_py() for i in (0, -1))
    length = float(last - first) / (rows - 1) * rows if last > first else whole
    return length / _expand(file) if file.format == "jsonl" else length


def _expand(file: InputFile) -> float:
    """How many bytes come of a stored one: the offsets of JSON lines count those that were decompressed."""
    if file.compression not in ("gzip", "zstd"):
        return 1.0
    stored = min(file.size, _HEAD_BYTES)
    pieces = decompress(files.read_chunks(file.url, 0, stored, stored), file.compression, Tally())
    return max(1, sum(len(piece) for piece in pieces if isinstance(piece, bytes))) / max(1, stored)
