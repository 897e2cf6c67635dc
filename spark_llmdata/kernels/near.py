"""Near-duplicates in three passes: sketches of texts, links between documents, the verified choice of who stays.

Where many documents are linked, two more in between take apart who cannot be similar. Each pass is a callable for
`mapInArrow`; a shuffle stands between one and the next. `native/kernels/src/near` says what travels.
`kernels.reference_near` says the same as a few lines of Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["Candidates", "CrowdLink", "Link", "Sketch", "Solve", "bitmap_bits"]

#: Raised by whoever changes who is a candidate or who stays.
REVISION = 2

#: Records that a task holds before it gives them away.
FLUSH_BYTES = 16 << 20
#: Links in a batch.
LINK_ROWS = 100_000


def bitmap_bits(similarity: str, threshold: tuple[int, int]) -> int:
    """How many bits for each shingle bitmaps need, at least, to tell sets apart that have little in common."""
    return _native.bitmap_bits(similarity, threshold)


@dataclass(frozen=True)
class Candidates:
    """What makes candidates: sets of shingles of `ngram` words that agree in all `rows` of one of the `bands`."""

    words: str
    ngram: int
    bands: int
    rows: int

    def as_tuple(self) -> tuple[str, int, int, int]:
        """As the native module takes it."""
        return self.words, self.ngram, self.bands, self.rows


@dataclass(frozen=True)
class Sketch:
    """First pass: `node` int64, `doc_id`, `text`, then float64 order keys (smaller stays, null last).

    With `bitmaps`, bits for each shingle (`bitmap_bits`), for `CrowdLink`: records have sizes and bitmaps of sets, and
    order keys are not looked at.
    """

    candidates: Candidates
    partitions: int
    bitmaps: int | None = None

    COLUMNS = "partition int, sets binary, bands binary"

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give packed records by partition, a row for each partition that has any."""
        sketcher = _native.Sketcher(self.candidates.as_tuple(), self.bitmaps, self.partitions, FLUSH_BYTES)
        for batch in batches:
            yield from map(pa.record_batch, sketcher.push(batch))
        yield pa.record_batch(sketcher.finish())


@dataclass(frozen=True)
class Link:
    """Second pass: what the first gave of whole partitions, in columns `sets` and `bands`."""

    order_keys: int

    COLUMNS = "a long, b long, copy string, leader string"

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give edges between nodes that meet (`a`, `b`), and documents with equal sets (`copy`, `leader`)."""
        linker = _native.Linker(self.order_keys)
        for batch in batches:
            for sets, bands in zip(batch.column("sets"), batch.column("bands"), strict=True):
                linker.push(_bytes(sets), _bytes(bands))
        yield from map(pa.record_batch, linker.finish(LINK_ROWS))


@dataclass(frozen=True)
class CrowdLink:
    """In between: what `Sketch` gave of whole partitions with `bitmaps`, column `bands`.

    Documents of a band are linked where sizes and bitmaps say that they can be similar, true of every pair that is.
    In a band each is compared with `max_block` others at most; whoever is cut short by that is `left_out` of the block.
    """

    similarity: str
    threshold: tuple[int, int]
    max_block: int

    COLUMNS = "a long, b long, block long, compared long, left_out long"

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give edges between nodes (`a`, `b`), and blocks that were too large."""
        linker = self.start()
        for batch in batches:
            for bands in batch.column("bands"):
                linker.push(_bytes(bands))
        yield from map(pa.record_batch, linker.finish(LINK_ROWS))

    def start(self) -> _native.CrowdLinker:
        """The native state. `looked_at()` says how many pairs it looked at."""
        return _native.CrowdLinker(self.similarity, self.threshold, self.max_block)


@dataclass(frozen=True)
class Solve:
    """Third pass: `component` int64, `doc_id`, `text`; components one after another, each in the order of survival.

    `threshold` is a fraction (numerator, denominator). A block (the documents of one band) compares others with its
    first `max_block` documents at most.
    """

    candidates: Candidates
    similarity: str
    clusters: str
    threshold: tuple[int, int]
    max_block: int

    COLUMNS = (
        "doc_id string, survivor string, shared long, shingles long, survivor_shingles long, "
        "block long, compared long, left_out long"
    )

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give removed documents, and blocks that were too large (`block`, `compared` and `left_out` documents)."""
        solver = self.start()
        for batch in batches:
            yield pa.record_batch(solver.push(batch))
        yield pa.record_batch(solver.finish())

    def start(self) -> _native.Solver:
        """The native state. `work()` says what it did: pairs looked at, pairs gone through, documents held."""
        return _native.Solver(
            self.candidates.as_tuple(), self.similarity, self.clusters, self.threshold, self.max_block
        )


def _bytes(value: Any) -> bytes:
    found: bytes = value.as_py()
    return found
