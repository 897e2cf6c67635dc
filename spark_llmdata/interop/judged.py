"""What `stage(df)` gives for a pandas frame: the frame, which a notebook shows as verdicts, and counted."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from spark_llmdata import markup

SHOWN_ROWS = 10
SHOWN_CHARS = 80


@cache
def judged_class() -> Any:
    """A pandas data frame with a display of its own; what is made from it is a plain one again."""
    import pandas as pd

    class JudgedFrame(pd.DataFrame):
        """Judged documents: the columns that came, with `kept`, `verdict` and, if any, `scores`."""

        @property
        def _constructor(self) -> Any:
            return pd.DataFrame

        def __reduce_ex__(self, protocol: Any) -> Any:
            return _plain, (pd.DataFrame(self),)

        def _repr_html_(self) -> Any:
            plain: Any = pd.DataFrame(self)
            whole = {"kept", "verdict", "text"} <= set(self.columns)
            return describe_page(self) if whole else plain._repr_html_()

    return JudgedFrame


def _plain(frame: Any) -> Any:
    """What a pickle gives back."""
    return frame


def describe_page(judged: Any) -> str:
    """Counts by reason and the first rows, removed ones first, of a pandas frame."""
    verdicts = [v if isinstance(v, dict) else None for v in judged["verdict"]]
    reasons = Counter(v["reason"] for v in verdicts if v)
    kept = int(judged["kept"].sum())
    order = sorted(range(len(judged)), key=lambda i: verdicts[i] is None)
    texts = list(judged["text"])
    rows = [_row(judged.index[i], verdicts[i], texts[i]) for i in order[:SHOWN_ROWS]]
    left_out = len(judged) - len(rows)
    return markup.block(
        f"{len(judged):,} documents: {kept:,} kept, {len(judged) - kept:,} not",
        markup.table(("reason", "documents"), reasons.most_common()),
        markup.table(("row", "reason", "score", "threshold", "text"), rows),
        markup.note(f"and {left_out:,} rows more; a data frame with the columns {', '.join(map(str, judged.columns))}")
        if left_out > 0
        else "",
    )


def _row(index: Any, verdict: dict[str, Any] | None, text: Any) -> tuple[object, ...]:
    begin = " ".join(text[: 2 * SHOWN_CHARS].split())[:SHOWN_CHARS] if isinstance(text, str) else ""
    more = "…" if isinstance(text, str) and len(text) > len(begin) else ""
    if verdict is None:
        return str(index), "kept", None, None, begin + more
    return str(index), verdict["reason"], verdict["score"], verdict["threshold"], begin + more
