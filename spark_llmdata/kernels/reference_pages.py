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
#: Elements in which `/>` closes, and start tags behind which names are HTML's again.
_FOREIGN = ("svg", "math")
_BACK_TO_HTML = frozenset(
    "b big blockquote body br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 head hr i img li listing menu "
    "meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var "
    "foreignobject desc title mi mo mn ms mtext annotation-xml script style template iframe".split()
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


def split(page: str, raw: tuple[str, ...] = _RAW) -> Iterator[Token]:
    """The tokens of a page, names of tags in lower case; `raw` elements hold text alone."""
    at = 0
    while at < len(page):
        begin = at
        other = _COMMENT.match(page, at) or _OTHER.match(page, at)
        tag = _TAG.match(page, at)
        if other:
            at = other.end()
            yield begin, "!", "", []
        elif tag:
            attributes, close = _read_attributes(page, tag.end())
            at = min(close + 1, len(page))
            name = _lower(tag[2])
            yield begin, "-" if tag[1] else "+", name, attributes
            if not tag[1] and name in raw:
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
    """The attributes behind a tag's name, and where its `>` is, or else the end of the page."""
    found = []
    while match := _ATTRIBUTE.match(page, at):
        found.append((_lower(match[1]), "".join(match.groups("")[1:])))
        at = match.end()
    end = page.find(">", at)
    return found, len(page) if end < 0 else end


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


def _is_self_closed(page: str, begin: int) -> bool:
    """Whether a tag whose name ends at `begin` ends in `/>`; a slash that ends a value without quotes is none."""
    attributes = page[begin : _read_attributes(page, begin)[1]]
    before = attributes.removesuffix("/")
    if before == attributes:
        return False
    last = before[-1:]
    return before.count(last) % 2 == 0 if last and last in "\"'" else not last or last in "\t\n\f\r "


def _count(page: str) -> dict[str, int]:
    counts = _Counts()
    is_doubtful = False  # whether a parser may take the next text for markup
    tags = 0
    for token in split(page):
        _, kind, name, _ = token
        if not kind and is_doubtful:
            for inner in split(name, raw=()):
                counts.take(name, inner)
        is_code = name in ("script", "style") and not counts.in_select and not counts.drawings
        is_doubtful = kind == "+" and name in _RAW and not is_code
        tags += kind == "+"
        counts.take(page, token)
    counted = {"tags": tags, "markup": counts.markup, "attributes": counts.attributes, "depth": counts.deepest}
    return counted | {"options": counts.options}


class _Counts:
    """Counts of the markup taken so far."""

    def __init__(self) -> None:
        self.markup = self.attributes = self.options = self.deepest = self.drawings = 0
        self.in_select = False
        self._foreign = 0
        self._still_open: list[str] = []
        self._merged = {"html": 0, "body": 0}

    def take(self, page: str, token: Token) -> None:
        begin, kind, name, attributes = token
        if not kind:
            return
        self.markup += 1
        self.options += self.in_select
        if kind == "+":
            self._open(name, len(attributes), _is_self_closed(page, begin + 1 + len(name)))
        elif kind == "-":
            self.in_select = self.in_select and name != "select"
            self.drawings = max(self.drawings - (name in _FOREIGN), 0)
            self._foreign = max(self._foreign - (name in _FOREIGN), 0)
            if name in self._still_open:
                self._still_open.remove(name)

    def _open(self, name: str, attributes: int, is_closed: bool) -> None:
        if name in self._merged:
            attributes = self._merged[name] = self._merged[name] + attributes
        self.attributes = max(self.attributes, attributes)
        self.in_select = name == "select" or (self.in_select and name not in ("input", "keygen", "textarea"))
        self.drawings += name in _FOREIGN and not is_closed
        self._foreign = 0 if name in _BACK_TO_HTML else self._foreign
        if (self._foreign or name in _FOREIGN) and is_closed:
            return
        self._foreign += name in _FOREIGN
        self._still_open += [] if name in _NOT_NESTING else [name]
        self.deepest = max(self.deepest, len(self._still_open))


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
