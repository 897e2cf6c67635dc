"""Documents as the page shows them: what is known of one, and its excerpt with what counted against it marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from spark_llmdata.report.page.amounts import plural, tell_beside, tell_number
from spark_llmdata.report.page.markup import Html, escape, join, shorten, show_blank, tag, write_prose
from spark_llmdata.report.page.model import Example, Piece

_ELEMENTS = {"condemned": "mark", "removed": "del", "added": "ins"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
#: A text of more lines scrolls by itself, and takes the keyboard's focus for it.
_MAX_LINES = 14
_LINE = 60
#: Characters of a name; the command tells which document it is.
MAX_NAME = 200


def write_pieces(pieces: Sequence[Piece], lang: str | None = None, label: str = "excerpt") -> Html:
    """A text in its own direction; its marks are elements with a meaning, so that they are no matter of color."""
    lines = sum(1 + len(line) // _LINE for line in "".join(piece.text for piece in pieces).split("\n"))
    is_long = lines > _MAX_LINES
    known = lang if lang and _LANGUAGE.fullmatch(lang) and lang != "und" else None
    inner = join(map(_write_piece, pieces)) if pieces else tag("span", "no text", class_="cut")
    scrolls: dict[str, str | int] = {"tabindex": 0, "role": "group", "aria_label": label} if is_long else {}
    return tag("div", inner, class_="text tall" if is_long else "text", dir="auto", lang=known, **scrolls)


def _write_piece(piece: Piece) -> Html:
    if piece.kind == "plain":
        return escape(piece.text)
    if piece.kind == "cut":
        return tag("span", f"[… {piece.text} …]", class_="cut", dir="ltr", lang="en")
    if piece.kind == "private":
        return tag("span", f"<{piece.text}>", class_="private", title="hidden: personal data", lang="en")
    return tag(_ELEMENTS[piece.kind], show_blank(piece.text))


def write_example(example: Example, *, similarity: float | None = None, text: Html | None = None) -> Html:
    """A document as a card; `text` takes the place of its own excerpt."""
    facts = [example.source, example.lang]
    if example.words is not None:
        facts.append(plural(example.words, "word"))
    measured = _tell_score(example)
    alike = None if similarity is None else tag("strong", f"similarity {similarity:.3f}", class_="score")
    return tag(
        "article",
        tag("p", tag("bdi", shorten(example.name, MAX_NAME)), class_="name"),
        tag(
            "p",
            *(tag("strong", measured, class_="score") if measured else None, alike),
            join(tag("span", fact) for fact in facts if fact),
            class_="facts",
        ),
        tag("p", tag("bdi", write_prose(example.evidence)), class_="evidence") if example.evidence else None,
        write_pieces(example.pieces, example.lang, f"excerpt of {example.name}") if text is None else text,
        tag("code", example.command, class_="command") if example.command else None,
        class_="example",
    )


def write_examples(examples: Iterable[Example]) -> Html | None:
    """Cards beside each other as far as there is room; nothing where there are none."""
    cards = [write_example(example) for example in examples]
    return tag("div", *cards, class_="cards") if cards else None


def _tell_score(example: Example) -> str | None:
    if example.score is None:
        return None
    if example.threshold is None:
        return f"score {tell_number(example.score)}"
    return f"{tell_beside(example.score, example.threshold)} (threshold {tell_number(example.threshold)})"
