"""What the rules of the repository look at: its files, its modules, its settings."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(scope="session")
def tracked(repository: Path) -> list[Path]:
    """Every file that is in the repository or would be added by `git add .`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip(f"no git checkout: {listing.stderr.decode().strip()}")
    files = sorted({repository / name for name in listing.stdout.decode().split("\0") if name})
    return [file for file in files if file.is_file()]


@pytest.fixture(scope="session")
def modules(repository: Path) -> dict[str, ast.Module]:
    """Every module of the package by its dotted name, parsed."""
    files = sorted((repository / "spark_llmdata").rglob("*.py"))
    assert files, "no module found: the rules would hold for nothing"
    names = [".".join(f.relative_to(repository).with_suffix("").parts).removesuffix(".__init__") for f in files]
    return {name: ast.parse(file.read_text("utf-8")) for name, file in zip(names, files, strict=True)}


@pytest.fixture(scope="session")
def project(repository: Path) -> dict[str, Any]:
    """The contents of pyproject.toml."""
    return tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def workspace(repository: Path) -> dict[str, Any]:
    """The contents of native/Cargo.toml."""
    return tomllib.loads((repository / "native" / "Cargo.toml").read_text("utf-8"))


@pytest.fixture
def address() -> Iterator[Path]:
    """Where a shell's `llmdata` finds the process of the tests; the path of a socket has to be short."""
    folder = Path(tempfile.mkdtemp(prefix="llmdata-"))
    yield folder / "line"
    shutil.rmtree(folder)
