"""The plain-Python twin of repetition: slow, obvious, and the oracle of its tests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence


def gopher_repetition(text: str, words: Sequence[str], definitions: str) -> dict[str, float]:
    """The columns of `repetition.gopher_repetition` but `spans`, for a text and its words."""
    measure = _later if definitions == "datatrove" else _all
    if definitions == "dclm":
        words = [word for word in words if word[0].isalnum()]
    if definitions == "gopher":
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    return measure(text, words)


def _later(text: str, words: Sequence[str]) -> dict[str, float]:
    """datatrove: second and later occurrences, shares of the text."""
    chars = max(len(text), 1)
    lines = re.split(r"\n+", text) if text else []
    found: dict[str, float] = {"n_lines": len(lines)}
    for name, segments in (("line", lines), ("paragraph", re.split(r"\n{2,}", text.strip()))):
        later = [segment for i, segment in enumerate(segments) if segment in segments[:i]]
        found[f"dup_{name}_ratio"] = len(later) / max(len(segments), 1)
        found[f"dup_{name}_char_ratio"] = sum(map(len, later)) / chars
    for n in (2, 3, 4):
        grams = [" ".join(gram) for gram in _grams(words, n)]
        top, count = max(Counter(grams).items(), key=lambda item: item[1], default=("", 0))
        found[f"top_{n}_gram_char_ratio"] = len(top) * count / chars
    for n in range(5, 11):
        seen, i, repeated = set(), 0, 0
        while i + n <= len(words):
            gram = tuple(words[i : i + n])
            repeated += sum(map(len, gram)) if gram in seen else 0
            i += n if gram in seen else 1
            seen.add(gram)
        found[f"dup_{n}_gram_char_ratio"] = repeated / chars
    return found


def _all(text: str, words: Sequence[str]) -> dict[str, float]:
    """The paper: all that is contained in repeated segments and n-grams."""
    found: dict[str, float] = {}
    for name, separator in (("line", "\n"), ("paragraph", "\n\n")):
        segments = [segment for part in text.split(separator) if (segment := part.strip())]
        if name == "line":
            found["n_lines"] = len(segments)
        repeated = [segment for segment in segments if segments.count(segment) > 1]
        found[f"dup_{name}_ratio"] = len(repeated) / max(len(segments), 1)
        found[f"dup_{name}_char_ratio"] = sum(map(len, repeated)) / max(sum(map(len, segments)), 1)
    chars = max(sum(map(len, words)), 1)
    for n in range(2, 11):
        grams = _grams(words, n)
        counts = Counter(grams)
        repeated_grams = {gram for gram in grams if counts[gram] > 1}
        if n < 5:
            length: Callable[[tuple[str, ...]], int] = lambda gram: sum(map(len, gram))  # noqa: E731
            most = max((counts[gram] for gram in repeated_grams), default=0)
            longest = max((length(gram) for gram in repeated_grams if counts[gram] == most), default=0)
            found[f"top_{n}_gram_char_ratio"] = most * longest / chars
        else:
            covered = {i + k for i, gram in enumerate(grams) if gram in repeated_grams for k in range(n)}
            found[f"dup_{n}_gram_char_ratio"] = sum(len(words[i]) for i in covered) / chars
    return found


def _grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
