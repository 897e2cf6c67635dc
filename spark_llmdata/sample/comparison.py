"""What was planted against what a run made of it: found, missed and wrongly removed, defect by defect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from spark_llmdata.sample.labels import CLEAN, Label

#: How far a measured similarity may lie from the true one: it is told in six digits.
TOLERANCE = 1e-5
_SHOWN = 2

#: A record's file and offset.
Place = tuple[str, int]


@dataclass(frozen=True)
class Fate:
    """What became of a record; `text` is its text in the corpus, asked for where a label speaks of it."""

    outcome: str
    reason: str | None = None
    similarity: float | None = None
    text: str | None = None


@dataclass
class Row:
    """A line of the table. An example is a place's name and what was seen there."""

    defect: str
    planted: int = 0
    found: int = 0
    wrong: int = 0
    by: dict[str, int] = field(default_factory=dict)  # reason or edit: how often
    missed_examples: list[str] = field(default_factory=list)
    wrong_examples: list[str] = field(default_factory=list)

    @property
    def missed(self) -> int:
        """Planted and not found; of clean documents there is nothing to find."""
        return 0 if self.defect == CLEAN else self.planted - self.found

    def find(self, by: str, count: int = 1) -> None:
        """Count what was found, and the rule that found it."""
        self.found += count
        self.by[by] = self.by.get(by, 0) + count

    def as_json(self) -> dict[str, Any]:
        """The facts of the line."""
        return {
            "defect": self.defect,
            "planted": self.planted,
            "found": self.found,
            "missed": self.missed,
            "wrongly_removed": self.wrong,
            "by": self.by,
            "missed_examples": self.missed_examples[:_SHOWN],
            "wrongly_removed_examples": self.wrong_examples[:_SHOWN],
        }


def compare(labels: Iterable[Label], fates: Mapping[Place, Fate]) -> list[Row]:
    """Hold each label against the fate of its record; rows in the order of what is planted most, clean ones last.

    Found is what went for one of the label's reasons, or was edited as it says; gone for another reason is missed.
    Wrongly removed is what should stay and did not, and of a group of copies the last one that should have stayed.
    """
    rows: dict[str, Row] = {}
    groups: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        row = rows.setdefault(label.defect, Row(label.defect))
        if label.group is not None:
            groups[label.group].append(label)
            continue
        row.planted += 1
        _judge(label, fates.get((label.file, label.offset)), row)
    for members in groups.values():
        _judge_group(members, fates, rows[members[0].defect])
    return sorted(rows.values(), key=lambda row: (row.defect == CLEAN, -row.planted, row.defect))


def _judge(label: Label, fate: Fate | None, row: Row) -> None:
    if fate is None:
        row.wrong += label.outcome in ("kept", "edited")
        told = row.wrong_examples if label.outcome == "kept" else row.missed_examples
        told.append(f"{_name(label)}: no record was read there")
    elif label.outcome in ("removed", "rejected"):
        if fate.outcome == label.outcome and _is_right(label, fate):
            row.find(str(fate.reason))
        else:
            row.missed_examples.append(f"{_name(label)}: {_tell(fate)}")
    elif fate.outcome != "kept":
        row.wrong += 1
        row.wrong_examples.append(f"{_name(label)}: {_tell(fate)}")
        if label.outcome == "edited":
            row.missed_examples.append(f"{_name(label)}: {_tell(fate)}")
    elif label.outcome == "edited":
        _judge_edit(label, fate, row)
    elif label.defect != CLEAN:
        row.find("kept")


def _judge_edit(label: Label, fate: Fate, row: Row) -> None:
    text = fate.text or ""
    left = [value for value in label.gone if value in text]
    lost = [value for value in label.there if value not in text]
    if left or lost:
        what = f"the text still holds {left[0]!r}" if left else f"the text lost {lost[0]!r}"
        row.missed_examples.append(f"{_name(label)}: {what[:200]}")
    else:
        row.find("edited")


def _judge_group(members: Sequence[Label], fates: Mapping[Place, Fate], row: Row) -> None:
    """Of the records with one content all go but one, which may be any."""
    row.planted += len(members) - 1
    gone: list[str] = []
    stay: list[str] = []
    for label in members:
        fate = fates.get((label.file, label.offset))
        if fate is None or not (fate.outcome == "removed" and _is_right(label, fate)):
            stay.append(f"{_name(label)}: {'no record was read there' if fate is None else _tell(fate)}")
        elif _is_true(label, fate):
            gone.append(str(fate.reason))
        else:
            stay.append(f"{_name(label)}: similarity {fate.similarity}, truly {label.similarity}")
    found = min(len(gone), len(members) - 1)
    for reason in gone[:found]:
        row.find(reason)
    row.missed_examples += stay[: len(members) - 1 - found]
    if not any(_stays(label, fates) for label in members):
        row.wrong += 1
        row.wrong_examples.append(f"{_name(members[0])}: none of {len(members)} copies is left")


def _stays(label: Label, fates: Mapping[Place, Fate]) -> bool:
    fate = fates.get((label.file, label.offset))
    return fate is not None and fate.outcome == "kept"


def _is_right(label: Label, fate: Fate) -> bool:
    return any(fnmatchcase(fate.reason or "", reason) for reason in label.reasons)


def _is_true(label: Label, fate: Fate) -> bool:
    if label.similarity is None:
        return True
    return fate.similarity is not None and abs(fate.similarity - label.similarity) <= TOLERANCE


def _name(label: Label) -> str:
    return label.url or f"{label.file}:{label.offset}"


def _tell(fate: Fate) -> str:
    return fate.outcome if fate.reason is None else f"{fate.outcome}, {fate.reason}"
