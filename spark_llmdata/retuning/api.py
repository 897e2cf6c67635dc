"""The one function that asks stored scores, for Python and for the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata.artifact import ship_code
from spark_llmdata.errors import NotFound, UsageError
from spark_llmdata.plan import make_plan
from spark_llmdata.portion import sampling_of
from spark_llmdata.recipe.writing import write_recipe
from spark_llmdata.retuning.answer import Retuned, make_answer
from spark_llmdata.retuning.change import Changes, find_changes
from spark_llmdata.retuning.rows import Rows, recorded_funnel
from spark_llmdata.retuning.walk import Walk, list_steps
from spark_llmdata.runner.api import list_settings
from spark_llmdata.runner.display import choose
from spark_llmdata.session import local_session
from spark_llmdata.sources import files
from spark_llmdata.spark_settings import run_settings
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def retune(
    run: str | None = None,
    *,
    store: str | Path,
    set: str | Sequence[str] | Mapping[str, Any],
    output: str | Path | None = None,
    spark: SparkSession | None = None,
    progress: bool | Callable[[str], None] | None = None,
) -> Retuned:
    """Say what a run would have kept with other thresholds, from its stored scores: nothing is read or judged again.

    `run` is an id or its beginning, by default the newest over all of its input; `set` changes thresholds as in `run`.
    Exact where thresholds become stricter, or where the run had `judge: all`, as far as no comparison stands behind
    them that would find others; `Retuned.because` says what is not known. `output` is a new file that the recipe is
    saved in with these settings, its stages in the order they had in the run.

    Raises:
        NotFound: no such run, or it is not done.
        UsageError, RecipeError: a setting that is no threshold, or is not changed; a file that is there already.
        ProofFailed: stored scores do not give the verdicts of the run.
    """
    settings = list_settings(set)
    check_settings(settings, output)
    say = progress if callable(progress) else choose(progress)
    session = spark if spark is not None else local_session()
    with run_settings(session):
        opened = Store.open(session, str(store), must_exist=True)
        record = Ledger(opened).find(run)
        if record.version is None:
            raise NotFound(f"run {record.run} is {record.state}; only the scores of a run that is done are all there")
        saved = None if output is None else files.absolute(str(output))
        changes = find_changes(record.manifest, settings, opened.root, saved)
        sampling = sampling_of(record.manifest.get("portion"))
        was, now = make_plan(changes.was, sampling), make_plan(changes.now, sampling)
        ship_code(changes.now.stages)
        walk = Walk(list_steps(was, now), changes.was.judge)
        funnel = recorded_funnel(opened, record, was)
        say(f"asking the scores of {record.manifest['counts']['read']:,} records of run {record.run}")
        found = make_answer(record, changes, walk, Rows(funnel, walk, changes.changed))
        if output is not None:
            save(changes, record.run, output)
        return found


def save(changes: Changes, run: str, output: str | Path) -> None:
    """Write the changed recipe."""
    told = "".join(f"\n{c.path}: {json.dumps(c.now)}" for c in changes.changed)
    remarks = f"{changes.now.name} as run {run} had it, its stages in the order they had there, but for{told}"
    Path(output).write_text(write_recipe(changes.now, remarks), "utf-8")


def check_settings(settings: Sequence[str], output: str | Path | None = None) -> None:
    """Refuse a question without a threshold, or a file that is there, before Spark is started."""
    if output is not None and Path(output).exists():
        raise UsageError(f"--output {output}: is there already; name a new file")
    if not settings:
        raise UsageError("expected at least one --set STAGE.THRESHOLD=VALUE; see llmdata retune --help")
