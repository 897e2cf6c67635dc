"""HTML built from names and texts: a text is escaped because it is a text, markup is a type of its own."""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Iterable

#: Elements that have no end.
_VOID = frozenset({"br", "col", "input", "link", "meta", "wbr"})
#: What would turn the lines around it, what shows as nothing or what HTML does not allow: shown by its number instead.
#: What scripts need is not among it: joiners, zero-width spaces, soft hyphens, the marks of direction.
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u180e\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f" + "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF)) + "]"
)
#: Letters that have no shape: fillers of Hangul, a blank of Braille.
_HOLLOW = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_BLANKS = {" ": "space", "\n": "line end", "\t": "tab", "\u00a0": "no-break space"}
_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


class Html(str):
    """Markup that goes into the page as it is."""

    __slots__ = ()


#: What elements hold: markup as it is, texts escaped, nothing for None.
Content = str | None


def name_unshown(text: str) -> str:
    """A text whose characters that cannot be shown are told by number: `U+202E`; a line ends in LF."""
    return _UNSHOWN.sub(lambda found: _number(found.group()), text.replace("\r\n", "\n"))


def escape(text: str) -> Html:
    """A text of any origin as markup; what cannot be shown stands in small boxes."""
    if isinstance(text, Html):
        return text
    escaped = text.replace("\r\n", "\n").translate(_ESCAPES)
    return Html(_UNSHOWN.sub(lambda found: f'<span class="unshown">{_number(found.group())}</span>', escaped))


def write_prose(text: str) -> Html:
    """A sentence in which names stand between backticks."""
    parts = re.split(r"`([^`\n]+)`", text)
    return join(tag("code", part) if i % 2 else part for i, part in enumerate(parts))


def write_name(text: str) -> Html:
    """A name such as `gopher_quality.too_few_words`, which may go on in the next line behind its dots and dashes."""
    return join(re.split(r"(?<=[._])(?=[^._])", text), Html("<wbr>"))


def write_sentence(text: str) -> Html:
    """Prose that stands by itself: it begins with a capital, unless a name is first, and ends."""
    begin = text[:1].upper() if text.partition(" ")[0].isalpha() else text[:1]
    return write_prose(begin + text[1:] + ("" if text.endswith((".", "!", "?")) else "."))


def tag(name: str, /, *inner: Content, **attributes: str | int | bool | None) -> Html:
    """An element. `class_` gives class, `aria_label` aria-label; True an attribute alone, None and False none."""
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{join(inner)}</{name}>")


def join(parts: Iterable[Content], between: str = "") -> Html:
    """Neighbors; None leaves nothing behind."""
    return Html(escape(between).join(escape(part) for part in parts if part is not None))


def shorten(text: str, length: int = 28) -> str:
    """A name as long as there is room for: its ends tell more than its middle; what cannot be shown told by number.

    28 characters are what a chart has room for. The library that draws ends the process where a text is no XML.
    """
    clean = " ".join(name_unshown(text).split())
    if len(clean) <= length:
        return clean
    head = (length - 1) // 2
    return f"{clean[:head]}…{clean[head + 1 - length :]}"


def show_blank(text: str) -> Html:
    """A text; one of which nothing can be seen is told character by character, in small boxes."""
    if any(unicodedata.category(c)[0] in "LNPS" and c not in _HOLLOW for c in text):
        return escape(text)
    boxes = []
    for character, run in itertools.groupby(text.replace("\r\n", "\n")):
        count = len(list(run))
        told = _BLANKS.get(character, _number(character)) + (f" ×{count}" if count > 1 else "")
        boxes.append(tag("span", told, class_="unshown"))
    return join(boxes)


def make_slug(text: str) -> str:
    """A name as a part of an id; different names give different parts, `filter.url` gives `filter-url`."""
    if len(text) <= 80 and _NAME.fullmatch(text):
        return text.replace(".", "-")
    digest = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:8]
    return f"{re.sub(r'[^a-z0-9_]+', '-', text.lower())[:40].strip('-')}-{digest}"


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{name_unshown(str(value)).translate(_ESCAPES)}"'


def _number(character: str) -> str:
    return f"U+{ord(character):04X}"
