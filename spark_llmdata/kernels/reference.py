"""The plain-Python twin of each text kernel: slow, obvious, and the oracle of its tests.

Hashing needs a function `xxh3(data) -> 16 bytes` for xxh3_128, which Python does not have: the encodings are what is
said here. Word boundaries are exact for ASCII and for letters and punctuation of the Latin script (no marks that
combine); beyond, Rust tests hold the kernel against another implementation.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone

Hash = Callable[[bytes], bytes]
Scalar = str | int | float | bool | datetime | Mapping[str, str | None] | Mapping[str, float | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_WHITE_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_RUN = re.compile(f"[^{_WHITE_SPACE}]+")
_MARGIN = re.compile(f"^[{_WHITE_SPACE}]+|[{_WHITE_SPACE}]+$")
_BETWEEN_LETTERS = frozenset(":·.'‘’․")  # MidLetter and MidNumLet of UAX #29, with the single quote
_BETWEEN_DIGITS = frozenset(",;.'‘’․")  # MidNum and MidNumLet
_BULLETS = ("•", "‣", "●", "▪", "◦", "*", "-")


def encode_text(value: str) -> bytes:
    """`str(x)`: length in bytes, 8 bytes little-endian, then UTF-8."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def encode_int(value: int) -> bytes:
    """`int(x)`: 8 bytes little-endian, signed."""
    return struct.pack("<q", value)


def encode_date(value: datetime) -> bytes:
    """Microseconds since 1970-01-01T00:00:00Z; a date without a time zone counts as UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return encode_int((aware - _EPOCH) // timedelta(microseconds=1))


def encode_float(value: float) -> bytes:
    """The bits; every NaN alike, -0.0 as 0.0."""
    if math.isnan(value):
        return struct.pack("<Q", 0x7FF8000000000000)
    return struct.pack("<d", value + 0.0)


def encode_optional(value: str | datetime | None) -> bytes:
    """`opt(x)`: a byte that tells null from a value, then the value."""
    if value is None:
        return b"\0"
    return b"\1" + (encode_text(value) if isinstance(value, str) else encode_date(value))


def encode_document(source: str, id: str | None, url: str | None, date: datetime | None, raw_hash: bytes) -> bytes:
    """What a document's id is the hash of."""
    name = b"\0" + encode_optional(url) + encode_optional(date) if id is None else b"\1" + encode_text(id)
    return encode_text(source) + name + raw_hash


def encode_table_row(
    id: str | None,
    url: str | None,
    text: str | None,
    date: datetime | None,
    lang: str | None,
    source: str | None,
) -> bytes:
    """What a table row's raw hash is the hash of."""
    return b"".join(map(encode_optional, (id, url, text, date, lang, source)))


def encode_row(row: Mapping[str, Scalar | None], maps: Mapping[str, type] | None = None) -> bytes:
    """What a row's hash is the hash of. `maps` names the columns of maps and structs, with `str` or `float` values."""
    maps = maps or {}
    out = b""
    for name in sorted(row, key=str.encode):
        value = row[name]
        out += encode_text(name)
        if name in maps:
            out += _encode_map({} if value is None else value, maps[name])  # type: ignore[arg-type]
        else:
            out += _encode_scalar(value)
    return out


def _encode_scalar(value: Scalar | None) -> bytes:
    if value is None:
        return b"\0"
    if isinstance(value, str):
        return b"\1" + encode_text(value)
    if isinstance(value, bool):
        return b"\4" + bytes([value])
    if isinstance(value, int):
        return b"\2" + encode_int(value)
    if isinstance(value, float):
        return b"\3" + encode_float(value)
    assert isinstance(value, datetime)
    return (b"\5" if value.tzinfo else b"\6") + encode_date(value)


