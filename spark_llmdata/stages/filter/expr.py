"""A rule of the user's own in Spark SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator

from spark_llmdata import condition
from spark_llmdata.errors import RunFailed, SettingsError
from spark_llmdata.stage import Context, CorpusStage
from spark_llmdata.verdict import MAX_EVIDENCE, RESERVED_REASONS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

MAX_VALUE = 60  # characters of a value in the evidence
UNDECIDED = "undecided"


class FilterExpr(CorpusStage):
    """Keep the documents for which a condition in Spark SQL is true.

    It may use any function that comes with Spark, and of a document `doc_id`, `id`, `url`, `text`, `lang`, `date`,
    `source`, `meta['key']`, `scores['name']` (of stages before it, by the names in `llmdata stages KIND`), `bytes` and
    `words` of the text. A condition that is NULL, because a value is missing, is not true: those documents go for a
    reason of their own; `coalesce(..., true)` keeps them. Spark is strict (ANSI): a value that cannot be cast, or a
    division by zero, stops the run and names a document; `try_cast` and `try_divide` give NULL instead.

    Refused are queries, aggregates, window functions, whatever differs from run to run (`rand`, `current_date`), and
    what only a session knows: its variables, its functions, `${...}` from its settings. The rule is one pass over the
    columns that it names and ends the segment before it; the text is neither shuffled nor rewritten.
    """

    kind = "filter.expr"
    # One document's removal changes nothing for the others.
    groups = True
    requires = frozenset[str]()
    reasons: ClassVar[Mapping[str, str]] = {
        "unmet": "`keep` is false; the setting `reason` gives it another name",
        UNDECIDED: "`keep` is NULL: a value that it needs is missing",
    }

    keep: str = Field(description="the condition under which a document stays, in Spark SQL")
    reason: str = Field(
        default="unmet", pattern=r"^[a-z][a-z0-9_]*$", description="what the documents go for where it is false"
    )

    @field_validator("keep")
    @classmethod
    def _one_condition(cls, keep: str) -> str:
        problems = condition.check_words(keep)
        if problems:
            raise ValueError("; ".join(problems))
        return keep.strip()

    @field_validator("reason")
    @classmethod
    def _free_reason(cls, reason: str) -> str:
        taken = sorted({UNDECIDED, *RESERVED_REASONS})
        if reason in taken:
            raise ValueError(f"{', '.join(taken)} have a meaning already; expected another name of the defect")
        return reason

    def needed_columns(self) -> frozenset[str]:
        return frozenset()

    def needed_scores(self) -> frozenset[str]:
        return frozenset(condition.references(self.keep, "scores"))

    def condition(self) -> str | None:
        return f"coalesce((\n{self.keep}\n), false)"

    def check(self, docs: DataFrame) -> str | None:
        problem = condition.check(_known(docs), self.keep)
        return None if problem is None else f"keep: {self.keep!r} does not fit: {problem}"

    def apply(self, docs: DataFrame, ctx: Context) -> DataFrame:
        """One narrow pass; what Spark cannot compute is found out here, so that the document can be named."""
        from pyspark.sql import functions as F

        known = _known(docs)
        problem = condition.check(known, self.keep)
        if problem is not None:
            raise SettingsError(self.name, [(("keep",), f"{self.keep!r} does not fit: {problem}")])
        values = _values(known, self.keep)
        # Spark asks conditions as early as it can, of documents too that an earlier comparison removed, and one that
        # cannot be computed for these ends the run; it moves none across a column that is not deterministic.
        judged = known.select(
            "doc_id",
            F.expr(self.keep).alias("_kept"),
            self._evidence(values).alias("evidence"),
            F.rand(0).alias("_stay"),
        )
        none = F.lit(None).cast("double")
        removed = judged.where("NOT coalesce(_kept, false) AND _stay < 2").select(
            "doc_id",
            F.when(F.col("_kept").isNull(), UNDECIDED).otherwise(self.reason).alias("reason"),
            none.alias("score"),
            none.alias("threshold"),
            "evidence",
            F.lit(None).cast("string").alias("survivor"),
            none.alias("similarity"),
        )
        try:
            return ctx.settle(removed, "removed").rows
        except Exception as error:
            found = condition.find_failing(known, self.keep)
            if found is None:
                raise
            raise RunFailed(
                f"{self.name}: `keep` cannot be computed for {found} Make it NULL there by try_cast, try_divide, "
                f"try_element_at or their kin, and such documents go as {self.noun}.{UNDECIDED}; what was judged so "
                "far is kept and used again"
            ) from error

    def _evidence(self, values: Mapping[str, Column]) -> Column:
        """The values that count and the condition, as much as there is room for."""
        from pyspark.sql import functions as F

        def as_json(fields: Mapping[str, Column]) -> Column:
            return F.to_json(F.struct(*(v.alias(n) for n, v in fields.items())), {"ignoreNullFields": "false"})

        rule = {"keep": F.lit(self.keep)}
        whole, told = as_json({**values, **rule}), as_json(values) if values else as_json(rule)
        cut = as_json({"keep": F.lit(self.keep[: MAX_EVIDENCE // 2])})
        return F.when(F.length(whole) <= MAX_EVIDENCE, whole).when(F.length(told) <= MAX_EVIDENCE, told).otherwise(cut)


def _known(docs: DataFrame) -> DataFrame:
    return docs.select(*(name for name in condition.COLUMNS if name in docs.columns))


def _values(docs: DataFrame, keep: str) -> dict[str, Column]:
    """What a condition looks at, by name: of a text its length, of a map or a struct the members it names."""
    from pyspark.sql import functions as F

    found: dict[str, Column] = {}
    for name in condition.find_columns(docs, keep):
        kind = docs.schema[name].dataType.typeName()
        if name == "text":
            found["characters"] = F.length("text")
        elif kind in ("map", "struct"):
            for key in condition.references(keep, name):
                found[f"{name}.{key}"] = _cut(F.col(name)[key], name)
        else:
            found[name] = _cut(F.col(name), name)
    return found


def _cut(value: Column, column: str) -> Column:
    from pyspark.sql import functions as F

    return value if column in ("scores", "bytes", "words", "date") else F.substring(value.cast("string"), 1, MAX_VALUE)
