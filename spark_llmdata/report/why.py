"""Why a document is, or is not, in the corpus: one fate, and its path through the stages."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import NotFound
from spark_llmdata.portion import tell_portion
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pyspark.sql import Column, Row

_DOC_ID = re.compile(r"[0-9a-f]{32}")
_OFFSET = re.compile(r"(?P<file>.+):(?P<offset>\d+)")


@dataclass(frozen=True)
class Question:
    """What was asked for, in the forms it can have."""

    text: str

    def conditions(self) -> dict[str, Column]:
        """Each way to understand the question, best first, as a condition on fates."""
        from pyspark.sql import functions as F

        ways: dict[str, Column] = {}
        if _DOC_ID.fullmatch(self.text):
            ways["doc_id"] = F.col("doc_id") == self.text
        ways["url"] = F.col("url") == self.text
        ways["id"] = F.col("id") == self.text
        place = _OFFSET.fullmatch(self.text)
        if place:
            name, offset = place["file"], int(place["offset"])
            here = (F.col("file") == name) | F.col("file").endswith("/" + name.lstrip("/"))
            ways["file and offset"] = here & (F.col("offset") == offset)
        return ways


def explain(store: Store, question: str, run: str | None = None) -> dict[str, Any]:
    """Answer as one object: outcome, reason, evidence, survivor, path; `others` are further records it could mean."""
    record = Ledger(store).find(run)
    fate, *others = find_records(store, record, question)
    return describe(store, record, fate, others)


def describe(store: Store, record: RunRecord, fate: Row, others: Sequence[Row]) -> dict[str, Any]:
    """The same of a fate that was found."""
    path, lang = _path(store, record, fate)
    unfinished = fate.outcome == "kept" and record.state != "done"  # the run ended between its fates and the corpus
    return {
        "doc_id": fate.doc_id,
        "url": fate.url,
        "lang": lang,
        "outcome": "pending" if unfinished else fate.outcome,
        "stage": fate.stage,
        "reason": fate.reason,
        "score": fate.score,
        "threshold": fate.threshold,
        "evidence": _parsed(fate.evidence),
        "survivor": _survivor(store, record, fate),
        "path": path,
        "run": record.run,
        "run_state": record.state,
        "portion": record.manifest.get("portion"),
        "source": fate.source,
        "location": {"file": fate.file, "offset": fate.offset},
        "others": [
            {"doc_id": o.doc_id, "outcome": o.outcome, "reason": o.reason, "file": o.file, "offset": o.offset}
            for o in others
        ],
    }


def find_records(store: Store, record: RunRecord, question: str) -> list[Row]:
    """The fates that a document's id, URL or place can mean, at most 100, those worth telling first.

    Raises:
        NotFound: no record of the run is called so.
    """
    from pyspark.sql import functions as F

    fates = store.fates.read().where(F.col("run") == record.run)
    ways = Question(question).conditions()
    for condition in ways.values():
        found = fates.where(condition).orderBy("file", "offset", "ordinal").limit(100).collect()
        if found:
            return sorted(found, key=_telling)
    total = fates.count()
    others = (
        store.fates.read().where(reduce(or_, ways.values())).select("run").distinct().orderBy("run").limit(3).collect()
    )
    part = tell_portion(record.manifest.get("portion"))
    looked = f"; the run read only {part}" if part else ""
    known = f"; it is known to {', '.join(row.run for row in others)}: ask by --run" if others else ""
    raise NotFound(
        f"{question!r}: no record of run {record.run} has it as {', '.join(ways)}; searched {total:,} fates in "
        f"{store.fates.path}{looked}{known}. URLs must match exactly, with http or https, and with or without / at the "
        "end; a file is named as in the manifest, with :OFFSET behind it"
    )


def _telling(fate: Row) -> tuple[int, str, int, int]:
    """The order in which records of one URL are worth telling: documents before requests and copies."""
    side = ("read.not_content", "read.duplicate_record")
    rank = ["kept", "pending", "removed", "rejected"].index(fate.outcome)
    return (4 if fate.reason in side else rank, fate.file, fate.offset, fate.ordinal)


def _parsed(evidence: str | None) -> Any:
    try:
        return json.loads(evidence) if evidence else None
    except ValueError:
        return evidence


def _survivor(store: Store, record: RunRecord, fate: Row) -> dict[str, Any] | None:
    from pyspark.sql import functions as F

    if fate.survivor is None:
        return None
    same = (F.col("run") == record.run) & (F.col("doc_id") == fate.survivor)
    rows = store.fates.read().where(same).select("url").limit(1).collect()
    return {"doc_id": fate.survivor, "url": rows[0].url if rows else None, "similarity": fate.similarity}


def _path(store: Store, record: RunRecord, fate: Row) -> tuple[list[dict[str, Any]], str | None]:
    """What each stage that saw the document said, in order, and the language it had in the end."""
    steps: list[dict[str, Any]] = []
    lang: str | None = None
    segments = record.manifest["segments"]
    verdicts = record.manifest["verdicts"]
    bound = _bound_stages(record)
    for index, segment in enumerate(segments):
        row = _row(store, segment["table"], fate)
        if row is None:
            break
        lang = row.lang
        stopped = row.verdict.stage if row.verdict else None
        first = ["read"] if index == 0 else []
        for stage in [*first, *segment["stages"]]:
            kept = stage != stopped
            if stage == "read" and fate.reason == "read.duplicate_record":
                kept = False
            scores = _scores(row, segment["scores"].get(stage, ()))
            step = {"stage": stage, "kept": kept, "scores": scores, "edits": _edits(row, stage)}
            if kept and not scores and stage in bound:
                step["not_applicable"] = f"it has no settings for the language {row.lang!r}"
            steps.append(step)
            if not kept:
                return steps, lang
        for verdict in verdicts:
            if verdict["behind"] == index and verdict["stage"] != "read":
                kept = verdict["stage"] != fate.stage
                steps.append({"stage": verdict["stage"], "kept": kept, "scores": {}, "edits": 0})
                if not kept:
                    return steps, lang
    return steps, lang


def _bound_stages(record: RunRecord) -> frozenset[str]:
    """The stages of the run that judge some languages only; such a stage measures every document that it judges."""
    stages = record.manifest["recipe"]["stages"]
    return frozenset(s["id"] for s in stages if s.get("language_data") or s.get("by_language"))


def _row(store: Store, table: str, fate: Row) -> Row | None:
    from pyspark.sql import functions as F

    rows = store.spark.read.format("delta").load(f"{store.root}/{table}")
    names = [c for c in ("kept", "verdict", "scores", "edits", "lang") if c in rows.columns]
    same = (F.col("part") == fate.part) & (F.col("ordinal") == fate.ordinal)
    found = rows.where(same).select(*names).limit(1).collect()
    return found[0] if found else None


def _scores(row: Row, names: Sequence[str]) -> dict[str, float]:
    scores = row.asDict().get("scores")
    return {} if scores is None else {k: v for k, v in scores.asDict().items() if k in names and v is not None}


def _edits(row: Row, stage: str) -> int:
    return int((row.edits or {}).get(stage, 0))
