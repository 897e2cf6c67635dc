"""Gopher document quality rules (Rae et al. 2021, arXiv 2112.11446, A.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, NonNegativeFloat, NonNegativeInt, model_validator

from spark_llmdata.batch import Batch
from spark_llmdata.bounds import Ratio, check_order
from spark_llmdata.kernels import heuristics, words
from spark_llmdata.languages import labels
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.spans import Span, mark_lines, mark_pattern
from spark_llmdata.verdict import Judgement, Rule

Symbols = NonNegativeFloat | None

_ELLIPSES = r"\.\.\.|…"
_SIGNS = {
    "too_many_hashes": "#+",
    "too_many_ellipses": _ELLIPSES,
    "too_many_symbols": f"#+|{_ELLIPSES}",
}


class GopherQuality(LanguageStage):
    """Keep documents whose surface statistics look like edited prose. Lengths in words, ratios in [0, 1].

    A word is a segment between word boundaries that holds a letter or a digit. The rules apply in the order of the
    reasons; the first that fails decides. Preset `gopher` is the paper's; `datatrove` and `dclm` measure what those
    projects' code does, which differs in words, symbols, bullets and stop words (see docs/filters.md).
    """

    kind = "filter.gopher_quality"
    revision = 2
    kernels = (words, heuristics, labels)
    reasons = {
        "too_few_words": "fewer than `min_words` words",
        "too_many_words": "more than `max_words` words",
        "words_too_short": "mean word length below `min_mean_word_length` characters",
        "words_too_long": "mean word length above `max_mean_word_length` characters",
        "too_many_hashes": "more than `max_symbol_ratio` hash signs per word",
        "too_many_ellipses": "more than `max_symbol_ratio` ellipses per word",
        "too_many_symbols": "more than `max_all_symbols_ratio` hash signs and ellipses per word",
        "too_many_bullets": "more than `max_bullet_line_ratio` of the lines begin with a bullet",
        "too_many_ellipsis_lines": "more than `max_ellipsis_line_ratio` of the lines end with an ellipsis",
        "too_few_alpha_words": "less than `min_alpha_word_ratio` of the words hold a letter",
        "too_few_stop_words": "fewer than `min_stop_words` different words of `stop_words`",
    }
    scores = {
        "n_words": "words",
        "mean_word_length": "characters per word",
        "hash_ratio": "hash signs per word",
        "ellipsis_ratio": "ellipses per word",
        "bullet_line_ratio": "share of non-empty lines that begin with a bullet",
        "ellipsis_line_ratio": "share of non-empty lines that end with an ellipsis",
        "alpha_word_ratio": "share of words that hold a letter",
        "n_stop_words": "different stop words; preset dclm: stop words",
        "symbol_ratio": "hash signs and ellipses per word",
    }
    retunable = frozenset(
        {
            *("min_words", "max_words", "min_mean_word_length", "max_mean_word_length", "max_symbol_ratio"),
            *("max_all_symbols_ratio", "max_bullet_line_ratio", "max_ellipsis_line_ratio", "min_alpha_word_ratio"),
            "min_stop_words",
        }
    )
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "gopher": {},
        "datatrove": {"words": "datatrove"},
        "dclm": {"words": "whitespace", "max_symbol_ratio": None, "max_all_symbols_ratio": 0.1},
    }

    preset: Literal["gopher", "datatrove", "dclm"] = Field(default="gopher", description="whose reading of the rules")
    words: Literal["uax29", "whitespace", "datatrove", "dictionary"] = Field(
        default="uax29",
        description="how text is split: Unicode boundaries, white space, spaCy's rules for English, or dictionaries",
    )
    min_words: NonNegativeInt = Field(default=50, description="words")
    max_words: NonNegativeInt = Field(default=100_000, description="words")
    min_mean_word_length: NonNegativeFloat = Field(default=3, description="characters")
    max_mean_word_length: NonNegativeFloat = Field(default=10, description="characters")
    max_symbol_ratio: Symbols = Field(
        default=0.1, description="symbols per word, each of # and ... by itself; null: not asked"
    )
    max_all_symbols_ratio: Symbols = Field(default=None, description="# and ... together per word; null: not asked")
    max_bullet_line_ratio: Ratio = Field(default=0.9, description="share of non-empty lines")
    max_ellipsis_line_ratio: Ratio = Field(default=0.3, description="share of non-empty lines")
    min_alpha_word_ratio: Ratio = Field(default=0.8, description="share of words")
    min_stop_words: NonNegativeInt = Field(default=2, description="different words")
    stop_words: tuple[str, ...] = Field(
        default=("the", "be", "to", "of", "and", "that", "have", "with"), description="in lower case"
    )

    @model_validator(mode="after")
    def _bounds_fit(self) -> GopherQuality:
        check_order(self, ("min_words", "max_words"), ("min_mean_word_length", "max_mean_word_length"))
        if self.min_stop_words and not self.stop_words:
            raise ValueError(
                f"`min_stop_words: {self.min_stop_words}` asks for words of `stop_words`, which is empty; name some or "
                "take `min_stop_words: 0`"
            )
        if self.preset != "dclm" and self.min_stop_words > len(set(self.stop_words)):
            raise ValueError(
                f"`min_stop_words: {self.min_stop_words}` asks for more different words than `stop_words` has, "
                f"{len(set(self.stop_words))}: every document would go"
            )
        odd = [word for word in self.stop_words if word != word.lower() or word.split() != [word]]
        if odd:
            raise ValueError(
                f"`stop_words` names {', '.join(map(repr, odd))}, which match nothing; expected words in lower case"
            )
        return self

    def judge(self, docs: Batch) -> Judgement:
        """Measure the signals and compare each with its threshold."""
        signals = heuristics.gopher_quality(docs.words(self.words), self.stop_words, self.preset)
        return self.decide_on(docs, {name: signals.column(name) for name in self.scores})

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        s = self.own_scores(docs)
        asked = {
            "too_few_words": (s["n_words"], "<", self.min_words),
            "too_many_words": (s["n_words"], ">", self.max_words),
            "words_too_short": (s["mean_word_length"], "<", self.min_mean_word_length),
            "words_too_long": (s["mean_word_length"], ">", self.max_mean_word_length),
            "too_many_hashes": (s["hash_ratio"], ">", self.max_symbol_ratio),
            "too_many_ellipses": (s["ellipsis_ratio"], ">", self.max_symbol_ratio),
            "too_many_symbols": (s["symbol_ratio"], ">", self.max_all_symbols_ratio),
            "too_many_bullets": (s["bullet_line_ratio"], ">", self.max_bullet_line_ratio),
            "too_many_ellipsis_lines": (s["ellipsis_line_ratio"], ">", self.max_ellipsis_line_ratio),
            "too_few_alpha_words": (s["alpha_word_ratio"], "<", self.min_alpha_word_ratio),
            "too_few_stop_words": (s["n_stop_words"], "<", self.min_stop_words),
        }
        return {reason: (values, op, bound) for reason, (values, op, bound) in asked.items() if bound is not None}

    def find_spans(self, docs: Batch, reason: str) -> list[Span]:
        """The signs, and the lines that count for a share of lines; nothing for lengths and words."""
        text = docs.text[0].as_py()
        if reason in _SIGNS:
            spaced = r"|\. \. \." if self.preset == "dclm" and reason != "too_many_hashes" else ""
            return mark_pattern(text, "symbol", _SIGNS[reason] + spaced)
        columns = {"too_many_bullets": "bullet_line_ratio", "too_many_ellipsis_lines": "ellipsis_line_ratio"}
        if reason not in columns:
            return []

        def choose(lines: list[str]) -> list[bool]:
            split = words.split(pa.array(lines, pa.string()), None, self.words)
            measured = heuristics.gopher_quality(split, self.stop_words, self.preset)
            return [value > 0 for value in measured.column(columns[reason]).to_pylist()]

        return mark_lines(text, columns[reason].removesuffix("_line_ratio"), choose)
