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
from spark_llmdata.complaints import suggest
from spark_llmdata.errors import UsageError
from spark_llmdata.ordering import SAMPLE_ROWS, arrange, identify, rearrange
from spark_llmdata.plan import make_plan, request_digest
from spark_llmdata.recipe import Recipe, load_recipe
from spark_llmdata.recipe.model import GATES
from spark_llmdata.runner.reproduction import Reproduction
from spark_llmdata.runner.reproduction import reproduce as build_again
from spark_llmdata.runner.result import RunResult
from spark_llmdata.runner.runner import Runner
from spark_llmdata.segment import BATCH_ROWS
from spark_llmdata.sources import files
from spark_llmdata.sources.inputs import find_files, parse_input
from spark_llmdata.sources.split import InputFile
from spark_llmdata.store import Store, driver
from spark_llmdata.store.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Session settings that change results or memory, and are therefore the run's and not the user's.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
    "spark.sql.execution.arrow.maxBytesPerBatch": str(64 << 20),
    "spark.sql.ansi.enabled": "true",
    # A quarter of the default, which packs eight files of 32 MB into three tasks: one of two cores would stand idle.
    "spark.sql.files.maxPartitionBytes": str(32 << 20),
}


def run(
    recipe: str | Path | Recipe,
    *,
    input: str | Path | Sequence[str | Path],
    store: str | Path,
    spark: SparkSession | None = None,
    set: Sequence[str] | Mapping[str, Any] = (),
    resume: bool = False,
    override_gates: Sequence[str] = (),
    optimize: bool = False,
    sample_rows: int = SAMPLE_ROWS,
    progress: Callable[[str], None] | None = None,
) -> RunResult:
    """Run a recipe over inputs into a store.

    `recipe` is a file, the name of a recipe that comes with the package, or a checked Recipe; `input` one or more
    `[NAME=]PATH`; `store` a folder; `set` changes settings: a mapping of paths into the recipe, or `path=value` each.
    Without `spark` the active session is used, or a local one is made.

    With `resume` the newest run of the same recipe, code and inputs is looked for: one that was killed or interrupted
    is continued under its id, one that is done is not run again, its result is returned; without such a run a new one
    starts. (Without `resume` a new run starts too, and takes over whatever is committed.) `override_gates` names gates
    that shall not stop the run; what they would have said is in the manifest.

    With `optimize` stages that commute are put in the order that costs least on the first `sample_rows` records; the
    corpus is the same, and the manifest holds the order and what was measured. A store remembers the order it has for a
    recipe and uses it again, also for other inputs: whatever was computed in it is reused.

    Raises UsageError and its kin for what is wrong with recipe and inputs, RunFailed where a run could not be finished.
    """
    paths = [input] if isinstance(input, str | Path) else list(input)
    settings = [f"{path}={json.dumps(value)}" for path, value in set.items()] if isinstance(set, Mapping) else set
    checked = recipe if isinstance(recipe, Recipe) else load_recipe(str(recipe), settings)
    check_overrides(override_gates)
    plan = make_plan(checked)
    inputs = find_files([str(p) for p in paths], str(store))
    if any(f.compression == "zstd" for f in inputs.files):
        extras.require("zstandard", extra="zstd", needed_by="reading .zst files")
    session = spark if spark is not None else _session()
    say = progress or (lambda _: None)
    with run_settings(session):
        opened = Store.open(session, str(store))
        optimized = _optimize(opened, checked, inputs.files, sample_rows, say) if optimize else None
        if optimized is not None:
            plan = make_plan(rearrange(checked, optimized["order"]))
        found = _find_unfinished(opened, request_digest(plan, inputs.files), say) if resume else None
        if found is not None and found.state == "done":
            return RunResult.of(found, opened)
        name, attempt = (found.run, found.attempt + 1) if found else (new_run_id(), 0)
        asked = {
            "recipe": None if isinstance(recipe, Recipe) else _absolute(str(recipe)),
            "input": [_absolute_input(str(p)) for p in paths],
            "set": list(settings),
            "optimize": optimize,
        }
        return Runner(
            opened,
            plan,
            inputs,
            name,
            say,
            attempt=attempt,
            overrides=override_gates,
            asked=asked,
            optimized=optimized,
        ).run()


