"""A segment: neighboring row stages fused into one pass over Arrow batches; plain Arrow, no Spark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata import schema
from spark_llmdata.batch import Batch, mask
from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.evidence import withhold
from spark_llmdata.isolation import judge_safely
from spark_llmdata.kernels import hashing
from spark_llmdata.portion import NOT_SAMPLED, Sampling
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import MAX_EVIDENCE, RESERVED_REASONS, BoolArray, Judgement, list_by_row

BATCH_ROWS = 2_000
BATCH_BYTES = 16 << 20

RemovedText = Literal["all", "sample", "none"]
Judged = Literal["alive", "all"]

#: What the corpus holds of a row, and therefore what a row's hash covers.
_HASHED = ("doc_id", "id", "url", "text", "lang", "date", "source", "meta")


@dataclass(frozen=True)
class Segment:
    """Row stages that run in one pass.

    The first segment of a run (`reads`) takes records (`schema.RECORD`), later ones take the kept rows of the segment
    before, whose score columns are `prior_scores`. The result has the schema `schema.segment(score_names)`.

    With `judged` all a row that a stage removes is shown to the later ones all the same, as if it had stayed: for their
    scores (and `lang`), which is all that is stored of it. Text, edits and hashes are as of its removal.

    With `sampling` a record that is not in the sample ends where it was read, and nothing is stored of what it holds.
    """

    stages: tuple[RowStage, ...]
    reads: bool
    prior_scores: tuple[str, ...] = ()
    removed_text: RemovedText = "all"
    judged: Judged = "alive"
    sampling: Sampling | None = None

    @property
    def score_names(self) -> tuple[str, ...]:
        """All score columns of the segment's table, those of earlier segments first."""
        return self.prior_scores + tuple(name for s in self.stages for name in s.score_columns())

    @property
    def schema(self) -> pa.Schema:
        """The schema of the segment's table."""
        return schema.segment(self.score_names)

    def documents(self, batch: pa.RecordBatch) -> Batch:
        """The documents of a batch as the segment's first stage sees them; what could not be read is not alive."""
        return (_from_records(batch, "", self.sampling) if self.reads else _from_rows(batch, self.prior_scores)).docs

    def judge(
        self, batch: pa.RecordBatch, part: str | None = None, *, isolated: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Judge a batch; gives one row for each row, in order, in batches of bounded size.

        With `isolated` stages judge in child processes: slower, but a row that kills its process is found and rejected.
        """
        for rows in slices(batch):
            state = (
                _from_records(rows, part or "", self.sampling) if self.reads else _from_rows(rows, self.prior_scores)
            )
            state.shows_removed = self.judged == "all"
            for stage in self.stages:
                state.apply(stage, isolated)
            state.require_text("text")
            yield state.finish(self)


class _State:
    """The columns of a batch on their way through the stages.

    `docs.alive` are the rows that stages are shown: those `kept` so far, and with `shows_removed` removed ones too. Of
    these `docs` holds what the stages make of them, `stored` what is to be stored: the columns as of their removal.
    """

    def __init__(self, docs: Batch, rest: dict[str, pa.Array], scores: dict[str, pa.Array]) -> None:
        n = len(docs)
        self.docs = docs
        self.rest = rest  # columns no stage looks at: location, payload, edits so far
        self.scores = scores
        self.shows_removed = False
        self.kept: BoolArray = docs.alive.copy()
        self.stored: dict[str, pa.Array] = {}
        self.own_scores: dict[str, pa.Array] = {}  # those of rows that were not removed before
        self.rejected: BoolArray = np.zeros(n, dtype=bool)
        self.stage = np.full(n, None, dtype=object)
        self.reason = np.full(n, None, dtype=object)
        self.evidence = np.full(n, None, dtype=object)
        self.score, self.threshold = np.full(n, np.nan), np.full(n, np.nan)
        self.edits: dict[str, np.ndarray[Any, np.dtype[np.int64]]] = {}
        self.changes: dict[str, pa.Array] = {}

    def apply(self, stage: RowStage, isolated: bool) -> None:
        for need in sorted(stage.requires & {"text"}):
            self.require_text(need)
        judgement = judge_safely(stage, self.docs, isolated=isolated)
        _check(stage, judgement, self.docs)
        for name in stage.scores:
            measured = judgement.scores.get(name, pa.nulls(len(self.docs), pa.float64())).cast(pa.float64())
            column = f"{stage.noun}_{name}"
            self.scores[column] = pc.if_else(pa.array(self.docs.alive), measured, None)
            if self.shows_removed:
                self.own_scores[column] = pc.if_else(pa.array(self.kept), measured, None)
        if judgement.text is not None:
            self._replace("text", judgement.text, np.asarray(judgement.text.is_valid()))
        if judgement.edits is not None:
            self.edits[stage.name] = np.where(self.kept, judgement.edits, 0)
        if judgement.changes is not None:
            self.changes[stage.name] = mask(judgement.changes, self.kept)
        for name, values in judgement.columns.items():
            self._replace(name, values, np.ones(len(self.docs), dtype=bool))
        if judgement.onward is not None and self.shows_removed:
            later = pc.if_else(pa.array(self.docs.alive), judgement.onward, None)
            self.docs.replace("text", pc.coalesce(later, self.docs.raw("text")))
        gone = self.kept & ~judgement.keep
        self.settle(gone, stage.name, f"{stage.noun}.", judgement)
        self.kept &= ~gone
        rejected = np.zeros(len(gone), dtype=bool) if judgement.rejected is None else judgement.rejected
        self.docs.remove(rejected & ~self.kept if self.shows_removed else gone)

    def _replace(self, name: str, values: pa.Array, given: BoolArray) -> None:
        """Set a column where a value is given: for the stages behind, and of rows not yet removed for the table."""
        before = self.docs.raw(name)
        if self.shows_removed:
            self.stored[name] = pc.if_else(pa.array(given & self.kept), values, self.stored.get(name, before))
        self.docs.replace(name, pc.if_else(pa.array(given & self.docs.alive), values, before))

    def settle(self, gone: BoolArray, stage: str, prefix: str, judgement: Judgement) -> None:
        """Write the verdict of the rows that go; who was settled before is not alive and cannot come here."""
        if not gone.any():
            return
        self.stage[gone] = stage
        if judgement.reason is not None:
            self.reason[gone] = [f"{prefix}{r}" for r in judgement.reason[gone]]
        for name in ("score", "threshold", "evidence", "rejected"):
            values = getattr(judgement, name)
            if values is not None:
                getattr(self, name)[gone] = values[gone]

    def require_text(self, need: str) -> None:
        """Reject the rows that have no text by now: no later stage could say anything of them."""
        absent = self.docs.alive & np.asarray(self.docs.raw(need).is_null())
        if not absent.any():
            return
        missing = absent & self.kept
        html = self.docs.raw("html") if "html" in self.rest else None
        has_html = np.asarray(html.is_valid()) if html is not None else np.zeros(len(missing), dtype=bool)
        for which, reason, words in (
            (
                missing & has_html,
                "not_extracted",
                "the record holds HTML, or text that is to be decoded; put extract.html first in the recipe",
            ),
            (
                missing & ~has_html,
                "no_text",
                "the record has no text; if it has another name, map it: read.columns.text",
            ),
        ):
            evidence = np.full(len(missing), json.dumps({"error": words}), dtype=object)
            judgement = Judgement.remove_where(which, reason, evidence=evidence, rejected=which)
            self.settle(which, "read", "read.", judgement)
        self.kept &= ~missing
        self.docs.remove(absent)

    def finish(self, segment: Segment) -> pa.RecordBatch:
        """Put the batch together as the segment's table has it."""
        kept = self.kept
        columns = {name: self.stored.get(name, self.docs.raw(name)) for name in _HASHED} | self.rest
        facts = hashing.text_facts(columns["text"])
        columns["bytes"], columns["words"] = facts.column("bytes"), facts.column("words")
        columns["text_hi"], columns["text_lo"] = facts.column("hi"), facts.column("lo")
        hashed = {name: columns[name] for name in _HASHED}
        if segment.score_names:
            arrays = [self.scores[name] for name in segment.score_names]
            columns["scores"] = pa.StructArray.from_arrays(arrays, names=list(segment.score_names))
            arrays = [self.own_scores.get(name, self.scores[name]) for name in segment.score_names]
            hashed["scores"] = pa.StructArray.from_arrays(arrays, names=list(segment.score_names))
        columns["row_hi"], columns["row_lo"] = hashing.row_hashes(pa.RecordBatch.from_pydict(hashed))
        columns["lang"] = self.docs.raw("lang")  # with the scores it is what a removed row can be decided by again
        if segment.removed_text != "all":
            columns["text"] = _thin(columns["text"], columns["doc_id"], kept, segment.removed_text)
        if "html" in columns:
            columns["payload"] = _keep_payload(columns["payload"], columns["html"], self.rejected)
        columns["kept"], columns["rejected"] = pa.array(kept), pa.array(self.rejected)
        columns["verdict"] = self._verdict(kept, segment.removed_text)
        columns["edits"] = _count_edits(columns["edits"], self.edits)
        n = len(kept)
        columns["changes"] = _list_changes(n, self.changes)
        wanted = segment.schema
        arrays = [columns[f.name].cast(f.type) if f.name in columns else pa.nulls(n, f.type) for f in wanted]
        return pa.RecordBatch.from_arrays(arrays, schema=wanted)

    def _verdict(self, kept: BoolArray, removed_text: RemovedText) -> pa.Array:
        n = len(kept)

        def numbers(values: Any) -> pa.Array:
            return pa.array(values, pa.float64(), mask=np.isnan(values))

        # What is not to be quoted goes first: in what is cut no quotation can be told any more.
        evidence = [e and withhold(e) for e in self.evidence] if removed_text == "none" else list(self.evidence)
        evidence = [e if e is None or len(e) <= MAX_EVIDENCE else _shorten(e) for e in evidence]
        fields = {
            "stage": pa.array(self.stage, pa.string()),
            "reason": pa.array(self.reason, pa.string()),
            "score": numbers(self.score),
            "threshold": numbers(self.threshold),
            "evidence": pa.array(evidence, pa.string()),
            "survivor": pa.nulls(n, pa.string()),
            "similarity": pa.nulls(n, pa.float64()),
        }
        order = [schema.VERDICT.field(i) for i in range(schema.VERDICT.num_fields)]
        return pa.StructArray.from_arrays([fields[f.name] for f in order], fields=order, mask=pa.array(kept))


#: The columns a stage may replace; ids, source and place say where a document is from and stay as they are.
REPLACEABLE = frozenset({"url", "lang", "date", "meta"})


def _check(stage: RowStage, judgement: Judgement, docs: Batch) -> None:
    """Refuse a judgement that does not fit the batch or says what the stage never declared: the stage's defect."""
    n = len(docs)
    arrays = {k: v for k, v in vars(judgement).items() if k not in ("scores", "columns") and v is not None}
    arrays |= judgement.scores | judgement.columns
    for name, values in arrays.items():
        if len(values) != n:
            raise EnvironmentProblem(
                f"{stage.name} gave {len(values)} values of {name} for a batch of {n} rows; judge() gives one for each"
            )
    reasons = np.full(n, None, dtype=object) if judgement.reason is None else judgement.reason
    given = set(reasons[docs.alive & ~judgement.keep])
    if None in given:
        raise EnvironmentProblem(f"{stage.name} removed a document without a reason; a removal needs one of `reasons`")
    unknown = given - set(stage.reasons) - set(RESERVED_REASONS) | set(judgement.scores) - set(stage.scores)
    if unknown:
        raise EnvironmentProblem(
            f"{stage.name} gives {', '.join(sorted(unknown))}, which its class declares neither in `reasons` nor "
            "in `scores`"
        )
    _check_changes(stage, judgement, docs)
    fixed = set(judgement.columns) - REPLACEABLE
    if fixed:
        raise EnvironmentProblem(
            f"{stage.name} replaces {', '.join(sorted(fixed))}; a stage may replace {', '.join(sorted(REPLACEABLE))}, "
            "and the text by `text`"
        )


def _check_changes(stage: RowStage, judgement: Judgement, docs: Batch) -> None:
    """Refuse changes that a class which says what it changes does not name: orders are chosen by what it says."""
    declared = stage.changed_columns()
    if declared is None:
        return
    changed = set(judgement.columns)
    if judgement.text is not None and (docs.alive & np.asarray(judgement.text.is_valid())).any():
        changed.add("text")
    if changed - declared:
        raise EnvironmentProblem(
            f"{stage.name} changes {', '.join(sorted(changed - declared))}, which its class names neither in `edits` "
            "nor in `provides`; name it there"
        )


def _from_records(rows: pa.RecordBatch, part: str, sampling: Sampling | None) -> _State:
    """Start from what a reader gave: ids are made here, unreadable records end here, and those not in the sample."""
    column = {name: rows.column(name) for name in rows.schema.names}
    column["doc_id"] = hashing.doc_ids(*(column[c] for c in ("source", "id", "url", "date", "raw_hash")))
    if sampling is not None:
        places = pc.binary_join_element_wise(column["file"], column["offset"].cast(pa.string()), ":")
        _leave_out(column, sampling.takes(column["doc_id"], places))
    n = rows.num_rows
    defect = np.asarray(column["defect"].to_numpy(zero_copy_only=False), dtype=object)
    ended = np.asarray(column["defect"].is_valid())
    names = (*_HASHED, "html", "content_type")
    scores: dict[str, pa.Array] = {}
    docs = Batch({name: column[name] for name in names}, scores=scores)
    rest = {name: column[name] for name in ("file", "offset", "ordinal", "payload", "html")}
    rest["part"] = pa.array([part]).take(pa.array(np.zeros(n, dtype=np.int64)))
    rest["edits"] = pa.nulls(n, schema.segment().field("edits").type)
    state = _State(docs, rest, scores)
    evidence = np.asarray(column["evidence"].to_numpy(zero_copy_only=False), dtype=object)
    rejected = np.asarray(column["rejected"].to_numpy(zero_copy_only=False), dtype=bool)
    judgement = Judgement(keep=~ended, reason=defect, evidence=evidence, rejected=rejected)
    state.settle(ended, "read", "read.", judgement)
    state.kept &= ~ended
    docs.remove(ended)
    return state


def _leave_out(column: dict[str, pa.Array], taken: BoolArray) -> None:
    """Give the records that are not in a sample a verdict for what they hold."""
    keep = pa.array(taken)
    for name in ("text", "html", "meta", "payload", "evidence", "defect"):
        column[name] = mask(column[name], taken)
    column["defect"] = pc.if_else(keep, column["defect"], NOT_SAMPLED)
    column["rejected"] = pc.and_(column["rejected"], keep)


def _from_rows(rows: pa.RecordBatch, prior: tuple[str, ...]) -> _State:
    """Start from the kept rows of the segment before."""
    columns = {name: rows.column(name).cast(schema.CORPUS.field(name).type) for name in _HASHED}
    rest = {name: rows.column(name) for name in ("file", "offset", "ordinal", "part", "edits")}
    rest["payload"] = pa.nulls(rows.num_rows, pa.binary())
    scores: dict[str, pa.Array] = {}
    if prior:
        struct = rows.column("scores")
        scores = {name: pc.struct_field(struct, name) for name in prior}
    return _State(Batch(columns, scores=scores), rest, scores)


def slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch where its rows or bytes of text and HTML would exceed the bounds; a large row stands alone."""
    size = np.zeros(batch.num_rows, dtype=np.int64)
    for name in ("text", "html"):
        if name in batch.schema.names:
            column = batch.column(name)
            if pa.types.is_null(column.type):
                continue
            lengths = pc.fill_null(pc.binary_length(column), 0)
            size += np.asarray(lengths, dtype=np.int64)
    begin, held = 0, 0
    for i, length in enumerate(size):
        if i > begin and (held + length > BATCH_BYTES or i - begin == BATCH_ROWS):
            yield batch.slice(begin, i - begin)
            begin, held = i, 0
        held += int(length)
    if begin < batch.num_rows:
        yield batch.slice(begin)


def _thin(text: pa.Array, doc_id: pa.Array, kept: BoolArray, policy: RemovedText) -> pa.Array:
    """Forget the text of removed rows: all of it, or (`sample`) of 15 in 16, chosen by doc_id, itself a hash."""
    keep = pa.array(kept)
    if policy == "sample":
        keep = pc.or_(keep, pc.fill_null(pc.starts_with(doc_id, "0"), False))
    return pc.if_else(keep, text, None)


def _keep_payload(payload: pa.Array, html: pa.Array, rejected: BoolArray) -> pa.Array:
    """A record that was rejected after reading keeps its bytes, cut to a bound."""
    wanted = pc.and_(pa.array(rejected), payload.is_null())
    return pc.if_else(wanted, pc.binary_slice(html, 0, schema.MAX_PAYLOAD), payload)


def _count_edits(before: pa.Array, edits: dict[str, Any]) -> pa.Array:
    """The map of edits by stage, with this segment's added."""
    if not edits:
        return before
    rows = [dict(v) if v else {} for v in before.to_pylist()]
    for stage, counts in edits.items():
        for i in np.flatnonzero(counts):
            rows[i][stage] = int(counts[i])
    return pa.array([list(r.items()) or None for r in rows], before.type)


def _list_changes(n: int, changes: dict[str, pa.Array]) -> pa.Array:
    """What the stages changed, in the order of the stages and then of the text; null where nothing changed."""
    kind = schema.segment().field("changes").type
    if not changes:
        return pa.nulls(n, kind)
    rows, parts = [], []
    for stage, lists in changes.items():
        values = lists.flatten()
        fields = [pa.repeat(stage, len(values)), *values.flatten()]
        parts.append(pa.StructArray.from_arrays(fields, fields=list(kind.value_type)))
        rows.append(np.asarray(pc.list_parent_indices(lists)))
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    return list_by_row(n, row[order], pa.concat_arrays(parts).take(pa.array(order)))


def _shorten(evidence: str) -> str:
    """Evidence within its bound and still JSON: as a string with an ellipsis."""
    cut = evidence[: MAX_EVIDENCE - 20]
    while len(text := json.dumps({"cut": cut + "…"}, ensure_ascii=False)) > MAX_EVIDENCE:
        cut = cut[:-8]
    return text
