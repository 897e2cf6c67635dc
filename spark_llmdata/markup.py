"""Answers as small pieces of HTML for notebooks: escaped, no script, readable on dark and on light ground."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

#: Tints that let the notebook's own ground and letters show through.
_TINTS = {
    "taken": "background:rgba(220,60,60,.25);text-decoration:line-through",
    "put": "background:rgba(50,160,80,.28);text-decoration:none",
    "counts": "background:rgba(230,170,0,.35);color:inherit",
}
_TAGS = {"taken": "del", "put": "ins", "counts": "mark"}
_CELL = "padding:.15em .8em .15em 0;border:0;vertical-align:top;color:inherit;background:none"


def escape(value: object) -> str:
    """A value as text between tags: thousands marked, nothing where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return html.escape(str(value))
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def block(title: str, *parts: str) -> str:
    """Parts, HTML each, below a title, plain text; they keep their width on a narrow page and scroll."""
    body = "".join(part for part in parts if part)
    return f'<div style="max-width:100%;overflow-x:auto;line-height:1.4"><strong>{escape(title)}</strong>{body}</div>'


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, limit: int = 20) -> str:
    """A table; numbers to the right. Of more than `limit` rows it says how many are left out."""
    if not rows:
        return ""
    numbers = [all(isinstance(r[i], int | float) or r[i] is None for r in rows) for i in range(len(head))]
    sides = ["right" if is_number else "left" for is_number in numbers]

    def line(tag: str, cells: Sequence[object]) -> str:
        made = (
            f'<{tag} style="{_CELL};text-align:{side}">{escape(c)}</{tag}>'
            for c, side in zip(cells, sides, strict=True)
        )
        return f'<tr style="background:none">{"".join(made)}</tr>'

    body = "".join(line("td", row) for row in rows[:limit])
    left_out = f"<div><small>and {len(rows) - limit:,} more</small></div>" if len(rows) > limit else ""
    top = f"<thead>{line('th', head)}</thead>" if any(head) else ""
    return (
        f'<table style="border-collapse:collapse;border:0;margin:.4em 0">{top}<tbody>{body}</tbody></table>{left_out}'
    )


def facts(pairs: Mapping[str, object]) -> str:
    """Names and what they stand for, one a line; those without a value are left out."""
    return table(("", ""), [(name, _plain(value)) for name, value in pairs.items() if value not in (None, "")])


def _plain(value: object) -> str:
    """Numbers as text, so that they stand at the left beside others."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def note(text: str) -> str:
    """A remark in small letters."""
    return f"<div><small>{escape(text)}</small></div>"


def preformatted(inner: str) -> str:
    """Text as it is, HTML already, with its line ends; long lines are folded."""
    style = "white-space:pre-wrap;overflow-wrap:anywhere;max-height:30em;overflow-y:auto;margin:.4em 0"
    return f'<pre style="{style};color:inherit;background:none">{inner}</pre>'


def marked(kind: str, text: str, told: str) -> str:
    """A piece of text that was `taken` out or `put` in, or that `counts`; `told` says by whom or for what."""
    tag = _TAGS[kind]
    return f'<{tag} style="{_TINTS[kind]}" title="{escape(told)}">{escape(text)}</{tag}>'
