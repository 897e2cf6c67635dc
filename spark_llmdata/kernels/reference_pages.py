"""The plain-Python twin of `pages`: tokens by regular expressions, then the rules over them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_S = r"[\t\n\f\r ]"
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>|.*)", re.DOTALL)
_OTHER = re.compile(r"<(?:[!?]|/(?![a-zA-Z]))[^>]*>?")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\t\n\f\r />]*)")
_ATTRIBUTE = re.compile(
    rf"""[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)
    (?:{_S}*={_S}*(?:"([^"]*)"?|'([^']*)'?|([^\t\n\f\r >]*)))?""",
    re.VERBOSE,
)
_RAW = ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
_SKIPPED = ("noscript", "template", "svg", "math")
_SILENT = ("script", "style", "title", "iframe", "noembed", "noframes")
_OF_HEAD = ("base", "basefont", "link", "meta", "title", "noscript", "style", "script", "template")
_BLOCKS = frozenset(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol optgroup option p pre section "
    "select summary table textarea tr ul xmp".split()
)
#: Elements that hold no others, or whose end tag may be left out.
_NOT_NESTING = frozenset(
    "area base br col embed hr img input link meta param source track wbr "
    "body caption colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th thead tr "
    "script style title".split()
)
_NAMES = {
    "title": ["og:title", "twitter:title", "dc.title", "citation_title"],
    "author": ["author", "article:author", "dc.creator", "citation_author", "parsely-author", "sailthru.author"],
    "published": (
        "article:published_time og:published_time datepublished date dc.date dc.date.issued citation_publication_date "
        "parsely-pub-date sailthru.date pubdate"
    ).split(),
    "language": ["og:locale", "content-language", "dc.language"],
    "canonical_url": ["og:url"],
}
_BREAK = "\ue000"
#: White space that stays as it is, but for line feeds, on its way through what joins the rest.
_KEPT = str.maketrans({"\n": _BREAK, " ": "\ue001", "\t": "\ue002", "\f": "\ue003", "\r": "\ue004"})
_GIVEN_BACK = str.maketrans({"\ue001": " ", "\ue002": "\t", "\ue003": "\f", "\ue004": "\r"})

Attributes = list[tuple[str, str]]
#: Where a piece of a page begins; "" and a text, "+" or "-" (start and end tags) and a name, or "!" (a comment or
#: declaration); attributes.
Token = tuple[int, str, str, Attributes]


def split(page: str) -> Iterator[Token]:
    """The tokens of a page, names of tags in lower case."""
    at = 0
    while at < len(page):
        begin = at
        other = _COMMENT.match(page, at) or _OTHER.match(page, at)
        tag = _TAG.match(page, at)
        if other:
            at = other.end()
            yield begin, "!", "", []
        elif tag:
            attributes, at = _read_attributes(page, tag.end())
            name = _lower(tag[2])
            yield begin, "-" if tag[1] else "+", name, attributes
            if not tag[1] and name in _RAW:
                end = re.compile(rf"</{name}(?=[\t\n\f\r />]|\Z)", re.I | re.A).search(page, at)
                text = page[at : end.start() if end else len(page)]
                if text:
                    yield at, "", text, []
                at += len(text)
        else:
            end_of_text = page.find("<", at + 1)
            at = len(page) if end_of_text < 0 else end_of_text
            yield begin, "", page[begin:at], []


def _lower(text: str) -> str:
    return text.encode().lower().decode()  # ASCII alone


def _read_attributes(page: str, at: int) -> tuple[Attributes, int]:
    """The attributes behind a tag's name, and where the next token begins."""
    found = []
    while match := _ATTRIBUTE.match(page, at):
        found.append((_lower(match[1]), "".join(match.groups("")[1:])))
        at = match.end()
    end = page.find(">", at)
    return found, len(page) if end < 0 else end + 1


