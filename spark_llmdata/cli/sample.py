"""The commands that make a sample with known defects, and show on it what a run finds: sample and demo."""

from __future__ import annotations

import argparse
import io
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata.cli.console import choose_display, is_colored, table
from spark_llmdata.cli.spark import session
from spark_llmdata.errors import MissingExtra, NotFound, UsageError
from spark_llmdata.store.delta import check_folder

if TYPE_CHECKING:
    from spark_llmdata.runner import RunResult
    from spark_llmdata.sample import Fate, Label, Place, Row

RECIPE = "demo"
WIDTH = 100

SAMPLE = """\
Writes a crawl of our own making (four archives and a file of JSON lines) from the documentation that every Python
carries, with planted defects: copies, near copies of known similarity, navigation, wrong languages, blocked hosts,
personal data, spoiled letters, repetition, damaged files, ... DIR/_labels.jsonl says what was planted where, and what
should become of it; no run reads it. The same Python writes the same bytes. Starts no Spark.

With --check it writes nothing, and holds the labels of DIR against what a run of a store made of it.

examples
  llmdata sample sample
  llmdata run demo --input sample --store store
  llmdata sample sample --check store
"""

DEMO = """\
Writes a sample with known defects (see llmdata sample) into DIR/crawl, runs the recipe `demo` over it into DIR/store,
says which defects were found, which were missed and what was removed wrongly, and writes a report to DIR/report.html.

example
  llmdata demo build/demo
"""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> list[argparse.ArgumentParser]:
    """Add both commands with their arguments, but for those that every command on Spark has; returns them."""
    form = argparse.RawDescriptionHelpFormatter
    sample = commands.add_parser(
        "sample", help="write a crawl with known defects, to try runs on", description=SAMPLE, formatter_class=form
    )
    sample.add_argument("folder", metavar="DIR", help="a new folder, or one that holds a sample")
    _pages(sample)
    sample.add_argument("--check", metavar="STORE", help="hold the labels of DIR against a run of this store instead")
    sample.add_argument("--run", metavar="ID", help="with --check: the run (default: the newest over all of its input)")

    demo = commands.add_parser(
        "demo", help="make a sample, run a recipe over it, say what was found", description=DEMO, formatter_class=form
    )
    demo.add_argument("folder", metavar="DIR", help="a new folder, or the folder of an earlier demo")
    _pages(demo)
    return [sample, demo]


def _pages(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--pages", metavar="N", type=int, help="clean pages, about a third as many with defects come in addition (2000)"
    )


def sample(options: argparse.Namespace) -> tuple[Any, str]:
    """Write a sample, or check a run against its labels."""
    from spark_llmdata.sample import PAGES, write_sample

    if options.check is not None:
        if options.pages is not None:
            raise UsageError("--pages is for writing a sample, and --check writes none; take one of them out")
        return _check(options)
    if options.run is not None:
        raise UsageError("--run belongs to --check, which names the store; add it")
    written = write_sample(options.folder, PAGES if options.pages is None else options.pages)
    head = f"{len(written.files)} files, {written.bytes:,} bytes in {written.folder}"
    planted = sorted(written.planted.items(), key=lambda pair: (-pair[1], pair[0]))
    inputs = shlex.quote(written.folder)
    return written.as_json(), (
        f"{head}\n\n{table(('records', 'count'), planted)}\n\n"
        f"run it    llmdata run {RECIPE} --input {inputs} --store STORE\n"
        f"check it  llmdata sample {inputs} --check STORE"
    )


def _check(options: argparse.Namespace) -> tuple[Any, str]:
    from spark_llmdata.runner import RunResult
    from spark_llmdata.sample import read_labels
    from spark_llmdata.store import Store
    from spark_llmdata.store.ledger import Ledger

    labels = read_labels(options.folder)
    check_folder(options.check, must_exist=True)
    store = Store.open(session(options), options.check, must_exist=True)
    run = RunResult.of(Ledger(store).find(options.run), store)
    rows, _ = _compare(run, labels)
    return {"run": run.run, "defects": [row.as_json() for row in rows]}, describe_rows(rows)


def demo(options: argparse.Namespace) -> tuple[Any, str]:
    """Sample, run, comparison and report in one process: Spark starts once."""
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe import load_recipe
    from spark_llmdata.runner import run as execute
    from spark_llmdata.runner.display import narrating
    from spark_llmdata.sample import PAGES, write_sample

    folder = Path(options.folder)
    store = str(folder / "store")
    check_folder(store)
    make_plan(load_recipe(RECIPE))  # tells of a package that is missing before anything is written
    display = choose_display(options.json)
    display("writing a sample of pages from this Python's documentation")
    written = write_sample(folder / "crawl", PAGES if options.pages is None else options.pages)
    display(f"  {len(written.labels):,} records labeled in {len(written.files)} files, {written.bytes:,} bytes")
    display("starting Spark")
    spark = session(options)
    result = execute(RECIPE, input=written.folder, store=store, spark=spark, progress=display)
    with narrating(spark, display) as say:
        say("comparing with the labels")
        rows, fates = _compare(result, written.labels)
        report = _write_report(result, store, folder / "report.html", say)
    commands = suggest_commands(written.labels, fates, store, _program())
    facts = {
        "run": result.run,
        "store": store,
        "counts": result.counts,
        "defects": [row.as_json() for row in rows],
        "report": report,
        "try": [command for _, command in commands],
    }
    lines = [f"run {result.run} of recipe {result.recipe}: {_count_records(result)}", "", describe_rows(rows), ""]
    lines += [f"report    {report}", ""] if report else []
    lines += ["Ask on:", *(f"  {command}\n      {what}" for what, command in commands)]
    return facts, "\n".join(lines)


