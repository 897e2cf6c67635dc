"""A sample read and judged without Spark: the records, and what the row stages of the recipe `demo` make of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from spark_llmdata.plan import SegmentNode, make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.sample import Fate, Place
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import Tally


def read_records(folder: Path) -> Iterator[pa.RecordBatch]:
    """All records of a sample, as our reader gives them."""
    limits = {"max_record_bytes": 16 << 20, "batch_rows": 1_000, "batch_bytes": 64 << 20}
    columns = load_recipe("demo").read.sources()
    for split in plan_splits(find_files([str(folder)]).files):
        yield from read_split(split, Tally(), columns=columns, **limits)


def place_of(row: dict[str, Any]) -> Place:
    """Where a record stands, as labels say it."""
    return row["file"].rpartition("/")[2], row["offset"]


def judge_rows(folder: Path) -> dict[Place, Fate]:
    """The fate of each record by the recipe's row stages alone: nothing is compared with anything."""
    fates: dict[Place, Fate] = {}
    batches = list(read_records(folder))
    for node in make_plan(load_recipe("demo")).nodes:
        if not isinstance(node, SegmentNode):
            continue
        judged = [rows for batch in batches for rows in node.segment.judge(batch)]
        for rows in judged:
            for row in rows.select(["file", "offset", "kept", "rejected", "verdict", "text"]).to_pylist():
                outcome = "kept" if row["kept"] else "rejected" if row["rejected"] else "removed"
                fates[place_of(row)] = Fate(outcome, (row["verdict"] or {}).get("reason"), None, row["text"])
        batches = [rows.filter(rows.column("kept")) for rows in judged]
    return fates
