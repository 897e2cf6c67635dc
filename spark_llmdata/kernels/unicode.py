"""Texts without characters that no reader sees, in one Unicode form, and a look for texts that were decoded wrongly."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["clean", "suspect_mojibake"]

#: Raised by whoever changes what becomes of a text.
REVISION = 2


def clean(
    text: pa.Array,
    *,
    form: str = "nfc",
    keep_controls: str = "\t",
    line_ends: bool = True,
    zero_width: bool = True,
    bidi: bool = True,
    private_use: bool = True,
    max_newlines: int | None = None,
) -> pa.RecordBatch:
    """Clean each text.

    Columns (n,): `text`, null where nothing changed; `n_edits`, `n_replacement`, `n_chars` (int64); `changes`, lists of
    `schema.CHANGE`, null where nothing changed, of the kinds `line_end`, `control`, `zero_width`, `bidi`,
    `private_use`, `newlines` and `form`.

    * `line_ends`: CR LF, CR, VT, FF, NEL, LS and PS become a line feed;
    * control characters go (C0 but the line feed and `keep_controls`, DEL, C1), and with them noncharacters, deprecated
      formatting (U+206A-206F) and annotation marks (U+FFF9-FFFB);
    * `zero_width`: U+00AD, U+180E, U+200B, U+2060 and U+FEFF go; joiners stay, many scripts are written with them;
    * `bidi`: U+061C, U+200E, U+200F, U+202A-202E and U+2066-2069 go; `private_use`: the three private use areas go;
    * `max_newlines`: of a longer run of line feeds only so many stay;
    * `form` (none, nfc, nfkc): the rest is brought to that form.

    An edit is a character removed, a line end replaced, a run of line feeds shortened, or the change of form. Counts
    of `n_replacement` (U+FFFD) and `n_chars` (code points) are those of the result. All is null for null.

    Raises:
        ValueError: the form is unknown, or the column is no text.
    """
    found = _native.clean_unicode(
        text,
        form=form,
        keep_controls=keep_controls,
        line_ends=line_ends,
        zero_width=zero_width,
        bidi=bidi,
        private_use=private_use,
        max_newlines=max_newlines,
    )
    return pa.record_batch(found)


def suspect_mojibake(text: pa.Array) -> pa.Array:
    """Tell which texts could hold UTF-8 that was decoded by another charset: bool (n,), false for null.

    False is a promise: `ftfy.fix_encoding` leaves such a text, and each line of it, as it is.
    """
    return pa.array(_native.suspect_mojibake(text))
