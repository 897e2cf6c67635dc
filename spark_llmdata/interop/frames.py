"""`stage(df)`: a stage on Arrow, pandas or Spark data frames, outside of any run."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata import schema
from spark_llmdata.artifact import ship_code
from spark_llmdata.batch import Batch
from spark_llmdata.errors import UsageError
from spark_llmdata.interop.judged import judged_class
from spark_llmdata.isolation import judge_safely
from spark_llmdata.segment import slices
from spark_llmdata.stage import Context, CorpusStage, RowStage

GIVEN = {"doc_id": pa.string()} | {
    f.name: f.type
    for f in schema.RECORD
    if f.name in ("id", "url", "text", "html", "content_type", "lang", "date", "meta")
}


def judge(stage: RowStage, docs: Any) -> Any:
    """Judge documents; returns the kind of frame that came in, with `kept`, `verdict` and `scores` added.

    Of a frame that another stage gave, rows that are not `kept` are not judged: their verdict stays, and scores of
    both are there.
    """
    if isinstance(docs, pa.RecordBatch):
        _check_given(stage, docs.schema)
        return judge_batch(stage, docs)
    if isinstance(docs, pa.Table):
        _check_given(stage, docs.schema)
        if docs.num_rows == 0:
            return pa.Table.from_batches([], result_schema(stage, docs.schema))
        combined = docs.combine_chunks().to_batches()
        return pa.Table.from_batches([judge_batch(stage, part) for batch in combined for part in slices(batch)])
    if any(kind.__module__.startswith("pandas.") for kind in type(docs).__mro__):
        judged = judged_class()(judge(stage, _from_pandas(stage, docs)).to_pandas(maps_as_pydicts="strict"))
        judged.index = docs.index  # so that its columns can be put beside those of the frame that came
        return judged
    if hasattr(docs, "mapInArrow"):
        from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

        ship_code([stage])
        given = to_arrow_schema(docs.schema)
        _check_given(stage, given)
        return docs.mapInArrow(_JudgeBatches(stage), from_arrow_schema(result_schema(stage, given)))
    raise UsageError(
        f"{stage.name} was called with a {type(docs).__name__}; expected an Arrow table or record batch, a pandas or a "
        "Spark DataFrame"
    )


def _from_pandas(stage: RowStage, docs: Any) -> pa.Table:
    try:
        return pa.Table.from_pandas(docs, preserve_index=False)
    except (UnicodeEncodeError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UsageError(
            f"{stage.name} cannot read the frame: {error}; expected columns of one type each, texts without half "
            "surrogates"
        ) from error


def _check_given(stage: RowStage, given: pa.Schema) -> None:
    """Refuse a frame without what the stage needs, and a text that is none."""
    missing = sorted((stage.requires & set(GIVEN)) - set(given.names))
    if missing:
        there = ", ".join(given.names) or "no columns"
        raise UsageError(f"{stage.name} needs the column {', '.join(missing)}; there are {there}")
    kind = given.field("text").type if "text" in given.names else pa.string()
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    if not any(is_text(kind) for is_text in texts):
        raise UsageError(f"{stage.name} needs the column text as string, it is {kind}; cast it")


def apply(stage: CorpusStage, docs: Any) -> Any:
    """Apply a corpus stage to a Spark DataFrame with a unique `doc_id`; adds `kept` and `verdict`."""
    if not hasattr(docs, "mapInArrow"):
        kind = f"{type(docs).__module__.partition('.')[0]} {type(docs).__name__}"
        work = "compares documents" if stage.condition() is None else "is a condition in SQL"
        raise UsageError(
            f"{stage.name} {work} and needs a Spark DataFrame, not a {kind}; spark.createDataFrame(...) makes one"
        )
    _check_columns(stage, docs)
    _check_ids(stage, docs)
    from pyspark.sql import functions as F

    ctx = Context(docs.sparkSession)
    removed = stage.apply(_with_facts(docs) if "text" in docs.columns else docs, ctx)
    for sentence in ctx.told:
        warnings.warn(f"{stage.name}: {sentence}", stacklevel=3)
    fields = [f.name for f in schema.VERDICT if f.name not in ("stage", "reason")]
    verdict = F.struct(
        F.lit(stage.name).alias("stage"),
        F.concat(F.lit(f"{stage.noun}."), F.col("reason")).alias("reason"),
        *(F.col(name) for name in fields),
    )
    verdicts = removed.select("doc_id", verdict.alias("verdict"))
    return docs.join(verdicts, "doc_id", "left").withColumn("kept", F.col("verdict").isNull())


#: What a segment stores of a text beside it, by the name that `hashing.text_facts` has for it.
_FACTS = {"bytes": "bytes", "text_hi": "hi", "text_lo": "lo"}
_TYPES = {"doc_id": "string", "text": "string", "url": "string", "source": "string", "date": "timestamp"}


def _check_columns(stage: CorpusStage, docs: Any) -> None:
    """Refuse a frame without what the stage reads; facts of the text are made from the text."""
    needed = {"text" if name in _FACTS else name for name in {"doc_id", *stage.needed_columns()}}
    missing = sorted(needed - set(docs.columns))
    if missing:
        raise UsageError(
            f"{stage.name} needs the columns {', '.join(sorted(needed))}; {', '.join(missing)} is missing, there are "
            f"{', '.join(docs.columns)}"
        )
    for name in sorted(needed & set(_TYPES)):
        found = docs.schema[name].dataType.simpleString()
        if found != _TYPES[name]:
            raise UsageError(f"{stage.name} needs the column {name} as {_TYPES[name]}, it is {found}; cast it")


def _check_ids(stage: CorpusStage, docs: Any) -> None:
    """Refuse ids that name several documents or none: a verdict on one would be a verdict on all."""
    from pyspark.sql import functions as F

    counted = docs.groupBy("doc_id").agg(F.count("*").alias("n")).where("doc_id IS NULL OR n > 1")
    found = counted.orderBy(F.desc("n"), "doc_id").limit(3).collect()
    if found:
        examples = ", ".join(f"{row.doc_id!r} in {row.n:,} rows" for row in found)
        raise UsageError(
            f"{stage.name} needs a doc_id of its own in every row; there is {examples}. Drop the copies, or number them"
        )


def _with_facts(docs: Any) -> Any:
    """The frame with the facts of its texts, in place of columns of their names."""
    from pyspark.sql.types import LongType, StructField, StructType

    from spark_llmdata.kernels.hashing import text_facts

    plain = docs.select(*(c for c in docs.columns if c not in _FACTS))

    def measure(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            facts = text_facts(batch.column("text"))
            arrays = [*batch.columns, *(facts.column(name) for name in _FACTS.values())]
            yield pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, *_FACTS])

    return plain.mapInArrow(measure, StructType([*plain.schema, *(StructField(n, LongType()) for n in _FACTS)]))


@dataclass(frozen=True)
class _JudgeBatches:
    stage: RowStage

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for part in slices(batch):
                yield judge_batch(self.stage, part)


def result_schema(stage: RowStage, given: pa.Schema) -> pa.Schema:
    """The schema of what `judge` gives for documents of a schema."""
    added = [pa.field("kept", pa.bool_()), pa.field("verdict", schema.VERDICT)]
    if stage.scores:
        own = [pa.field(n, pa.float64()) for n in stage.score_columns()]
        added.append(pa.field("scores", pa.struct([*_other_scores(stage, given), *own])))
    added += [pa.field(name, GIVEN[name]) for name in _changed(stage, given)]
    names = [f.name for f in added]
    fields = [f.with_type(pa.string()) if f.name == "text" else f for f in given if f.name not in names]
    if "text" not in given.names:
        fields.append(pa.field("text", pa.string()))
    return pa.schema([*fields, *added])


def _changed(stage: RowStage, given: pa.Schema) -> list[str]:
    """The columns beside the text that a stage gives or rewrites in a frame."""
    columns = ((stage.provides | stage.edits) & set(GIVEN)) - {"text"}
    return sorted(name for name in columns if not _is_foreign(stage, given, name))


def _is_foreign(stage: RowStage, given: pa.Schema, name: str) -> bool:
    """Whether a column that a stage would only add to is something else in the user's frame: it stays as it is."""
    if name not in given.names or name not in stage.edits - stage.requires - stage.provides:
        return False
    found = given.field(name).type
    if pa.types.is_null(found) or (name == "meta" and pa.types.is_struct(found)):
        return False
    try:
        pa.nulls(0, found).cast(GIVEN[name])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return True
    return False


