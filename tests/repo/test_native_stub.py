"""The stub of the native module says what the module has: no more, no less."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest


def public(names: set[str]) -> set[str]:
    return {name for name in names if not name.startswith("_") or name == "__version__"}


def read_stub(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Top-level functions, classes and annotated names of a stub or of a class in it."""
    named: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            named[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            named[node.target.id] = node
    return named


@pytest.fixture(scope="module")
def native() -> ModuleType:
    from spark_llmdata import _native

    return _native


@pytest.fixture(scope="module")
def stub(repository: Path) -> dict[str, ast.stmt]:
    return read_stub(ast.parse((repository / "spark_llmdata" / "_native.pyi").read_text("utf-8")).body)


def test_the_stub_names_what_the_module_has(native: ModuleType, stub: dict[str, ast.stmt]) -> None:
    assert public(set(stub)) == public(set(dir(native)))


def test_classes_have_the_members_the_stub_names(native: ModuleType, stub: dict[str, ast.stmt]) -> None:
    for name, node in stub.items():
        if isinstance(node, ast.ClassDef):
            assert public(set(read_stub(node.body))) == public(set(dir(getattr(native, name)))), name
