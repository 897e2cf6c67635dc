"""FineWeb's own rules (Penedo et al. 2024, arXiv 2406.17557, 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, NonNegativeFloat, NonNegativeInt

from spark_llmdata import evidence
from spark_llmdata.batch import Batch
from spark_llmdata.bounds import Ratio
from spark_llmdata.kernels import fineweb, words
from spark_llmdata.languages import labels
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.spans import Span, mark_lines, mark_repeats
from spark_llmdata.verdict import Judgement, Rule


class FineWeb(LanguageStage):
    """Keep documents whose lines look like prose: ended, long, not repeated. Ratios in [0, 1].

    Preset `paper` has what the paper writes, `datatrove` what the published code does: bounds that are met exactly
    remove in the one and not in the other, repeated lines are judged ten times as strictly, lists are a rule more, and
    white space at the end of a line (a carriage return, say) is part of it.
    """

    kind = "filter.fineweb"
    kernels = (words, fineweb, labels)
    reasons: ClassVar[Mapping[str, str]] = {
        "empty": "no line but blank ones",
        "too_few_punctuated_lines": "at most (datatrove: less than) `min_punctuated_line_ratio` of the lines are ended",
        "too_many_short_lines": "at least (datatrove: more than) `max_short_line_ratio` of the lines are short",
        "too_many_dup_line_chars": "at least (datatrove: more than) `max_dup_line_char_ratio` is in repeated lines",
        "too_many_newlines": "more than `max_newline_ratio` line feeds per word",
    }
    scores: ClassVar[Mapping[str, str]] = {
        "n_lines": "lines that are not blank",
        "punctuated_line_ratio": "share of lines that end a sentence",
        "short_line_ratio": "share of lines of at most `short_line_chars` characters",
        "dup_line_char_ratio": "share of characters in lines that were there before",
        "newline_ratio": "line feeds per word",
    }
    retunable = frozenset(
        {"min_punctuated_line_ratio", "max_short_line_ratio", "max_dup_line_char_ratio", "max_newline_ratio"}
    )
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "datatrove": {
            "words": "datatrove",
            "short_line_chars": 30,
            "max_dup_line_char_ratio": 0.01,
            "max_newline_ratio": 0.3,
        },
    }

    preset: Literal["paper", "datatrove"] = Field(default="paper", description="whose thresholds and comparisons")
    words: Literal["uax29", "whitespace", "datatrove", "dictionary"] = Field(
        default="uax29",
        description="how text is split: Unicode boundaries, white space, spaCy's rules for English, or dictionaries",
    )
    min_punctuated_line_ratio: Ratio | None = Field(default=0.12, description="share of lines; null: not asked")
    short_line_chars: NonNegativeInt = Field(default=29, description="characters up to which a line is short")
    max_short_line_ratio: Ratio | None = Field(default=0.67, description="share of lines; null: not asked")
    max_dup_line_char_ratio: Ratio | None = Field(default=0.1, description="share of characters; null: not asked")
    max_newline_ratio: NonNegativeFloat | None = Field(
        default=None, description="line feeds per word; null: not asked, there is no such rule in the paper"
    )

    def judge(self, docs: Batch) -> Judgement:
        """Measure the signals and compare each with its threshold."""
        signals = fineweb.measure_lines(docs.words(self.words), self.short_line_chars, trim=self.preset == "paper")
        judgement = self.decide_on(docs, {name: signals.column(name) for name in self.scores})
        repeated = judgement.reason == "too_many_dup_line_chars"
        begin, end = (np.where(repeated, signals.column(c).fill_null(0), 0) for c in ("line_begin", "line_end"))
        judgement.evidence = evidence.quote(docs.text, begin.astype(np.uint32), end.astype(np.uint32))
        return judgement

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        s = self.own_scores(docs)
        at_most, at_least = ("<=", ">=") if self.preset == "paper" else ("<", ">")
        asked = {
            "too_few_punctuated_lines": (s["punctuated_line_ratio"], at_most, self.min_punctuated_line_ratio),
            "too_many_short_lines": (s["short_line_ratio"], at_least, self.max_short_line_ratio),
            "too_many_dup_line_chars": (s["dup_line_char_ratio"], at_least, self.max_dup_line_char_ratio),
            "too_many_newlines": (s["newline_ratio"], ">", self.max_newline_ratio),
        }
        rules: dict[str, Rule] = {"empty": (s["n_lines"], "<", 1)}
        rules |= {reason: (values, op, bound) for reason, (values, op, bound) in asked.items() if bound is not None}
        return rules

    def find_spans(self, docs: Batch, reason: str) -> list[Span]:
        """The lines that are repeated, short or without an end, as the rule counts them."""
        text = docs.text[0].as_py()
        if reason == "too_many_dup_line_chars":
            return mark_repeats(text, "repeated line", "\n", first_too=False)

        def measure(column: str, wanted: float, lines: list[str]) -> list[bool]:
            split = words.split(pa.array(lines, pa.string()), None, self.words)
            trim = self.preset == "paper"
            measured = fineweb.measure_lines(split, self.short_line_chars, trim=trim).column(column)
            return [value == wanted for value in measured.to_pylist()]

        if reason == "too_many_short_lines":
            return mark_lines(text, "short line", partial(measure, "short_line_ratio", 1.0))
        if reason == "too_few_punctuated_lines":
            return mark_lines(text, "no end mark", partial(measure, "punctuated_line_ratio", 0.0))
        return []
