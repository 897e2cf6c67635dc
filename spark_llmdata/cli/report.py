"""The command that writes a run's report."""

from __future__ import annotations

import argparse
from typing import Any

from spark_llmdata.cli.console import choose_display
from spark_llmdata.cli.spark import session
from spark_llmdata.store.delta import check_folder

REPORT = """\
Writes one HTML file that opens without a network: what a run read, removed and kept by stage, why, with examples, the
documents on both sides of each threshold, duplicates and what differs, edits, languages and hosts, costs, the manifest.

What clean.pii (or another private stage) takes out of texts is shown by its kind, also in texts that it never saw.
--private shows the values. With --tokenizer the kept texts are read and their tokens counted by source.

examples
  llmdata report --store store --output report.html
  llmdata report --store store --run 20240501T120000-1a2b3c4d --output report.html --examples 5
  llmdata report --store store --output report.html --tokenizer tokenizer.json
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options that only this command has."""
    command.add_argument("--run", metavar="ID", help="the run to tell of (default: the newest over all of its input)")
    command.add_argument("--output", metavar="FILE.html", required=True, help="the page; one that is there is replaced")
    command.add_argument("--tokenizer", metavar="FILE", help="a tokenizer.json: count tokens by source")
    command.add_argument(
        "--examples", metavar="N", type=int, default=3, help="examples of each reason and threshold (default 3)"
    )
    command.add_argument("--private", action="store_true", help="show personal data as it stands in the stored texts")


def report(options: argparse.Namespace) -> tuple[Any, str]:
    """Write the report."""
    from spark_llmdata.report.page.api import check_report, write_report
    from spark_llmdata.runner.display import narrating

    check_report(options.output, options.examples, options.tokenizer)
    check_folder(options.store, must_exist=True)
    display = choose_display(options.json)
    display("starting Spark")
    spark = session(options)
    with narrating(spark, display) as say:
        written = write_report(
            options.run,
            store=options.store,
            output=options.output,
            tokenizer=options.tokenizer,
            examples=options.examples,
            private=options.private,
            spark=spark,
            progress=say,
        )
    return written.as_json(), f"report of run {written.run}: {written.output} ({written.bytes / 1e6:,.1f} MB)"
