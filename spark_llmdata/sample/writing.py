"""A sample written: which pages, in which files, with which damage, and the labels beside them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spark_llmdata.errors import UsageError
from spark_llmdata.sample import archive, copies, defects
from spark_llmdata.sample.labels import FILE, Label, write_labels
from spark_llmdata.sample.material import collect_articles
from spark_llmdata.sample.pages import OTHERS, Page, Supply

PAGES = 2_000
MIN_PAGES, MAX_PAGES = 50, 20_000

ARCHIVES = tuple(f"crawl-{number}.warc.gz" for number in range(4))
LINES = "notes.jsonl"

#: Pages with a defect per thousand clean pages, and who makes them. At least `_FEW` of each.
_DEFECTS: tuple[tuple[int, Callable[[Supply, int], Iterator[Page]]], ...] = (
    (15, copies.repeat_records),
    (20, copies.repeat_addresses),
    (25, copies.copy_texts),
    (30, copies.copy_nearly),
    (12, copies.resemble),
    (20, defects.block_hosts),
    (20, defects.write_unwanted),
    (15, defects.make_menus),
    (15, defects.make_stubs),
    (10, defects.add_lorem),
    (15, defects.repeat_sentences),
    (8, defects.add_hashtags),
    (8, defects.paste_code),
    (8, defects.write_verses),
    (20, defects.add_boilerplate),
    (20, defects.add_private_data),
    (20, defects.spoil_letters),
)
_FEW = 4
_BROKEN_LINES = (
    '{"id": "broken-1", "text": "cut off in the mid',
    "this line is no JSON at all",
    '{"id": "broken-3", "text": "two values" "without a comma"}',
    '["a list", "is no document"]',
)


@dataclass(frozen=True)
class Written:
    """What a sample holds."""

    folder: str
    files: tuple[str, ...]
    bytes: int
    labels: tuple[Label, ...]

    @property
    def planted(self) -> Counter[str]:
        """Labeled records by what is wrong with them."""
        return Counter(label.defect for label in self.labels)

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata sample --json` prints."""
        labeled = dict(sorted(self.planted.items()))
        return {"folder": self.folder, "files": list(self.files), "bytes": self.bytes, "labels": labeled}


def write_sample(folder: str | Path, pages: int = PAGES) -> Written:
    """Write a sample with so many clean pages, and about a third as many with a defect; always the same bytes.

    It is made from the documentation of this Python, so another version of Python gives another sample. Files that
    are there with the same content are left as they are: a store that has read them need not read them again.

    Raises:
        UsageError: the number of pages is out of bounds, or the folder holds something else.
        EnvironmentProblem: this Python carries no documentation.
    """
    if not MIN_PAGES <= pages <= MAX_PAGES:
        raise UsageError(f"--pages {pages}: expected {MIN_PAGES} to {MAX_PAGES:,}")
    place = Path(folder)
    _check_folder(place)
    files, labels = _make_files(_make_pages(pages))
    place.mkdir(parents=True, exist_ok=True)
    for name, data in {**files, FILE: write_labels(labels)}.items():
        target = place / name
        if not target.is_file() or target.read_bytes() != data:
            target.write_bytes(data)
    size = sum(map(len, files.values()))
    return Written(str(folder), tuple(files), size, tuple(labels))


def _check_folder(folder: Path) -> None:
    """Refuse a folder with files of somebody else: they would be read as if they were of the sample."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a folder for the sample")
    known = {*ARCHIVES, LINES, FILE}
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in known) if folder.is_dir() else []
    if others:
        raise UsageError(f"{folder}: holds {', '.join(others[:3])}, which is no part of a sample; name a new folder")


def _make_pages(pages: int) -> list[Page]:
    """All pages, in an order that mixes clean ones and defects."""
    supply = Supply(collect_articles())
    made = [page for share, make in _DEFECTS for page in make(supply, max(_FEW, share * pages // 1_000))]
    langs = ("en", "en", *OTHERS)
    made += [supply.mix(number, langs) for number in range(pages)]
    return sorted(made, key=lambda page: (_hash(page.url), page.url))


def _make_files(pages: list[Page]) -> tuple[dict[str, bytes], list[Label]]:
    """The content of each file, and the labels of all."""
    labels: list[Label] = []
    files = {name: _Archive(name) for name in ARCHIVES}
    lines = _Lines()
    seen: set[str] = set()
    for page in pages:
        if page.site is None:
            labels.append(lines.add(page))
            continue
        number = _hash(page.url) % len(ARCHIVES)
        if page.url in seen:  # the same record again, in another file
            number = (number + 1) % len(ARCHIVES)
        seen.add(page.url)
        labels.append(files[ARCHIVES[number]].add(page))
    for name in ARCHIVES[1:]:
        labels.append(files[name].add_damaged())
    labels.append(files[ARCHIVES[-1]].cut_off())
    labels += lines.add_broken()
    made = {name: file.content() for name, file in files.items()} | {LINES: lines.content()}
    labels.sort(key=lambda label: (label.file, label.offset))
    return made, labels


class _Archive:
    """An archive that grows member by member; the first one also holds requests."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members = [archive.make_info(name)]
        self.size = len(self.members[0])

    def add(self, page: Page) -> Label:
        if self.name == ARCHIVES[0]:
            self._append(archive.make_request(page.url))
        offset = self._append(archive.make_response(page.url, page.render().encode()))
        return _label(page, self.name, offset)

    def add_damaged(self) -> Label:
        """A member that cannot be decompressed, and a good record behind it, which has to be found again."""
        url = f"https://handbook.example/damaged/{self.name}"
        offset = self._append(archive.damage(archive.make_response(url, _filler(self.name))))
        self._append(archive.make_request(url))
        return Label(self.name, offset, None, "damaged member", "rejected", ("read.corrupt",))

    def cut_off(self) -> Label:
        """A last member of which half is missing."""
        member = archive.make_response(f"https://handbook.example/cut/{self.name}", _filler(self.name))
        offset = self._append(member[: len(member) // 2])
        return Label(self.name, offset, None, "truncated file", "rejected", ("read.truncated",))

    def content(self) -> bytes:
        return b"".join(self.members)

    def _append(self, member: bytes) -> int:
        offset = self.size
        self.members.append(member)
        self.size += len(member)
        return offset


class _Lines:
    """The file of JSON lines."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.size = 0

    def add(self, page: Page) -> Label:
        record = {"id": f"note-{len(self.lines)}", "url": page.url, "text": page.text, "title": page.title}
        return _label(page, LINES, self._append(json.dumps(record, ensure_ascii=False)))

    def add_broken(self) -> list[Label]:
        """Lines that are no JSON, or no object."""
        reasons = ("read.bad_json",)
        return [Label(LINES, self._append(line), None, "broken line", "rejected", reasons) for line in _BROKEN_LINES]

    def content(self) -> bytes:
        return b"".join(self.lines)

    def _append(self, line: str) -> int:
        offset = self.size
        self.lines.append(line.encode() + b"\n")
        self.size += len(self.lines[-1])
        return offset


def _label(page: Page, file: str, offset: int) -> Label:
    return Label(
        file,
        offset,
        page.url,
        page.defect,
        page.outcome,
        page.reasons,
        page.group,
        page.similarity,
        page.gone,
        page.there,
    )


def _filler(name: str) -> bytes:
    """A body that hardly compresses, so that half of it is no small part of a record."""
    return "".join(hashlib.sha256(f"{name} {n}".encode()).hexdigest() for n in range(100)).encode()


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
