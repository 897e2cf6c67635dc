"""JSON lines: records out of bytes, natively; which key fills which column is settled once per file."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from spark_llmdata._native import LineParser as _LineParser
from spark_llmdata._native import LongLine

__all__ = ["LineParser", "LongLine"]


class LineParser:
    """Parses JSON lines into records: the columns of `schema.RECORD` but `file` and `ordinal`, in its order.

    A column is filled by the JSON key of its own name (`html` by none) unless `columns` names another key; a key given
    to `html` no longer fills `text` by default. Strings of other keys go to `meta` as they are, nulls nowhere, the
    rest as compact JSON. Of equal keys the last counts. A date that `YYYY-MM-DD[THH:MM[:SS[.f]][zone]]` does not
    describe stays in `meta`, under its key. Blank lines are no records.

    Rejects: `bad_json` (no JSON object, not UTF-8, half a surrogate pair, more than 128 levels), `bad_field` (a type
    its column cannot hold; `id` takes strings and numbers, the others strings; null is absence) and `too_large`.
    Their payload is the line's first 64 KiB. Columns in their evidence count bytes from 1.

    Args:
        columns: canonical name (id, url, text, date, lang, source, html) to JSON key; `meta` to the key of an object
            whose members count as the record's own where it has no such key.
        source: the input's name, where a record names no source of its own; at most 1,024 bytes.
        max_record_bytes: a longer line is rejected unread.
        batch_rows: rows after which a batch ends.
        batch_bytes: bytes of lines after which a batch ends.

    Raises:
        ValueError: `columns` names something that is no column.
    """

    def __init__(
        self, columns: Mapping[str, str], source: str, *, max_record_bytes: int, batch_rows: int, batch_bytes: int
    ) -> None:
        self._native = _LineParser(
            list(columns.items()),
            source,
            max_record_bytes=max_record_bytes,
            batch_rows=batch_rows,
            batch_bytes=batch_bytes,
        )

    def parse(self, data: bytes, start: int, base_offset: int) -> tuple[pa.RecordBatch, int]:
        """Parse lines from `data[start]` on; give a batch and where the next one starts.

        Only the last line of `data` may lack its line end. A record's offset is `base_offset` plus its place in `data`.

        Raises:
            ValueError: `data` is longer than 1 GiB and 64 MiB, or `start` behind its end.
        """
        batch, following = self._native.parse(data, start, base_offset)
        return pa.record_batch(batch), following
