"""The demo's input: the same bytes every time, valid WARC, and exactly what it says it planted."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from resiliparse.extract.html2text import extract_plain_text
from warcio.archiveiterator import ArchiveIterator

ROW = re.compile(r"^  (?P<file>\S+)\s+(?P<what>\S.*?)\s+(?P<number>\d+)  (?P<fate>\S.*)$", re.MULTILINE)


def generate(repository: Path, folder: Path) -> str:
    command = [sys.executable, "-I", "-S", repository / "jobs" / "demo_input.py", folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def folder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "input"
    (folder.parent / "printed.txt").write_text(generate(repository, folder))
    return folder


@pytest.fixture(scope="module")
def planted(folder: Path) -> dict[str, int]:
    printed = (folder.parent / "printed.txt").read_text()
    return {match["what"]: int(match["number"]) for match in ROW.finditer(printed)}


@pytest.fixture(scope="module")
def records(folder: Path) -> list[tuple[str, str, str, bytes]]:
    """(type, url, content type, body) of every record, digests checked."""
    found = []
    with (folder / "pages.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, check_digests="raise"):
            media = record.http_headers.get_header("Content-Type", "") if record.http_headers else ""
            url = record.rec_headers.get_header("WARC-Target-URI")
            found.append((record.rec_type, url, media, record.content_stream().read()))
    return found


@pytest.fixture(scope="module")
def texts(records: list[tuple[str, str, str, bytes]]) -> dict[str, str]:
    """The main text of every page by its url."""
    pages = [(url, media, body) for kind, url, media, body in records if kind == "response" and "html" in media]
    return {url: extract_plain_text(body.decode(m.split("=")[1]), main_content=True) for url, m, body in pages}


def test_two_runs_write_the_same_bytes(repository: Path, folder: Path, tmp_path: Path) -> None:
    generate(repository, tmp_path)
    names = {"README.txt", "notes.jsonl.gz", "pages.warc.gz"}
    assert {file.name for file in folder.iterdir()} == {file.name for file in tmp_path.iterdir()} == names
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_the_crawl_has_the_records_it_says(planted: dict[str, int], records: list[tuple[str, str, str, bytes]]) -> None:
    html = [(url, body) for kind, url, media, body in records if kind == "response" and "html" in media]
    kinds = Counter(kind for kind, *_ in records)
    pages = [what for what in planted if "page" in what or "copies" in what]
    assert len(html) == sum(planted[what] for what in pages) + planted["records that stand there twice"]
    assert len(html) - len(set(html)) == planted["records that stand there twice"]
    assert kinds["request"] == planted["requests"]
    assert kinds["response"] - len(html) == planted["pictures"]
    assert kinds["revisit"] == planted["revisits"]
    assert kinds["metadata"] == planted["metadata"]
    assert kinds["warcinfo"] == planted["warcinfo"]


def test_every_record_is_a_gzip_member(folder: Path, records: list[tuple[str, str, str, bytes]]) -> None:
    data = (folder / "pages.warc.gz").read_bytes()
    with (folder / "pages.warc.gz").open("rb") as stream:
        archive = ArchiveIterator(stream)
        starts = [archive.get_record_offset() for _ in archive]
    assert len(starts) == len(records)
    for begin, end in zip(starts, [*starts[1:], len(data)], strict=True):
        assert gzip.decompress(data[begin:end]).startswith(b"WARC/1.1\r\n")


def test_good_pages_are_good(planted: dict[str, int], texts: dict[str, str]) -> None:
    good = {url: text for url, text in texts.items() if "bulletin.example/article/" in url}
    assert len(good) == planted["good pages"]
    for url, text in good.items():
        words = text.split()
        assert 120 <= len(words) <= 400, url
        assert 3 <= sum(map(len, words)) / len(words) <= 10, url
        assert len({"the", "be", "to", "of", "and", "that", "have", "with"} & set(words)) >= 2, url
        assert "#" not in text, url
        assert "Cookies" not in text, url


def test_defects_are_there(planted: dict[str, int], texts: dict[str, str]) -> None:
    short = [text for url, text in texts.items() if "/short/" in url]
    lists = [text for url, text in texts.items() if "/list/" in url]
    tags = [text for url, text in texts.items() if "/tags/" in url]
    assert len(short) == planted["pages of a few words"]
    assert len(lists) == planted["pages of bullets"]
    assert len(tags) == planted["pages of hash signs"]
    assert all(len(text.split()) < 50 for text in short)
    assert all(sum(line.startswith("•") for line in text.splitlines()) > 0.9 * len(text.splitlines()) for text in lists)
    assert all(text.count("#") > 0.1 * (text.count("#") + len(text.split())) for text in tags)
    assert all(len(text.split()) >= 50 for text in lists + tags)


def test_copies_have_the_text_of_a_good_page(planted: dict[str, int], texts: dict[str, str]) -> None:
    copies = {url: text for url, text in texts.items() if "mirror.example" in url}
    assert len(copies) == planted["copies under another url"]
    assert all(texts[url.replace("mirror", "bulletin")] == text for url, text in copies.items())
    assert len(set(texts.values())) == len(texts) - len(copies)


def test_some_pages_need_their_charset(records: list[tuple[str, str, str, bytes]]) -> None:
    latin = [body for _, _, media, body in records if media.endswith("iso-8859-1")]
    assert any(name.encode("iso-8859-1") in body for body in latin for name in ("Søren", "Renée"))


def test_the_notes_are_as_printed(folder: Path, planted: dict[str, int]) -> None:
    lines = gzip.decompress((folder / "notes.jsonl.gz").read_bytes()).decode().splitlines()
    notes, broken = [], 0
    for line in lines:
        try:
            notes.append(json.loads(line))
        except json.JSONDecodeError:
            broken += 1
    assert broken == planted["broken lines"]
    assert {frozenset(note) for note in notes} == {frozenset({"id", "url", "text", "lang", "section"})}
    assert len({note["id"] for note in notes}) == len(notes)
    by_text = Counter(note["text"] for note in notes)
    assert sum(1 for number in by_text.values() if number == 1) == planted["good notes"]
    assert [n for n in by_text.values() if n > 1] == [planted["notes with one text, two ids"]]


def test_the_command_says_how_it_is_used(repository: Path) -> None:
    command = [sys.executable, repository / "jobs" / "demo_input.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "FOLDER" in done.stderr
