"""What a reader is handed and what it answers for: a file or a table, a range of it, a tally."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

Format = Literal["warc", "cdx", "jsonl", "parquet", "table"]
Compression = Literal["none", "gzip", "zstd", "lz4"]


@dataclass(frozen=True, order=True)
class InputFile:
    """One file of an input. `source` is the name the user gave the input; nothing of `url` enters an id.

    A table is one as well: `url` names it and its version, `etag` is its own id. With `first` only so many records of
    it are read, the first ones.
    """

    url: str
    size: int  # bytes as stored; of a table those of its newest version
    modified_ns: int
    source: str
    format: Format
    compression: Compression = "none"
    etag: str = ""
    first: int = 0  # 0: all of it
    at: str = field(default="", compare=False)  # where it lies, if its url does not say so

    @property
    def is_whole(self) -> bool:
        """Whether its bytes, all of them, are what a reader has to account for."""
        return self.format != "table" and not self.first

    @property
    def digest(self) -> str:
        """Tells whether the file is the one that was read before; for reuse only."""
        facts: tuple[object, ...]
        if self.format == "table":
            facts = (self.url, self.etag, self.source, self.format)
        else:
            facts = (self.url, self.size, self.modified_ns, self.source, self.format, self.compression)
        if self.first:  # what is cut off is not taken for the whole by a later run
            facts = (*facts, "first", self.first)
        return hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True)
class Split:
    """Bytes [begin, end) of a file, rows of a table. `number` is unique within a part and makes a record's ordinal."""

    file: InputFile
    number: int
    begin: int
    end: int

    def ordinal(self, record: int) -> int:
        """The internal key of the split's record number `record`, unique within a part."""
        return self.number << 32 | record


@dataclass
class Tally:
    """What a reader met. It fills this in as it goes; the run checks that the splits' [begin, end) tile every file.

    `begin` and `end` are what was really consumed: where the split's first and behind its last record, in bytes of
    the file as stored. Bytes that could not be understood are consumed too, by the reject that stands for them.
    """

    begin: int = 0
    end: int = 0
    members: int = 0  # gzip members or zstd frames; 0 where the file is not compressed
    records: int = 0  # rejects included
    rejects: int = field(default=0)
