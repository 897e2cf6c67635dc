"""Text of web pages: decoded, extracted by the engine of one's choice, with what the pages say of themselves."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from spark_llmdata import extras, watch
from spark_llmdata.batch import Batch
from spark_llmdata.extraction import (
    ENGINES,
    Engine,
    EngineName,
    Justext,
    Readability,
    Resiliparse,
    Strip,
    Trafilatura,
)
from spark_llmdata.extraction.decoding import Decoded, add_notes, null_where
from spark_llmdata.extraction.engine import Extract
from spark_llmdata.kernels import charset, pages
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement


class ExtractHtml(RowStage):
    """Turn a page into its text; a record that already has text passes through.

    Bytes are decoded by the first of: byte order mark, HTTP header, `<meta>`, strict UTF-8, statistical detection;
    what cannot be decoded becomes U+FFFD and is counted. Plain text is decoded and left as it is. A page without any
    text is removed. A page over a budget is rejected unparsed: a parser may take hours for it, or take its process with
    it. What the page says of itself goes to `meta`.
    """

    kind = "extract.html"
    revision = 4
    kernels = (charset, pages)
    requires = frozenset({"html"})
    provides = frozenset({"text"})
    edits = frozenset({"meta"})
    ends_segment = True
    reasons: ClassVar[Mapping[str, str]] = {
        "no_text": "the page holds no text",
        "not_parsed": "the parser failed on the page",
        "too_large": "more than `max_html_bytes` bytes",
        "too_many_tags": "more than `max_tags` tags, comments and declarations",
        "too_many_attributes": "a tag with more than `max_attributes` attributes",
        "too_many_options": "more than `max_options` tags in lists to choose from",
        "too_deep": "elements nested deeper than `max_depth`",
    }
    scores: ClassVar[Mapping[str, str]] = {
        "n_html_bytes": "bytes of the page, compression undone",
        "n_tags": "start tags",
        "n_depth": "elements open at once, as the tags stand in the page",
        "n_replacements": "byte sequences that the page's charset does not know, each of them U+FFFD in its text",
        "misdeclared": "1 where header or `<meta>` name another charset, but the bytes are UTF-8 beyond ASCII",
    }
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "none": {},
        "dclm": {"engine": "resiliparse", "resiliparse": {"main_content": True}},
        "fineweb": {"engine": "trafilatura", "trafilatura": {"favor_precision": True, "include_comments": False}},
    }

    preset: Literal["none", "dclm", "fineweb"] = Field(default="none", description="a published choice of engine")
    engine: EngineName = Field(default="resiliparse", description="the library that extracts")
    resiliparse: Resiliparse | None = Field(default=None, description="settings of that engine")
    trafilatura: Trafilatura | None = Field(default=None, description="settings of that engine")
    justext: Justext | None = Field(default=None, description="settings of that engine")
    readability: Readability | None = Field(default=None, description="settings of that engine")
    strip: Strip | None = Field(default=None, description="settings of that engine; there are none")
    facts: bool = Field(default=True, description="take title, author, date, language and canonical URL into `meta`")
    replace_facts: bool = Field(default=False, description="put them in place of what `meta` holds under these names")
    max_html_bytes: PositiveInt = Field(default=16 << 20, description="bytes of a page, compression undone")
    max_tags: PositiveInt | None = Field(
        default=None,
        description="tags, comments and declarations of a page; null: what the engine takes in seconds, "
        "1,000,000 but for trafilatura 200,000, readability 100,000, justext 20,000",
    )
    max_attributes: PositiveInt = Field(
        default=1_000, description="attributes of one tag, or of all `<html>` or `<body>` tags together"
    )
    max_options: PositiveInt = Field(
        default=20_000, description="tags, comments and declarations within `<select>`, of all of them together"
    )
    max_depth: PositiveInt = Field(
        default=4_000, description="open elements, not counting those whose end tag may be missing (p, li, td, ...)"
    )
    timeout_s: PositiveFloat | None = Field(
        default=300.0, description="CPU seconds after which a page is taken to hang, in tasks of Spark; null: never"
    )
    stalled_s: PositiveFloat | None = Field(
        default=60.0, description="the same of seconds by the clock in which it uses no CPU time (Linux); null: never"
    )

    @model_validator(mode="before")
    @classmethod
    def _settle_engine(cls, given: Any) -> Any:
        """Spell out the settings of the engine in use, over those of the preset; refuse those of another engine."""
        if not isinstance(given, Mapping):
            return given
        preset = cls.presets.get(str(given.get("preset", "none")), {})
        engine = given.get("engine", preset.get("engine", "resiliparse"))
        if engine not in ENGINES:
            return given
        for other in ENGINES:
            if other != engine and given.get(other) is not None:
                raise ValueError(
                    f"settings of {other}, but the engine is {engine}; take them out, or say engine: {other}"
                )
        for name in given:
            owners = [e for e, settings in ENGINES.items() if name in settings.model_fields]
            if owners and name not in cls.model_fields:
                owner = engine if engine in owners else owners[0]
                raise ValueError(f"{name} is a setting of {owner}; write {owner}: {{{name}: {given[name]!r}}}")
        own = given.get(engine) or {}
        if isinstance(own, Mapping):
            own = {**(preset.get(engine, {}) if engine == preset.get("engine") else {}), **own}
        silenced = {other: None for other in ENGINES if other != engine}
        return {**given, **silenced, "engine": engine, engine: own}

    def fingerprint(self) -> dict[str, Any]:
        """The versions of the engine's libraries decide about the text too."""
        needed_by = f"{self.name} (engine {self.engine})"
        versions = {name: extras.version(name, needed_by=needed_by) for name in self._settings().libraries}
        return {**super().fingerprint(), "libraries": versions}

    def judge(self, docs: Batch) -> Judgement:
        """Decode and measure the batch at once, extract page by page: engines take one page at a time."""
        extract = self._settings().load(f"{self.name} (engine {self.engine})")
        html = null_where(docs["text"].is_valid(), docs["html"])
        pages_in = Decoded.of(html, docs["content_type"], self.max_html_bytes)
        found: list[_Found | None] = [None] * len(docs)
        for row in np.flatnonzero(np.asarray(html.is_valid())).tolist():
            with watch.row(row, self.timeout_s, self.stalled_s):
                found[row] = self._judge_page(pages_in, row, extract)
        judgement = _to_judgement(found)
        judgement.scores = {
            "n_html_bytes": pages_in.size,
            "n_tags": pages_in.measured.column("tags"),
            "n_depth": pages_in.measured.column("depth"),
            "n_replacements": pages_in.decoded.column("replacements"),
            "misdeclared": pages_in.decoded.column("misdeclared").cast(pa.int8()),
        }
        notes = pages_in.notes(self.facts)
        judgement.columns["meta"] = add_notes(docs["meta"], notes, replace=self.replace_facts)
        return judgement

    def _settings(self) -> Engine:
        settings: Engine = getattr(self, self.engine)
        return settings

    def _judge_page(self, pages_in: Decoded, row: int, extract: Extract) -> _Found:
        """The text of a page, or why it has none; budgets are checked before the engine sees it."""
        size = pages_in.size[row].as_py()
        if size > self.max_html_bytes:
            return _Found("too_large", size, self.max_html_bytes)
        page = pages_in.text(row)
        if pages_in.is_plain[row]:
            return _Found(text=page)
        for count, reason, limit in self._budgets():
            if (counted := pages_in.count(count, row)) > limit:
                return _Found(reason, counted, limit)
        try:
            text = extract(page)
        except (MemoryError, ImportError, OSError):
            raise
        except Exception as failure:  # noqa: BLE001 - libraries raise whatever they meet; it is told as the reject
            words = f"{type(failure).__name__}: {failure}"
            return _Found("not_parsed", evidence=json.dumps({"error": words[:160]}, ensure_ascii=False))
        return _Found(text=text) if text else _Found("no_text", text="")

    def _budgets(self) -> tuple[tuple[str, str, int], ...]:
        return (
            ("markup", "too_many_tags", self.max_tags or self._settings().max_tags),
            ("attributes", "too_many_attributes", self.max_attributes),
            ("depth", "too_deep", self.max_depth),
            ("options", "too_many_options", self.max_options),
        )


class _Found(NamedTuple):
    """What became of a page; one that was parsed has a text, an empty one if it goes for that."""

    reason: str | None = None
    score: float = math.nan
    threshold: float = math.nan
    evidence: str | None = None
    text: str | None = None


_NOTHING = _Found()


def _to_judgement(found: list[_Found | None]) -> Judgement:
    """Rows that were not looked at stay as they are."""
    reason, score, threshold, evidence, text = zip(*(f or _NOTHING for f in found), strict=True) if found else ((),) * 5
    return Judgement(
        keep=np.array([r is None for r in reason], dtype=bool),
        reason=np.array(reason, dtype=object),
        score=np.array(score, dtype=np.float64),
        threshold=np.array(threshold, dtype=np.float64),
        evidence=np.array(evidence, dtype=object),
        rejected=np.array([r not in (None, "no_text") for r in reason], dtype=bool),
        text=to_arrow(text),
    )


def to_arrow(texts: Sequence[str | None]) -> pa.Array:
    """Texts as Arrow can hold them: a lone surrogate (from a character reference in the page) becomes U+FFFD."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        whole = [t and t.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for t in texts]
        return pa.array(whole, pa.string())
