"""Entry point: from arguments to a command, from an error to a sentence and an exit code."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from spark_llmdata.cli import (
    commands,
    exporting,
    failures,
    interrupts,
    planning,
    report,
    sample,
    schema,
    spark,
    upkeep,
)
from spark_llmdata.cli.parser import parse
from spark_llmdata.errors import LlmdataError, PartOfInput, RunFailed

INTERRUPTED = 130
_STOPPED = "interrupted; the store is consistent, and the same command goes on from what is committed"
_GONE = (
    "Spark's JVM has ended in the middle of the work: it was killed, or the machine's memory ran out (see the kernel's "
    "log; less of it: --conf spark.driver.memory=4g). The store is consistent, and the same command goes on from what "
    "is committed"
)

_COMMANDS: dict[str, Callable[[argparse.Namespace], tuple[Any, str | bytes]]] = {
    "plan": planning.plan,
    "run": commands.run,
    "runs": commands.runs,
    "why": commands.why,
    "retune": commands.retune,
    "show": commands.show,
    "duplicates": commands.duplicates,
    "export": exporting.export,
    "report": report.report,
    "stages": commands.stages,
    "schema": schema.schema,
    "gc": upkeep.gc,
    "fsck": upkeep.fsck,
    "sample": sample.sample,
    "demo": sample.demo,
    "doctor": commands.doctor,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code (0 done, 1 failed, 2 wrong use, 3 environment, 130 interrupted)."""
    options = parse(arguments)
    if not options.verbose:
        logging.disable(logging.CRITICAL)  # py4j logs a trace for every connection that an interruption breaks
    interrupts.reset()
    interrupts.install()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _tell
            warnings.simplefilter("always", PartOfInput)
            facts, text = _COMMANDS[options.command](options)
    except KeyboardInterrupt:
        return _fail(options, INTERRUPTED, _STOPPED, {})
    except LlmdataError as error:
        return _fail(options, error.exit_code, str(error), dict(error.facts) if isinstance(error, RunFailed) else {})
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is becomes a sentence and an exit code
        if options.verbose:
            traceback.print_exc()
        if interrupts.happened():
            return _fail(options, INTERRUPTED, _STOPPED, {})
        if spark.is_gone():
            return _fail(options, 3, _GONE, {})
        return _fail(options, *failures.explain(error), {})
    _print(json.dumps(facts, ensure_ascii=False, indent=2, default=str) if options.json else text)
    return int(facts.get("exit_code", 0)) if isinstance(facts, dict) else 0


def _tell(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    """Print a warning that is meant for whoever gave the command as a sentence; any other with its place."""
    if issubclass(category, PartOfInput):
        print(f"llmdata: {message}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, *place[:2]), end="", file=sys.stderr)


def _fail(options: argparse.Namespace, code: int, message: str, facts: dict[str, Any]) -> int:
    if options.json:
        _print(json.dumps({"state": "failed", "error": message} | facts, ensure_ascii=False, indent=2, default=str))
    print(f"llmdata: {message}", file=sys.stderr)
    return code


def _print(text: str | bytes) -> None:
    """Print even what the terminal's encoding lacks, bytes as they are; a closed pipe is the reader's business."""
    try:
        sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode("utf-8", "replace") + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    sys.exit(main())
