"""Numbers as people read them: counts, shares, bytes, durations."""

from __future__ import annotations

import math

UNKNOWN = "–"
_BYTES = ("bytes", "kB", "MB", "GB", "TB", "PB")


def tell_count(number: int | None) -> str:
    """A count in full: 146,000."""
    return UNKNOWN if number is None else f"{number:,}"


def tell_short(number: float | None) -> str:
    """A count in three digits: 1.46 M."""
    if number is None:
        return UNKNOWN
    if number < 10_000:
        return f"{number:,.0f}"
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)):
        if number < size * 999.5 or unit == "T":
            return f"{_three_digits(number / size)} {unit}"
    raise AssertionError(number)


def tell_bytes(number: int | None) -> str:
    """Bytes in the unit that suits them; a kB is 1,000 bytes."""
    if number is None:
        return UNKNOWN
    if number < 1000:
        return f"{number:,} bytes" if number != 1 else "1 byte"
    size, unit = float(number), 0
    while size >= 999.5 and unit < len(_BYTES) - 1:
        size, unit = size / 1000, unit + 1
    return f"{_three_digits(size)} {_BYTES[unit]}"


def tell_share(part: float | None, whole: float | None) -> str:
    """A part of a whole in percent; neither 0 % nor 100 % unless it is so."""
    if part is None or not whole:
        return UNKNOWN
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.0f} %" if percent in (0, 100) else f"{percent:.1f} %"


def tell_seconds(seconds: float | None) -> str:
    """A duration in its two largest units: 2 min 13 s."""
    if seconds is None:
        return UNKNOWN
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, hours = whole // 60, whole // 3600
    if hours:
        return f"{hours:,} h {minutes % 60} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def tell_number(number: float | None) -> str:
    """A score or a threshold: as many digits as tell it from its neighbors."""
    if number is None:
        return UNKNOWN
    if math.isfinite(number) and number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.1f}"


def tell_beside(number: float, other: float) -> str:
    """A number that stands beside another one: told by as many digits as tell the two apart."""
    told, digits = tell_number(number), 5
    while told == tell_number(other) and number != other and digits <= 17:
        told, digits = f"{number:,.{digits}g}", digits + 1
    return told


def tell_one_in(part: int, whole: int) -> str:
    """How many of 100 things that is, in a word that a sentence can hold."""
    if not part:
        return "none"
    each = 100 * part / whole
    return "fewer than 1" if each < 0.95 else "more than 99" if each > 99.05 and part < whole else f"{each:.0f}"


def _three_digits(size: float) -> str:
    return f"{size:.2f}" if size < 9.995 else f"{size:.1f}" if size < 99.95 else f"{size:.0f}"


def plural(number: int, noun: str) -> str:
    """A count and what it counts: 1 document, 2 documents."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
