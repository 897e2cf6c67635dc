"""A batch of pages on its way to the engine: decoded and measured at once, and what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.kernels import charset, pages
from spark_llmdata.verdict import BoolArray

#: Names in `meta` of what a page says of itself, by the kernel's names.
FACTS = {name: name for name in pages.FACTS} | {"language": "html_lang"}


@dataclass(frozen=True)
class Decoded:
    """n pages; arrays are as long as the batch.

    `size` int64 (bytes), null where there is no page. `decoded` as `charset.decode` gives it and `measured` as
    `pages.read`; both are null where there is no page or it is too large, `measured` for plain text too.
    """

    size: pa.Array
    decoded: pa.RecordBatch
    measured: pa.RecordBatch
    is_plain: BoolArray

    @classmethod
    def of(cls, html: pa.Array, content_type: pa.Array, max_bytes: int) -> Decoded:
        """Decode and measure pages (binary) of at most `max_bytes` each."""
        size = pc.binary_length(html).cast(pa.int64())
        small = null_where(pc.greater(size, max_bytes), html)
        decoded = charset.decode(small, content_type)
        plain = pc.fill_null(pc.starts_with(pc.utf8_lower(content_type), "text/plain"), False)
        measured = pages.read(null_where(plain, decoded.column("text")))
        return cls(size, decoded, measured, np.asarray(plain))

    def text(self, row: int) -> str:
        """The decoded page of a row that has one."""
        text: str = self.decoded.column("text")[row].as_py()
        return text

    def count(self, name: str, row: int) -> int:
        """A count (of `pages.COUNTS`) of a row that has a page and no plain text."""
        count: int = self.measured.column(name)[row].as_py()
        return count

    def notes(self, facts: bool) -> list[dict[str, str] | None]:
        """For `meta`: the charset and what named it, and with `facts` what the page says of itself."""
        named = {"charset": self.decoded.column("charset"), "charset_source": self.decoded.column("source")}
        if facts:
            named |= {FACTS[name]: self.measured.column(name) for name in pages.FACTS}
        columns = {name: column.to_pylist() for name, column in named.items()}
        rows = zip(*columns.values(), strict=True)
        return [{k: _plain(v) for k, v in zip(columns, row, strict=True) if v} or None for row in rows]


def null_where(gone: pa.Array, values: pa.Array) -> pa.Array:
    """The values with nulls where `gone`; not copied where it nowhere is, since these are megabytes."""
    return pc.if_else(gone, pa.scalar(None, values.type), values) if pc.any(gone).as_py() else values


def add_notes(meta: pa.Array, notes: list[dict[str, str] | None], *, replace: bool) -> pa.Array:
    """`meta` (a map, or null) with the notes of each row behind it; a name that is there stays unless `replace`."""
    rows: list[list[tuple[str, str]] | None] = []
    for given, added in zip(meta.to_pylist(), notes, strict=True):
        if added is None:
            rows.append(given)
            continue
        known = dict(given or ())
        merged = {**known, **added} if replace else {**added, **known}
        order = [*known, *(name for name in added if name not in known)]
        rows.append([(name, merged[name]) for name in order])
    return pa.array(rows, meta.type)


def _plain(value: str) -> str:
    """A value of a page's markup as text: references resolved, on one line."""
    return " ".join(unescape(value).split())
