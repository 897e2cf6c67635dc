"""The commands that look after a store: gc and fsck."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from spark_llmdata.cli.console import choose_display, table
from spark_llmdata.cli.spark import session
from spark_llmdata.store.delta import check_folder

if TYPE_CHECKING:
    from spark_llmdata.upkeep.garbage import Item

GC = """\
Removes what no run names: tables and parts that only abandoned or superseded runs used, files that killed writers left,
scratch stores of reproductions. Every build that is done stays readable. Says what was left alone, and why.

examples
  llmdata gc --store store --dry-run
  llmdata gc --store store --abandon 20240501T120000-1a2b3c4d
"""

FSCK = """\
Checks every table, version, count and hash that the runs' manifests name against what is in the store, reads every file
whole, and says what is damaged, for which runs, and what to do about it. Changes nothing. Exit code 1: damage found.

examples
  llmdata fsck --store store
  llmdata fsck --store store --run 20240501T120000-1a2b3c4d
"""


def gc(options: argparse.Namespace) -> tuple[Any, str]:
    """Remove what no run names."""
    from spark_llmdata.store import Store
    from spark_llmdata.upkeep import collect_garbage

    check_folder(options.store, must_exist=True)
    store = Store.open(session(options), options.store, must_exist=True)
    swept = collect_garbage(store, abandon=options.abandon, dry_run=options.dry_run)
    facts = swept.as_json() | {"exit_code": 1 if swept.stopped else 0}
    verb = "would be removed" if options.dry_run else "removed"
    lines = []
    if swept.removed:
        lines += [_items(swept.removed), ""]
    lines.append(f"{facts['bytes']:,} bytes {verb}" if swept.removed else "nothing to remove")
    lines += [f"left alone: {_name(item)} ({item.bytes:,} bytes): {item.why}" for item in swept.left]
    verb = "would be given up" if options.dry_run else "given up"
    lines += [f"run {run} {verb}" for run in swept.abandoned]
    if swept.stopped:
        lines.append(f"stopped: {swept.stopped}")
    return facts, "\n".join(lines)


def _items(items: Any) -> str:
    return table(("what", "where", "files", "bytes"), [(i.kind, _name(i), i.files, i.bytes) for i in items])


def _name(item: Item) -> str:
    return f"{item.place} {item.name}".rstrip()


def fsck(options: argparse.Namespace) -> tuple[Any, str]:
    """Check the store."""
    from spark_llmdata.runner.display import narrating
    from spark_llmdata.store import Store
    from spark_llmdata.upkeep import check_store

    check_folder(options.store, must_exist=True)
    display = choose_display(options.json)
    display("starting Spark")
    store = Store(session(options), check_folder(options.store).rstrip("/"))
    store.check_delta()
    with narrating(store.spark, display) as say:
        examined = check_store(store, options.run, say)
    facts = examined.as_json() | {"exit_code": 1 if examined.findings else 0}
    lines = []
    if examined.findings:
        rows = [
            (f.what, f.place, f.problem, ", ".join(f.runs) or ("all" if f.place.startswith("runs/") else "none"))
            for f in examined.findings
        ]
        lines += [table(("check", "where", "problem", "runs"), rows), ""]
        lines += [f"-> {remedy}" for remedy in dict.fromkeys(f.remedy for f in examined.findings)]
        lines.append("")
    lines.append(examined.summary())
    return facts, "\n".join(lines)
