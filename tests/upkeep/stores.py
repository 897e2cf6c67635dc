"""A small store with two builds, made once, and ways to look at and to hurt copies of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import spark_llmdata as sl
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger, RunRecord
from tests.runner.corpora import documents, write_jsonl


def build(spark, folder: Path, *names: str, settings=()):
    """Run over files of `folder/in` into `folder/store`."""
    inputs = [folder / "in" / name for name in names]
    return sl.run("quickstart", input=inputs, store=folder / "store", spark=spark, set=settings)


def make(spark, folder: Path) -> Path:
    """A store with two builds: of one file, and of two, which reuses the first one's part."""
    write_jsonl(folder / "in/a.jsonl", documents(20))
    write_jsonl(folder / "in/b.jsonl", documents(20, start=20))
    build(spark, folder, "a.jsonl")
    build(spark, folder, "a.jsonl", "b.jsonl")
    return folder / "store"


def copy(store: Path, place: Path) -> Path:
    """A copy elsewhere, with the times of the files."""
    return Path(shutil.copytree(store, place / "store"))


def records(spark, store: Path) -> list[RunRecord]:
    """The runs with their manifests, oldest first."""
    ledger = Ledger(Store.open(spark, str(store)))
    return [ledger.whole(r) for r in ledger.list()]


def snapshot(store: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    return {str(p.relative_to(store)): p.read_bytes() for p in sorted(store.rglob("*")) if p.is_file()}
