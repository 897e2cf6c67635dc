"""Languages that are wanted, and how sure it has to be that a document is in one."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from spark_llmdata import evidence
from spark_llmdata.batch import Batch
from spark_llmdata.bounds import Ratio
from spark_llmdata.languages import labels
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement, Rule


class FilterLanguage(RowStage):
    """Keep documents whose `lang` is one of `keep` and whose probability reaches the threshold of that language.

    It decides by what `score.language` measured, so other thresholds need no model. Only the most probable language
    counts. Rules that let any listed language above the threshold do (FineWeb's code) say the same from a threshold
    of 0.5 on, since no two languages have more than half.
    """

    kind = "filter.language"
    revision = 2
    requires = frozenset({"lang"})
    reasons: ClassVar = {
        "no_language": "no language is known",
        "wrong_language": "the language is none of `keep`",
        "uncertain_language": "the language's probability is below its threshold",
    }
    retunable = frozenset({"keep", "threshold", "thresholds", "at_threshold"})
    presets: ClassVar = {
        "fineweb": {"keep": ("en",), "threshold": 0.65, "at_threshold": "remove"},
        "refinedweb": {"keep": ("en",), "threshold": 0.65, "at_threshold": "keep"},
        "dclm": {"keep": ("en",), "threshold": 0.65, "at_threshold": "remove"},
        # Its 0.5 is held against probabilities that were rounded to two digits.
        "ccnet": {"keep": None, "threshold": 0.495, "at_threshold": "keep"},
    }

    preset: Literal["fineweb", "refinedweb", "dclm", "ccnet"] | None = Field(
        default=None, description="published rules; DCLM and CCNet also read texts with `line_ends: removed`"
    )
    keep: tuple[str, ...] | None = Field(
        default=("en",), min_length=1, description="languages that stay, by any label (en, eng, eng_Latn); null: all"
    )
    threshold: Ratio | None = Field(default=0.65, description="least probability; null: not looked at")
    thresholds: dict[str, Ratio] = Field(default_factory=dict, description="least probability of single languages")
    at_threshold: Literal["keep", "remove"] = Field(
        default="keep", description="what becomes of a document whose probability is exactly the threshold"
    )
    score: str = Field(default="language_score", description="the score column that holds the probability")

    @model_validator(mode="after")
    def _thresholds_are_of_kept_languages(self) -> FilterLanguage:
        kept = {labels.canonical(lang) for lang in self.keep or ()}
        unknown = [] if self.keep is None else sorted(t for t in self.thresholds if not labels.resolve(t, kept))
        if unknown:
            raise ValueError(
                f"`thresholds` names {', '.join(unknown)}, which `keep` does not: add it there or take it out"
            )
        return self

    def needed_scores(self) -> frozenset[str]:
        """The probability, where a threshold is held against it."""
        return frozenset() if self.threshold is None and not self.thresholds else frozenset({self.score})

    def judge(self, docs: Batch) -> Judgement:
        judgement = self.decide(docs)
        langs = docs["lang"].to_pylist()
        said = [None if keep else evidence.say(lang=lang) for keep, lang in zip(judgement.keep, langs, strict=True)]
        judgement.evidence = np.array(said, dtype=object)
        return judgement

    def decide(self, docs: Batch) -> Judgement:
        """A language that is not wanted comes before one that is not sure, and neither is measured."""
        judgement = super().decide(docs)
        langs = docs["lang"].to_pylist()
        kept = None if self.keep is None else {labels.canonical(lang) for lang in self.keep}
        wrong = {lang: kept is not None and lang is not None and not labels.resolve(lang, kept) for lang in set(langs)}
        none = {lang: lang is None or labels.is_unknown(lang) for lang in set(langs)}
        unwanted = {
            "wrong_language": np.array([wrong[lang] for lang in langs], dtype=bool),
            "no_language": np.array([none[lang] for lang in langs], dtype=bool),
        }
        assert judgement.reason is not None
        assert judgement.score is not None
        assert judgement.threshold is not None
        for reason, gone in unwanted.items():
            judgement.keep[gone] = False
            judgement.reason[gone] = reason
            judgement.score[gone] = judgement.threshold[gone] = np.nan
        return judgement

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        score = docs.score(self.score) if self.needed_scores() else pa.nulls(len(docs), pa.float64())
        default = np.nan if self.threshold is None else self.threshold
        langs = docs["lang"].to_pylist()
        own = {labels.canonical(lang): threshold for lang, threshold in self.thresholds.items()}
        names = {lang: None if lang is None else labels.resolve(lang, own) for lang in set(langs)}
        bounds = {lang: default if name is None else own[name] for lang, name in names.items()}
        bound = np.array([bounds[lang] for lang in langs], dtype=float)
        return {"uncertain_language": (score, "<" if self.at_threshold == "keep" else "<=", bound)}
