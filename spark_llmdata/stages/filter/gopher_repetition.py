"""Gopher repetition rules (Rae et al. 2021, arXiv 2112.11446, A.1.1, table A1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from spark_llmdata import evidence
from spark_llmdata.batch import Batch
from spark_llmdata.bounds import Ratio
from spark_llmdata.kernels import repetition, words
from spark_llmdata.languages import labels
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.spans import Span, mark_pattern, mark_repeats
from spark_llmdata.verdict import Judgement, Rule

Bound = Ratio | None

_N_GRAMS = range(2, 11)
_KINDS = ["line", "paragraph", "line_char", "paragraph_char"]
#: In which order the rules are asked; paragraphs come first in datatrove.
_ORDER = {"datatrove": ["paragraph", "paragraph_char", "line", "line_char"]}


def _bound(what: str, default: float) -> Any:
    return Field(default=default, description=f"share of {what}; null: not asked")


class GopherRepetition(LanguageStage):
    """Keep documents of which no large part is repeated. All thresholds are shares; a document over one is removed.

    The paper leaves details open. Preset `gopher` reads it literally: all of what is contained in repeated lines or
    n-grams counts, each time. `dclm` does the same with that project's words; `datatrove` counts second and later
    occurrences, as shares of the whole text (see docs/filters.md). The first rule that fails decides.
    """

    kind = "filter.gopher_repetition"
    kernels = (words, repetition, labels)
    reasons: ClassVar[Mapping[str, str]] = {
        "empty": "nothing but white space; preset datatrove: no text at all",
        "too_many_dup_lines": "more than `max_dup_line_ratio` of the lines are repeated",
        "too_many_dup_paragraphs": "more than `max_dup_paragraph_ratio` of the paragraphs are repeated",
        "too_many_dup_line_chars": "more than `max_dup_line_char_ratio` of the characters are in repeated lines",
        "too_many_dup_paragraph_chars": "more than `max_dup_paragraph_char_ratio` are in repeated paragraphs",
        **{f"top_{n}_gram": f"more than `max_top_{n}_gram_char_ratio` in one {n}-gram" for n in (2, 3, 4)},
        **{f"dup_{n}_grams": f"more than `max_dup_{n}_gram_char_ratio` in repeated {n}-grams" for n in range(5, 11)},
    }
    scores: ClassVar[Mapping[str, str]] = {
        "n_lines": "lines",
        "dup_line_ratio": "share of repeated lines",
        "dup_paragraph_ratio": "share of repeated paragraphs",
        "dup_line_char_ratio": "share of characters in repeated lines",
        "dup_paragraph_char_ratio": "share of characters in repeated paragraphs",
        **{f"top_{n}_gram_char_ratio": f"share of characters in the most frequent {n}-gram" for n in (2, 3, 4)},
        **{f"dup_{n}_gram_char_ratio": f"share of characters in repeated {n}-grams" for n in range(5, 11)},
    }
    retunable = frozenset(f"max_{name}" for name in scores if name != "n_lines")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"gopher": {}, "datatrove": {"words": "datatrove"}, "dclm": {}}

    preset: Literal["gopher", "datatrove", "dclm"] = Field(
        default="gopher", description="whose reading of the rules; thresholds are the paper's in all"
    )
    words: Literal["uax29", "whitespace", "datatrove", "dictionary"] = Field(
        default="uax29",
        description="how text is split: Unicode boundaries, white space, spaCy's rules for English, or dictionaries",
    )
    max_dup_line_ratio: Bound = _bound("lines", 0.3)
    max_dup_paragraph_ratio: Bound = _bound("paragraphs", 0.3)
    max_dup_line_char_ratio: Bound = _bound("characters", 0.2)
    max_dup_paragraph_char_ratio: Bound = _bound("characters", 0.2)
    max_top_2_gram_char_ratio: Bound = _bound("characters", 0.2)
    max_top_3_gram_char_ratio: Bound = _bound("characters", 0.18)
    max_top_4_gram_char_ratio: Bound = _bound("characters", 0.16)
    max_dup_5_gram_char_ratio: Bound = _bound("characters", 0.15)
    max_dup_6_gram_char_ratio: Bound = _bound("characters", 0.14)
    max_dup_7_gram_char_ratio: Bound = _bound("characters", 0.13)
    max_dup_8_gram_char_ratio: Bound = _bound("characters", 0.12)
    max_dup_9_gram_char_ratio: Bound = _bound("characters", 0.11)
    max_dup_10_gram_char_ratio: Bound = _bound("characters", 0.1)

    def judge(self, docs: Batch) -> Judgement:
        """Measure the shares and compare each with its threshold."""
        measured = repetition.gopher_repetition(docs.words(self.words), self.preset)
        judgement = self.decide_on(docs, {name: measured.column(name) for name in self.scores})
        part_of = {reason: repetition.PARTS.index(part) for reason, _, part in self._questions()}
        spans = np.asarray(measured.column("spans").flatten()).reshape(len(docs), len(repetition.PARTS), 2)
        which = np.array([part_of.get(reason, -1) for reason in judgement.reason], dtype=np.int64)  # type: ignore[union-attr]
        begin, end = (np.where(which >= 0, spans[np.arange(len(docs)), which, side], 0) for side in (0, 1))
        judgement.evidence = evidence.quote(docs.text, begin.astype(np.uint32), end.astype(np.uint32))
        return judgement

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        s = self.own_scores(docs)
        rules: dict[str, Rule] = {"empty": (s["n_lines"], "<", 1)}
        for reason, ratio, _ in self._questions():
            bound = getattr(self, f"max_{ratio}")
            if bound is not None:
                rules[reason] = (s[ratio], ">", bound)
        return rules

    def find_spans(self, docs: Batch, reason: str) -> list[Span]:
        """The repeated lines or paragraphs, or each occurrence of the n-gram that is quoted."""
        text = docs.text[0].as_py()
        part = next((part for told, _, part in self._questions() if told == reason), None)
        if part is None:
            return []
        separators = {"line": "\n", "paragraph": "\n{2,}"}
        if part in separators:
            first_too = self.preset != "datatrove"
            return mark_repeats(text, f"repeated {part}", separators[part], first_too=first_too)
        measured = repetition.gopher_repetition(docs.words(self.words), self.preset)
        place = 2 * repetition.PARTS.index(part)
        begin, end = measured.column("spans")[0].as_py()[place : place + 2]
        quoted = text.encode()[begin:end].decode()
        return mark_pattern(text, part.replace("_", "-"), re.escape(quoted)) if quoted else []

    def _questions(self) -> list[tuple[str, str, str]]:
        """Reason, measured share and part of the text of each rule, in the order in which they are asked."""
        kinds = _ORDER.get(self.preset, _KINDS)
        segments = [(f"too_many_dup_{kind}s", f"dup_{kind}_ratio", kind.removesuffix("_char")) for kind in kinds]
        tops = [(f"top_{n}_gram", f"top_{n}_gram_char_ratio", f"{n}_gram") for n in _N_GRAMS if n < 5]
        return (
            segments + tops + [(f"dup_{n}_grams", f"dup_{n}_gram_char_ratio", f"{n}_gram") for n in _N_GRAMS if n >= 5]
        )
