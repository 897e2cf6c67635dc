"""The README is run: every block of it that a reader may copy, in order, in one empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

BLOCK = re.compile(
    r"^(?P<not_run><!-- not run -->\s*\n)?^```(?P<language>sh|bash|python)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TIMEOUT_S = 600


class Block(NamedTuple):
    """A fenced block of a Markdown text: the line it opens on, its language, its code."""

    line: int
    language: str
    code: str


def find_blocks(text: str) -> list[Block]:
    """The blocks to run: not those behind `<!-- not run -->`, nor those that call make."""
    return [
        Block(text[: match.start("language")].count("\n") + 1, match["language"], match["code"])
        for match in BLOCK.finditer(text)
        if not match["not_run"] and not re.search(r"^make\b", match["code"], re.MULTILINE)
    ]


def run_block(block: Block, folder: Path) -> None:
    """Run it as a reader would, with the environment of this Python first on PATH; a failure shows all it printed."""
    interpreter = [sys.executable, "-"] if block.language == "python" else ["bash", "-euo", "pipefail", "-s"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        interpreter,
        input=block.code,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"README.md, line {block.line}: exit {done.returncode}\n{block.code}\n{done.stdout}"


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(2 * TIMEOUT_S)
def test_the_readme_runs(repository: Path, tmp_path: Path) -> None:
    blocks = find_blocks((repository / "README.md").read_text("utf-8"))
    assert blocks, "README.md has no block that can be run"
    for name in ("conf", "jobs"):
        (tmp_path / name).symlink_to(repository / name)
    for block in blocks:
        run_block(block, tmp_path)


SAMPLE = """
# Title
```sh
make demo
```
<!-- not run -->
```sh
rm -rf everything
```
```python
print(1)
```
text
```sh
echo 1
echo 2
```
```text
not code
```
"""


def test_blocks_are_found() -> None:
    assert find_blocks(SAMPLE) == [Block(10, "python", "print(1)\n"), Block(14, "sh", "echo 1\necho 2\n")]


@pytest.mark.parametrize(
    ("language", "code"), [("sh", "false\ntrue\n"), ("sh", "false | cat\n"), ("python", "raise SystemExit(3)\n")]
)
def test_a_failing_block_fails(language: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="line 7"):
        run_block(Block(7, language, code), tmp_path)


def test_blocks_share_a_folder(tmp_path: Path) -> None:
    run_block(Block(1, "sh", "echo hello > greeting\n"), tmp_path)
    run_block(Block(2, "python", "assert open('greeting').read() == 'hello\\n'\n"), tmp_path)
