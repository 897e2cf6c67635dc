"""Blocks of pages are found as they stand, and one that fails is a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark_llmdata.errors import RecipeError
from tests.repo.blocks import Block, check_recipe, find_blocks, run_block

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
    ("language", "code"),
    [
        ("sh", "false\ntrue\n"),
        ("sh", "false | cat\n"),
        ("sh", "llmdata no-such-command\n"),
        ("python", "raise SystemExit(3)\n"),
    ],
)
def test_a_failing_block_fails(language: str, code: str, tmp_path: Path, address: Path) -> None:
    with pytest.raises(AssertionError, match="page.md, line 7"):
        run_block("page.md", Block(7, language, code), tmp_path, address)


def test_blocks_share_a_folder(tmp_path: Path, address: Path) -> None:
    run_block("page.md", Block(1, "sh", "echo hello > greeting\n"), tmp_path, address)
    run_block("page.md", Block(2, "python", "assert open('greeting').read() == 'hello\\n'\n"), tmp_path, address)


def test_commands_work_in_the_folder_and_streams_of_their_shell(tmp_path: Path, address: Path) -> None:
    script = "mkdir below && cd below && llmdata stages filter.c4 | grep -c lorem_ipsum > ../count\npwd\n"
    said = run_block("page.md", Block(1, "sh", script), tmp_path, address)
    assert said.strip() == str(tmp_path / "below")
    assert int((tmp_path / "count").read_text()) >= 2


def test_a_wrong_recipe_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="min_wordz"):
        check_recipe("page.md", Block(1, "yaml", "- filter.gopher_quality: {min_wordz: 3}\n"), tmp_path)
    assert not check_recipe("page.md", Block(1, "yaml", "gopher_quality: {min_words: 3}\n"), tmp_path)
