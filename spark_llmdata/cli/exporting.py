"""The command that writes kept documents as files."""

from __future__ import annotations

import argparse
from typing import Any

from spark_llmdata.cli.console import table
from spark_llmdata.cli.spark import session
from spark_llmdata.errors import UsageError
from spark_llmdata.sinks import layout
from spark_llmdata.store.delta import check_folder

MAX_LISTED = 20
#: Documents' original records, which are copied: no layout fits them.
ORIGINALS = "warc"
FORMATS = (*layout.FORMATS, ORIGINALS)
COMPRESSIONS = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in layout.COMPRESSIONS.items())

EXPORT = """\
Writes the kept documents of a build into a new folder, by Spark's writers, and beside them _export.json: the run, the
build's content hash, and of each file documents, bytes and SHA-256. _SUCCESS comes last.

formats  parquet, jsonl; jsonl-dolma and jsonl-datatrove: the fields that those tools read; warc: the original records
         of what came out of archives, byte for byte.

With --shard-size, --shard-rows, --shuffle or --split the same build gives the same files, whatever the cores and
partitions (of Parquet the same documents in them). A split never divides a cluster of duplicates. See
docs/own_data.md.

examples
  llmdata export parquet --store store --output kept --shard-size 256MB --compression zstd
  llmdata export jsonl --store store --output kept --shuffle --seed 7 --split train=0.99,validation=0.01
  llmdata export warc --store store --output records --id 5f1c0f5e8a4c3b1f9d2e7a6b4c8d0e1f
"""


def export(options: argparse.Namespace) -> tuple[Any, str]:
    """Write kept documents as files. What can be wrong with the options is said before Spark is started."""
    from spark_llmdata.sinks.export import check_output
    from spark_llmdata.sinks.export import export as write
    from spark_llmdata.store import Store

    check_folder(options.store, must_exist=True)
    check_output(options.output)
    wanted = layout.Layout(
        None if options.shard_size is None else layout.parse_size(options.shard_size),
        options.shard_rows,
        options.compression,
        options.shuffle,
        options.seed,
        {} if options.split is None else layout.parse_splits(options.split),
    )
    if options.format == ORIGINALS:
        return _export_originals(options, wanted != layout.Layout())
    if options.id:
        raise UsageError(f"--id goes with `export warc`, not with {options.format}; leave it out")
    wanted.check(options.format)
    store = Store.open(session(options), options.store, must_exist=True)
    facts = write(store, options.format, options.output, options.run, wanted)
    return facts, _describe(facts)


def _export_originals(options: argparse.Namespace, has_layout: bool) -> tuple[Any, str]:
    from spark_llmdata.sinks.warc import export_originals
    from spark_llmdata.store import Store

    if has_layout:
        raise UsageError(
            "`export warc` writes one archive; leave out --shard-..., --compression, --shuffle and --split"
        )
    store = Store.open(session(options), options.store, must_exist=True)
    facts = export_originals(store, options.output, options.run, options.id)
    aside = facts["from_no_archive"]
    note = f"; {aside:,} came from no archive" if aside else ""
    return facts, f"{facts['documents']:,} records of run {facts['run']} written to {facts['output']}{note}"


def _describe(facts: dict[str, Any]) -> str:
    shards = facts["shards"]
    rows = [(s["file"], s["documents"], s["bytes"], s["sha256"][:12]) for s in shards[:MAX_LISTED]]
    listed = [table(("file", "documents", "bytes", "sha256"), rows)] if rows else []
    if len(shards) > MAX_LISTED:
        listed.append(f"and {len(shards) - MAX_LISTED:,} more files; {facts['output']}/_export.json lists all")
    size = sum(s["bytes"] for s in shards)
    head = f"{facts['documents']:,} documents of run {facts['run']} written to {facts['output']}"
    files = "1 file" if len(shards) == 1 else f"{len(shards):,} files"
    return "\n".join([*listed, f"{head}: {files}, {size:,} bytes", *describe_splits(facts)])


def describe_splits(facts: dict[str, Any]) -> list[str]:
    """What became of the shares that were asked for, and what stayed together."""
    held = facts["split_documents"]
    if not held or not facts["documents"]:
        return []
    found = {name: number / facts["documents"] for name, number in held.items()}
    told = [f"{name} {held[name]:,} ({found[name]:.1%}, asked {share:.1%})" for name, share in facts["splits"].items()]
    lines = [f"splits: {', '.join(told)}"]
    clusters = facts["clusters"] or {"count": 0, "largest": 0, "told": []}
    if facts["clusters"] is None:
        lines.append("the run compared no documents, so duplicates may be in different splits")
    elif clusters["count"]:
        lines.append(
            f"no cluster of duplicates is divided: {clusters['count']:,} with {clusters['documents']:,} kept "
            f"documents, the largest with {clusters['largest']:,}"
        )
    else:
        lines.append("no two of the documents are in one cluster of duplicates")
    lines += [f"but {sentence}" for sentence in clusters["told"]]
    if any(abs(found[name] - share) > max(0.02, share / 5) for name, share in facts["splits"].items()):
        reason = "documents are few, and their splits go by chance"
        if clusters["largest"] > 0.1 * min(facts["splits"].values()) * facts["documents"]:
            reason = "clusters are large, and none is divided"
        lines.append(f"the shares are not met: {reason}; look at what the small splits hold, or try another --seed")
    return lines
