"""Hashes of texts up to their spelling: of each text in a form that leaves out what shall not tell texts apart."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["FORMS", "hash_forms"]

#: Raised by whoever changes what a form leaves of a text.
REVISION = 1

#: Each forgets what the one before does. `none`: the text as it is. `nfc`: Unicode NFC. `whitespace_lower`: that in
#: lower case, without white space (Unicode White_Space) at its ends, one space for every run of it within.
#: `alphanumeric`: of the NFKC in lower case the letters and numbers, with the marks behind them; where nothing of that
#: is left, as `whitespace_lower`.
FORMS: tuple[str, ...] = tuple(_native.TEXT_FORMS)


def hash_forms(text: pa.Array, form: str, *, with_sha256: bool = False) -> pa.RecordBatch:
    """Hash each text in a form: int64 columns `hi`, `lo` (xxh3_128 as in `hashing`), null for null.

    `with_sha256` adds the column `sha256` (binary, 32 bytes) of the same bytes.

    Raises:
        ValueError: the form is unknown, or the column is no text.
    """
    return pa.record_batch(_native.hash_text_forms(text, form, with_sha256))
