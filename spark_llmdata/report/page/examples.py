"""Examples for a page: a stored document with what is known of it and an excerpt."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from spark_llmdata.report.marked_text import MarkedText
from spark_llmdata.report.origin import stored
from spark_llmdata.report.page.excerpt import make_excerpt
from spark_llmdata.report.page.model import Example, Piece
from spark_llmdata.report.page.records import MAX_TEXT_BYTES, Place, Records
from spark_llmdata.report.page.screen import Screen

#: Marks a text as the place at hand asks for.
Mark = Callable[[MarkedText, pa.RecordBatch], None]


class Examples:
    """Makes examples of rows that were fetched before."""

    def __init__(self, records: Records, screen: Screen) -> None:
        self.records, self.screen = records, screen
        self._rows: dict[Place, pa.RecordBatch] = {}

    def fetch(self, places: set[Place]) -> None:
        """Read the rows of which examples will be made."""
        self._rows |= self.records.fetch(places - set(self._rows))

    def row(self, place: Place) -> pa.RecordBatch | None:
        """A row that was fetched; None where the segment does not hold it."""
        return self._rows.get(place)

    def of_fate(self, fate: Any, place: Place | None) -> Example:
        """A record with the verdict its fate tells, and what counted marked in its text."""
        row = None if place is None else self.row(place)
        marked = None if row is None else self.screen.look(row)
        quoted = self.screen.tell_evidence(fate.evidence, fate.stage, marked, fate.url)
        if marked is not None and row is not None and fate.reason is not None:
            self.screen.condemn(marked, row, fate.stage, fate.reason, quoted)
        return Example(
            fate.doc_id,
            name_record(fate),
            fate.source,
            None if row is None else stored(row, "lang"),
            fate.words,
            fate.score,
            fate.threshold,
            self.screen.quote(fate.evidence, fate.stage, marked, fate.url),
            self._excerpt(row, marked),
            self.command(fate, has_text=row is not None),
        )

    def of_place(
        self, place: Place, score: float | None = None, threshold: float | None = None, mark: Mark | None = None
    ) -> Example | None:
        """A stored document, without a verdict; None where its row is not there."""
        row = self.row(place)
        if row is None:
            return None
        marked = self.screen.look(row)
        if mark is not None and marked is not None:
            mark(marked, row)
        return self.of_text(row, marked, score, threshold)

    def of_text(
        self,
        row: pa.RecordBatch,
        marked: MarkedText | None,
        score: float | None = None,
        threshold: float | None = None,
        stage: str | None = None,
    ) -> Example:
        """A stored document with a text that was marked elsewhere; with `stage` the command shows what it alone did."""
        facts = {name: stored(row, name) for name in ("doc_id", "id", "url", "file", "offset", "source", "lang")}
        record = _Named(facts)
        return Example(
            facts["doc_id"],
            name_record(record),
            facts["source"],
            facts["lang"],
            stored(row, "words"),
            score,
            threshold,
            None,
            self._excerpt(row, marked),
            self.command(record, stage),
        )

    def _excerpt(self, row: pa.RecordBatch | None, marked: MarkedText | None) -> tuple[Piece, ...]:
        if marked is not None:
            return make_excerpt(self.screen.tell(marked))
        if row is None or not stored(row, "bytes"):
            return ()
        if stored(row, "bytes") > MAX_TEXT_BYTES:
            return (Piece("cut", f"{stored(row, 'bytes'):,} bytes, too long for an excerpt"),)
        if stored(row, "text") is None:
            return (Piece("cut", f"{stored(row, 'bytes'):,} bytes, not stored"),)
        return (Piece("cut", f"{stored(row, 'bytes'):,} bytes, of which cannot be told what is private"),)

    def command(self, record: Any, stage: str | None = None, *, has_text: bool = True) -> str:
        """What shows all of a record, or tells of one that has no text."""
        verb = "show" if has_text else "why"
        name = shlex.quote(record.doc_id or f"{record.file}:{record.offset}")
        store, run = shlex.quote(self.records.store.root), self.records.record.run
        also = "" if stage is None else f" --stage {stage}"
        return f"llmdata {verb} {name} --store {store} --run {run}{also}"


class _Named:
    """Facts that are read as those of a row."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.doc_id, self.id, self.url = facts["doc_id"], facts["id"], facts["url"]
        self.file, self.offset = facts["file"], facts["offset"]


def name_record(record: Any) -> str:
    """What a person calls a record: its address, its id, or where it stands."""
    return str(record.url or record.id or f"{record.file}:{record.offset}")
