"""Fenced blocks of Markdown pages, and how a reader would run them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.warm_cli import run_shell

BLOCK = re.compile(
    r"^(?P<not_run><!-- not run -->\s*\n)?^```(?P<language>sh|bash|python|yaml)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TIMEOUT_S = 600


class Block(NamedTuple):
    """A fenced block of a Markdown text: the line it opens on, its language, its code."""

    line: int
    language: str
    code: str


def find_blocks(text: str) -> list[Block]:
    """The blocks to run or to check: not those behind `<!-- not run -->`, nor those that call make."""
    return [
        Block(text[: match.start("language")].count("\n") + 1, match["language"], match["code"])
        for match in BLOCK.finditer(text)
        if not match["not_run"] and not re.search(r"^make\b", match["code"], re.MULTILINE)
    ]


def run_block(page: str, block: Block, folder: Path, address: Path) -> str:
    """Run a block of a shell or of Python in a folder; a failure shows all it printed; gives its output."""
    if block.language == "python":  # in a process of its own: Spark takes paths as seen from where it was started
        command = [sys.executable, "-c", block.code]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    else:
        done = run_shell(block.code, folder, address, TIMEOUT_S)
    told = f"{block.code}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, f"{page}, line {block.line}: exit {done.returncode}\n{told}"
    return done.stdout


def check_recipe(page: str, block: Block, folder: Path) -> bool:
    """Load and plan a block of YAML where it is a recipe or a list of stages; whether it was."""
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe import load_recipe

    content = yaml.safe_load(block.code)
    if isinstance(content, list):
        content = {"stages": content}
    if "stages" not in content:
        return False
    file = folder / f"{Path(page).stem}-{block.line}.yaml"
    file.write_text(yaml.safe_dump({"name": "block"} | content, allow_unicode=True), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make_plan(load_recipe(str(file)))
    return True
