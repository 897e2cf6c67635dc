"""Where the injections happen: inputs, a recipe with all kinds of stages, stores, and what a store tells afterwards."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spark_llmdata.cli.main import INTERRUPTED, main
from spark_llmdata.session import BRIEF_SETTINGS
from tests.faults.killing import Command, Marked, Working
from tests.runner.corpora import documents, good_text, write_jsonl, write_warc
from tests.spark_settings import CHEAP

RECIPE = Path(__file__).parent / "recipe/faults.yaml"

#: What a small run needs, and no more.
SMALL = CHEAP | BRIEF_SETTINGS | {"spark.driver.memory": "1g"}


@dataclass(frozen=True)
class Outcome:
    """What a run made: equal for two runs exactly where hash, counts, corpus and fates are."""

    content_hash: str
    counts: Mapping[str, int]
    by_stage: Sequence[tuple[Any, ...]]  # stage, in, removed, rejected, kept
    corpus: tuple[int, int]  # rows, and a hash of them as they are read from the table
    fates: tuple[int, int]


class Scene:
    """A folder with inputs, and a store for each injection in it."""

    def __init__(self, folder: Path, documents: int = 600) -> None:
        self.folder, self.marks = folder, folder / "marks"
        self.marks.mkdir(parents=True)
        write_inputs(folder / "in", documents)
        self.stores = 0

    def new_store(self) -> Path:
        """A store that does not exist yet; marks of earlier runs are forgotten."""
        self.stores += 1
        shutil.rmtree(self.marks)
        self.marks.mkdir()
        return self.folder / f"store-{self.stores}"

    def arguments(self, store: Path, *more: str) -> list[str]:
        """`llmdata run` of the recipe into a store."""
        marks = [f"--set={name}.marks={json.dumps(str(self.marks))}" for name in ("first", "second")]
        return ["run", str(RECIPE), "--input", str(self.folder / "in"), "--store", str(store), "--json", *marks, *more]

    def start(
        self, store: Path, *more: str, master: str = "local[2,4]", env: Mapping[str, str] | None = None
    ) -> Command:
        """Start a run in a process of its own."""
        cheap = SMALL | {"spark.local.dir": str(self.folder / "spark")}
        conf = [f"--conf={key}={value}" for key, value in cheap.items()]
        return Command(
            self.arguments(store, "--master", master, *conf, *more), self.folder / f"processes-{store.name}", env
        )

    def at_work(self, where: str) -> Working | Marked:
        """The moment in which a worker is at work: in a dawdling stage, else behind the progress line `where`."""
        return Marked(self.marks, where) if where in ("first", "second") else Working(where)


def write_inputs(folder: Path, n: int) -> None:
    """JSON lines with copies and broken lines, a WARC, a Parquet table whose texts occur in the others too."""
    rows: list[Any] = documents(n)
    write_jsonl(folder / "a.jsonl", [*rows[: n // 2], '{"id": "cut off', *rows[: n // 20]])
    write_jsonl(folder / "b.jsonl.gz", rows[n // 2 :])
    write_warc(folder / "c.warc.gz", [(f"https://w.example/{i}", good_text(10_000 + i)) for i in range(n // 6)])
    pq.write_table(pa.Table.from_pylist(documents(n // 4, start=n - n // 8)), folder / "d.parquet", row_group_size=40)


def ask(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run a command in this process and its session: exit code, the JSON object, standard error."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    ours = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments)
            out.flush()
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
    if code == INTERRUPTED:  # it was the harness that was to stop
        raise KeyboardInterrupt
    text = out.buffer.getvalue().decode()
    return code, json.loads(text), err.getvalue()


def listed(store: Path) -> list[dict[str, Any]]:
    """What `llmdata runs` tells, oldest first; nothing where there is no store yet."""
    code, facts, err = ask("runs", "--store", str(store), "--json")
    if code == 2 and "holds no store" in err:
        return []
    assert code == 0, err
    return list(facts["runs"])


def commits(table: Path) -> list[dict[str, Any]]:
    """The notes of a table's commits, oldest first, read from its log without Spark."""
    notes = []
    for file in sorted((table / "_delta_log").glob("*.json")):
        for line in file.read_text("utf-8").splitlines():
            info = json.loads(line).get("commitInfo")
            if info is not None:
                notes.append(json.loads(info.get("userMetadata") or "{}") | {"version": int(file.stem)})
    return notes


def observe(spark: Any, store: Path, run: str) -> Outcome:
    """What a run made, as the tables hold it."""
    from spark_llmdata.store import Store
    from spark_llmdata.store.ledger import Ledger

    opened = Store.open(spark, str(store))
    record = Ledger(opened).find(run)
    facts = record.manifest
    names = ("stage", "in", "removed", "rejected", "kept")
    return Outcome(
        facts["content_hash"],
        facts["counts"],
        tuple(tuple(entry[n] for n in names) for entry in facts["by_stage"]),
        _digest(opened.corpus.read(record.version)),
        _digest(opened.fates.read().where(f"run = '{run}'").drop("run", "part")),
    )


def _digest(rows: Any) -> tuple[int, int]:
    """The number of rows and the XOR of their hashes."""
    from pyspark.sql import functions as F

    maps = [f.name for f in rows.schema if f.dataType.typeName() == "map"]
    plain = rows.withColumns({name: F.sort_array(F.map_entries(name)) for name in maps})
    row = plain.agg(F.count("*"), F.bit_xor(F.xxhash64(*plain.columns))).collect()[0]
    return int(row[0]), int(row[1] or 0)
