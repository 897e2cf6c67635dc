"""The typed form of a recipe: what it reads, its stages, its gates, what it writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, field_validator

from spark_llmdata.schema import RECOGNISED
from spark_llmdata.stage import Stage

MAX_REMOVED = 0.98
MAX_REJECTED = 0.5
MAPPABLE = (*RECOGNISED, "html", "meta")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Read(_Section):
    """How inputs are read."""

    columns: dict[str, str] = Field(
        default_factory=dict,
        description=f"where documents' columns come from in JSON lines and Parquet, as {{column: name in the input}}; "
        f"columns: {', '.join(MAPPABLE)}. `meta` names an object that is opened: its members count as the record's own",
    )
    max_record_bytes: PositiveInt = Field(default=32 << 20, le=1 << 30, description="a larger record becomes a reject")

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(columns) - set(MAPPABLE))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no such column; expected some of {', '.join(MAPPABLE)}")
        names = list(columns.values())
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: mapped to more than one column")
        return columns

    def sources(self) -> dict[str, str]:
        """Every column read and the name it has in the input; a name taken by a mapping serves no other column."""
        taken = set(self.columns.values())
        same = {c: c for c in RECOGNISED if c not in self.columns and c not in taken}
        return same | self.columns


#: Which documents a stage is shown.
Judged = Literal["alive", "all"]

Shares = float | dict[str, float]


class Gates(_Section):
    """Loss gates: what stops a run before it touches the corpus; a share of fewer than 1,000 documents is no reason."""

    max_removed: Shares = Field(
        default=MAX_REMOVED,
        description="the share of the documents shown to a stage that it may remove; a number for every stage or a map "
        "by stage, with `default` for the others; strictly more stops the run",
    )
    max_removed_by_source: dict[str, Shares] = Field(
        default_factory=dict,
        description="the same of one source's documents, as {source: number or map by stage}; sources not named are "
        "not judged apart",
    )
    max_rejected: Shares = Field(
        default=MAX_REJECTED,
        description="the share of the documents shown to a stage that it may reject (could not read, decode, judge); a "
        "number for every stage or a map by stage, with `default` for the others; reading is the stage `read`",
    )
    max_duplicate_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="the share of the documents shown to a comparison that it may remove as duplicates of others, "
        "copies of records (stage `read`) included",
    )
    min_kept: NonNegativeInt = Field(
        default=1,
        description="how many documents must be left, however few were read; 0 lets a run end with an empty corpus",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_booleans(cls, value: Any) -> Any:
        if any(isinstance(leaf, bool) for leaf in _leaves(value)):
            raise ValueError("true and false are no numbers; a share of 1 switches a gate off")
        return value

    @field_validator("max_removed", "max_rejected", "max_removed_by_source")
    @classmethod
    def _shares(cls, value: Any) -> Any:
        for share in _leaves(value):
            if not 0 <= share <= 1:
                raise ValueError(f"{share} is no share; expected a number from 0 to 1")
        return value

    def max_removed_of(self, stage: str) -> float:
        """The bound for a stage; one that a map does not name has the map's default."""
        return _bound(self.max_removed, stage, MAX_REMOVED)

    def max_removed_of_source(self, source: str, stage: str) -> float:
        """The bound for a stage among one source's documents."""
        return _bound(self.max_removed_by_source[source], stage, 1.0)

    def max_rejected_of(self, stage: str) -> float:
        """The bound on rejects for a stage."""
        return _bound(self.max_rejected, stage, MAX_REJECTED)

    def stages(self) -> dict[tuple[str, ...], str]:
        """Every stage the gates name, by its place in the section."""
        maps: dict[tuple[str, ...], Any] = {("max_removed",): self.max_removed, ("max_rejected",): self.max_rejected}
        maps |= {("max_removed_by_source", name): value for name, value in self.max_removed_by_source.items()}
        return {(*place, n): n for place, value in maps.items() if isinstance(value, dict) for n in value}


#: What `--override-gate` takes.
GATES = tuple(Gates.model_fields)


def _bound(shares: Shares, stage: str, default: float) -> float:
    return shares.get(stage, shares.get("default", default)) if isinstance(shares, dict) else shares


def _leaves(value: Any) -> list[Any]:
    return [leaf for inner in value.values() for leaf in _leaves(inner)] if isinstance(value, dict) else [value]


class Write(_Section):
    """What a run leaves in the store."""

    removed_text: Literal["all", "sample", "none"] = Field(
        default="all", description="whether removed documents keep their text: all, 1 in 16 (by doc_id), none"
    )


@dataclass(frozen=True)
class Recipe:
    """A checked recipe. `stages` are instances, in order, with unique names; `folder` is where its file lay.

    `lacks` are sentences on what a published recipe does beyond this one; they decide nothing. `places` say for each
    stage where it is written, `file:line`; empty for a recipe that comes from no file. With `judge` all, documents that
    a stage removes are shown to the later ones of its pass too, so that they have every score.
    """

    name: str
    read: Read
    stages: tuple[Stage, ...]
    gates: Gates
    write: Write
    folder: str | None = None
    lacks: tuple[str, ...] = ()
    places: tuple[str, ...] = field(default=(), compare=False)
    judge: Judged = "alive"

    def as_dict(self) -> Mapping[str, Any]:
        """The recipe with every setting spelled out, as the manifest records it."""
        return {
            "name": self.name,
            "judge": self.judge,
            "read": self.read.model_dump(mode="json"),
            "stages": [
                {"kind": s.kind_name() if s.is_builtin() else _import_path(s), "id": s.name} | s.settings()
                for s in self.stages
            ],
            "gates": self.gates.model_dump(mode="json"),
            "write": self.write.model_dump(mode="json"),
        }


def _import_path(stage: Stage) -> str:
    return f"{type(stage).__module__}.{type(stage).__qualname__}"
