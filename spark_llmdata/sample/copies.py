"""Copies of pages: of a record, of an address, of a text, and nearly of a text, with the true similarity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spark_llmdata.sample.pages import Page, Supply
from spark_llmdata.sample.sentences import pick

SHINGLE = 5  # words
#: What the recipe `demo` calls a near-duplicate.
THRESHOLD = 0.8
CLOSE = (0.96, 0.92, 0.88, 0.84)
DISTANT = (0.74, 0.68, 0.6, 0.5)
#: Texts to copy nearly are at least so long, so that one word less changes little.
_MIN_WORDS = 110

_TRACKING = ("?utm_source=letter&utm_medium=mail", "?utm_campaign=spring", "#comments", "?fbclid=Zx81", "/")


def measure_similarity(one: str, other: str) -> float:
    """Jaccard similarity of the sets of 5 consecutive words in lower case; words are runs of letters, digits and _."""
    a, b = _shingles(one), _shingles(other)
    return len(a & b) / len(a | b) if a and b else 0.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + SHINGLE]) for i in range(max(len(words) - SHINGLE + 1, 1))}


def repeat_records(supply: Supply, count: int) -> Iterator[Page]:
    """The same record twice; whoever writes them gives both the same bytes."""
    for number in range(count):
        page = supply.take_web("en" if number % 2 else "de")
        page = page.but(
            defect="record twice",
            outcome="one of a group",
            reasons=("read.duplicate_record",),
            group=f"record-{number}",
        )
        yield from (page, page)


def repeat_addresses(supply: Supply, count: int) -> Iterator[Page]:
    """The same page under addresses that differ in what does not matter."""
    for number in range(count):
        page = supply.take_web("en" if number % 2 else "fr")
        page = page.but(
            defect="same address",
            outcome="one of a group",
            reasons=("*.same_url",),
            group=f"address-{number}",
        )
        yield page
        yield page.but(url=page.url + pick(_TRACKING, page.url))


def copy_texts(supply: Supply, count: int) -> Iterator[Page]:
    """The same text on other hosts, or in the file of lines; every third text three times."""
    made = 0
    while made < count:
        page = supply.take_web("en" if made % 2 else "es")
        page = page.but(defect="exact copy", outcome="one of a group", reasons=("*.same_text",), group=f"text-{made}")
        yield page
        copies = [page.but(url=page.url.replace(".example/", "-mirror.example/"))]
        if made % 3 == 0:
            copies.append(page.but(url=page.url.replace(".example/", "-archive.example/"), site=None))
        made += len(copies)
        yield from copies


def copy_nearly(supply: Supply, count: int) -> Iterator[Page]:
    """Copies in which some words are missing: similar enough to go."""
    for number in range(count):
        page, copy, similarity = _make_pair(supply, CLOSE[number % len(CLOSE)])
        page = page.but(
            defect="near copy",
            outcome="one of a group",
            reasons=("*.near_duplicate",),
            group=f"near-{number}",
            similarity=similarity,
        )
        yield page
        yield page.but(url=page.url.replace(".example/", "-reprint.example/"), paragraphs=copy)


def resemble(supply: Supply, count: int) -> Iterator[Page]:
    """Texts with much in common, but not enough: both stay."""
    for number in range(count):
        page, copy, similarity = _make_pair(supply, DISTANT[number % len(DISTANT)])
        page = page.but(similarity=similarity, defect="look-alike")
        yield page
        yield page.but(url=page.url.replace(".example/", "-revised.example/"), paragraphs=copy)


def _make_pair(supply: Supply, target: float) -> tuple[Page, tuple[str, ...], float]:
    """A page, the paragraphs of its copy, and their true similarity, which is as near to the target as can be."""
    page = supply.take("en")
    while len(page.text.split()) < _MIN_WORDS:
        page = supply.take("en")
    best, distance = page.paragraphs, 2.0
    for missing in range(1, len(page.text.split()) // 8):
        copy = drop_words(page.paragraphs, missing)
        similarity = measure_similarity(page.text, "\n".join(copy))
        if abs(similarity - target) < distance and (similarity >= THRESHOLD) == (target >= THRESHOLD):
            best, distance = copy, abs(similarity - target)
    return page, best, round(measure_similarity(page.text, "\n".join(best)), 6)


def drop_words(paragraphs: tuple[str, ...], count: int) -> tuple[str, ...]:
    """The text without `count` words, taken from places as far apart as can be; first and last words stay."""
    inner = [
        (p, w)
        for p, paragraph in enumerate(paragraphs)
        for w, word in enumerate(paragraph.split()[:-1])
        if w and word.isalpha()
    ]
    chosen = {inner[(2 * i + 1) * len(inner) // (2 * count)] for i in range(count)}
    return tuple(
        " ".join(word for w, word in enumerate(paragraph.split()) if (p, w) not in chosen)
        for p, paragraph in enumerate(paragraphs)
    )
