"""The rules of C4 (Raffel et al. 2020, arXiv 1910.10683, 2.2; code of TFDS)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, NonNegativeInt, PositiveInt

from spark_llmdata import evidence
from spark_llmdata.batch import Batch, mask
from spark_llmdata.kernels import c4, sentences
from spark_llmdata.languages import labels
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.spans import Span
from spark_llmdata.verdict import Judgement, Rule, as_float
from spark_llmdata.word_list import WordList

#: Bytes of a line shown in front of what condemns the page.
_BEFORE = 60
_REASONS = {"lorem": "lorem_ipsum", "curly": "curly_bracket", "bad": "bad_words"}


class C4(LanguageStage):
    """Remove lines that are no sentences or speak of cookies, and pages that are placeholders, code or too short.

    What condemns a page is looked for in lines that passed the tests before: a bracket in a line of two words does
    not remove a page. The first line that condemns decides. Citations such as [12] go. Lines are stripped and joined
    by line feeds; preset `dclm` leaves them as they are.
    """

    kind = "filter.c4"
    revision = 2
    kernels = (sentences, c4, labels)
    edits = frozenset({"text"})
    reasons: ClassVar[Mapping[str, str]] = {
        "too_long": "more than `max_chars` characters",
        "lorem_ipsum": 'a line holds "lorem ipsum"',
        "curly_bracket": "a line holds a curly bracket",
        "bad_words": "a line holds one of `bad_words`",
        "too_few_sentences": "fewer than `min_sentences` sentences are left",
    }
    scores: ClassVar[Mapping[str, str]] = {
        "n_chars": "characters before",
        "n_lines": "lines left",
        "n_sentences": "sentences left",
        "n_lorem_lines": 'lines with "lorem ipsum"',
        "n_curly_lines": "lines with a curly bracket",
        "n_bad_lines": "lines with a bad word",
        "lorem_begin": 'byte at which the first of the lines with "lorem ipsum" begins; null where there is none',
        "curly_begin": "the same of lines with a curly bracket",
        "bad_begin": "the same of lines with a bad word",
    }
    retunable = frozenset({"max_chars", "drop_lorem_ipsum", "drop_curly_bracket", "min_sentences"})
    changes: ClassVar[Mapping[str, str]] = {
        "long_word": "a line with a word of more than `max_word_chars`",
        "no_end_mark": "a line that ends with none of `end_marks`",
        "few_words": "a line of fewer than `min_line_words` words",
        "javascript": 'a line with "javascript"',
        "policy": "a line on terms of use, privacy or cookies",
        "citation": "the mark of a citation",
        "space": "white space around a line or the text, line ends that are no line feed",
    }
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "c4": {},
        "fineweb": {
            "sentences": "datatrove",
            "end_marks": "",
            "max_chars": None,
            "min_line_words": 3,
            "min_sentences": 5,
        },
        "dclm": {},
    }

    preset: Literal["c4", "fineweb", "dclm"] = Field(
        default="c4",
        description="`c4`: TFDS; `fineweb`: datatrove as FineWeb calls it; `dclm`: that project's configuration",
    )
    sentences: Literal["uax29", "datatrove"] = Field(
        default="uax29", description="how sentences are counted: Unicode boundaries, or spaCy's rules for English"
    )
    max_chars: PositiveInt | None = Field(default=190_000, description="characters of a page; null: not asked")
    max_word_chars: PositiveInt | None = Field(
        default=1000, description="characters of a line's words; null: not asked"
    )
    remove_citations: bool = Field(default=True, description="take out [12], [], [edit], [citation needed]")
    end_marks: str = Field(default='.?!"', description="a line has to end with one, and not with ...; empty: not asked")
    min_line_words: NonNegativeInt = Field(default=5, description="words of a line, between white space")
    drop_lorem_ipsum: bool = Field(default=True, description='remove pages with "lorem ipsum"')
    drop_curly_bracket: bool = Field(default=True, description="remove pages with a curly bracket")
    drop_javascript_lines: bool = Field(default=True, description='remove lines with "javascript"')
    drop_policy_lines: bool = Field(default=True, description="remove lines on terms of use, privacy or cookies")
    bad_words: WordList = Field(default=(), description="words, or the path of a file with one a line; none is shipped")
    bad_words_inside: bool = Field(default=False, description="also as part of a word, for scripts without spaces")
    min_sentences: NonNegativeInt = Field(default=3, description="sentences in the lines left")

    def judge(self, docs: Batch) -> Judgement:
        """Edit lines, and judge the page by what was met on the way."""
        found = c4.edit_pages(docs.text, self._line_rules())
        measured = {name: found.column(name) for name in self.scores}
        for name in c4.DEFECTS:
            there = pc.greater(measured[f"n_{name}_lines"], 0)
            measured[f"{name}_begin"] = pc.if_else(there, measured[f"{name}_begin"], None)
        judgement = self.decide_on(docs, measured)
        judgement.evidence = self._quote(docs.text, found, judgement)
        gone = ~judgement.keep
        judgement.text = pc.if_else(pa.array(gone), None, found.column("text"))
        judgement.onward = found.column("text")
        judgement.edits = np.where(gone, 0, found.column("edits").fill_null(0))
        judgement.changes = mask(found.column("changes"), judgement.keep)
        return judgement

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        """The first line that condemns a page decides; of a line that does so for several reasons the first of them."""
        s = self.own_scores(docs)
        begin = {name: as_float(s[f"{name}_begin"]) for name in c4.DEFECTS}
        asked = {
            "lorem": self.drop_lorem_ipsum,
            "curly": self.drop_curly_bracket,
            "bad": bool(self.bad_words),
        }
        rules: dict[str, Rule] = {}
        if self.max_chars is not None:
            rules["too_long"] = (s["n_chars"], ">", self.max_chars)
        for name in (name for name in c4.DEFECTS if asked[name]):
            met = s[f"n_{name}_lines"]
            for other in (other for other in c4.DEFECTS if asked[other] and other != name):
                met = pc.if_else(pa.array(begin[other] < begin[name]), 0.0, met)  # false where there is no other
            rules[_REASONS[name]] = (met, ">", 0)
        rules["too_few_sentences"] = (s["n_sentences"], "<", self.min_sentences)
        return rules

    def find_spans(self, docs: Batch, reason: str) -> list[Span]:
        """The line that condemns the page."""
        found = c4.edit_pages(docs.text, self._line_rules()).to_pylist()[0]
        names = [name for name, told in _REASONS.items() if told == reason]
        return [Span(reason, found[f"{name}_begin"], found[f"{name}_end"]) for name in names]

    def _line_rules(self) -> c4.LineRules:
        return c4.LineRules(
            max_word_chars=self.max_word_chars,
            remove_citations=self.remove_citations,
            end_marks=self.end_marks,
            min_line_words=self.min_line_words,
            count_words_late=self.preset != "fineweb",
            javascript=self.drop_javascript_lines,
            policy=self.drop_policy_lines,
            keep_layout=self.preset == "dclm",
            bad_words=self.bad_words,
            bad_words_inside=self.bad_words_inside,
            sentences=self.sentences,
        )

    @staticmethod
    def _quote(text: pa.Array, found: pa.RecordBatch, judgement: Judgement) -> Any:
        """The first line that condemned a page, from shortly before what did so on."""
        n = len(text)
        begin, end = np.zeros(n, np.uint32), np.zeros(n, np.uint32)
        for name, reason in _REASONS.items():
            rows = judgement.reason == reason
            line, ends, at = (
                np.asarray(found.column(f"{name}_{what}").fill_null(0), np.int64)[rows]
                for what in ("begin", "end", "at")
            )
            begin[rows], end[rows] = np.maximum(line, at - _BEFORE), ends
        return evidence.quote(text, begin, end)