def _encode_map(value: Mapping[str, object] | Iterable[tuple[str, object]], kind: type) -> bytes:
    pairs = value.items() if isinstance(value, Mapping) else value
    encode: Callable[..., bytes] = encode_text if kind is str else encode_float
    entries = [(key.encode(), encode(item)) for key, item in pairs if item is not None]
    if kind is str:
        entries.sort(key=lambda entry: (entry[0], entry[1][8:]))
    else:
        entries.sort(key=lambda entry: (entry[0], struct.unpack("<q", entry[1])))
    tag = b"\7" if kind is str else b"\x08"
    return tag + encode_int(len(entries)) + b"".join(encode_text(key.decode()) + item for key, item in entries)


def halve(digest: bytes) -> tuple[int, int]:
    """16 bytes as the two signed numbers `hi` and `lo`."""
    hi, lo = struct.unpack(">qq", digest)
    return hi, lo


def text_facts(text: str, xxh3: Hash) -> tuple[int, int, int, int]:
    """`bytes`, `words`, `hi` and `lo` of a text."""
    data = text.encode()
    return len(data), len(split_whitespace(text)), *halve(xxh3(data))


def split_whitespace(text: str) -> list[str]:
    """Maximal runs without Unicode White_Space; `str.split` also parts at U+001C to U+001F, which are none."""
    return _RUN.findall(text)


def split_uax29(text: str) -> list[str]:
    """Words by UAX #29, for ASCII and the Latin script: rules WB5 to WB13b, one character after the other."""
    segments: list[str] = []
    for i, c in enumerate(text):
        if segments and _joins(text, i):
            segments[-1] += c
        else:
            segments.append(c)
    return [segment for segment in segments if any(map(str.isalnum, segment))]


def _joins(text: str, i: int) -> bool:
    before, here = text[i - 1], text[i]
    if _in_word(before) and _in_word(here):
        return True
    if _in_word(before):
        return _is_between(text, i)
    return _in_word(here) and i >= 2 and _is_between(text, i - 1)


def _is_between(text: str, i: int) -> bool:
    if not 0 < i < len(text) - 1:
        return False
    around = text[i - 1], text[i + 1]
    if all(map(_is_letter_to_words, around)):
        return text[i] in _BETWEEN_LETTERS
    return all(map(_is_digit, around)) and text[i] in _BETWEEN_DIGITS


def _is_letter(c: str) -> bool:
    return unicodedata.category(c) in {"Lu", "Ll", "Lt", "Lm", "Lo"}


def _is_digit(c: str) -> bool:
    return unicodedata.category(c) == "Nd"


def _is_letter_to_words(c: str) -> bool:
    """The class ALetter of UAX #29, which in the Latin script adds the cedilla by itself to the letters."""
    return _is_letter(c) or c == "\u00b8"


def _in_word(c: str) -> bool:
    return _is_letter_to_words(c) or _is_digit(c) or c == "_"


def is_alphabetic(c: str) -> bool:
    """The property Alphabetic, but for marks that have it (Other_Alphabetic), which Python does not know."""
    return _is_letter(c) or c.isupper() or c.islower() or unicodedata.category(c) == "Nl"


def lower(word: str) -> str:
    """Lower case of each code point by itself, so that neither a final sigma nor the length of İ differs."""
    return "".join(c.lower()[0] for c in word)


def gopher_quality(text: str, words: Sequence[str], stop_words: Iterable[str]) -> dict[str, float]:
    """The columns of `heuristics.gopher_quality` for a text and its words."""
    per_word = max(len(words), 1)
    lines = [line for line in (_MARGIN.sub("", line) for line in text.split("\n")) if line]
    per_line = max(len(lines), 1)
    return {
        "n_words": len(words),
        "mean_word_length": sum(map(len, words)) / per_word,
        "hash_ratio": text.count("#") / per_word,
        "ellipsis_ratio": (text.count("...") + text.count("…")) / per_word,
        "bullet_line_ratio": sum(line.startswith(_BULLETS) for line in lines) / per_line,
        "ellipsis_line_ratio": sum(line.endswith(("...", "…")) for line in lines) / per_line,
        "alpha_word_ratio": sum(any(map(is_alphabetic, word)) for word in words) / per_word,
        "n_stop_words": len({lower(word) for word in stop_words} & {lower(word) for word in words}),
        "symbol_ratio": (text.count("#") + text.count("...") + text.count("…")) / per_word,
    }
