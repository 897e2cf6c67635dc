"""The one function that writes a report, for Python and for the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import UsageError
from spark_llmdata.report.page.collect import EXAMPLES, collect
from spark_llmdata.report.page.collect_tokens import read_tokenizer
from spark_llmdata.session import local_session
from spark_llmdata.store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: More than anybody reads, and than a page should hold.
MAX_EXAMPLES = 20


@dataclass(frozen=True)
class Written:
    """A report that was written."""

    run: str
    output: Path
    bytes: int

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata report --json` prints."""
        return {"run": self.run, "output": str(self.output), "bytes": self.bytes}


def write_report(
    run: str | None = None,
    *,
    store: str | Path,
    output: str | Path,
    tokenizer: str | Path | None = None,
    examples: int = EXAMPLES,
    private: bool = False,
    spark: SparkSession | None = None,
    progress: Callable[[str], None] | None = None,
) -> Written:
    """Write the report of a run as one HTML file that opens without a network.

    `run` is an id or its beginning, by default the newest over all of its input that is done. `output` is a file that
    ends in .html; one that is there is replaced. `tokenizer` is a tokenizer.json, for tokens by source; `examples` (1
    to 20) are told of each reason and threshold. What private stages (clean.pii) take out of texts is shown by its
    kind, unless `private`.

    Raises:
        NotFound: no such run, or it is not done.
        UsageError: output, tokenizer or number of examples are not what is expected.
    """
    target = check_report(output, examples, tokenizer)
    from spark_llmdata.report.page.render import render

    session = spark if spark is not None else local_session()
    opened = Store.open(session, str(store), must_exist=True)
    chosen = None if tokenizer is None else str(tokenizer)
    told = collect(opened, run, examples=examples, private=private, tokenizer=chosen, progress=progress)
    page = render(told).encode("utf-8", "replace")
    written = target.with_name(f".{target.name}.{os.getpid()}")
    written.write_bytes(page)
    written.replace(target)  # a page that is open never shows half of the new one
    return Written(told.run, target, len(page))


def check_report(output: str | Path, examples: int = EXAMPLES, tokenizer: str | Path | None = None) -> Path:
    """The file to write; says what is wrong with an argument before Spark is started."""
    target = Path(output).expanduser().absolute()
    if target.suffix.lower() not in (".html", ".htm") or target.is_dir():
        raise UsageError(f"--output {output}: expected the name of a file that ends in .html")
    if not target.parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {target.parent}; make it first")
    if not 1 <= examples <= MAX_EXAMPLES:
        raise UsageError(f"--examples {examples}: expected a number from 1 to {MAX_EXAMPLES}")
    if tokenizer is not None:
        read_tokenizer(tokenizer)
    return target
