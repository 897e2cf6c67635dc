"""The case files: what they hold, and how a case is turned into a batch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from spark_llmdata.batch import Batch
from spark_llmdata.interop.frames import GIVEN
from spark_llmdata.stage import RowStage, Stage
from spark_llmdata.stages import BUILTIN

FOLDER = Path(__file__).resolve().parents[1] / "cases"


def case_file(kind: str) -> Path:
    family, noun = kind.split(".")
    return FOLDER / family / f"{noun}.yaml"


def cases(kind: str) -> list[dict[str, Any]]:
    return yaml.safe_load(case_file(kind).read_text("utf-8"))["cases"]


def row_cases() -> list[tuple[str, dict[str, Any]]]:
    return [(k, c) for k, s in BUILTIN.items() if issubclass(s, RowStage) for c in cases(k)]


def corpus_cases() -> list[tuple[str, dict[str, Any]]]:
    return [(k, c) for k, s in BUILTIN.items() if not issubclass(s, RowStage) for c in cases(k)]


def stage_of(kind: str, case: dict[str, Any]) -> Stage:
    return BUILTIN[kind](**{name: _place(value) for name, value in case.get("settings", {}).items()})


def usual(kind: str) -> Stage:
    """The stage with its defaults; where something has to be given, as in its first case."""
    required = any(field.is_required() for field in BUILTIN[kind].model_fields.values())
    return stage_of(kind, cases(kind)[0]) if required else BUILTIN[kind]()


def _place(value: Any) -> Any:
    """A setting; a path that begins with `conf/` is one of the repository."""
    is_path = isinstance(value, str) and value.startswith("conf/")
    return str(FOLDER.parents[1] / value) if is_path else value


def batch_of(given: list[dict[str, Any]], scores: Iterable[str] = ()) -> Batch:
    """A batch with one row for each `given` of a case; its `scores` are what earlier stages measured."""
    rows = [_row(g) for g in given]
    measured = [r.pop("scores", {}) for r in rows]
    names = {*scores, *(name for m in measured for name in m)}
    return Batch(
        {name: pa.array([r.get(name) for r in rows], kind) for name, kind in GIVEN.items()},
        scores={name: pa.array([m.get(name) for m in measured], pa.float64()) for name in names},
    )


CORPUS_COLUMNS = "doc_id string, text string, url string, date timestamp, source string, scores struct<quality: double>"


def corpus_rows(case: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The documents of a case, each a text by its id, or a mapping of columns (dates as YYYY-MM-DD, `quality`)."""
    rows = []
    for doc_id, given in case["docs"].items():
        d = given if isinstance(given, dict) else {"text": given}
        date = d.get("date") and datetime.combine(d["date"], time(), timezone.utc)
        quality = float(d["quality"]) if "quality" in d else None
        rows.append((doc_id, d.get("text", ""), d.get("url"), date, d.get("source", "s"), (quality,)))
    return rows


def _row(given: dict[str, Any]) -> dict[str, Any]:
    row = dict(given)
    if "text" in row:
        row["text"] = row["text"] * row.pop("times", 1) + row.pop("then", "")
    if "meta" in row:
        row["meta"] = list(row["meta"].items())
    if "html_hex" in row:
        row["html"] = bytes.fromhex(row.pop("html_hex"))
    elif "html" in row:
        row["html"] = row["html"].encode()
    return row
