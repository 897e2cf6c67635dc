"""The plain-Python twin of `pii` for numbers and keys: regular expressions, with the checks beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Place = tuple[int, int]

_BEGIN = re.compile(r"(?<![A-Za-z0-9_])[0-9]")
_ENDS = r"(?![A-Za-z0-9_]|[-.][0-9])"
_CARDS = [
    re.compile(rf"[0-9]{{5,}}{_ENDS}"),
    re.compile(rf"[0-9]{{4}}([ -])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{3}}{_ENDS}"),
    re.compile(rf"[0-9]{{4}}([ -])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}{_ENDS}"),
    re.compile(rf"[0-9]{{4}}([ -])[0-9]{{6}}\1[0-9]{{5}}{_ENDS}"),
    re.compile(rf"[0-9]{{4}}([ -])[0-9]{{6}}\1[0-9]{{4}}{_ENDS}"),
]
#: Lengths by the issuers' prefixes.
_ISSUED = [
    (r"4", (13, 16, 19)),
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
    (r"34|37|1800|2131", (15,)),
    (r"30[0-5]|3095|36|38|39", (14, 16)),
    (r"35|6011|64[4-9]|65|62", (16, 17, 18, 19)),
    (r"5018|5020|5038|5[678]|6304|6390|6759|676[123]", range(12, 20)),
]
_IBAN = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z]{2}[0-9]{2}")
_IBAN_LENGTHS = """
    15 NO; 16 BE; 18 DK FK FO FI GL NL SD; 19 MK SI; 20 AT BA EE KZ LT LU MN XK; 21 HR LI LV CH;
    22 BH BG CR GE DE IE ME RS GB VA; 23 GI IL IQ OM SO TL AE; 24 AD CZ MD PK RO SA SK ES SE TN VG; 25 LY PT ST;
    26 IS TR; 27 BI DJ FR GR IT MC MR SM; 28 AL AZ BY CY DO GT HN HU LB NI PL SV; 29 BR EG PS QA UA; 30 JO KW MU YE;
    31 MT SC; 32 LC; 33 RU"""
_LENGTH_OF = {
    country: int(length)
    for length, *countries in (line.split() for line in _IBAN_LENGTHS.split(";"))
    for country in countries
}


def has_check_digit(digits: str) -> bool:
    """Luhn's check."""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(sum(divmod(d, 10)) for d in doubled) % 10 == 0


def _apart(begins: Iterator[int], end_of: Callable[[int], int | None]) -> Iterator[Place]:
    """From each begin that lies behind the place before, to its end."""
    done = 0
    for begin in begins:
        end = end_of(begin) if begin >= done else None
        if end is not None:
            yield begin, end
            done = end


def find_card(text: str) -> Iterator[Place]:
    """Card numbers by issuer, length, groups and Luhn's digit."""

    def end_of(begin: int) -> int | None:
        if re.search(r"[0-9][-.]\Z", text[max(begin - 2, 0) : begin]):
            return None
        for form in _CARDS:
            match = form.match(text, begin)
            digits = re.sub("[^0-9]", "", match.group()) if match else ""
            issued = any(re.match(prefix, digits) and len(digits) in lengths for prefix, lengths in _ISSUED)
            if match and issued and has_check_digit(digits):
                return match.end()
        return None

    return _apart((match.start() for match in _BEGIN.finditer(text)), end_of)


def find_iban(text: str) -> Iterator[Place]:
    """Account numbers by the country's length and the check by 97."""

    def end_of(begin: int) -> int | None:
        length = _LENGTH_OF.get(text[begin : begin + 2].upper())
        if length is None:
            return None
        sign = "[a-z0-9]" if text[begin].islower() else "[A-Z0-9]"
        four = (length - 1) // 4
        spaced = rf"(?:{sign}{{4}} ){{{four}}}{sign}{{{length - 4 * four}}}"
        form = spaced if text[begin + 4 : begin + 5] == " " else rf"{sign}{{{length}}}"
        match = re.compile(form + r"(?![A-Za-z0-9_])").match(text, begin)
        number = match.group().replace(" ", "") if match else ""
        numeric = "".join(str(int(c, 36)) for c in number[4:] + number[:4])
        is_hash = re.fullmatch("[0-9a-f]{4}(?=.*[a-f])[0-9a-f]+", match.group()) if match else None
        return match.end() if match and not is_hash and int(numeric) % 97 == 1 else None

    return _apart((match.start() for match in _IBAN.finditer(text)), end_of)


