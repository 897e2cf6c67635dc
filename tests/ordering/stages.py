"""Stages of a user who says what they change, who does not, and who says it wrongly."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.batch import Batch
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.verdict import Judgement


class Long(RowStage):
    """Removes long texts; says that it changes nothing."""

    edits = frozenset()
    reasons = {"long": "more than `max_chars` characters"}
    scores = {"chars": "characters"}
    max_chars: int = 100

    def judge(self, docs: Batch) -> Judgement:
        chars = pc.utf8_length(docs.text)
        judgement = Judgement.first_failing(long=(chars, ">", self.max_chars))
        judgement.scores["chars"] = chars
        return judgement


class Silent(Long):
    """Inherits the word that nothing changes, and gives another text: it has not said so itself."""

    def judge(self, docs: Batch) -> Judgement:
        return Judgement.keep_all(len(docs), text=pc.utf8_upper(docs.text), edits=np.ones(len(docs), dtype=np.int64))


class MyQuality(GopherQuality):
    """Derives from a stage of the package, which says nothing of what is added here."""


class Upper(RowStage):
    """Writes in capitals, and says so."""

    edits = frozenset({"text"})
    reasons = {"none": "never"}

    def judge(self, docs: Batch) -> Judgement:
        return Judgement.keep_all(len(docs), text=pc.utf8_upper(docs.text))


class Liar(Upper):
    """Writes in capitals, and says that nothing changes."""

    edits = frozenset()


class Guess(RowStage):
    """Names a language by the first letter."""

    edits = frozenset()
    provides = frozenset({"lang"})
    reasons = {"none": "never"}

    def judge(self, docs: Batch) -> Judgement:
        return Judgement.keep_all(len(docs), columns={"lang": pc.utf8_slice_codeunits(docs.text, 0, 1)})


class Peek(RowStage):
    """Reads the language, and the score of another stage, without saying so."""

    edits = frozenset()
    reasons = {"first": "the language is a"}
    score_name: str = "long_chars"

    def judge(self, docs: Batch) -> Judgement:
        docs.score(self.score_name)
        return Judgement.remove_where(np.array([lang == "a" for lang in docs["lang"].to_pylist()]), "first")


class OnScore(RowStage):
    """Decides by a score alone."""

    edits = frozenset()
    requires = frozenset()
    reasons = {"low": "the score is below 3"}

    def needed_scores(self) -> frozenset[str]:
        return frozenset({"long_chars"})

    def judge(self, docs: Batch) -> Judgement:
        return Judgement.first_failing(low=(docs.score("long_chars"), "<", 3))


class Relocate(RowStage):
    """Replaces addresses, reading nothing but them."""

    edits = frozenset({"url"})
    requires = frozenset({"url"})
    reasons = {"none": "never"}

    def judge(self, docs: Batch) -> Judgement:
        return Judgement.keep_all(len(docs), columns={"url": pa.array(["https://a.example/"] * len(docs))})


class Counting(RowStage):
    """Removes texts with an even number of words."""

    edits = frozenset()
    reasons = {"even": "an even number of words"}
    words: str = "uax29"

    def judge(self, docs: Batch) -> Judgement:
        counts = np.array([c is not None and c % 2 == 0 for c in docs.words(self.words).counts().to_pylist()])
        return Judgement.remove_where(counts, "even")
