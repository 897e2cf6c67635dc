"""The answer for a person, as lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from spark_llmdata.report.printable import printable
from spark_llmdata.retuning.answer import Retuned

Table = Callable[[Sequence[str], Sequence[Sequence[object]]], str]


def describe(found: Retuned, table: Table) -> str:
    """The counts then and now, what is not known, and the documents at the border; `table` sets columns."""
    lines = [f"run {found.run} of recipe {found.recipe}, judge: {found.judge}, as it would be with"]
    lines += [f"  {c.path}  {_value(c.was)} -> {_value(c.now)}" for c in found.changes]
    then, now = found.kept_then, found.kept_now
    kept = [("documents kept", then.documents, now.documents), ("their words", then.words, now.words)]
    lines += ["", table(("", "then", "now"), kept), ""]
    reasons = [(r.reason, r.then, r.now, f"{r.now - r.then:+,}" if r.now != r.then else "") for r in found.reasons]
    waiting = [(f"waiting for {stage}", 0, n, f"{n:+,}") for stage, n in found.waiting.items()]
    if reasons or waiting:
        lines += [table(("not kept because of", "then", "now", ""), [*reasons, *waiting]), ""]
    if found.exact:
        lines.append("exact: running it keeps and removes these documents, for these reasons")
    else:
        lines.append("not exact:")
        lines += [f"  - {sentence}" for sentence in found.because]
    if found.returning:
        lines.append(
            f"the words of {found.returning:,} documents that come back are those of their texts as stored: a run may "
            "tell fewer"
        )
    lines.append(f"to run it: {found.command}")
    for border in found.borders:
        lines += ["", *_border(border)]
    if found.borders:
        lines += ["", "* another fate than in the run"]
    return "\n".join(lines)


def _border(border: dict[str, Any]) -> list[str]:
    said = "where it removes" if border["side"] == "removed" else "where it keeps"
    lines = [f"{border['setting']}, nearest to {border['rule']} {said}"]
    for document in border["documents"]:
        mark = "*" if document["changes"] else " "
        score, threshold = f"{document['score']:g}", f"{document['threshold']:g}"
        name = document["url"] or document["doc_id"]
        fate = f"{document['then']} -> {document['now']}" if document["changes"] else document["now"]
        lines.append(f"{mark} {score:>10} of {threshold}  {name}  {fate}")
        if document["text"]:
            lines.append(f"             {' '.join(document['text'].split())}")
    return [printable(line) for line in lines]


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