_LOOSE = re.compile(r"[0-9]+(?:[ .\-/()]{1,3}[0-9]+)*")
_STRICT = re.compile(r"[0-9]+(?:([ .-])[0-9]+(?:\1[0-9]+)*)?")
_OPENED = re.compile(r"[2-9][0-9]{2}\)[ -]?[0-9]{3}[ .-][0-9]{4}(?![0-9])")
_AMERICAN = re.compile(r"(?:1[ .-])?[2-9][0-9]{2}([ .-])[0-9]{3}\1[0-9]{4}(?![0-9])")
_ROW = re.compile("[A-Za-z0-9_]| [0-9]")
_EXTENSION = re.compile(r" ?(?:ext\. |ext\.|ext |ext|x)[0-9]{1,5}(?![0-9])")
_ANNOUNCED = re.compile(
    r"(?<![a-z])(?:phones?|telephone|tel|mobile|cell|call|fax|whatsapp|sms|dial|desk)(?![a-z])", re.I
)


def find_phone(text: str) -> Iterator[Place]:
    """Telephone numbers that no fiction uses."""
    done = 0
    for first in _BEGIN.finditer(text):
        digit = first.start()
        if digit < done or re.search(r"[0-9][-./:,]\Z", text[max(digit - 2, 0) : digit]):
            continue
        end = _international(text, digit) or _american(text, digit) or _trunk(text, digit) or _announced(text, digit)
        if end is None or re.search(r"55501[0-9]{2}\Z|^0*\Z", re.sub("[^0-9]", "", text[digit:end])):
            continue
        extension = _EXTENSION.match(text, end)
        end = extension.end() if extension else end
        if not re.match(r"[A-Za-z0-9_]|[-./][0-9]", text[end : end + 2]):
            opened = digit > done and text[digit - 1] in "+("
            yield digit - opened, end
            done = end


def _read(text: str, begin: int, most: int, form: re.Pattern[str]) -> tuple[int, int, int]:
    """Digits, groups and end of the groups that together have at most `most` digits."""
    match = form.match(text, begin)
    digits, groups, end = 0, 0, begin
    for group in re.finditer("[0-9]+", match.group() if match else ""):
        if digits + len(group.group()) > most:
            break
        digits, groups, end = digits + len(group.group()), groups + 1, begin + group.end()
    return digits, groups, end


def _in_a_row(text: str, begin: int, end: int) -> bool:
    return re.search(r"[0-9] \Z", text[max(begin - 2, 0) : begin]) is not None or _ROW.match(text, end) is not None


def _is_national(text: str, begin: int, end: int) -> bool:
    number = text[begin:end]
    if "." in number:
        return number.count(".") in (2, 4)
    if "-" in number:
        return re.fullmatch("[0-9]{5}-[0-9]{4}", number) is None
    return " " not in number or not _in_a_row(text, begin, end)


def _international(text: str, digit: int) -> int | None:
    plus = text[:digit].endswith("+")
    if re.search(r"[A-Za-z0-9_+]\+\Z", text[max(digit - 2, 0) : digit]):
        return None
    code = digit if plus else digit + 2
    if (not plus and text[digit:code] != "00") or text[code : code + 1] not in [*"123456789"]:
        return None
    digits, groups, end = _read(text, code, 11 if text[code] == "1" else 13, _LOOSE)
    return end if digits >= 8 and (plus or groups > 1) else None


def _american(text: str, digit: int) -> int | None:
    opened = text[:digit].endswith("(")
    match = (_OPENED if opened else _AMERICAN).match(text, digit)
    if match is None or (not opened and match.group(1) == " " and _in_a_row(text, *match.span())):
        return None
    return match.end()


