"""`llmdata show --raw`: a record as it stands in the input, to standard output or a file, with nothing beside it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from spark_llmdata.cli.spark import session
from spark_llmdata.errors import UsageError
from spark_llmdata.store.delta import check_folder


def show_raw(options: argparse.Namespace) -> tuple[Any, str | bytes]:
    """Give the record's bytes, or write them and say where."""
    from spark_llmdata.report.raw import read_raw
    from spark_llmdata.store import Store

    _check(options)
    check_folder(options.store, must_exist=True)
    found = read_raw(Store.open(session(options), options.store, must_exist=True), options.what, options.run)
    if options.output is not None:
        try:
            with Path(options.output).open("xb") as file:
                file.write(found.data)
        except OSError as error:
            raise UsageError(f"--output {options.output}: cannot be written ({error.strerror})") from error
        place = f"{found.facts['location']['file']}:{found.facts['location']['offset']}"
        told = f"{len(found.data):,} bytes of {place} written to {options.output}{_tell_row(found.facts, ': ')}"
        if found.facts["rejected"]:
            told += f"; the record was rejected: {found.facts['rejected']}"
        return found.facts | {"output": options.output}, told
    if found.facts["format"] == "table":
        print(_tell_row(found.facts, "llmdata: "), file=sys.stderr)
    if found.facts["rejected"]:
        print(f"llmdata: the record was rejected: {found.facts['rejected']}", file=sys.stderr)
    if not sys.stdout.isatty():
        return found.facts, found.data
    if not _is_text(found.data):
        raise UsageError(
            f"the record has {len(found.data):,} bytes that are no plain text, and standard output is a terminal; add "
            "--output FILE, or pipe it on"
        )
    return found.facts, found.data.removesuffix(b"\n") + b"\n"


def _tell_row(facts: dict[str, Any], before: str) -> str:
    """What the record of a document from a table is; nothing of any other."""
    if facts["format"] != "table":
        return ""
    row = f"row {facts['location']['offset']} of {facts['location']['file']}"
    named = "" if facts["id"] is None else f" (id {facts['id']})"
    return f"{before}the document came from {row}{named}; the record is that row, here as JSON"


def _check(options: argparse.Namespace) -> None:
    """Refuse what does not go together, before Spark is started."""
    if not options.raw:
        raise UsageError(f"--output {options.output}: goes with --raw; add it")
    given = {"--stage": options.stage, "--context": options.context, "--private": options.private or None}
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} does not go with --raw, which writes the record as it stands; leave it out")
    if options.output is None and options.json:
        raise UsageError("--json does not go with --raw, which writes nothing but the record; add --output FILE")
    if options.output is not None and Path(options.output).exists():
        raise UsageError(f"--output {options.output}: is there already; name a new file")
    if options.output is not None and not Path(options.output).absolute().parent.is_dir():
        raise UsageError(f"--output {options.output}: there is no folder {Path(options.output).parent}; make it first")


def _is_text(data: bytes) -> bool:
    """Whether a terminal shows it and obeys nothing in it."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\n\r\t" for character in text)
