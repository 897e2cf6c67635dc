"""The process that drives a run: which one it is, and whether it is still there."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def describe_self() -> dict[str, Any]:
    """Name this process so that another one can tell later whether it has ended."""
    return {"machine": _machine(), "pid": os.getpid(), "began": _start_of(os.getpid())}


def has_ended(driver: Mapping[str, Any] | None) -> bool | None:
    """Whether that process has ended; None where nobody here can tell (another machine, another container)."""
    if not driver or driver.get("machine") != _machine():
        return None
    pid = int(driver["pid"])
    began = _start_of(pid)
    if began is None:
        return True
    return began != driver.get("began")


def _machine() -> str:
    """Host, boot and process namespace: only where all three agree does a process number mean the same."""
    facts = [socket.gethostname()]
    try:
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:  # no Linux: the name of the host has to do
        pass
    return " ".join(facts)


def _start_of(pid: int) -> str | None:
    """When a process began, in ticks since boot, since numbers are given out again; None where there is no such one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _signal(pid)
    except (ProcessLookupError, PermissionError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _signal(pid: int) -> str | None:
    """The same where there is no /proc: only whether some process has that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "?"