def _count_records(run: RunResult) -> str:
    beside = sum(entry["documents"] for entry in run.reasons if entry["reason"] == "read.not_content")
    removed = run.counts["removed"] - beside
    return (
        f"{run.counts['read']:,} records read,\n{beside:,} without a page (requests, ...), {removed:,} removed, "
        f"{run.counts['rejected']:,} rejected, {run.counts['kept']:,} kept"
    )


def _compare(run: RunResult, labels: Sequence[Label]) -> tuple[list[Row], Mapping[Place, Fate]]:
    from spark_llmdata.sample import collect_fates, compare

    fates = collect_fates(run, labels)
    if not any((label.file, label.offset) in fates for label in labels):
        raise NotFound(
            f"run {run.run} read none of the {len(labels):,} records that the labels name; run a recipe over it "
            "into this store, or name another run by --run"
        )
    return compare(labels, fates), fates


def _write_report(run: RunResult, store: str, output: Path, say: Callable[[str], None]) -> str | None:
    """The report of this run; None, and the reason told, where the packages that draw it are missing."""
    from spark_llmdata.report.page.api import write_report

    say("writing the report")
    try:
        write_report(run.run, store=store, output=output, spark=run.store.spark, progress=say)
    except MissingExtra as error:  # the table is worth having without it
        say(f"  no report: {error}")
        return None
    return str(output)


def describe_rows(rows: Sequence[Row], *, width: int = WIDTH) -> str:
    """The table of what was planted and found, with examples of what was not; in color where that can be seen."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("defect", no_wrap=True)
    for name in ("planted", "found", "missed", "wrongly\nremoved"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("by", ratio=1, overflow="fold")
    for row in rows:
        nothing = row.found == 0 and row.missed == 0
        shown.add_row(
            escape(row.defect),
            f"{row.planted:,}",
            "-" if nothing else f"[green]{row.found:,}[/]",
            "-" if nothing else f"[red bold]{row.missed:,}[/]" if row.missed else "0",
            f"[red bold]{row.wrong:,}[/]" if row.wrong else "0",
            escape(_name_rules(row.by)),
        )
    text = io.StringIO()
    colored = is_colored()
    Console(file=text, width=width, force_terminal=colored, no_color=not colored, highlight=False).print(shown)
    lines = "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")
    return "\n".join([lines, "", _sum_up(rows), *_list_examples(rows)])


def _sum_up(rows: Sequence[Row]) -> str:
    from spark_llmdata.sample import CLEAN

    planted = [row for row in rows if row.defect != CLEAN]
    clean = sum(row.planted for row in rows if row.defect == CLEAN)
    wrong = sum(row.wrong for row in rows if row.defect == CLEAN)
    return (
        f"{sum(row.found for row in planted):,} of {sum(row.planted for row in planted):,} defects handled as they "
        f"should be; {wrong:,} of {clean:,} clean documents removed"
    )


def _name_rules(by: Mapping[str, int]) -> str:
    """The rules that found a defect, the most frequent first, at most three."""
    names = sorted(by, key=lambda name: (-by[name], name))
    return ", ".join(names[:3]) + (f", {len(names) - 3} more" if len(names) > 3 else "")


def _list_examples(rows: Sequence[Row]) -> list[str]:
    lines: list[str] = []
    for row in rows:
        lines += [f"missed    {row.defect}: {example}" for example in row.as_json()["missed_examples"]]
        lines += [f"wrongly   {row.defect}: {example}" for example in row.as_json()["wrongly_removed_examples"]]
    return lines


def suggest_commands(
    labels: Sequence[Label], fates: Mapping[Place, Fate], store: str, program: str
) -> list[tuple[str, str]]:
    """Three questions of different kinds that this store answers: what they show, and the command."""
    wanted = {
        "near copy": "a near copy: which document stays for it, and how alike the two truly are",
        "hashtags": "a page that a threshold removed: what was measured, and where the threshold is",
        "damaged member": "a record that could not be read, by its place in the archive",
    }
    asked = []
    for defect, what in wanted.items():
        for label in labels:
            fate = fates.get((label.file, label.offset))
            if label.defect == defect and fate is not None and fate.outcome in ("removed", "rejected"):
                name = shlex.quote(label.url or f"{label.file}:{label.offset}")
                asked.append((what, f"{program} why {name} --store {shlex.quote(store)}"))
                break
    return asked


def _program() -> str:
    """How this program can be called again: by its name where that is found, else by its path."""
    called = Path(sys.argv[0])
    return "llmdata" if shutil.which("llmdata") or called.name != "llmdata" else str(called)
