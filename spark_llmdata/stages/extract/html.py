"""Main-text extraction from HTML by resiliparse (Bevendorff et al., SIGIR 2018 and later; the call DCLM used)."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field, PositiveInt

from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META_WINDOW = 1024  # bytes in which a page has to declare its charset, says the HTML standard
_TAG = re.compile(r"<[a-zA-Z/!]")
_NESTING_TAG = re.compile(r"<(/?[a-z][^\s/>]*)")
#: Elements that hold no others (void), or whose end tag may be left out: these nest only by means of others.
_NOT_NESTING = frozenset(
    "area base br col embed hr img input link meta param source track wbr "
    "body caption colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th thead tr".split()
)


class ExtractHtml(RowStage):
    """Turn a page into its text; a record that already has text passes through.

    Bytes are decoded by the first of: byte order mark, HTTP header, `<meta>`, strict UTF-8, statistical detection;
    what cannot be decoded becomes U+FFFD. Plain text is decoded and left as it is. A page without any text is removed.
    A page over a budget is rejected unparsed: a parser may take hours for it, or take its process with it.
    """

    kind = "extract.html"
    revision = 2
    requires = frozenset({"html"})
    provides = frozenset({"text"})
    ends_segment = True
    libraries = ("resiliparse",)
    reasons: ClassVar[Mapping[str, str]] = {
        "no_text": "the page holds no text",
        "not_parsed": "the parser failed on the page",
        "too_large": "more than `max_html_bytes` bytes",
        "too_many_tags": "more than `max_tags` tags, comments and declarations",
        "too_deep": "elements nested deeper than `max_depth`",
    }

    engine: Literal["resiliparse"] = Field(default="resiliparse", description="the library that extracts")
    main_content: bool = Field(default=True, description="leave out navigation, footers and the like")
    preserve_formatting: bool = Field(default=True, description="keep paragraphs, list items and preformatted text")
    list_bullets: bool = Field(default=True, description="begin list items with a bullet or number")
    alt_texts: bool = Field(default=False, description="take the texts of images")
    links: bool = Field(default=False, description="take the targets of links")
    form_fields: bool = Field(default=False, description="take the contents of form fields")
    noscript: bool = Field(default=False, description="take what is for browsers without scripts")
    max_html_bytes: PositiveInt = Field(default=16 << 20, description="bytes of a page, compression undone")
    max_tags: PositiveInt = Field(default=1_000_000, description="tags, comments and declarations of a page")
    max_depth: PositiveInt = Field(
        default=4_000, description="open elements, not counting those whose end tag may be missing (p, li, td, ...)"
    )

    def judge(self, docs: Batch) -> Judgement:
        """Extract page by page: the parser is C++, but takes one page at a time."""
        html2text = extras.require("resiliparse.extract.html2text", extra="html", needed_by=self.kind)
        options = self.model_dump(exclude={"id", "engine", "max_html_bytes", "max_tags", "max_depth"})
        parse = partial(html2text.extract_plain_text, **options)
        n = len(docs)
        html, given = docs["html"], docs["text"].is_valid()
        texts: list[str | None] = [None] * n
        reason, evidence = np.full(n, None, dtype=object), np.full(n, None, dtype=object)
        score, threshold = np.full(n, np.nan), np.full(n, np.nan)
        rejected = np.zeros(n, dtype=bool)
        for i in np.flatnonzero(np.asarray(html.is_valid()) & ~np.asarray(given)):
            found = self._extract(html[i].as_py(), docs["content_type"][i].as_py(), parse)
            if isinstance(found, str):
                texts[i] = found
                continue
            texts[i], reason[i], rejected[i] = found.text, found.reason, found.reason != "no_text"
            score[i], threshold[i], evidence[i] = found.score, found.threshold, found.evidence
        keep = np.array([r is None for r in reason], dtype=bool)
        text = pa.array(texts, pa.string())
        return Judgement(keep, reason, score, threshold, evidence=evidence, rejected=rejected, text=text)

    def _extract(self, data: bytes, content_type: str | None, parse: Callable[[str], str]) -> str | _Defect:
        """The text of a page; budgets are checked before the parser sees it, where cheap bounds let most pages pass."""
        if len(data) > self.max_html_bytes:
            return _Defect("too_large", len(data), self.max_html_bytes)
        page = decode(data, content_type)
        if (content_type or "").lower().startswith("text/plain"):
            return page
        begins = page.count("<")
        if begins > self.max_tags and (tags := count_tags(page)) > self.max_tags:
            return _Defect("too_many_tags", tags, self.max_tags)
        if begins > self.max_depth and begins - page.count("</") > self.max_depth:
            depth = measure_depth(page)
            if depth > self.max_depth:
                return _Defect("too_deep", depth, self.max_depth)
        try:
            text = clean(parse(page))
        except (ValueError, RuntimeError) as failure:
            return _Defect("not_parsed", evidence=json.dumps({"error": str(failure)[:160]}, ensure_ascii=False))
        return text or _Defect("no_text", text="")


class _Defect(NamedTuple):
    """Why a page ends here; one that was parsed has a text, an empty one."""

    reason: str
    score: float = math.nan
    threshold: float = math.nan
    evidence: str | None = None
    text: str | None = None


def count_tags(page: str) -> int:
    """Tags, comments and declarations: every `<` before a letter, `/` or `!`, wherever it stands."""
    return sum(1 for _ in _TAG.finditer(page))


def measure_depth(page: str) -> int:
    """The largest number of elements open at once, as the tags stand in the page.

    An end tag without its start tag counts for nothing. Elements that need no end tag are left out: thousands of
    unclosed list items stand beside each other, not in each other.
    """
    still_open: dict[str, int] = {}
    depth = deepest = 0
    for tag in _NESTING_TAG.findall(page.lower()):
        if tag[0] != "/":
            if tag not in _NOT_NESTING:
                still_open[tag] = still_open.get(tag, 0) + 1
                depth += 1
                if depth > deepest:
                    deepest = depth
        elif still_open.get(tag[1:]):
            still_open[tag[1:]] -= 1
            depth -= 1
    return deepest


def clean(text: str) -> str:
    """Text that Arrow can hold: a lone surrogate (from a character reference in the page) becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def decode(data: bytes, content_type: str | None) -> str:
    """Decode a page by BOM, HTTP header, `<meta>`, strict UTF-8, detection; never fails, replaces what is left."""
    encoding = extras.require("resiliparse.parse.encoding", extra="html", needed_by="extract.html")
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    head = data[:_META_WINDOW].decode("latin-1")
    for declared in (_CHARSET.search(content_type or ""), _CHARSET.search(head)):
        label = encoding.map_encoding_to_html5(declared.group(1), fallback_utf8=False) if declared else None
        if label:
            return _decode_as(data, label)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _decode_as(data, encoding.detect_encoding(data, html5_compatible=True))


def _decode_as(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except LookupError:  # a name of the HTML standard that Python does not know
        return data.decode("utf-8", "replace")
