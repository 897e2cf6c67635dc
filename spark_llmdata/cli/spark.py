"""The session a command runs in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spark_llmdata.cli import interrupts
from spark_llmdata.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from spark_llmdata.sources.split import InputFile


#: Up to so many bytes of input a run is brief (see `local_session`).
BRIEF_BYTES = 64 << 20


def is_brief(files: Sequence[InputFile]) -> bool:
    """Whether a run over these inputs is brief: what a table or a lookup by an index brings along is not known yet."""
    known = all(file.format not in ("table", "cdx") for file in files)
    return known and sum(file.size for file in files) <= BRIEF_BYTES


def session(options: argparse.Namespace, *, brief: bool = False) -> SparkSession:
    """The session that spark-submit or a notebook has prepared, else a local one with `--master` and `--conf`."""
    from spark_llmdata.session import LOCAL_MASTER, local_session, submitted_session

    settings = {}
    for pair in options.conf:
        key, equals, value = pair.partition("=")
        if not equals or not key.startswith("spark."):
            raise UsageError(f"--conf {pair}: expected spark.key=value")
        settings[key] = value
    with interrupts.holding():
        submitted = submitted_session(settings) if options.master is None else None
        master = options.master or LOCAL_MASTER
        made = submitted or local_session(master, settings, verbose=options.verbose, brief=brief)
        interrupts.install()
    return made


def is_gone() -> bool:
    """Whether a session was made whose JVM does not answer any more."""
    if "pyspark.sql" not in sys.modules:
        return False
    from pyspark.sql import SparkSession

    try:
        SparkSession.getActiveSession()
    except Exception:  # noqa: BLE001 - whatever says so: the answer is that it does not answer
        return True
    return False
