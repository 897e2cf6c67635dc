"""Rules for every file: its size, its first sentence, its name, and that it names no machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

MAX_LINES = 400
SUBJECTLESS = {"base", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "util", "utils"}

# Put together here, so that this file does not find itself.
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:" + "|".join(["work", "root"]) + r")/|/tmp/" + "bench")
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "crates" + ".io",
    "maven" + ".org",
    "maven.apache" + ".org",
    "npmjs" + ".org",
    "proxy.golang" + ".org",
    "deb.debian" + ".org",
    "spark-packages" + ".org",
]


def name_machines(text: str) -> list[str]:
    """Paths of one machine and hosts of registries that a text names."""
    return [m.group() for m in MACHINE_PATHS.finditer(text)] + [host for host in REGISTRIES if host in text]


def read_texts(files: Iterable[Path]) -> Iterable[tuple[Path, str]]:
    """The files that are text, with their text."""
    for file in files:
        try:
            yield file, file.read_text("utf-8")
        except UnicodeDecodeError:
            continue


def test_no_source_file_is_long(tracked: list[Path]) -> None:
    sources = [f for f in tracked if f.suffix in {".py", ".rs", ".pyi"}]
    assert len(sources) > 10
    long = {str(f): n for f in sources if (n := len(f.read_text("utf-8").splitlines())) > MAX_LINES}
    assert not long, f"more than {MAX_LINES} lines; split by subject: {long}"


def test_every_python_file_opens_with_a_sentence(tracked: list[Path]) -> None:
    silent = []
    for file in (f for f in tracked if f.suffix == ".py" and f.stat().st_size > 0):
        docstring = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        if not docstring.split("\n\n")[0].rstrip("`'\")").endswith((".", "!", "?")):
            silent.append(str(file))
    assert not silent, f"no docstring that is a sentence: {silent}"


def test_every_rust_file_opens_with_a_sentence(tracked: list[Path]) -> None:
    sources = [f for f in tracked if f.suffix == ".rs"]
    assert sources
    silent = [str(f) for f in sources if not f.read_text("utf-8").startswith("//! ")]
    assert not silent, f"no `//!` at the top: {silent}"


def test_every_module_is_named_after_its_subject(tracked: list[Path]) -> None:
    sources = [f for f in tracked if f.suffix in {".py", ".rs"}]
    nameless = [str(f) for f in sources if {f.stem, f.parent.name} & SUBJECTLESS]
    assert not nameless, f"a name that says nothing about the content: {nameless}"


def test_no_file_names_a_machine_or_a_registry(tracked: list[Path]) -> None:
    # Cargo writes its index's name into the lock file.
    checked = [f for f in tracked if f.name != "Cargo.lock"]
    named = {str(file): found for file, text in read_texts(checked) if (found := name_machines(text))}
    assert not named


@pytest.mark.parametrize(
    "text",
    ["cd /" + "work/main", "`/" + "root/.cargo`", "/tmp/" + "bench/x", "https://repo1." + "maven" + ".org/maven2"],
)
def test_a_machine_is_recognized(text: str) -> None:
    assert name_machines(text)


@pytest.mark.parametrize("text", ["target/work/x", "https://site.example/root/", "/tmp/other", "~/work/"])
def test_other_paths_are_not(text: str) -> None:
    assert not name_machines(text)
