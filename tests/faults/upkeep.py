"""A store that many runs died in: what `gc` and `fsck` make of it, and what the next run makes of that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tests.faults.crossing import tell
from tests.faults.injections import Finding, Undisturbed
from tests.faults.killing import Appeared, Moment, Said, kill_all, kill_driver
from tests.faults.scene import ask, listed

MOMENTS: Sequence[Moment] = (
    Said("reading", 2.0),
    Appeared("segments/*/_delta_log/*.json"),
    Appeared("verdicts/*/*.parquet"),
    Appeared("fates/*.parquet"),
    Appeared("corpus/*.parquet"),
)


def is_there() -> bool:
    """Whether this version of the package has the commands."""
    try:
        ask("gc", "--help")
    except SystemExit as end:
        return end.code == 0
    return False


def batter(it: Undisturbed) -> Finding:
    """Kill runs into one store, one after the other; then a run, `gc` twice, `fsck`, a run again."""
    begin = time.monotonic()
    store = it.scene.new_store()
    finding = Finding(what="everything, 5 runs", when="5 moments", continued="same command, gc, fsck, same command")
    hits = 0
    for number, moment in enumerate(MOMENTS):
        command = it.scene.start(store)
        hit = moment.wait(command, store) and bool((kill_driver, kill_all)[number % 2](command))
        hits += hit and command.wait() != 0
        finding.codes.append(command.wait())
        finding.expect(not command.wait_for_all(), "processes are left over")
    finding.hit = hits * 2 >= len(MOMENTS)
    tell(finding, store, frozenset({"killed"}))
    where = ("--store", str(store), "--json")
    runs = [_ask(finding, *it.scene.arguments(store))]
    planned = _ask(finding, "gc", "--dry-run", *where)
    removed = _ask(finding, "gc", *where)
    finding.expect(bool(_removed(removed)), f"gc found nothing to remove: {removed}")
    finding.expect(_removed(planned) == _removed(removed), f"gc --dry-run said {planned}, gc did {removed}")
    left = _removed(_ask(finding, "gc", *where))
    finding.expect(not left, f"gc a second time found {left}")
    _ask(finding, "fsck", *where)
    runs.append(_ask(finding, *it.scene.arguments(store)))
    for facts in runs:
        it.compare(finding, store, facts["run"])
    finding.expect(all(stage["reused"] for stage in runs[1]["by_stage"]), "the run after gc computed something again")
    _ask(finding, "fsck", *where)
    finding.states = ", ".join(run["state"] for run in listed(store))
    finding.same = not finding.problems
    finding.seconds = time.monotonic() - begin
    return finding


def _ask(finding: Finding, *arguments: str) -> dict[str, Any]:
    code, facts, said = ask(*arguments)
    finding.codes.append(code)
    finding.expect(code == 0, f"llmdata {arguments[0]}: exit {code}: {said}{facts}")
    return facts


def _removed(facts: dict[str, Any]) -> Any:
    """What gc says it removed, or would."""
    return facts.get("removed") or facts.get("garbage")
