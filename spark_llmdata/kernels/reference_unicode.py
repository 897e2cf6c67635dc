"""The plain-Python twin of `unicode`; the two may differ where their versions of Unicode do."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
_ALWAYS = "\u206a\u206b\u206c\u206d\u206e\u206f\ufff9\ufffa\ufffb"
_ZERO_WIDTH = "\xad\u180e\u200b\u2060\ufeff"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class Cleaned(NamedTuple):
    """A text and how many edits made it."""

    text: str
    n_edits: int


def clean(
    text: str,
    *,
    form: str = "nfc",
    keep_controls: str = "\t",
    line_ends: bool = True,
    zero_width: bool = True,
    bidi: bool = True,
    private_use: bool = True,
    max_newlines: int | None = None,
) -> Cleaned:
    """The text cleaned, rule after rule."""
    edits = 0
    if line_ends:
        ends = "|".join(re.escape(c) for c in _LINE_ENDS if c not in keep_controls)
        pattern = ends if "\r" in keep_controls else f"\r\n|{ends}"
        if pattern:
            text, edits = re.subn(pattern, "\n", text)
    gone = _ALWAYS + (_ZERO_WIDTH if zero_width else "") + (_BIDI if bidi else "")
    kept = [c for c in text if not (c in gone or _is_control(c, keep_controls) or (private_use and _is_private(c)))]
    edits += len(text) - len(kept)
    text = "".join(kept)
    if max_newlines is not None:
        text, shortened = re.subn("\n" * (max_newlines + 1) + "+", "\n" * max_newlines, text)
        edits += shortened
    formed = text if form == "none" else unicodedata.normalize("NFC" if form == "nfc" else "NFKC", text)
    return Cleaned(formed, edits + (formed != text))


def _is_control(c: str, keep: str) -> bool:
    code = ord(c)
    is_noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return is_noncharacter or (unicodedata.category(c) == "Cc" and c not in "\n" + keep)


def _is_private(c: str) -> bool:
    return unicodedata.category(c) == "Co"
