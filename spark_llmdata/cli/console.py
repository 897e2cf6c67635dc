"""Words on a terminal: who shows progress, and tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spark_llmdata.errors import UsageError

if TYPE_CHECKING:
    from spark_llmdata.runner.display import Display


def choose_display(machine: bool) -> Display:
    """What shows how a run goes, on standard error; sentences and nothing that moves where a `machine` listens."""
    from spark_llmdata.runner.display import Lines, Terminal

    if machine:
        return Lines(ticks=False)
    return Terminal() if sys.stderr.isatty() else Lines()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns under a head; numbers to the right, with thousands marked."""
    cells = [[f"{c:,}" if isinstance(c, int) else "" if c is None else str(c) for c in row] for row in rows]
    widths = [max(len(h), *(len(r[i]) for r in cells)) if cells else len(h) for i, h in enumerate(head)]
    right = [bool(rows) and all(isinstance(r[i], int | float) or r[i] is None for r in rows) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()

    return "\n".join([line(head), *(line(r) for r in cells)])


def is_colored() -> bool:
    """Whether standard output is a terminal that shows colors, and nobody asked for none (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def read_text(name: str) -> str:
    """The text of a file, or for `-` of standard input; the line end that editors put at the end is no part of it.

    Raises:
        UsageError: there is no such file, or it is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise UsageError(f"--text {name}: {error.strerror}; expected a text file, or - for standard input") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"--text {name}: byte {error.start:,} is not UTF-8 ({error.reason}); convert it first, as with iconv"
        ) from error
