"""Ctrl-C and a scheduler's SIGTERM: one sentence and exit code 130, whatever was under way."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_seen = threading.Event()
_holding = threading.Event()


def install() -> None:
    """Make both signals an interruption; again when a session was made, because PySpark puts in its own handler."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGTERM, _interrupt)


def happened() -> bool:
    """Whether one of the signals has come: an error that follows it (a lost gateway) is its consequence."""
    return _seen.is_set()


def reset() -> None:
    """Forget what came before, at the start of a command."""
    _seen.clear()


@contextmanager
def holding() -> Iterator[None]:
    """In here the first signal waits for the end of the block; a second one does not.

    For the start of Spark: PySpark, interrupted while it waits for the JVM, leaves one behind that never ends.
    """
    _holding.set()
    try:
        yield
    except Exception:
        if not _seen.is_set():
            raise  # else it is what the signal did to the JVM, which may have had it too
    finally:
        _holding.clear()
    if _seen.is_set():
        raise KeyboardInterrupt


def _interrupt(number: int, frame: object) -> None:
    first = not _seen.is_set()
    if first:
        _seen.set()
        print("llmdata: stopping", file=sys.stderr, flush=True)
    if first != _holding.is_set():  # the first one at once, or the second one where the first has to wait
        raise KeyboardInterrupt
