"""RefinedWeb's corrections of lines (Penedo et al. 2023, arXiv 2306.01116, G.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, NonNegativeInt

from spark_llmdata import evidence
from spark_llmdata.batch import Batch, mask
from spark_llmdata.bounds import Ratio
from spark_llmdata.kernels import refinedweb, words
from spark_llmdata.languages import labels
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.spans import Span
from spark_llmdata.verdict import Judgement, Rule


class RefinedwebLines(LanguageStage):
    """Remove lines that are not the page's own: capitals, digits, counters of visitors, single words, shop snippets.

    A document that loses more than `max_removed_word_ratio` of its words goes as a whole: so much of it is no text.
    A page without words goes too. Preset `dclm` takes any three characters for the dots of "Read more...", and white
    space at the end of a line for a part of it, as that project's code does.
    """

    kind = "clean.refinedweb_lines"
    kernels = (words, refinedweb, labels)
    edits = frozenset({"text"})
    reasons: ClassVar[Mapping[str, str]] = {
        "no_words": "no word at all",
        "too_many_words_removed": "more than `max_removed_word_ratio` of the words are in what is removed",
    }
    scores: ClassVar[Mapping[str, str]] = {
        "n_words": "words before",
        "removed_word_ratio": "share of the words that are in what is removed",
    }
    retunable = frozenset({"max_removed_word_ratio"})
    changes: ClassVar[Mapping[str, str]] = {
        "upper": "a line of capitals",
        "digits": "a line of digits",
        "counter": "a line that counts something",
        "few_words": "a line of fewer than `min_line_words` words",
        "items_in_cart": '"items in cart"',
        "read_more": '"Read more..." at the end of a line',
        "sign_in": '"Sign-in" at the start of a line',
        "space": "white space around what is left",
    }
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"refinedweb": {}, "dclm": {"words": "whitespace"}}

    preset: Literal["refinedweb", "dclm"] = Field(default="refinedweb", description="whose reading of the rules")
    words: Literal["uax29", "whitespace", "datatrove", "dictionary"] = Field(
        default="uax29",
        description="how text is split: Unicode boundaries, white space, spaCy's rules for English, or dictionaries",
    )
    max_upper_ratio: Ratio | None = Field(default=0.5, description="share of a line's characters; null: not asked")
    max_digit_ratio: Ratio | None = Field(default=0.999999, description="share of a line's characters; null: not asked")
    remove_counters: bool = Field(default=True, description='lines such as "3 likes"')
    min_line_words: NonNegativeInt = Field(default=2, description="words of a line that is not empty")
    max_snippet_words: NonNegativeInt | None = Field(
        default=10,
        description='words of a line from which "items in cart", "Read more..." and "Sign-in" go; null: from none',
    )
    max_removed_word_ratio: Ratio | None = Field(default=0.05, description="share of words; null: all of them")

    def find_spans(self, docs: Batch, reason: str) -> list[Span]:
        """What would have been taken out of the document, had it stayed."""
        found = refinedweb.correct_lines(docs.words(self.words), self._line_rules())
        changes = found.column("changes")[0].as_py() or ()
        return [Span(change["kind"], change["begin"], change["end"]) for change in changes]

    def _line_rules(self) -> refinedweb.LineRules:
        return refinedweb.LineRules(
            max_upper_ratio=self.max_upper_ratio,
            max_digit_ratio=self.max_digit_ratio,
            counters=self.remove_counters,
            min_line_words=self.min_line_words,
            max_snippet_words=self.max_snippet_words,
            any_three=self.preset == "dclm",
            trim=self.preset != "dclm",
        )

    def judge(self, docs: Batch) -> Judgement:
        """Correct lines, then see how much went."""
        found = refinedweb.correct_lines(docs.words(self.words), self._line_rules())
        judgement = self.decide_on(docs, {name: found.column(name) for name in self.scores})
        begin, end = (np.asarray(found.column(c).fill_null(0)) * ~judgement.keep for c in ("line_begin", "line_end"))
        judgement.evidence = evidence.quote(docs.text, begin.astype(np.uint32), end.astype(np.uint32))
        judgement.text = pc.if_else(pa.array(judgement.keep), found.column("text"), None)
        judgement.onward = found.column("text")
        judgement.edits = np.asarray(found.column("edits").fill_null(0)) * judgement.keep
        judgement.changes = mask(found.column("changes"), judgement.keep)
        return judgement

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        s = self.own_scores(docs)
        share, bound = s["removed_word_ratio"], self.max_removed_word_ratio
        return {
            "no_words": (s["n_words"], "<", 1),
            "too_many_words_removed": (share, ">=", 1) if bound is None else (share, ">", bound),
        }
