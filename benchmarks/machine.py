"""The machine and the versions that a table of figures is about."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

_PACKAGES = ("spark-llmdata", "pyspark", "delta-spark", "pyarrow", "numpy")


def describe(origin: str, cores: int, repeat: int) -> str:
    """A few lines: date, processor, load, versions, documents."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr.splitlines()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC; {model[1] if model else platform.machine()}, "
        f"{os.cpu_count()} cores ({cores} used by Spark), {memory:.0f} GiB; "
        f"load {load} at the end; medians of {repeat}.\n"
        f"{versions}, Python {platform.python_version()}, {java[0] if java else 'no Java'}, {platform.system()}.\n"
        f"Documents: {origin}."
    )
