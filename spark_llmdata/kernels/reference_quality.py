"""The plain-Python twin of Gopher's quality rules as datatrove and DCLM measure them."""

from __future__ import annotations

from collections.abc import Sequence

#: Symbols of ASCII, and some others; Rust tests count the whole set.
SYMBOLS = frozenset(map(chr, [*range(9), *range(11, 32), *range(33, 48), *range(58, 65), *range(91, 97)])) | frozenset(
    [*map(chr, range(123, 160)), *"«´»–—’“”„…━►。！？"]
)


def measure_datatrove(text: str, words: Sequence[str], stop_words: Sequence[str]) -> dict[str, float]:
    """The columns of `heuristics.gopher_quality` for the definitions `datatrove`."""
    counted = [word for word in words if not set(word) <= SYMBOLS]
    lines = [line.strip() for line in text.splitlines()]
    hashes, ellipses = text.count("#"), text.count("...") + text.count("…")
    n, n_lines = max(len(words), 1), max(len(lines), 1)
    return {
        "n_words": len(counted),
        "mean_word_length": sum(map(len, counted)) / max(len(counted), 1),
        "hash_ratio": hashes / n,
        "ellipsis_ratio": ellipses / n,
        "bullet_line_ratio": sum(line.startswith(("•", "-")) for line in lines) / n_lines,
        "ellipsis_line_ratio": sum(line.endswith(("...", "…")) for line in lines) / n_lines,
        "alpha_word_ratio": sum(any(map(str.isalpha, word)) for word in words) / n,
        "n_stop_words": len(set(stop_words) & set(words)),
        "symbol_ratio": (hashes + ellipses) / n,
    }


def measure_dclm(text: str, words: Sequence[str], stop_words: Sequence[str]) -> dict[str, float]:
    """The columns of `heuristics.gopher_quality` for the definitions `dclm`."""
    lines = [line for part in text.split("\n") if (line := part.strip())]
    hashes, ellipses = text.count("#"), sum(text.count(sign) for sign in ("...", ". . .", "…"))
    n, n_lines = max(len(words), 1), max(len(lines), 1)
    return {
        "n_words": sum(word[0].isalnum() for word in words),
        "mean_word_length": sum(map(len, words)) / n,
        "hash_ratio": hashes / n,
        "ellipsis_ratio": ellipses / n,
        "bullet_line_ratio": sum(line.startswith(("●", "•", "*", "-")) for line in lines) / n_lines,
        "ellipsis_line_ratio": sum(line.endswith(("...", ". . .", "…")) for line in lines) / n_lines,
        "alpha_word_ratio": sum(any(map(str.isalpha, word)) for word in words) / n,
        "n_stop_words": sum(word.lower() in {stop.lower() for stop in stop_words} for word in words),
        "symbol_ratio": (hashes + ellipses) / n,
    }
