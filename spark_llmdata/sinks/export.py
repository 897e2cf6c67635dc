"""Export of a build's kept documents as Parquet or JSON lines, by Spark's own writers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spark_llmdata
from spark_llmdata.errors import UsageError
from spark_llmdata.sinks import formats
from spark_llmdata.sinks.clusters import find_clusters
from spark_llmdata.sinks.finish import DONE, finish
from spark_llmdata.sinks.layout import COMPRESSIONS, Format, Layout, family
from spark_llmdata.sinks.ratio import measure_ratio
from spark_llmdata.sinks.shards import arrange, make_key, plan_shards
from spark_llmdata.sinks.splits import with_splits
from spark_llmdata.sources import files
from spark_llmdata.sources.remote import spell_for_spark
from spark_llmdata.spark_settings import run_settings
from spark_llmdata.stage import Context
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

AS_STORED = Layout()
#: What an export that was stopped leaves in its folder, or in that of a split.
_BEGUN = ("part-*", "_temporary", "records.*.gz")
#: The form of `_export.json`.
MANIFEST_FORMAT = 1


def export(
    store: Store, kind: Format, output: str, run: str | None = None, layout: Layout = AS_STORED
) -> dict[str, Any]:
    """Write the kept documents of a run (the newest build without one) into a new folder.

    Returns what `_export.json` there says: the run, the build, the layout, and of each file documents, bytes, sha256.
    With a layout that arranges documents, the same build gives the same files whatever the partitions, byte for byte;
    but for the footers of Parquet, in which Java's writer names encodings in an order of chance.

    Raises:
        UsageError: the layout cannot be, or the folder is not empty.
        NotFound: the run has no corpus, or of a comparison is not there any more what a split needs.
    """
    layout.check(kind)
    output = check_output(output)
    with run_settings(store.spark):
        return _export(store, kind, output, Ledger(store).find(run), layout) | {"output": output}


def _export(store: Store, kind: Format, output: str, record: RunRecord, layout: Layout) -> dict[str, Any]:
    rows = record.read_corpus(store).select(*formats.COLUMNS)
    compression = layout.compression or COMPRESSIONS[family(kind)][0]
    job = _Job(kind, formats.choose_fields(kind, record), compression, layout, output)
    facts = _describe(record, kind, compression, layout)
    if layout.splits:
        clusters = find_clusters(store, record, rows)
        facts["clusters"] = None if clusters is None else clusters.as_json()
        rows = with_splits(rows, clusters, layout.splits, layout.seed, facts["documents"])
    folders = job.write_arranged(rows) if layout.arranged else job.write_as_stored(rows)
    return finish(store.spark, output, folders, family(kind), compression, facts)


def check_output(output: str) -> str:
    """The absolute path or the URL of a folder that is not there yet, or empty."""
    if files.is_remote(output):
        if files.exists(output):
            raise UsageError(f"--output {output} is there already; nothing is overwritten: name a new folder")
        return output.rstrip("/")
    local = files.local_path(output) if re.match(r"file:", output, re.IGNORECASE) else output
    path = Path(local).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise UsageError(f"--output {output} is a file; nothing is overwritten: name a new folder")
    held = path.exists() and any(path.iterdir())
    if held:
        raise UsageError(
            f"--output {output} is not empty; nothing is overwritten: name a new folder{_tell_of_begun(path)}"
        )
    return str(path)


def _tell_of_begun(path: Path) -> str:
    """A hint where a folder may hold an export that was stopped; it may as well be somebody's data set."""

    def holds(*names: str) -> bool:
        return any(found for name in names for folder in ("", "*/") for found in path.glob(folder + name))

    if (path / DONE).exists() or holds("_delta_log") or not holds(*_BEGUN):
        return ""
    return f". {DONE} is missing: if this is an export that was stopped, it is not whole and cannot be continued"


@dataclass(frozen=True)
class _Job:
    """The fields to write, how and whereto; `fields` are computed from `formats.COLUMNS`."""

    kind: Format
    fields: dict[str, Column]
    compression: str
    layout: Layout
    output: str

    def write_as_stored(self, rows: DataFrame) -> dict[str, str]:
        """Write files as the table's are cut; returns the folder, as of an export without splits."""
        self._write(rows, self.output)
        return {"": self.output}

    def write_arranged(self, rows: DataFrame) -> dict[str, str]:
        """Give every document its place, then write split by split, shard by shard; returns the folders by split.

        With splits the rows have a column `split`.
        """
        from pyspark.sql import functions as F

        layout = self.layout
        docs = rows.withColumn("key", make_key(layout.shuffle, layout.seed))
        sized = formats.measure_json(docs, self.fields) if layout.target_bytes else F.lit(1).cast("long")
        named = F.col("split") if layout.splits else F.lit("")
        places = Context(rows.sparkSession).settle(
            docs.select("key", sized.alias("amount"), named.alias("split")), "places"
        )
        target = self._target(docs, places.rows)
        folders = {}
        for split in layout.splits or [""]:
            own = places.rows.where(F.col("split") == split)
            shards = plan_shards(own, target, places.count)
            chosen = docs.where(F.col("split") == split) if split else docs
            folders[split] = f"{self.output}/{split}" if split else self.output
            self._write(arrange(chosen.select(*formats.COLUMNS, "key"), shards), folders[split])
        return folders

    def _target(self, docs: DataFrame, places: DataFrame) -> float | None:
        """What fills a shard: documents, or bytes of JSON lines that become the wanted bytes of a file."""
        from pyspark.sql import functions as F

        wanted = self.layout.target_bytes
        if wanted is None:
            return self.layout.shard_rows
        whole = int(places.agg(F.sum("amount")).collect()[0][0] or 0)
        if whole <= wanted:  # no file is larger than its documents as plain JSON lines
            return wanted
        return wanted / measure_ratio(docs, self.fields, self.kind, self.compression, whole)

    def _write(self, rows: DataFrame, folder: str) -> None:
        """Let Spark write; the mark that all is there is not its to set."""
        unmarked = {"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false", "maxRecordsPerFile": "0"}
        named = rows.select(*(value.alias(name) for name, value in self.fields.items()))
        writer = named.write.mode("append").options(**unmarked, compression=self.compression)
        if self.kind == "parquet":
            writer.parquet(spell_for_spark(folder))
        else:
            writer.options(**formats.JSON).json(spell_for_spark(folder))


def _describe(record: RunRecord, kind: Format, compression: str, layout: Layout) -> dict[str, Any]:
    """The manifest without its shards; nothing in it depends on when or where the export is made."""
    return {
        "format": MANIFEST_FORMAT,
        "spark_llmdata": spark_llmdata.__version__,
        "run": record.run,
        "recipe": record.recipe,
        "corpus_version": record.version,
        "portion": record.manifest.get("portion"),
        "content_hash": record.manifest["content_hash"],
        "documents": record.manifest["counts"]["kept"],
        "kind": kind,
        "compression": compression,
        "order": ("shuffled" if layout.shuffle else "doc_id") if layout.arranged else "as stored",
        "seed": layout.seed if layout.shuffle or layout.splits else None,
        "splits": dict(layout.splits),
        "clusters": None,
        "shard_bytes": layout.shard_bytes,
        "shard_rows": layout.shard_rows,
    }
