"""Optional packages: the one place that imports them, and says in one sentence how to get a missing one."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from pathlib import Path
from typing import Any

from spark_llmdata.errors import MissingExtra


@functools.cache
def require(module: str, *, extra: str, needed_by: str) -> Any:
    """Import an optional module, or say who needs it and how it is installed."""
    try:
        return importlib.import_module(module)
    except ImportError as missing:
        raise MissingExtra(
            f"{needed_by} needs {module.partition('.')[0]}, which cannot be imported here ({missing}); "
            f"install it: pip install 'spark-llmdata[{extra}]'"
        ) from missing


@functools.cache
def locate(distribution: str, file: str, *, extra: str, needed_by: str) -> Path:
    """The path of a file that an optional package brings; the package itself is not imported."""
    try:
        path = Path(str(importlib.metadata.distribution(distribution).locate_file(file)))
    except importlib.metadata.PackageNotFoundError as missing:
        raise MissingExtra(
            f"{needed_by} needs a file of {distribution}, which is not installed here; "
            f"install it: pip install 'spark-llmdata[{extra}]'"
        ) from missing
    if not path.is_file():
        raise MissingExtra(
            f"{needed_by} needs {file} of {distribution}, which the installed version does not bring "
            f"({importlib.metadata.version(distribution)}); install another: pip install 'spark-llmdata[{extra}]'"
        )
    return path


@functools.cache
def version(distribution: str, *, needed_by: str) -> str:
    """The installed version of a package whose results are stored, and so depend on it."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError as missing:
        raise MissingExtra(
            f"{needed_by} needs {distribution}, which is not installed: pip install {distribution}"
        ) from missing
