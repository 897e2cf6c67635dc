"""Ctrl-C and a scheduler's SIGTERM: one sentence and exit code 130, whatever was under way."""

from __future__ import annotations

import signal
import sys
import threading

_seen = threading.Event()


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


def _interrupt(number: int, frame: object) -> None:
    if not _seen.is_set():
        _seen.set()
        print("llmdata: stopping", file=sys.stderr, flush=True)
        raise KeyboardInterrupt