def _other_scores(stage: RowStage, given: pa.Schema) -> list[pa.Field]:
    """The score columns of earlier calls, without those that the stage measures anew."""
    if "scores" not in given.names or not pa.types.is_struct(given.field("scores").type):
        return []
    return [f for f in given.field("scores").type if f.name not in stage.score_columns()]


def _still_kept(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """The rows that no earlier call removed."""
    if "kept" not in batch.schema.names or not pa.types.is_boolean(batch.schema.field("kept").type):
        return np.ones(batch.num_rows, dtype=bool)
    return np.asarray(batch.column("kept").fill_null(True), dtype=bool)


def _read_column(stage: RowStage, batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column as stages know it; one that is something else in the user's frame is absent to who does not need it."""
    kind = GIVEN[name]
    asked = stage.requires | stage.edits
    # A user's own `meta` may be of any type: only who asks for it is given it, and who only adds to it only a map.
    unasked = (name == "meta" and name not in asked) or _is_foreign(stage, batch.schema, name)
    if name not in batch.schema.names or unasked:
        return pa.nulls(batch.num_rows, kind)
    column = batch.column(name)
    if pa.types.is_null(column.type):
        return pa.nulls(batch.num_rows, kind)
    try:
        return _as_map(column, kind) if name == "meta" and pa.types.is_struct(column.type) else column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        if name not in asked:
            return pa.nulls(batch.num_rows, kind)
        found = batch.schema.field(name).type
        raise UsageError(f"{stage.name} needs the column {name} as {kind}, it is {found}; cast it ({error})") from error


def _as_map(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """What dicts of pandas became, as a map of texts again; a key that a row did not have is in its struct as null."""
    rows = column.to_pylist()
    items = [None if row is None else [(k, str(v)) for k, v in row.items() if v is not None] for row in rows]
    return pa.array(items, kind)


#: What is said of a row without a text, as in a run: no stage could say anything of it.
_NO_TEXT = {"stage": "read", "reason": "read.no_text", "evidence": json.dumps({"error": "the row has no text"})}


def _without_text(stage: RowStage, docs: Batch) -> npt.NDArray[np.bool_]:
    """The rows alive whose text is null, where the stage needs one."""
    if "text" not in stage.requires:
        return np.zeros(len(docs), dtype=bool)
    return np.asarray(docs.raw("text").is_null(), dtype=bool) & docs.alive


def _earlier_scores(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The numbers in a column `scores` of structs, such as an earlier call gave."""
    if "scores" not in batch.schema.names or not pa.types.is_struct(batch.schema.field("scores").type):
        return {}
    struct = batch.column("scores")
    return {f.name: pc.struct_field(struct, f.name) for f in struct.type if pa.types.is_floating(f.type)}


def judge_batch(stage: RowStage, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Judge one batch of documents; columns that the stage does not know go through as they are."""
    n = batch.num_rows
    columns = {name: _read_column(stage, batch, name) for name in GIVEN}
    alive = _still_kept(batch)
    docs = Batch(columns, alive, scores=_earlier_scores(batch))
    textless = _without_text(stage, docs)
    docs.remove(textless)
    found = judge_safely(stage, docs)
    keep = docs.alive & found.keep
    gone = docs.alive & ~found.keep

    def pick(values: Any, kind: pa.DataType) -> pa.Array:
        if values is None:
            return pa.nulls(n, kind)
        return pa.array([v if g and v == v else None for v, g in zip(values, gone, strict=True)], kind)

    reasons = None if found.reason is None else np.array([r and f"{stage.noun}.{r}" for r in found.reason], object)
    fields = {
        "stage": pick([stage.name] * n, pa.string()),
        "reason": pick(reasons, pa.string()),
        "score": pick(found.score, pa.float64()),
        "threshold": pick(found.threshold, pa.float64()),
        "evidence": pick(found.evidence, pa.string()),
        "survivor": pa.nulls(n, pa.string()),
        "similarity": pa.nulls(n, pa.float64()),
    }
    fields |= {name: pc.if_else(pa.array(textless), said, fields[name]) for name, said in _NO_TEXT.items()}
    order = [schema.VERDICT.field(i) for i in range(schema.VERDICT.num_fields)]
    verdict = pa.StructArray.from_arrays(
        [fields[f.name] for f in order], fields=order, mask=pa.array(~gone & ~textless)
    )
    if not alive.all() and "verdict" in batch.schema.names:
        earlier = pa.array(batch.column("verdict").to_pylist(), schema.VERDICT)
        verdict = pc.if_else(pa.array(alive), verdict, earlier)
    result = {"kept": pa.array(keep), "verdict": verdict}
    if stage.scores:
        measured = [found.scores.get(s, pa.nulls(n, pa.float64())).cast(pa.float64()) for s in stage.scores]
        others = [f.name for f in _other_scores(stage, batch.schema)]
        kept = [pc.struct_field(batch.column("scores"), name) for name in others]
        result["scores"] = pa.StructArray.from_arrays([*kept, *measured], names=[*others, *stage.score_columns()])
    text = columns["text"]
    if found.text is not None:
        text = pa.array(
            [e if e is not None else t for e, t in zip(found.text.to_pylist(), text.to_pylist(), strict=True)]
        )
    result["text"] = text
    for name in _changed(stage, batch.schema):
        result[name] = pc.if_else(pa.array(alive), found.columns.get(name, columns[name]), columns[name])
    wanted = result_schema(stage, batch.schema)
    return pa.RecordBatch.from_arrays(
        [(result[f.name] if f.name in result else batch.column(f.name)).cast(f.type) for f in wanted], schema=wanted
    )
