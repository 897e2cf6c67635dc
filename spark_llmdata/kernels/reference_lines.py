"""The plain-Python twins of the kernels that look at lines: slow, obvious, and the oracles of their tests."""

from __future__ import annotations

#: Characters that end sentences in ASCII and some of the others; Rust tests count the whole set.
TERMINAL = ".!?。？！।؟"


def measure_fineweb(text: str, n_words: int, short_line_chars: int) -> dict[str, float]:
    """The columns of `fineweb.measure_lines` but the span, for texts whose terminal punctuation is of `TERMINAL`."""
    lines = [line for line in text.split("\n") if line.strip()]
    n = max(len(lines), 1)
    later = [line for i, line in enumerate(lines) if line in lines[:i]]
    return {
        "n_lines": len(lines),
        "punctuated_line_ratio": sum(line[-1] in TERMINAL for line in lines) / n,
        "short_line_ratio": sum(len(line) <= short_line_chars for line in lines) / n,
        "dup_line_char_ratio": sum(map(len, later)) / max(len(text.replace("\n", "")), 1),
        "newline_ratio": text.count("\n") / max(n_words, 1),
    }
