"""The plain-Python twin of `charset` but for detection, which is a library's; of the labels it knows a part."""

from __future__ import annotations

import codecs
import re

#: Some labels of the Encoding Standard, with the names of their encodings.
LABELS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "ascii": "windows-1252",
    "latin1": "windows-1252",
    "iso-8859-1": "windows-1252",
    "windows-1252": "windows-1252",
    "cp1251": "windows-1251",
    "koi8-r": "koi8-r",
    "sjis": "shift_jis",
    "gb2312": "gbk",
    "big5-hkscs": "big5",
    "utf-16": "utf-16le",
    "utf-16be": "utf-16be",
    "x-user-defined": "x-user-defined",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16be"), (codecs.BOM_UTF16_LE, "utf-16le"))
_SPACE = b"\t\n\x0c\r "
_ATTRIBUTE = re.compile(
    rb"""[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)
    (?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|((?!["'])[^\t\n\f\r >]*)(?=[\t\n\f\r >]))
    |(?=[\t\n\f\r ]*[^\t\n\f\r =]))""",
    re.VERBOSE,
)
_LABEL = re.compile(
    rb"charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)\"|'([^']*)'|([^\"'\t\n\f\r ;,][^\t\n\f\r ;,]*))", re.I
)
_HAS_CHARSET = re.compile(rb"charset[\t\n\f\r ]*=", re.I)
_XML = re.compile(rb"<\?xml[^>]*?encoding[\0-\x20]*=[\0-\x20]*(?:\"([^\">]*)\"|'([^'>]*)')[^>]*>")


def choose(data: bytes, content_type: str | None) -> tuple[str, str] | None:
    """The encoding's name and what named it; none where a detector has to say."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name, "bom"
    header = find_label((content_type or "").encode())
    if header:
        return header, "http"
    declared = find_meta(data[:1024])
    if declared:
        return declared, "meta"
    try:
        data.decode()
    except UnicodeDecodeError as failure:
        is_cut = failure.reason == "unexpected end of data" and not data[: failure.start].isascii()
        return ("utf-8", "utf8") if is_cut else None
    return None if b"\x1b" in data and data.isascii() else ("utf-8", "utf8")


def find_label(value: bytes) -> str | None:
    """The encoding behind the first `charset=`."""
    first = _HAS_CHARSET.search(value)
    found = _LABEL.match(value, first.start()) if first else None
    return _name(b"".join(found.groups(b""))) if found else None


def _name(label: bytes) -> str | None:
    return LABELS.get(label.decode("latin-1").strip("\t\n\x0c\r ").lower())


def find_meta(head: bytes) -> str | None:
    """What `<meta>` or an XML declaration says; bytes in which these can be read are no UTF-16."""
    at = 0
    while at < len(head):
        rest = head[at:]
        if rest.startswith(b"<!--"):
            end = head.find(b"-->", at + 2)
            at = len(head) if end < 0 else end + 2
        elif re.match(rb"<meta[\t\n\f\r /]", rest, re.I):
            attributes, at = _read_attributes(head, at + 5)
            found = _judge_meta(attributes)
            if found:
                return _not_utf16(found)
        elif re.match(rb"</?[a-z]", rest, re.I):
            while at < len(head) and head[at] not in _SPACE + b">":
                at += 1
            at = _read_attributes(head, at)[1]
        elif re.match(rb"<[!/?]", rest):
            end = head.find(b">", at)
            at = len(head) if end < 0 else end
        at += 1
    xml = _XML.match(head)
    label = xml and (xml[1] if xml[1] is not None else xml[2])
    found = _name(label) if label and min(label) > 32 else None
    return _not_utf16(found) if found else None


def _not_utf16(name: str) -> str:
    return "utf-8" if name.startswith("utf-16") else name


def _read_attributes(head: bytes, at: int) -> tuple[list[tuple[bytes, bytes]], int]:
    """Attributes in lower case, and where the tag ends: at its `>`, or behind the head that cuts it."""
    found = []
    while match := _ATTRIBUTE.match(head, at):
        found.append((match[1].lower(), b"".join(match.groups(b"")[1:]).lower()))
        at = match.end()
    rest = re.compile(rb"[\t\n\f\r /]*").match(head, at)
    at = rest.end() if rest else at
    return found, at if head[at : at + 1] == b">" else len(head)


def _judge_meta(attributes: list[tuple[bytes, bytes]]) -> str | None:
    first: dict[bytes, bytes] = {}
    for name, value in attributes:
        first.setdefault(name, value)
    charset: str | None = None
    settled = needs_pragma = False
    for name, value in first.items():
        if name == b"charset":
            charset, settled, needs_pragma = _name(value), True, False
        elif name == b"content" and not settled and (found := find_label(value)):
            charset, settled, needs_pragma = found, True, True
    if needs_pragma and first.get(b"http-equiv") != b"content-type":
        return None
    return "windows-1252" if charset == "x-user-defined" else charset


def decode_utf8(data: bytes) -> tuple[str, int]:
    """The text, and the number of malformed sequences in it, each of them one U+FFFD."""
    malformed = 0

    def replace(failure: UnicodeError) -> tuple[str, int]:
        nonlocal malformed
        malformed += 1
        assert isinstance(failure, UnicodeDecodeError)
        return "\ufffd", failure.end

    codecs.register_error("llmdata-count", replace)
    return data.decode("utf-8", "llmdata-count"), malformed
