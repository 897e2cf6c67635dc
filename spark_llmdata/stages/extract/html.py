"""Main-text extraction from HTML by resiliparse (Bevendorff et al., SIGIR 2018 and later; the call DCLM used)."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META_WINDOW = 1024  # bytes in which a page has to declare its charset, says the HTML standard


class ExtractHtml(RowStage):
    """Turn a page into its text; a record that already has text passes through.

    Bytes are decoded by the first of: byte order mark, HTTP header, `<meta>`, strict UTF-8, statistical detection;
    what cannot be decoded becomes U+FFFD. Plain text is decoded and left as it is. A page without any text is removed.
    """

    kind = "extract.html"
    revision = 1
    requires = frozenset({"html"})
    provides = frozenset({"text"})
    ends_segment = True
    libraries = ("resiliparse",)
    reasons: ClassVar[Mapping[str, str]] = {
        "no_text": "the page holds no text",
        "not_parsed": "the parser failed on the page",
    }

    engine: Literal["resiliparse"] = Field(default="resiliparse", description="the library that extracts")
    main_content: bool = Field(default=True, description="leave out navigation, footers and the like")
    preserve_formatting: bool = Field(default=True, description="keep paragraphs, list items and preformatted text")
    list_bullets: bool = Field(default=True, description="begin list items with a bullet or number")
    alt_texts: bool = Field(default=False, description="take the texts of images")
    links: bool = Field(default=False, description="take the targets of links")
    form_fields: bool = Field(default=False, description="take the contents of form fields")
    noscript: bool = Field(default=False, description="take what is for browsers without scripts")

    def judge(self, docs: Batch) -> Judgement:
        """Extract page by page: the parser is C++, but takes one page at a time."""
        html2text = extras.require("resiliparse.extract.html2text", extra="html", needed_by=self.kind)
        options = self.settings()
        del options["engine"]
        n = len(docs)
        html, given = docs["html"], docs["text"].is_valid()
        texts: list[str | None] = [None] * n
        reason = np.full(n, None, dtype=object)
        evidence = np.full(n, None, dtype=object)
        rejected = np.zeros(n, dtype=bool)
        for i in np.flatnonzero(np.asarray(html.is_valid()) & ~np.asarray(given)):
            content_type = docs["content_type"][i].as_py()
            page = decode(html[i].as_py(), content_type)
            if (content_type or "").lower().startswith("text/plain"):
                texts[i] = page
                continue
            try:
                texts[i] = clean(html2text.extract_plain_text(page, **options))
            except (ValueError, RuntimeError) as failure:
                reason[i], rejected[i] = "not_parsed", True
                evidence[i] = json.dumps({"error": str(failure)[:160]}, ensure_ascii=False)
                continue
            if not texts[i]:
                reason[i] = "no_text"
        keep = np.array([r is None for r in reason], dtype=bool)
        return Judgement(keep, reason, evidence=evidence, rejected=rejected, text=pa.array(texts, pa.string()))


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
