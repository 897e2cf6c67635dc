"""Everything that resembles a document in what a run read, and what became of each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.report.cluster import count_members, follow_survivors, last_survivor
from spark_llmdata.report.similarity import Measure, Settings, find_text, measure_all, measure_pair
from spark_llmdata.report.why import find_records
from spark_llmdata.report.word_diff import diff
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

#: More than anybody reads; the survivors of all that is listed are looked up by name.
MAX_LIMIT = 10_000

_NOT_CONTENT = "read.not_content"
_TOLD = ("doc_id", "id", "url", "outcome", "stage", "reason", "survivor", "file", "offset")


@dataclass(frozen=True)
class Subject:
    """What is compared: a document of the run with its fate, or a text from elsewhere without one.

    `others` are records that are called the same, at most 99.
    """

    text: str
    fate: Row | None = None
    others: tuple[Row, ...] = ()


def find_duplicates(
    store: Store,
    question: str | None = None,
    *,
    text: str | None = None,
    run: str | None = None,
    threshold: float = 0.5,
    limit: int = 20,
) -> dict[str, Any]:
    """List what resembles a document (`question`, as in `why`) or a `text`, most similar first, then by doc_id.

    Listed is each other record of the run with a similarity of `threshold` or more, and whatever its similarity one
    with the same doc_id, the same text or the same address; at most `limit` are, and `found` says how many there are.

    Raises:
        NotFound: no such run or document, or the document has no stored text, or one without words.
        UsageError: the text has no words.
    """
    record = Ledger(store).find(run)
    settings = Settings.of(record)
    subject = find_subject(store, record, settings, question, text)
    fates = fates_of(store, record)
    rows, missing = _search(store, record, settings, subject, threshold, limit)
    own = subject.fate
    ids = {row.doc_id for row in rows} | ({own.doc_id} if own else set())
    known = follow_survivors(fates, ids - {None})
    others = fates.count() - (1 if own else 0)
    return {
        "document": _describe(own, known, record) if own else None,
        "called_the_same": [{"doc_id": o.doc_id, "url": o.url, "outcome": _outcome(o, record)} for o in subject.others],
        "run": record.run,
        "run_state": record.state,
        "settings": asdict(settings) | {"threshold": threshold},
        "removed_text": record.manifest["recipe"]["write"]["removed_text"],
        "searched": others,
        "without_text": dict(sorted((o, n) for o, n in missing.items() if o is not None)),
        "found": others - sum(missing.values()),
        "similar": [_describe_found(row, known, record, settings) for row in rows],
        "cluster": _cluster(fates, record, last_survivor(known, own.doc_id)) if own else None,
    }


def compare_pair(
    store: Store, question: str | None, other: str, *, text: str | None = None, run: str | None = None
) -> dict[str, Any]:
    """Compare two documents, or a `text` and a document: how alike they are, and what differs, word by word.

    Raises:
        NotFound: no such run or document, or one has no stored text, or one without words.
        UsageError: the text has no words.
    """
    record = Ledger(store).find(run)
    settings = Settings.of(record)
    first = find_subject(store, record, settings, question, text)
    second = find_subject(store, record, settings, other)
    ids = {s.fate.doc_id for s in (first, second) if s.fate}
    known = follow_survivors(fates_of(store, record), ids)
    jaccard, containment = measure_pair(first.text, second.text, settings)
    return {
        "run": record.run,
        "run_state": record.state,
        "settings": asdict(settings),
        "documents": [_describe(s.fate, known, record) if s.fate else None for s in (first, second)],
        "jaccard": jaccard,
        "containment": containment,
        "same_text": first.text == second.text,
        "differences": [
            {"kind": p.kind, "words": p.left_out or len(p.words), "text": None if p.left_out else " ".join(p.words)}
            for p in diff(first.text, second.text)
        ],
    }


def fates_of(store: Store, record: RunRecord) -> DataFrame:
    """What a run says of its records, without those that are no documents, such as requests in a WARC."""
    from pyspark.sql import functions as F

    fates = store.fates.read().where(F.col("run") == record.run)
    return fates.where(~F.col("reason").eqNullSafe(_NOT_CONTENT))


def find_subject(
    store: Store, record: RunRecord, settings: Settings, question: str | None, text: str | None = None
) -> Subject:
    """Find the text to compare, and say what is wrong with it."""
    none = f"no words by the rule `{settings.words}`, so nothing resembles it"
    if text is not None:
        if not settings.has_words(text):
            raise UsageError(f"the text of {len(text):,} characters has {none}; expected prose")
        return Subject(text)
    assert question is not None
    fate, *others = find_records(store, record, question)
    stored = find_text(store, record, fate)
    if stored is None:
        policy = record.manifest["recipe"]["write"]["removed_text"]
        raise NotFound(
            f"{question!r}: no text of it is stored in run {record.run}, where it was {fate.outcome} "
            f"({fate.reason}; write.removed_text: {policy}); give its text itself: --text FILE"
        )
    if not settings.has_words(stored):
        raise NotFound(f"{question!r}: its text of {len(stored):,} characters has {none}; `llmdata why` tells its fate")
    return Subject(stored, fate, tuple(other for other in others if other.doc_id != fate.doc_id))


def _search(
    store: Store, record: RunRecord, settings: Settings, subject: Subject, threshold: float, limit: int
) -> tuple[list[Row], dict[str | None, int]]:
    """The first rows that resemble the subject, and how many others there are: None with text, by outcome without.

    All in one pass over the texts: what resembles it is a group by itself, the others are counted.
    """
    from pyspark.sql import functions as F

    own = subject.fate
    page = settings.page(own.url) if own else None
    measured = measure_all(store, record, Measure(subject.text, page, settings))
    rows = fates_of(store, record).join(measured, ["part", "ordinal"], "left")
    if own:
        rows = rows.where((F.col("part") != own.part) | (F.col("ordinal") != own.ordinal))
    same_record = F.col("doc_id").eqNullSafe(own.doc_id) if own else F.lit(False)
    near = F.col(settings.similarity)
    told = ["jaccard", "containment", "same_text", "same_url", *_TOLD, "part", "ordinal"]
    found = F.struct(near.alias("similarity"), same_record.alias("same_record"), (near >= threshold).alias("is_near"))
    resembles = same_record | F.col("same_text") | F.col("same_url") | (near >= threshold)
    grouped = rows.select(
        F.when(resembles, F.struct(found.alias("how"), *told)).alias("row"),
        F.when(~F.coalesce(resembles, F.lit(False)) & near.isNull(), F.col("outcome")).alias("missing"),
    )
    order = [F.col("row").isNull().desc(), F.col("row.how.similarity").desc_nulls_last(), *_order()]
    counted = grouped.groupBy("row", "missing").count().orderBy(*order)
    # The groups of rows that resemble nothing come first: with text, and of each outcome without.
    head = counted.limit(limit + 5).collect()
    missing = {group.missing: int(group["count"]) for group in head if group.row is None}
    return [group.row for group in head if group.row is not None][:limit], missing


def _order() -> list[Column]:
    from pyspark.sql import functions as F

    return [F.col(f"row.{name}") for name in ("doc_id", "file", "offset", "ordinal", "part")]


def _describe(fate: Row, known: dict[str, Row], record: RunRecord) -> dict[str, Any]:
    """What became of a record, and who stays for it in the end, however many removals lie between."""
    facts = {name: fate[name] for name in _TOLD[:-2]}
    facts["outcome"] = _outcome(fate, record)
    facts["location"] = {"file": fate.file, "offset": fate.offset}
    facts["stays"] = None
    if fate.survivor is not None:
        last = last_survivor(known, fate.survivor)
        facts["stays"] = {"doc_id": last.doc_id, "url": last.url, "outcome": _outcome(last, record)}
    return facts


def _describe_found(row: Row, known: dict[str, Row], record: RunRecord, settings: Settings) -> dict[str, Any]:
    if row.how.same_record:
        how = ["same_record"]
    else:
        texts = "same_text" if row.same_text else "near_duplicate" if row.how.is_near else None
        how = [h for h in (texts, "same_url" if row.same_url else None) if h]
    measured = {"how": how, "jaccard": row.jaccard, "containment": row.containment}
    return measured | _describe(row, known, record)


def _outcome(fate: Row, record: RunRecord) -> str:
    """As `why` says it: kept is what a finished run kept."""
    return "pending" if fate.outcome == "kept" and record.state != "done" else str(fate.outcome)


def _cluster(fates: DataFrame, record: RunRecord, last: Row) -> dict[str, Any]:
    stages = [verdict["stage"] for verdict in record.manifest["verdicts"]]
    found = count_members(fates, last.doc_id, sum(stage != "read" for stage in stages))
    by_stage = {stage: found[stage] for stage in stages if stage in found}
    return {
        "survivor": {"doc_id": last.doc_id, "url": last.url, "outcome": _outcome(last, record), "stage": last.stage},
        "records": 1 + sum(by_stage.values()),
        "removed": by_stage,
    }
