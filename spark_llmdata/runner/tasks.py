"""What runs on executors: reading splits and judging rows, as callables for `mapInArrow`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from spark_llmdata import watch
from spark_llmdata.recipe import Read
from spark_llmdata.segment import BATCH_BYTES, BATCH_ROWS, Segment
from spark_llmdata.sources import parquet
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import Split, Tally


def is_retried() -> bool:
    """Whether this task has failed before, perhaps because a row killed its worker; outside of a task it has not."""
    from pyspark import TaskContext

    context = TaskContext.get()
    return context is not None and context.attemptNumber() > 0


def judge(segment: Segment, rows: pa.RecordBatch, part: str | None, *, once: bool) -> Iterator[pa.RecordBatch]:
    """Judge in a task: a row that takes too long ends a first attempt, is found in the next one, and rejected there.

    Where Spark tries tasks `once`, nothing would come after the first attempt, so it is as careful as the others.
    """
    with watch.ending():
        yield from segment.judge(rows, part, isolated=once or is_retried())


@dataclass(frozen=True)
class ReadSplits:
    """Reads the splits of the tasks whose numbers come in, judges their records, adds a control row for each split."""

    tasks: Sequence[Sequence[Split]]
    segment: Segment
    part: str
    read: Read
    once: bool = False

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take batches with a column `id` (task numbers); give the segment's rows."""
        for batch in batches:
            for task in batch.column("id").to_pylist():
                for split in self.tasks[task]:
                    yield from self._read(split)

    def _read(self, split: Split) -> Iterator[pa.RecordBatch]:
        tally = Tally()
        for records in read_split(
            split,
            tally,
            columns=self.read.sources(),
            max_record_bytes=self.read.max_record_bytes,
            batch_rows=BATCH_ROWS,
            batch_bytes=BATCH_BYTES,
        ):
            yield from judge(self.segment, records, self.part, once=self.once)
        yield control_row(self.segment, self.part, split, tally)


def control_row(segment: Segment, part: str, split: Split, tally: Tally) -> pa.RecordBatch:
    """The reader's account of a split, as a row of the segment it proves: committed with the rows or not at all."""
    facts = {
        "file": split.file.url,
        "digest": split.file.digest,
        "size": split.file.size if split.file.is_whole else tally.end,
        "split": split.number,
        "begin": tally.begin,
        "end": tally.end,
        "members": tally.members,
        "records": tally.records,
        "rejects": tally.rejects,
    }
    columns = [pa.array([{"split": facts, "part": part}.get(f.name)], f.type) for f in segment.schema]
    return pa.RecordBatch.from_arrays(columns, schema=segment.schema)


@dataclass(frozen=True)
class ReadRows:
    """Judges rows that Spark's Parquet scan has read."""

    known: Mapping[str, parquet.Place]
    segment: Segment
    part: str
    once: bool = False

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take batches as `parquet.scan` gives them; give the segment's rows."""
        for records in parquet.read_rows(batches, self.known):
            yield from judge(self.segment, records, self.part, once=self.once)


@dataclass(frozen=True)
class JudgeRows:
    """Judges the kept rows of the segment before."""

    segment: Segment
    once: bool = False

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take batches of the segment before; give this segment's rows."""
        for batch in batches:
            yield from judge(self.segment, batch, None, once=self.once)
