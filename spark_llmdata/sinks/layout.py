"""How an export is laid out: into which files, in which order, split how, compressed how."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from spark_llmdata.complaints import suggest
from spark_llmdata.errors import UsageError

Format = Literal["parquet", "jsonl", "jsonl-dolma", "jsonl-datatrove"]
FORMATS: tuple[str, ...] = get_args(Format)

#: What `compression` can be, the first being the default; JSON lines as Spark writes them without native libraries.
COMPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "parquet": ("snappy", "zstd", "gzip", "none"),
    "jsonl": ("none", "gzip", "bzip2"),
}
#: Where shards end that have a place of their own, and nobody said how large they are to be.
SHARD_BYTES = 1_000_000_000
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]?I?B?)", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """What was asked of an export.

    `shard_bytes` are of the file as it is stored, `splits` shares by name that add up to 1. Without any of
    `shard_bytes`, `shard_rows`, `shuffle` and `splits` files are cut as the corpus' table is; with one of the last two
    alone where they reach `SHARD_BYTES`, since no file of a large corpus can be written by one task.
    """

    shard_bytes: int | None = None
    shard_rows: int | None = None
    compression: str | None = None
    shuffle: bool = False
    seed: int = 0
    splits: Mapping[str, float] = field(default_factory=dict)

    @property
    def arranged(self) -> bool:
        """Whether documents get a place of their own, whatever the table's files are."""
        return bool(self.shard_bytes or self.shard_rows or self.shuffle or self.splits)

    @property
    def target_bytes(self) -> int | None:
        """Bytes of a shard, unless it is so many documents."""
        return None if self.shard_rows is not None else self.shard_bytes or SHARD_BYTES

    def check(self, kind: str) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: an option contradicts another, or does not fit the format.
        """
        if self.shard_bytes is not None and self.shard_rows is not None:
            raise UsageError("--shard-size and --shard-rows both say where a shard ends; give one of them")
        if self.shard_rows is not None and self.shard_rows < 1:
            raise UsageError(f"--shard-rows {self.shard_rows}: expected a number of documents, 1 or more")
        known = COMPRESSIONS[family(kind)]
        if self.compression is not None and self.compression not in known:
            raise UsageError(
                f"--compression {self.compression}: {kind} has {', '.join(known)}{suggest(self.compression, known)}"
            )
        if self.splits:
            _check_splits(self.splits)
        if self.seed and not (self.shuffle or self.splits):
            raise UsageError("--seed belongs to --shuffle and --split; add one of them")
        if not -(2**63) <= self.seed < 2**63:
            raise UsageError(f"--seed {self.seed}: expected a number of 64 bits")


def family(kind: str) -> str:
    """What a format's files are: `parquet` or `jsonl`."""
    return kind.split("-")[0]


def parse_size(text: str) -> int:
    """Bytes of `256MB`, `1.5GiB`, `1000000`.

    Raises:
        UsageError: it is no size, or below 1,000 bytes.
    """
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found and found[2].upper() in _UNITS else 0
    if size < 1000:
        raise UsageError(f"--shard-size {text}: expected bytes with a unit, 1KB or more, such as 256MB or 1GiB")
    return size


def parse_splits(text: str) -> dict[str, float]:
    """Shares by name of `train=0.99,validation=0.01`.

    Raises:
        UsageError: a name or a number does not fit, or the shares do not add up to 1.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if name in shares:
            raise UsageError(f"--split {text}: {name!r} stands twice")
        _check_share(text, part.strip(), name, share)
        shares[name] = share
    _check_sum(text, shares)
    return shares


def _check_splits(shares: Mapping[str, float]) -> None:
    told = ",".join(f"{name}={share}" for name, share in shares.items())
    for name, share in shares.items():
        _check_share(told, f"{name}={share}", name, share)
    _check_sum(told, shares)


def _check_share(told: str, part: str, name: str, share: float) -> None:
    if not _NAME.fullmatch(name) or not 0 < share <= 1:
        raise UsageError(
            f"--split {told}: {part!r} is no share; expected NAME=SHARE, a name in lower case and a number above 0 "
            "and up to 1, such as train=0.99,validation=0.01"
        )


def _check_sum(told: str, shares: Mapping[str, float]) -> None:
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise UsageError(f"--split {told}: the shares add up to {sum(shares.values()):g}; expected 1")
