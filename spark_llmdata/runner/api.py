"""The one function that runs a recipe, for Python and for the command line."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata import extras
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import Recipe, load_recipe
from spark_llmdata.runner.result import RunResult
from spark_llmdata.runner.runner import Runner
from spark_llmdata.segment import BATCH_ROWS
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Session settings that change results or memory, and are therefore the run's and not the user's.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
    "spark.sql.ansi.enabled": "true",
}


def run(
    recipe: str | Path | Recipe,
    *,
    input: str | Path | Sequence[str | Path],
    store: str | Path,
    spark: SparkSession | None = None,
    set: Sequence[str] | Mapping[str, Any] = (),
    progress: Callable[[str], None] | None = None,
) -> RunResult:
    """Run a recipe over inputs into a store.

    `recipe` is a file, the name of a recipe that comes with the package, or a checked Recipe; `input` one or more
    `[NAME=]PATH`; `store` a folder; `set` changes settings: a mapping of paths into the recipe, or `path=value` each.
    Without `spark` the active session is used, or a local one is made. Raises UsageError and its kin for what is wrong
    with recipe and inputs, RunFailed for a run that could not be finished.
    """
    paths = [input] if isinstance(input, str | Path) else list(input)
    settings = [f"{path}={json.dumps(value)}" for path, value in set.items()] if isinstance(set, Mapping) else set
    checked = recipe if isinstance(recipe, Recipe) else load_recipe(str(recipe), settings)
    plan = make_plan(checked)
    inputs = find_files([str(p) for p in paths], str(store))
    if any(f.compression == "zstd" for f in inputs.files):
        extras.require("zstandard", extra="zstd", needed_by="reading .zst files")
    session = spark if spark is not None else _session()
    with _settings(session):
        opened = Store.open(session, str(store))
        return Runner(opened, plan, inputs, new_run_id(), progress or (lambda _: None)).run()


def new_run_id() -> str:
    """A run's name: when it began (UTC), so that names sort by time, and eight random digits."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def _session() -> SparkSession:
    from spark_llmdata.session import local_session

    return local_session()


@contextmanager
def _settings(spark: SparkSession) -> Iterator[None]:
    before = {key: spark.conf.get(key, None) for key in _SETTINGS}
    try:
        for key, value in _SETTINGS.items():
            _set(spark, key, value)
        yield
    finally:
        for key, old in before.items():
            _set(spark, key, old)


def _set(spark: SparkSession, key: str, value: str | None) -> None:
    """Set or unset a setting; a serverless session refuses some, of which only the time zone decides about data."""
    from pyspark.errors import PySparkException

    try:
        if value is None:
            spark.conf.unset(key)
        else:
            spark.conf.set(key, value)
    except PySparkException:
        if key == "spark.sql.session.timeZone":
            raise
