"""The answer in a notebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from spark_llmdata import markup

if TYPE_CHECKING:
    from spark_llmdata.retuning.answer import Retuned


def describe_page(found: Retuned) -> str:
    """Counts then and now, whether that is exact, and the documents nearest to each changed threshold."""
    changes = ", ".join(f"{c.path} {json.dumps(c.was)} → {json.dumps(c.now)}" for c in found.changes)
    then, now = found.kept_then, found.kept_now
    counted = [
        ("documents kept", then.documents, now.documents, now.documents - then.documents),
        ("their words", then.words, now.words, now.words - then.words),
        *((r.reason, r.then, r.now, r.now - r.then) for r in found.reasons),
        *((f"waiting for {stage}", 0, n, n) for stage, n in found.waiting.items()),
    ]
    exact = "exact: running it keeps and removes these documents, for these reasons"
    return markup.block(
        f"run {found.run} with {changes}",
        markup.table(("", "then", "now", "difference"), counted, limit=40),
        markup.note(exact if found.exact else "not exact: " + "; ".join(found.because)),
        *map(_border, found.borders),
        markup.note(f"to run it: {found.command}"),
    )


def _border(border: dict[str, Any]) -> str:
    said = "where it removes" if border["side"] == "removed" else "where it keeps"
    rows = [
        (
            document["score"],
            document["url"] or document["doc_id"],
            f"{document['then']} → {document['now']}" if document["changes"] else document["now"],
            " ".join((document["text"] or "").split()),
        )
        for document in border["documents"]
    ]
    title = f"{border['setting']}, nearest to {border['rule']} {said}"
    return markup.block(title, markup.table(("score", "document", "fate", "begins"), rows, limit=5))
