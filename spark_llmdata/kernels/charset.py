"""Bytes of web pages to text: the encoding by byte order mark, header, `<meta>`, strict UTF-8 or detection."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["SOURCES", "decode"]

#: Raised by whoever changes what text a page decodes to, or the counts beside it.
REVISION = 1

#: What may name a page's encoding, in the order in which they are asked. `bom`: a byte order mark. `http`: the header
#: Content-Type. `meta`: `<meta>`, else an XML declaration, in the first 1024 bytes. `utf8`: the bytes are strict UTF-8
#: (the last character may be cut off). `detected`: statistics (chardetng, the detector of Firefox).
SOURCES: tuple[str, ...] = tuple(_native.CHARSET_SOURCES)


def decode(data: pa.Array, content_type: pa.Array) -> pa.RecordBatch:
    """Decode each page (binary) with its header Content-Type (string, null where unknown); null for null.

    Columns: `text` (large_string; each malformed sequence is one U+FFFD), `charset` (the name of the Encoding Standard
    in lower case), `source` (of `SOURCES`; both dictionaries), `replacements` (int64, malformed sequences),
    `misdeclared` (bool: header or `<meta>` say something else, but the bytes are strict UTF-8 and not ASCII alone).

    Raises:
        ValueError: the columns have other types or different lengths.
    """
    return pa.record_batch(_native.decode_pages(data, content_type))
