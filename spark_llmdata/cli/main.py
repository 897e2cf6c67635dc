"""Entry point: from arguments to a command, from an error to a sentence and an exit code."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from spark_llmdata.cli import commands, interrupts, spark, upkeep
from spark_llmdata.cli.parser import make_parser
from spark_llmdata.errors import LlmdataError, RunFailed

INTERRUPTED = 130
_STOPPED = "interrupted; the store is consistent, and the same command goes on from what is committed"
_GONE = (
    "Spark's JVM has ended in the middle of the work: it was killed, or the machine's memory ran out (see the kernel's "
    "log; less of it: --conf spark.driver.memory=4g). The store is consistent, and the same command goes on from what "
    "is committed"
)

#: One of our own errors about the environment, raised in a task and told in a trace.
_FROM_EXECUTOR = re.compile(
    r"^\s*spark_llmdata\.errors\.(EnvironmentProblem|MissingExtra): (?P<message>.+)$", re.MULTILINE
)

#: What Spark and Delta say of files that are gone or do not hold what they should.
_DAMAGE = re.compile(
    r"DELTA_VERSIONS_NOT_CONTIGUOUS|FAILED_READ_FILE|DELTA_TRUNCATED|DELTA_FILE_NOT_FOUND|DELTA_STATE_RECOVER"
)

_COMMANDS: dict[str, Callable[[argparse.Namespace], tuple[Any, str]]] = {
    "plan": commands.plan,
    "run": commands.run,
    "runs": commands.runs,
    "why": commands.why,
    "retune": commands.retune,
    "show": commands.show,
    "duplicates": commands.duplicates,
    "export": commands.export,
    "stages": commands.stages,
    "gc": upkeep.gc,
    "fsck": upkeep.fsck,
    "doctor": commands.doctor,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code (0 done, 1 failed, 2 wrong use, 3 environment, 130 interrupted)."""
    options = make_parser().parse_args(arguments)
    if not options.verbose:
        logging.disable(logging.CRITICAL)  # py4j logs a trace for every connection that an interruption breaks
    interrupts.reset()
    interrupts.install()
    try:
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
        code = 3 if _FROM_EXECUTOR.search(str(error)) else 1
        return _fail(options, code, _plain(error), {})
    _print(json.dumps(facts, ensure_ascii=False, indent=2, default=str) if options.json else text)
    return int(facts.get("exit_code", 0)) if isinstance(facts, dict) else 0


def _fail(options: argparse.Namespace, code: int, message: str, facts: dict[str, Any]) -> int:
    if options.json:
        _print(json.dumps({"state": "failed", "error": message} | facts, ensure_ascii=False, indent=2, default=str))
    print(f"llmdata: {message}", file=sys.stderr)
    return code


def _print(text: str) -> None:
    """Print even what the terminal's encoding lacks; a closed pipe is the reader's business."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _plain(error: Exception) -> str:
    """The first lines of an error nobody foresaw; Spark's may hold thousands."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    told = _FROM_EXECUTOR.search(str(error))
    if told:
        return told["message"].strip()
    cause = next((line for line in lines if "Error: " in line or "Exception: " in line), "")
    head = lines[0] if lines else ""
    detail = f" ({cause.strip()[:500]})" if cause and cause != head else ""
    if _DAMAGE.search(str(error)):
        detail += "; a file is missing or damaged: where it is the store's, `llmdata fsck --store DIR` says what to do"
    return f"{type(error).__name__}: {head[:500]}{detail}; -v shows all of it"


if __name__ == "__main__":
    sys.exit(main())
