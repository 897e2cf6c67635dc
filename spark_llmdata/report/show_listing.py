"""A document that was shown, as lines for a person: [-taken out-], {+put in+}, [!what counted!]."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from spark_llmdata.report.listing import entry
from spark_llmdata.report.printable import printable, tell_outcome

_COLORS = {"taken": "\x1b[9;31m", "put": "\x1b[32m", "counts": "\x1b[1;33m"}
_BRACKETS = {"taken": ("[-", "-]"), "put": ("{+", "+}"), "counts": ("[!", "!]")}
_PLAIN = "\x1b[0m"
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def describe_shown(facts: Mapping[str, Any], *, colored: bool = False) -> str:
    """The facts of `show`. What a terminal would obey instead of showing it is escaped."""
    shown = facts["shown"]
    lines = tell_outcome(facts)
    if facts["evidence"]:
        lines.append(entry("evidence", json.dumps(facts["evidence"], ensure_ascii=False)))
    if facts["survivor"]:
        survivor = facts["survivor"]
        lines.append(entry("stays", f"{survivor['doc_id']} {survivor['url'] or ''}".rstrip()))
    lines.append(entry("doc_id", facts["doc_id"] or "none"))
    place = f"{facts['location']['file']}:{facts['location']['offset']} (source {facts['source']})"
    lines.append(f"  record    {printable(place)}")
    for stage, kinds in shown["edits"].items():
        lines.append(entry("edits", f"{stage}: " + ", ".join(f"{n:,} {kind}" for kind, n in kinds.items())))
    if facts["others"]:
        lines.append(entry("also", f"{len(facts['others']):,} more records are called so; `llmdata why` lists them"))
    lines.append(entry("text", _origin(facts)))
    lines += [entry("note", note) for note in shown["notes"]]
    if facts["run_state"] != "done":
        lines.append(entry("run", f"{facts['run']}, {facts['run_state']}: no corpus came of it"))
    groups = [list(group) for _, group in groupby(shown["pieces"], lambda piece: [piece.get(n) for n in _BRACKETS])]
    text = "".join(_render(group[0], "".join(map(_fill, group)), colored) for group in groups)
    return "\n".join([*lines, "", text]).rstrip("\n")


def _origin(facts: Mapping[str, Any]) -> str:
    shown = facts["shown"]
    if not shown["pieces"]:
        return "none"
    seen = f"as {shown['stage']} saw it, " if shown["stage"] else ""
    how = "made again from the input, the stored hash proves it" if shown["proven"] else "as the run stored it"
    secrets = sum("secret" in piece for piece in shown["pieces"])
    hidden = any("secret" in piece and piece["text"] is None for piece in shown["pieces"])
    return f"{seen}{how}" + (f"; of {secrets:,} private places only the kind is shown" if hidden else "")


def _render(piece: Mapping[str, Any], text: str, colored: bool) -> str:
    """A piece between the brackets of what became of it; `text` may be that of several with the same marks."""
    name = next((name for name in _BRACKETS if name in piece), None)
    if name is None:
        return text
    if text.isspace():
        text = "".join(_NAMED.get(c, c) for c in text)
    # A line that went is shown on a line of its own.
    body = text.strip("\n")
    before, behind = text[: len(text) - len(text.lstrip("\n"))], text[len(text.rstrip("\n")) :]
    opening, closing = _BRACKETS[name]
    on, off = (_COLORS[name], _PLAIN) if colored else ("", "")
    also = f" ({piece['counts']})" if name != "counts" and "counts" in piece else ""
    return f"{before}{on}{opening}{piece[name]}{also}: {body}{closing}{off}{behind}"


def _fill(piece: Mapping[str, Any]) -> str:
    """The text of a piece, or what stands for it."""
    if "left_out" in piece:
        return f" ... ({piece['left_out']:,} characters) ... "
    if piece["text"] is None:
        return f"<{piece['secret']}>"
    return printable(piece["text"], keep="\n\t")
