"""`make faults`: every injection, one line each, and a verdict."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from spark_llmdata.cli.console import table
from spark_llmdata.session import local_session
from tests.faults import scenarios
from tests.faults.injections import Finding, Undisturbed
from tests.faults.scenarios import Scenario
from tests.faults.scene import SMALL, Scene

HEAD = ("no.", "group", "struck", "when", "continued", "exit codes", "listed", "same", "seconds")


def main() -> int:
    """Inject, tell, judge; 1 where a promise was broken or too few injections hit."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--moments", type=int, default=20, help="how many random moments")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    parser.add_argument("--only", metavar="GROUP", nargs="+", help="only these groups of injections")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th of them")
    options = parser.parse_args()
    begin = time.monotonic()
    spark = local_session("local[2,4]", SMALL)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        undisturbed = Undisturbed(spark, Scene(Path(folder) / "scene"))
        _say(f"undisturbed: {undisturbed.seconds:.1f} s, content {undisturbed.outcome.content_hash}")
        chosen = scenarios.everything(undisturbed, options.moments, options.seed)
        chosen = [s for s in chosen if not options.only or s.group in options.only]
        chosen = chosen[:: options.every]
        rows, findings = [], []
        for number, scenario in enumerate(chosen, 1):
            finding = _inject(scenario, undisturbed)
            findings.append(finding)
            rows.append(_row(number, scenario.group, finding))
            _say("  ".join(map(str, rows[-1])))
            for problem in finding.problems:
                _say(f"    PROBLEM {problem}")
    spark.stop()
    _say("\n" + table(HEAD, rows))
    _say(f"\n{verdict(findings)} ({(time.monotonic() - begin) / 60:.0f} minutes)")
    return 0 if is_good(findings) else 1


def _inject(scenario: Scenario, undisturbed: Undisturbed) -> Finding:
    """What came of it; a scenario that breaks off is a problem of its own, and the others go on."""
    try:
        return scenario.inject(undisturbed)
    except Exception:  # noqa: BLE001 - told in full, and the verdict is FAILED
        return Finding(what="?", when="the harness broke off", problems=[traceback.format_exc()])


def _row(number: int, group: str, found: Finding) -> tuple[object, ...]:
    codes = " ".join(map(str, found.codes))
    same = "yes" if found.same and not found.problems else "NO"
    return number, group, found.what, found.when, found.continued, codes, found.states, same, round(found.seconds, 1)


def is_good(findings: Sequence[Finding]) -> bool:
    """Whether no promise was broken, and at least half of the injections hit a run."""
    hits = sum(found.hit for found in findings)
    return (
        bool(findings) and 2 * hits >= len(findings) and not any(found.problems or not found.same for found in findings)
    )


def verdict(findings: Sequence[Finding]) -> str:
    """The last line."""
    hits = sum(found.hit for found in findings)
    bad = [number for number, found in enumerate(findings, 1) if found.problems or not found.same]
    head = "PASSED" if is_good(findings) else "FAILED"
    missed = f", {len(findings) - hits} finished before" if hits < len(findings) else ""
    return f"{head}: {hits} of {len(findings)} injections hit{missed}; " + (
        f"different or wrong: {', '.join(map(str, bad))}" if bad else "all gave the undisturbed run's corpus"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
