"""The pages of the documentation: every block is run or checked, every recipe loads, the site is built."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spark_llmdata.stages import BUILTIN
from tests.repo.blocks import check_recipe, find_blocks, run_block

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
#: Pages whose commands run in one folder, in this order: what one makes, the next ones use.
TOUR = [page.name for page in (ROOT / "docs" / "index.md", ROOT / "docs" / "concepts.md")]
LISTS = (
    *(f"lists/ut1/{category}/{name}" for category in ("adult", "phishing", "malware") for name in ("domains", "urls")),
    "lists/hard_words.txt",
    "lists/soft_words.txt",
    "lists/strict_words.txt",
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_recipes_of_a_page_can_be_planned(page: Path, tmp_path: Path) -> None:
    blocks = find_blocks(page.read_text("utf-8"))
    for block in blocks:
        if block.language == "yaml" and "stages:" not in block.code and not block.code.startswith("-"):
            (tmp_path / "icelandic.yaml").write_text(block.code, "utf-8")
    for name in LISTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("blocked\n" if name.endswith(".txt") else "blocked.example\n")
    for block in blocks:
        if block.language == "yaml":
            check_recipe(page.name, block, tmp_path)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.usefixtures("spark")
def test_commands_and_programs_of_the_pages_run(repository: Path, tmp_path: Path, address: Path) -> None:
    (tmp_path / "conf").symlink_to(repository / "conf")
    others = [page for page in PAGES if page.name != "own_data.md"]  # see test_own_data.py
    for page in sorted(others, key=lambda page: (page.name not in TOUR, page.name != "index.md", page.name)):
        for block in find_blocks(page.read_text("utf-8")):
            if block.language != "yaml":
                run_block(page.name, block, tmp_path, address)


class _Page(HTMLParser):
    """Collects what a page loads, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        address = given.get("src") if tag != "link" else given.get("href")
        if tag in ("script", "img", "link", "iframe") and address:
            self.loaded.append(address)


@pytest.mark.slow
def test_the_site_is_built_whole_and_loads_nothing_from_elsewhere(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(site)]
    built = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    for kind, stage in BUILTIN.items():
        text = (site / "stages" / f"{kind}.html").read_text("utf-8")
        noun = kind.rpartition(".")[2]
        assert all(f"{noun}.{reason}" in text for reason in stage.reasons), kind
        assert all(f">{name}<" in text for name in stage.model_fields), kind
    for file in site.rglob("*.html"):
        page = _Page()
        page.feed(file.read_text("utf-8"))
        assert not [address for address in page.loaded if "//" in address], file