def _trunk(text: str, digit: int) -> int | None:
    digits, groups, end = _read(text, digit, 11, _STRICT)
    trunk = re.match("0[1-9]", text[digit:]) and digits >= 9 and 2 <= groups <= 5
    return end if trunk and _is_national(text, digit, end) else None


def _announced(text: str, digit: int) -> int | None:
    digits, groups, end = _read(text, digit, 13, _STRICT)
    words = text[:digit].encode()[-24:].decode("latin-1")  # byte by byte, as characters may be cut
    if len(words) == 24 and len(text[:digit].encode()) > 24:
        words = re.sub("^[A-Za-z]*", " ", words)
    announced = _ANNOUNCED.search(re.split("[0-9]", words)[-1])
    return end if digits >= 7 and groups <= 5 and announced and _is_national(text, digit, end) else None


_PEM = re.compile(r"-----BEGIN .{0,64}?-----")
_KEYS = """AKIA 16 16, ASIA 16 16, AIza 35 35, ghp_ 36 255, gho_ 36 255, ghu_ 36 255, ghs_ 36 255, ghr_ 36 255,
    github_pat_ 40 255, glpat- 20 255, npm_ 36 36, pypi-AgE 50 255, hf_ 30 40, xoxb- 20 255, xoxp- 20 255, xoxa- 20 255,
    xoxr- 20 255, xoxs- 20 255, sk_live_ 16 255, rk_live_ 16 255, sk_test_ 16 255, shpat_ 32 32, dop_v1_ 64 64,
    sk- 32 255, sk-ant- 40 255, sk-or-v1- 64 64, sk-proj- 40 255"""
_FIXED = re.compile("(?:gh[pousr]_|npm_)([A-Za-z0-9]{36})|hf_([A-Za-z0-9]{34})")


def find_key(text: str) -> Iterator[Place]:
    """Private keys in PEM blocks, and access keys between them."""
    done = 0
    for header in _PEM.finditer(text):
        if header.start() < done or "PRIVATE KEY" not in header.group():
            continue
        yield from _access_keys(text, done, header.start())
        end = text.find("-----END ", header.end())
        closed = re.compile(r"-----END (.{0,66}?)-----").match(text, end) if end >= 0 else None
        if closed is None or not _is_pem(text[header.end() : end], header.group()[11:-5], closed[1]):
            body = re.compile(r"[A-Za-z0-9+/=\r\n]*").match(text, header.end(), header.end() + (16 << 10))
            done = body.end() if body else header.end()
        else:
            done = closed.end()
        yield header.start(), done
    yield from _access_keys(text, done, len(text))


def _is_pem(body: str, opened: str, closed: str) -> bool:
    """Whether a key can stand between the lines: no other begins, and no prose is there."""
    words = re.findall("(?<=[A-Za-z]) (?=[A-Za-z])", body)
    return len(body.encode()) <= 16 << 10 and opened == closed and "-----BEGIN " not in body and len(words) <= 8


def _access_keys(text: str, begin: int, end: int) -> Iterator[Place]:
    for run in re.compile("[A-Za-z0-9_-]{20,}").finditer(text, begin, end):
        key = run.group()
        fixed = _FIXED.fullmatch(key)
        if fixed and len(set(fixed[1] or fixed[2])) >= 10:
            yield run.span()
            continue
        if any(_is_key(key, *row.split()) for row in _KEYS.split(",")):
            yield run.span()


def _is_key(key: str, prefix: str, least: str, most: str) -> bool:
    body = key.removeprefix(prefix)
    if body == key or not int(least) <= len(body) <= int(most):
        return False
    capitals = "[A-Z]" if prefix == "sk-" else ""
    shouted = re.fullmatch("[A-Z0-9]+", body) or not prefix.endswith("IA")
    return all(re.search(what, body) for what in ("[0-9]", "[A-Za-z]", capitals)) and bool(shouted)
