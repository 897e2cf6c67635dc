"""Who survives among duplicates: one total order for all stages that deduplicate, written as a list of keys.

Keys are compared from the left; the first that differs decides. What has no value for a key comes last in it.

* `longest`: most bytes of text (UTF-8), which segments have stored: characters of another form would cost reading
  every text again;
* `newest`, `oldest`: by date;
* `score:NAME`: highest score in the column NAME that an earlier stage gives, such as `score:gopher_quality_n_words`;
* `priority`: highest number of the document's source in the setting `priority`, 0 for sources that it does not name;
* `doc_id`: smallest id. It ends every order, written or not: ids are unique, so one document always wins.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

if TYPE_CHECKING:
    from pyspark.sql import Column

__all__ = ["Keys", "Priority", "check", "check_priority", "columns", "order", "scores"]

KEYS = ("longest", "newest", "oldest", "score:NAME", "priority", "doc_id")
SCORE = "score:"

#: The columns of a segment that a key reads.
_COLUMNS = {"longest": "bytes", "newest": "date", "oldest": "date", "priority": "source", "doc_id": "doc_id"}
_LAST = 2**63 - 1  # behind every number of bytes and every date in microseconds


def check(keys: Sequence[str]) -> None:
    """Refuse keys that make no order.

    Raises:
        ValueError: a key is unknown, stands twice, or stands behind `doc_id`, where nothing is left to decide.
    """
    for i, key in enumerate(keys):
        if key not in KEYS and not _score_name(key):
            several = f"; several are a list, [{key}]" if "," in key else _suggest(key)
            raise ValueError(f"no survivor key {key!r}{several}; expected some of {', '.join(KEYS)}")
        if key == "score:NAME":
            raise ValueError("'score:NAME' stands for a score column; expected its name, such as score:quality")
        if key in keys[:i]:
            raise ValueError(f"survivor key {key!r} stands twice; the second decides nothing: take it out")
        if "doc_id" in keys[:i]:
            raise ValueError(f"survivor key {key!r} stands behind doc_id, which leaves no ties; put doc_id last")


def check_priority(priority: Mapping[str, float], keys: Sequence[str]) -> None:
    """Refuse priorities that do not fit the keys.

    Raises:
        ValueError: one of the setting and the key `priority` is there without the other, or a number is not finite.
    """
    odd = {source: number for source, number in priority.items() if not math.isfinite(number)}
    if odd:
        raise ValueError(f"priority {odd} is not finite; expected numbers, the larger the sooner kept")
    if "priority" in keys and not priority:
        raise ValueError("the survivor key 'priority' needs numbers; expected priority: {source: number}")
    if priority and "priority" not in keys:
        raise ValueError("priorities are used only by the survivor key 'priority'; add it to `survivor`")


def columns(keys: Sequence[str]) -> set[str]:
    """The columns of a segment that `order` reads, `doc_id` among them."""
    return {"doc_id"} | {_COLUMNS.get(key, "scores") for key in keys}


def scores(keys: Sequence[str]) -> frozenset[str]:
    """The names of the score columns that the keys speak of."""
    return frozenset(filter(None, map(_score_name, keys)))


def order(keys: Sequence[str], priority: Mapping[str, float] | None = None) -> Column:
    """A struct of numbers and at its end `doc_id`; of several documents the one whose struct is smallest survives.

    The frame has `columns(keys)` with the types of a segment. No part of the struct is null.
    """
    from pyspark.sql import functions as F

    names = [key for key in keys if key != "doc_id"]
    parts = [_part(key, priority or {}).alias(f"key_{i}") for i, key in enumerate(names)]
    return F.struct(*parts, F.col("doc_id"))


def _part(key: str, priority: Mapping[str, float]) -> Column:
    """A key as a number that is smaller the better, with what has no value behind all others."""
    from pyspark.sql import functions as F

    if key == "longest":
        return F.coalesce(-F.col("bytes"), F.lit(_LAST))
    if key == "newest":
        return F.coalesce(-F.unix_micros("date"), F.lit(_LAST))
    if key == "oldest":
        return F.coalesce(F.unix_micros("date"), F.lit(_LAST))
    if key == "priority":
        numbers = [item for pair in sorted(priority.items()) for item in (F.lit(pair[0]), F.lit(float(pair[1])))]
        known = F.create_map(*numbers)[F.col("source")] if numbers else F.lit(None).cast("double")
        return -F.coalesce(known, F.lit(0.0))
    # To Spark no number is larger than NaN, whatever its sign.
    return F.coalesce(-F.col("scores")[_score_name(key)], F.lit(math.nan))


def _score_name(key: str) -> str:
    return key[len(SCORE) :] if key.startswith(SCORE) else ""


def _suggest(key: str) -> str:
    close = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""


def _listed(value: Any) -> Any:
    """A single key may be written without a list."""
    return (value,) if isinstance(value, str) else value


def _checked(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Checked keys; `doc_id` at the end is dropped, so that writing it makes no other fingerprint."""
    check(keys)
    return keys[:-1] if keys[-1:] == ("doc_id",) else keys


def _fitting(priority: dict[str, float], info: ValidationInfo) -> dict[str, float]:
    if "survivor" in info.data:  # absent where it did not pass its own check
        check_priority(priority, info.data["survivor"])
    return priority


#: The settings of a stage: `survivor: Keys = ("longest",)`, and behind it `priority: Priority = {}`. Import the two
#: by name: a setting called `survivor` would hide the module.
Keys = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    AfterValidator(_checked),
    Field(
        description=f"who stays of duplicates, by the first of these that differs: {', '.join(KEYS)}; "
        "doc_id ends every order"
    ),
]
Priority = Annotated[
    dict[str, float],
    AfterValidator(_fitting),
    Field(
        validate_default=True,
        description="for the survivor key `priority`: {source: number}, the largest stays, 0 where absent",
    ),
]
