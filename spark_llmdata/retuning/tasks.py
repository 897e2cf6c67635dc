"""What runs on executors: walking stored rows through the stages again, as callables for `mapInArrow`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from spark_llmdata.batch import Batch
from spark_llmdata.retuning.border import find_sides
from spark_llmdata.retuning.change import Change
from spark_llmdata.retuning.walk import Walk, Way

#: What is read of a row, besides the score columns, which are read under their names behind `score:`.
READ = ("doc_id", "url", "part", "ordinal", "lang", "rejected", "stage", "reason", "survivor", "words")
SCORE = "score:"
#: Of these, what tells how a row ended.
ENDED = ("stage", "reason", "rejected", "words")

#: Where a document ended then and ends now: numbers of steps passed, and the verdicts.
WALKED = pa.schema(
    [
        pa.field("doc_id", pa.string()),
        pa.field("survivor", pa.string()),
        pa.field("words", pa.int64()),
        pa.field("then_at", pa.int64()),
        pa.field("then_stage", pa.string()),
        pa.field("then_reason", pa.string()),
        pa.field("then_rejected", pa.bool_()),
        pa.field("now_at", pa.int64()),
        pa.field("outcome", pa.string()),
        pa.field("now_stage", pa.string()),
        pa.field("now_reason", pa.string()),
        pa.field("doubtful", pa.bool_()),
    ]
)

#: A document near a threshold; `change` is its number among the changes, `segment` where the document is stored.
BORDER = pa.schema(
    [
        pa.field("change", pa.int64()),
        pa.field("rule", pa.string()),
        pa.field("removes", pa.bool_()),
        pa.field("distance", pa.float64()),
        pa.field("score", pa.float64()),
        pa.field("threshold", pa.float64()),
        pa.field("threshold_was", pa.float64()),
        pa.field("doc_id", pa.string()),
        pa.field("url", pa.string()),
        pa.field("segment", pa.int64()),
        pa.field("part", pa.string()),
        pa.field("ordinal", pa.int64()),
        pa.field("then_stage", pa.string()),
        pa.field("then_reason", pa.string()),
        pa.field("outcome", pa.string()),
        pa.field("now_stage", pa.string()),
        pa.field("now_reason", pa.string()),
    ]
)


def read_scores(rows: pa.RecordBatch) -> Batch:
    """What decides about stored rows: their scores and `lang`."""
    scores = {name.removeprefix(SCORE): rows.column(name) for name in rows.schema.names if name.startswith(SCORE)}
    return Batch({"lang": rows.column("lang")}, scores=scores)


@dataclass(frozen=True)
class WalkAgain:
    """Says of each row where it ended and where it ends now."""

    walk: Walk

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take batches of `READ` and scores; give `WALKED`, row by row."""
        for rows in batches:
            way = self.walk.follow(read_scores(rows), *(rows.column(c) for c in ENDED))
            columns = {name: rows.column(name) for name in ("doc_id", "survivor", "words")}
            columns |= {"then_stage": rows.column("stage"), "then_reason": rows.column("reason")}
            columns["then_rejected"] = rows.column("rejected")
            columns |= {name: pa.array(getattr(way, name)) for name in ("then_at", "now_at", "doubtful")}
            columns |= _now(way)
            yield pa.RecordBatch.from_arrays([columns[f.name].cast(f.type) for f in WALKED], schema=WALKED)


@dataclass(frozen=True)
class FindBorders:
    """Gives the rows nearest to each changed threshold, of each batch as many as are told in the end."""

    walk: Walk
    changes: Sequence[Change]
    segment: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take batches of `READ` and scores; give `BORDER`."""
        for rows in batches:
            docs = read_scores(rows)
            way = self.walk.follow(docs, *(rows.column(c) for c in ENDED))
            now = _now(way)
            for side in find_sides(self.walk, self.changes, way, docs, rows.column("doc_id"), rows.column("reason")):
                chosen = pa.array(side.rows)
                columns = {c: rows.column(c).take(chosen) for c in ("doc_id", "url", "part", "ordinal")}
                columns |= {f"then_{c}": rows.column(c).take(chosen) for c in ("stage", "reason")}
                columns |= {name: values.take(chosen) for name, values in now.items()}
                numbers = ("distance", "score", "threshold", "threshold_was")
                columns |= {name: pa.array(getattr(side, name), from_pandas=True) for name in numbers}
                constants = (("change", side.change), ("rule", side.reason), ("removes", side.removes))
                for name, value in (*constants, ("segment", self.segment)):
                    columns[name] = pa.array(np.full(len(side.rows), value))
                yield pa.RecordBatch.from_arrays([columns[f.name].cast(f.type) for f in BORDER], schema=BORDER)


def _now(way: Way) -> dict[str, pa.Array]:
    names = {"outcome": way.outcome, "now_stage": way.stage, "now_reason": way.reason}
    return {name: pa.array(values, pa.string()) for name, values in names.items()}
