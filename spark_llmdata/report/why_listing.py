"""What became of a document, as lines for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spark_llmdata.portion import tell_portion
from spark_llmdata.report.printable import printable, tell_outcome


def describe_why(facts: Mapping[str, Any]) -> str:
    """The facts of `explain`. What a terminal would obey instead of showing it is escaped."""
    lines = tell_outcome(facts)
    if facts["evidence"]:
        lines.append(f"  evidence  {json.dumps(facts['evidence'], ensure_ascii=False)}")
    if facts["survivor"]:
        survivor = facts["survivor"]
        measured = "" if survivor["similarity"] is None else f" (similarity {survivor['similarity']:g})"
        lines.append(f"  stays     {survivor['doc_id']} {survivor['url'] or ''}{measured}")
    lines.append(f"  doc_id    {facts['doc_id']}")
    lines.append(f"  record    {facts['location']['file']}:{facts['location']['offset']} (source {facts['source']})")
    if facts["lang"]:
        lines.append(f"  language  {facts['lang']}")
    for step in sorted(facts["path"], key=lambda step: bool(step["kept"])):  # first who decided, and what it measured
        edits = f", {step['edits']} edits" if step["edits"] else ""
        not_judged = f": not applicable, {step['not_applicable']}" if "not_applicable" in step else ""
        if step["kept"]:
            lines.append(f"  kept by    {step['stage']}{edits}{not_judged}")
        elif facts["outcome"] == "rejected":
            lines.append(f"  rejected by {step['stage']}: {facts['reason']}")
        else:
            lines.append(f"  removed by {step['stage']}{edits}")
        lines += [f"               {name} {value:g}" for name, value in step["scores"].items()]
    for other in facts["others"]:
        what = f"{other['outcome']} {other['reason'] or ''}".rstrip()
        lines.append(f"  also      {other['file']}:{other['offset']} {what}, {other['doc_id']}")
    unfinished = "" if facts["run_state"] == "done" else f", {facts['run_state']}: no corpus came of it"
    part = tell_portion(facts.get("portion"))
    lines.append(f"  run       {facts['run']}{unfinished}" + (f" (of the input only {part})" if part else ""))
    return "\n".join(map(printable, lines))
