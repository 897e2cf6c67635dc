"""What was planted where, and what a good run makes of it: a line of JSON for each document and each defect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from spark_llmdata.errors import InputError

#: Beside the input; names that begin with `_` are read by no run.
FILE = "_labels.jsonl"
CLEAN = "clean"

Outcome = Literal["kept", "edited", "removed", "rejected", "one of a group"]


@dataclass(frozen=True)
class Label:
    """A record: its place (offset in bytes of the file as stored), what is wrong with it, what should become of it.

    `reasons` are those that are right, any of them; `*` stands for any characters, as recipes may name their stages.
    Of the records with the same `group` all but one should go for one of `reasons`. `similarity` is the share of
    5-word shingles in common with the document that the copy was made from. An edited document stays,
    and its text holds none of `gone` and all of `there`.
    """

    file: str
    offset: int
    url: str | None
    defect: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    group: str | None = None
    similarity: float | None = None
    gone: tuple[str, ...] = ()
    there: tuple[str, ...] = ()


_LABEL = TypeAdapter(Label)


def write_labels(labels: Iterable[Label]) -> bytes:
    """The labels as lines of JSON, what is empty left out."""
    lines = []
    for label in labels:
        facts = {name: value for name, value in asdict(label).items() if name == "url" or value not in (None, ())}
        lines.append(json.dumps(facts, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def read_labels(folder: str | Path) -> list[Label]:
    """The labels of a sample.

    Raises:
        InputError: the folder holds no sample, or a line of its labels is damaged.
    """
    file = Path(folder) / FILE
    try:
        lines = file.read_text("utf-8").removesuffix("\n").split("\n")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(
            f"{folder}: holds no {FILE}; expected a folder that `llmdata sample DIR` has written"
        ) from error
    return list(_parse(file, lines))


def _parse(file: Path, lines: Iterable[str]) -> Iterator[Label]:
    for number, line in enumerate(lines, 1):
        try:
            yield _LABEL.validate_json(line)
        except ValidationError as error:
            what = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'line'}: {e['msg']}" for e in error.errors())
            raise InputError(
                f"{file}, line {number}: no label ({what}); write the sample again, into a new folder"
            ) from error
