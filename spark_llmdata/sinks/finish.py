"""The end of an export: files get their names, are counted and hashed, and are told of in a manifest, the last but one.

`_SUCCESS` comes last, so that a folder with it is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa

from spark_llmdata.errors import ProofFailed
from spark_llmdata.sources import files
from spark_llmdata.sources.remote import spell_for_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MANIFEST = "_export.json"
DONE = "_SUCCESS"
ENDINGS = {"none": "", "gzip": ".gz", "bzip2": ".bz2"}
_CHUNK = 4 << 20


def finish(
    spark: SparkSession, output: str, folders: Mapping[str, str], kind: str, compression: str, facts: dict[str, Any]
) -> dict[str, Any]:
    """Name, count and hash the files of folders (by split), and write manifest and mark; returns the manifest.

    Raises:
        ProofFailed: the files do not hold as many documents as the corpus.
    """
    shards: list[dict[str, Any]] = []
    for split, folder in folders.items():
        names = _name_files(folder, kind, compression)
        counted, hashed = _count_rows(spark, folder, kind), _hash_files(spark, names)
        for url in names:
            name = url.rsplit("/", 1)[-1]
            size, sha256 = hashed[url]
            place = {"split": split} if split else {}
            path = f"{split}/{name}" if split else name
            shards.append({"file": path, **place, "documents": counted.get(name, 0), "bytes": size, "sha256": sha256})
    written = sum(shard["documents"] for shard in shards)
    if written != facts["documents"]:
        raise ProofFailed(
            f"{output} holds {written:,} documents, the corpus {facts['documents']:,}; was something else written "
            "there? Remove the folder and export again"
        )
    held = {split: sum(s["documents"] for s in shards if s.get("split") == split) for split in folders if split}
    manifest = facts | {"split_documents": held, "shards": shards}
    files.write_file(f"{output}/{MANIFEST}", json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    for folder in dict.fromkeys([*sorted(set(folders.values()) - {output}), output]):
        files.write_file(f"{folder}/{DONE}", b"")
    return manifest


def _name_files(folder: str, kind: str, compression: str) -> list[str]:
    """Give local files names that do not change from one export to the next; elsewhere Spark's names stay."""
    if files.is_remote(folder):
        return [url for url in files.list_folder(folder) if "/part-" in url.removeprefix(folder)]
    found = sorted(Path(folder).glob("part-*"))
    ending = ".parquet" if kind == "parquet" else f".jsonl{ENDINGS[compression]}"
    named = []
    for number, path in enumerate(found):
        path.with_name(f".{path.name}.crc").unlink(missing_ok=True)  # Hadoop's checksum of what the file was called
        named.append(str(path.rename(path.with_name(f"part-{number:05d}{ending}"))))
    return named


def _count_rows(spark: SparkSession, folder: str, kind: str) -> dict[str, int]:
    """The documents in each file, by its name, as they are read back."""
    from pyspark.sql import functions as F

    place = spell_for_spark(folder)
    rows = spark.read.parquet(place) if kind == "parquet" else spark.read.text(place)
    found = rows.groupBy(F.col("_metadata.file_path").alias("path")).count().collect()
    return {unquote(r.path).rsplit("/", 1)[-1]: int(r["count"]) for r in found}


def _hash_files(spark: SparkSession, urls: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Bytes and SHA-256 of each file, by tasks."""
    if not urls:
        return {}
    named = spark.createDataFrame([(url,) for url in urls], "url string").repartition(min(len(urls), 200))
    found = named.mapInArrow(_hash, "url string, size long, sha256 string").collect()
    return {r.url: (int(r["size"]), r.sha256) for r in found}


def _hash(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        sizes, digests = [], []
        for url in batch.column("url").to_pylist():
            digest, size = hashlib.sha256(), files.stat_file(url)[0]
            for data in files.read_chunks(url, 0, size, _CHUNK):
                digest.update(data)
            sizes.append(size)
            digests.append(digest.hexdigest())
        columns = [batch.column("url"), pa.array(sizes, pa.int64()), pa.array(digests, pa.string())]
        yield pa.RecordBatch.from_arrays(columns, names=["url", "size", "sha256"])
