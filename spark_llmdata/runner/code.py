"""Which code a run was made with: package, native module, libraries, stages."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import spark_llmdata
from spark_llmdata.kernels import hashing
from spark_llmdata.plan import stage_digest
from spark_llmdata.stage import Stage

#: Libraries whose version may show in a result, beside those that stages name themselves.
_LIBRARIES = ("numpy", "pyarrow", "pyspark", "delta-spark", "pandas", "zstandard")


def describe_code(stages: Sequence[Stage]) -> dict[str, Any]:
    """Versions and hashes, flat: a key that differs between two runs names what differs."""
    facts: dict[str, Any] = {
        "spark_llmdata": spark_llmdata.__version__,
        "package": _hash_package(),
        "native": hashing.native_digest(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    wanted = {*_LIBRARIES, *(name for s in stages for name in s.libraries)}
    facts |= {f"library {name}": _version(name) for name in sorted(wanted)}
    facts |= {f"stage {s.name}": stage_digest(s) for s in stages}
    return facts


def _hash_package() -> str:
    """One hash over the package's Python files, in the order of their names."""
    root = Path(spark_llmdata.__file__).parent
    files = sorted(root.rglob("*.py"))
    return _hash(b"".join(str(f.relative_to(root)).encode() + b"\0" + f.read_bytes() + b"\0" for f in files))


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