def strip(page: str) -> str:
    """The text of a page without its tags."""
    out = ""
    in_head = silent = False
    preformatted = 0
    for kind, value in _drop_skipped(page):
        if kind == "!":
            continue
        if not kind:
            if silent or (in_head and not value.strip("\t\n\f\r ")):
                continue
            in_head = False
            out += value.translate(_KEPT) if preformatted else value
            continue
        silent = kind == "+" and value in _SILENT
        if value == "head":
            in_head = kind == "+"
        elif kind == "+" and value not in _OF_HEAD:
            in_head = False
        out += _BREAK if value in _BLOCKS else " " if value in ("td", "th") else ""
        if value in ("pre", "textarea", "xmp"):
            preformatted = preformatted + 1 if kind == "+" else max(0, preformatted - 1)
    lines = re.sub("[\t\n\f\r ]+", " ", out).split(_BREAK)
    lines = [line.lstrip(" ").translate(_GIVEN_BACK).rstrip("\t\f\r ") for line in lines]
    return "\n".join(line for line in lines if line)


def _drop_skipped(page: str) -> Iterator[tuple[str, str]]:
    """Tokens without the elements that are no text; a start tag behind which no end tag stands is dropped alone."""
    last = {name: _lower(page).rfind(f"</{name}") for name in _SKIPPED}
    skipping, is_open = "", 0
    for begin, kind, value, _ in split(page):
        if skipping:
            is_open += {"+": 1, "-": -1}.get(kind, 0) if value == skipping else 0
            skipping = skipping if is_open else ""
        elif kind == "+" and value in _SKIPPED:
            skipping, is_open = (value, 1) if last[value] > begin else ("", 0)
        else:
            yield kind, value


#: A fact of a page, the strength of the place that says it (0 is the strongest), and what it says.
Claim = tuple[str, int, str]


def read(page: str) -> dict[str, str | int | None]:
    """What a page says of itself, and what it is made of."""
    said: dict[str, list[tuple[int, int, str]]] = {name: [] for name in _NAMES}
    in_title = False
    for _, kind, value, attributes in split(page):
        claims: list[Claim] = []
        if not kind:
            claims = [("title", 99, value)] if in_title else []
        elif kind != "!":
            in_title = kind == "+" and value == "title"
            claims = _claims(value, dict(reversed(attributes))) if kind == "+" else []
        for fact, strength, claim in claims:
            if claim.strip() and len(claim.strip().encode()) <= 1024:
                said[fact].append((strength, len(said[fact]), claim.strip()))
    facts = {name: min(values)[2] if values else None for name, values in said.items()}
    return facts | _count(page)


def _count(page: str) -> dict[str, int]:
    tokens = [token for token in split(page) if token[1]]
    starts = [token for token in tokens if token[1] == "+"]
    still_open: list[str] = []
    deepest = 0
    for _, kind, name, _ in tokens:
        if kind == "+" and name not in _NOT_NESTING:
            still_open.append(name)
        elif kind == "-" and name in still_open:
            still_open.remove(name)
        deepest = max(deepest, len(still_open))
    most = max((len(token[3]) for token in starts), default=0)
    return {"tags": len(starts), "markup": len(tokens), "attributes": most, "depth": deepest}


def _claims(tag: str, attributes: dict[str, str]) -> list[Claim]:
    if tag == "html":
        return [("language", 0, attributes.get("lang", attributes.get("xml:lang", "")))]
    if tag == "link" and "canonical" in re.split("[\t\n\f\r ]+", _lower(attributes.get("rel", ""))):
        return [("canonical_url", 0, attributes.get("href", ""))]
    if tag == "time" and "pubdate" in attributes:
        return [("published", 99, attributes.get("datetime", ""))]
    if tag != "meta" or "content" not in attributes:
        return []
    said = [_lower(attributes.get(p, "").strip()) for p in ("property", "name", "itemprop", "http-equiv")]
    content = attributes["content"]
    return [(fact, names.index(n) + 1, content) for n in said for fact, names in _NAMES.items() if n in names]
