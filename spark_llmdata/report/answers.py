"""`sl.why`, `sl.show`, `sl.duplicates`: the questions of the command line, asked from Python."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata import markup
from spark_llmdata.errors import UsageError
from spark_llmdata.report.duplicates import MAX_LIMIT, compare_pair, find_duplicates
from spark_llmdata.report.listing import describe_duplicates, describe_pair
from spark_llmdata.report.show import show as look
from spark_llmdata.report.show_listing import describe_shown
from spark_llmdata.report.why import explain
from spark_llmdata.report.why_listing import describe_why
from spark_llmdata.store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Answer(Mapping[str, Any]):
    """What was found, as a mapping: the object that the command prints with `--json`.

    Printed, it is what the command tells a person; a notebook shows it as tables and marked text.
    """

    def __init__(self, facts: Mapping[str, Any], text: str, page: str) -> None:
        self._facts, self._text, self._page = dict(facts), text, page

    def __getitem__(self, name: str) -> Any:
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._page

    def as_json(self) -> dict[str, Any]:
        """The facts, as the command prints them with `--json`."""
        return dict(self._facts)


def why(what: str, *, store: str | Path, run: str | None = None, spark: SparkSession | None = None) -> Answer:
    """Say what became of a document: outcome, stage, reason, score and threshold, evidence, its path, who stays for it.

    `what` is a doc_id, a URL, an id, or `FILE:OFFSET`; `run` an id or its beginning, by default the newest that is
    done. Without `spark` the active session is used, or a local one is made.

    Raises:
        NotFound: no such run, or no record of it is called so.
        UsageError: there is no store.
    """
    facts = explain(_open(store, spark), str(what), run)
    return Answer(facts, describe_why(facts), _why_page(facts))


def show(
    what: str,
    *,
    store: str | Path,
    run: str | None = None,
    stage: str | None = None,
    context: int | None = None,
    private: bool = False,
    spark: SparkSession | None = None,
) -> Answer:
    """Show a document's text with what each stage took out and put in, and what counted against it.

    `what` and `run` are as in `why`. With `stage` the text is shown as that stage saw it; with `context` only so many
    characters beside what is marked; with `private` personal data as it stood in the input.

    Raises:
        NotFound: no such run, or no record of it is called so.
        UsageError: no such stage judged documents, or the context is negative.
    """
    facts = look(_open(store, spark), str(what), run=run, stage=stage, private=private, context=context)
    return Answer(facts, describe_shown(facts), _shown_page(facts))


def duplicates(
    what: str | None = None,
    *,
    store: str | Path,
    text: str | None = None,
    diff: str | None = None,
    threshold: float = 0.5,
    limit: int = 20,
    run: str | None = None,
    spark: SparkSession | None = None,
) -> Answer:
    """List what resembles a document (`what`, as in `why`) or a `text`; with `diff` what differs from that document.

    Listed are at most `limit` records with a similarity of `threshold` (above 0, at most 1) or more.

    Raises:
        NotFound: no such run or document, or it has no stored text or no words.
        UsageError: neither or both of `what` and `text`, or a number out of its bounds.
    """
    if (what is None) == (text is None):
        raise UsageError("expected either a doc_id, URL or FILE:OFFSET, or text=...")
    if not 0 < threshold <= 1:
        raise UsageError(f"threshold is {threshold:g}; expected a similarity above 0, at most 1")
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"limit is {limit}; expected a number from 1 to {MAX_LIMIT:,}")
    opened = _open(store, spark)
    if diff is not None:
        pair = compare_pair(opened, what, diff, text=text, run=run)
        return Answer(pair, describe_pair(pair), _pair_page(pair))
    facts = find_duplicates(opened, what, text=text, run=run, threshold=threshold, limit=limit)
    return Answer(facts, describe_duplicates(facts), _duplicates_page(facts))


def _open(store: str | Path, spark: SparkSession | None) -> Store:
    from spark_llmdata.session import local_session
    from spark_llmdata.store.delta import check_folder

    check_folder(str(store), must_exist=True)
    return Store.open(spark if spark is not None else local_session(), str(store), must_exist=True)


def _outcome(facts: Mapping[str, Any]) -> dict[str, object]:
    by = None
    if facts["reason"]:
        measured = "" if facts["score"] is None else f": {facts['score']:g}"
        limit = "" if facts["threshold"] is None else f", the threshold is {facts['threshold']:g}"
        by = f"{facts['stage']}, {facts['reason']}{measured}{limit if measured else ''}"
    stays = facts["survivor"]
    return {
        "by": by,
        "evidence": json.dumps(facts["evidence"], ensure_ascii=False) if facts["evidence"] else None,
        "stays": stays and f"{stays['doc_id']} {stays['url'] or ''}".rstrip(),
        "doc_id": facts["doc_id"],
        "record": f"{facts['location']['file']}:{facts['location']['offset']} (source {facts['source']})",
        "also": f"{len(facts['others']):,} more records are called so" if facts["others"] else None,
        "run": facts["run"] if facts["run_state"] == "done" else f"{facts['run']}, {facts['run_state']}",
    }


def _why_page(facts: Mapping[str, Any]) -> str:
    path = []
    for step in facts["path"]:
        scores = ", ".join(f"{name} {value:g}" for name, value in step["scores"].items())
        path.append((step["stage"], "kept" if step["kept"] else "removed", step["edits"] or None, scores))
    return markup.block(
        f"{facts['url'] or facts['doc_id']}: {facts['outcome']}",
        markup.facts(_outcome(facts)),
        markup.table(("stage", "", "edits", "scores"), path),
    )


def _shown_page(facts: Mapping[str, Any]) -> str:
    pieces = "".join(map(_piece, facts["shown"]["pieces"]))
    return markup.block(
        f"{facts['url'] or facts['doc_id']}: {facts['outcome']}",
        markup.facts(_outcome(facts)),
        *(markup.note(told) for told in facts["shown"]["notes"]),
        markup.preformatted(pieces),
    )


def _piece(piece: Mapping[str, Any]) -> str:
    if "left_out" in piece:
        return markup.escape(f" ... ({piece['left_out']:,} characters) ... ")
    text = f"<{piece['secret']}>" if piece["text"] is None else piece["text"]
    kind = next((name for name in ("taken", "put", "counts") if name in piece), None)
    return markup.escape(text) if kind is None else markup.marked(kind, text, str(piece[kind]))


def _duplicates_page(facts: Mapping[str, Any]) -> str:
    own = facts["document"]
    rows = [
        (row["jaccard"], row["containment"], row["outcome"], row["reason"], row["url"] or row["id"] or row["doc_id"])
        for row in facts["similar"]
    ]
    more = facts["found"] - len(rows)
    return markup.block(
        f"{own['url'] or own['id'] or own['doc_id']}: {own['outcome']}" if own else "the text given",
        markup.table(("jaccard", "contained", "outcome", "reason", "document"), rows, limit=len(rows)),
        markup.note("nothing resembles it") if not rows else "",
        markup.note(f"{more:,} more are found; limit=... shows them") if more > 0 else "",
    )


def _pair_page(facts: Mapping[str, Any]) -> str:
    kinds = {"removed": ("taken", "only in the first"), "added": ("put", "only in the second")}
    pieces = []
    for piece in facts["differences"]:
        text = f"... ({piece['words']:,} more words)" if piece["text"] is None else piece["text"]
        told = kinds.get(piece["kind"])
        pieces.append(markup.escape(text) if told is None else markup.marked(told[0], text, told[1]))
    return markup.block(
        f"jaccard {facts['jaccard']:.3f}, containment {facts['containment']:.3f}",
        markup.note("the texts are the same" if facts["same_text"] else ""),
        markup.preformatted(" ".join(pieces)),
    )
