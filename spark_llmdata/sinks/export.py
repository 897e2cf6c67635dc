"""Export of a build's kept documents as Parquet or JSON lines, by Spark's own writers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Format = Literal["parquet", "jsonl"]
COLUMNS = ("doc_id", "id", "url", "text", "lang", "date", "source", "meta", "scores")


def export(store: Store, kind: Format, output: str, run: str | None = None) -> dict[str, Any]:
    """Write the kept documents of a run (the newest build without one) into a new folder; says how many."""
    output = check_output(output)
    record = Ledger(store).find(run)
    if record.version is None:
        raise NotFound(f"run {record.run} is {record.state} and has no corpus; `llmdata runs` says which runs are done")
    rows = store.corpus.read(record.version).select(*COLUMNS)
    if kind == "parquet":
        rows.write.mode("append").parquet(output)
    else:
        _write_jsonl(rows, output)
    return {"run": record.run, "format": kind, "output": output, "documents": record.manifest["counts"]["kept"]}


def check_output(output: str) -> str:
    """The absolute path or the URL of a folder that is not there yet, or empty."""
    if re.match(r"[A-Za-z][\w+.-]+:/", output):
        return output
    path = Path(output).expanduser().absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"--output {output} is not empty; nothing is overwritten: name a new folder")
    return str(path)


def _write_jsonl(rows: DataFrame, output: str) -> None:
    """One object a line, null fields left out; dates as RFC 3339 in UTC. Spark calls such files .json."""
    options = {"ignoreNullFields": "true", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS]XXX"}
    rows.write.mode("append").options(**options).json(output)