def reproduce(
    run: str,
    *,
    store: str | Path,
    spark: SparkSession | None = None,
    progress: Callable[[str], None] | None = None,
) -> Reproduction:
    """Build a run of a store again from its manifest alone, reusing nothing, and compare the two.

    Corpus, fates and runs of the store stay as they are; a second build that differs is kept below `reproductions/`.
    Raises NotFound for a run that is not done, InputError where inputs are gone.
    """
    session = spark if spark is not None else _session()
    with run_settings(session):
        opened = Store.open(session, str(store), must_exist=True)
        return build_again(opened, run, new_run_id(), progress or (lambda _: None))


def _optimize(
    store: Store, recipe: Recipe, inputs: Sequence[InputFile], rows: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """The order for a recipe: the one the store has used for it, so that results are found again, else measured now."""
    found = Ledger(store).find_order(identify(recipe))
    if found is not None:
        run, facts = found
        say(f"using the order of stages that run {run} measured for this recipe")
        return {**facts, "taken_from": run}
    if recipe.judge == "alive":
        say(f"measuring stages on the first {rows:,} records")
    facts = arrange(recipe, inputs, rows).as_json()
    for entry in facts["passes"]:
        say(f"  expected microseconds a document: {entry['before_us']:,.1f} before, {entry['after_us']:,.1f} after")
    say(f"  order: {', '.join(facts['order'])}" if facts["order"] != facts["was"] else "  the recipe's order stays")
    if facts["why"] is not None:
        say(f"  {facts['why']}")
    return {**facts, "taken_from": None}


def _find_unfinished(store: Store, request: str, say: Callable[[str], None]) -> RunRecord | None:
    """The run that `resume` means, if there is one."""
    found = Ledger(store).find_request(request)
    if found is None:
        say("nothing to resume: no unfinished run of this recipe, code and input; a new run starts")
        return None
    if found.state == "done":
        say(f"nothing to resume: run {found.run} of this recipe, code and input is done; this is its result")
        return found
    if driver.has_ended(found.manifest.get("driver")) is False and found.state != "interrupted":
        raise UsageError(
            f"run {found.run} of the same recipe and input is still running here (process "
            f"{found.manifest['driver']['pid']}); wait for it, or leave out --resume to start another one beside it"
        )
    if driver.has_ended(found.manifest.get("driver")) is None and found.state != "interrupted":
        say(f"  whether the driver of run {found.run} has ended cannot be told from here; taken as ended")
    if any(note.get("run") == found.run and note.get("alive") == "pending" for note in store.fates.notes()):
        say(f"run {found.run} was stopped by a gate before it was killed; a new run starts and reuses what is there")
        return None
    say(f"resuming run {found.run} ({found.state})")
    return found


def _absolute(path: str) -> str:
    return files.absolute(path) if Path(path).is_file() else path


def _absolute_input(argument: str) -> str:
    """An argument `[NAME=]PATH` that means the same in every folder."""
    name, path = parse_input(argument)
    return files.absolute(path) if name is None else f"{name}={files.absolute(path)}"


def check_overrides(names: Sequence[str]) -> None:
    """Refuse names of gates that do not exist: a gate that was not overridden would be noticed hours later."""
    for name in names:
        if name not in GATES:
            raise UsageError(
                f"--override-gate {name}: no such gate{suggest(name, GATES)}; there are {', '.join(GATES)}"
            )


def new_run_id() -> str:
    """A run's name: when it began (UTC), so that names sort by time, and eight random digits."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def _session() -> SparkSession:
    from spark_llmdata.session import local_session

    return local_session()


@contextmanager
def run_settings(spark: SparkSession) -> Iterator[None]:
    """In here the session has the settings a run needs; behind it those it had before."""
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
