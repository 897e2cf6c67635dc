"""The process that drives a run: which one it is, and whether it is still at it."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Drives of this process that are over: a notebook lives on when its run has failed.
_over: set[str] = set()


def describe_self() -> dict[str, Any]:
    """Name this process, and what it begins now, so that somebody else can tell later whether it has ended."""
    began = _look_up(os.getpid())[1]
    return {"machine": _machine(), "pid": os.getpid(), "began": began, "drive": secrets.token_hex(8)}


def end(driver: Mapping[str, Any]) -> None:
    """Say that this process drives no longer what it began under that name."""
    _over.add(str(driver.get("drive")))


def has_ended(driver: Mapping[str, Any] | None) -> bool | None:
    """Whether a driver has ended; None where nobody here can tell (another machine or container, a hidden process)."""
    if not driver or driver.get("machine") != _machine():
        return None
    if str(driver.get("drive")) in _over:
        return True
    exists, began = _look_up(int(driver["pid"]))
    if not exists:
        return True
    if began is None or driver.get("began") is None:
        return None  # numbers are given out again: without the time it began it may be another process
    return bool(began != driver["began"])


def _machine() -> str:
    """Host, boot and process namespace: only where all three agree does a process number mean the same."""
    facts = [socket.gethostname()]
    try:
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:  # no Linux: the name of the host has to do
        pass
    return " ".join(facts)


def _look_up(pid: int) -> tuple[bool, str | None]:
    """Whether there is such a process, and when it began, in ticks since boot, where that can be seen."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False, None
    except PermissionError:
        pass  # somebody else's, so it exists
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:  # no Linux, or a /proc that hides other users' processes
        return True, None
    return fields[0] not in "ZX", fields[19]
