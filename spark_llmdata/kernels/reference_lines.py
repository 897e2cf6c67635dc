"""The plain-Python twins of the kernels that look at lines: slow, obvious, and the oracles of their tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from spark_llmdata.kernels import refinedweb
from spark_llmdata.kernels.c4 import DEFECTS, LineRules

#: Characters that end sentences in ASCII and some of the others; Rust tests count the whole set.
TERMINAL = ".!?。？！।؟"


def measure_fineweb(text: str, n_words: int, short_line_chars: int, trim: bool = False) -> dict[str, float]:
    """The columns of `fineweb.measure_lines` but the span, for texts whose terminal punctuation is of `TERMINAL`."""
    if trim:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
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


_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
_COUNTER = re.compile(
    r"\W*\d[\d,.]*[kmb]?\s+(likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|"
    r"views|followers)\W*"
)


def edit_c4(
    text: str, rules: LineRules, count_sentences: Callable[[str], int], gone: list[str] | None = None
) -> tuple[str, dict[str, int], dict[str, str]]:
    """The text, the counts and the first lines found by `c4.edit_pages`; `gone` takes why lines go."""
    kept: list[str] = []
    counts = {"n_chars": len(text), "n_lines": 0, "n_sentences": 0} | {f"n_{name}_lines": 0 for name in DEFECTS}
    first: dict[str, str] = {}
    for whole in text.split("\n") if rules.keep_layout else text.splitlines():
        line = whole if rules.keep_layout else whole.strip()
        edited = _CITATION.sub("", line) if rules.remove_citations else line
        if rules.keep_layout and not edited:
            kept.append(edited)
        else:
            fault, found = _find_fault(line, edited, rules), list[str]()
            if fault is None:
                fault, found = _look_into(edited.lower(), rules)
            for name in found:
                counts[f"n_{name}_lines"] += 1
                first.setdefault(name, whole)
            if fault is None:
                kept.append(edited)
                counts["n_lines"] += edited != ""
                counts["n_sentences"] += count_sentences(edited)
            elif gone is not None:
                gone.append(fault)
    return "\n".join(kept).strip(), counts, first


def _find_fault(line: str, edited: str, rules: LineRules) -> str | None:
    if rules.max_word_chars is not None and any(len(word) > rules.max_word_chars for word in line.split()):
        return "long_word"
    end = edited.rstrip() if rules.keep_layout else edited
    if rules.end_marks and (not end.endswith(tuple(rules.end_marks)) or end.endswith("...")):
        return "no_end_mark"
    enough = len((edited if rules.count_words_late else line).split()) >= rules.min_line_words
    return None if enough else "few_words"


def _look_into(line: str, rules: LineRules) -> tuple[str | None, list[str]]:
    found = ["lorem"] if "lorem ipsum" in line else []
    if rules.javascript and "javascript" in line:
        return "javascript", found
    found += ["curly"] if "{" in line else []
    if rules.policy and any(phrase in line for phrase in _POLICY):
        return "policy", found
    edge = "" if rules.bad_words_inside else r"\b"
    pattern = "|".join(edge + re.escape(word.lower()) + edge for word in rules.bad_words)
    return None, found + (["bad"] if pattern and re.search(pattern, line) else [])


def correct_refinedweb(text: str, rules: refinedweb.LineRules, split: Callable[[str], Sequence[str]]) -> str:
    """The text as `refinedweb.correct_lines` leaves it; `split` gives the words of a line."""
    lines = []
    for whole in text.split("\n"):
        line = whole.rstrip() if rules.trim else whole
        left = _correct(line, rules, len(split(line)))
        if left is not None:
            lines.append(whole if left == line else left)
    return text if lines == text.split("\n") else "\n".join(lines).strip()


def _correct(line: str, rules: refinedweb.LineRules, n_words: int) -> str | None:
    if not line:
        return line
    for bound, is_one in ((rules.max_upper_ratio, str.isupper), (rules.max_digit_ratio, str.isdigit)):
        if bound is not None and sum(map(is_one, line)) / len(line) > bound:
            return None
    if n_words < rules.min_line_words or (rules.counters and _COUNTER.fullmatch(line.lower())):
        return None
    if rules.max_snippet_words is None or n_words > rules.max_snippet_words:
        return line
    dots = "..." if rules.any_three else r"\.\.\."
    for pattern in (r"\s?items in cart", rf"\s?read more{dots}$", r"^sign-in\s?"):
        line = re.sub(pattern, "", line, flags=re.IGNORECASE)
        if not line.strip():
            return None
    return line
