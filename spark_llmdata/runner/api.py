"""The one function that runs a recipe, for Python and for the command line."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata.complaints import suggest
from spark_llmdata.errors import UsageError
from spark_llmdata.ordering import SAMPLE_ROWS, arrange, identify, rearrange
from spark_llmdata.plan import make_plan, request_digest
from spark_llmdata.portion import Sampling
from spark_llmdata.recipe import Recipe, load_recipe
from spark_llmdata.recipe.model import GATES
from spark_llmdata.runner.checking import check_stages
from spark_llmdata.runner.display import choose
from spark_llmdata.runner.expectation import forecast_run
from spark_llmdata.runner.intake import Asked, Intake, sort_inputs
from spark_llmdata.runner.reproduction import Reproduction
from spark_llmdata.runner.reproduction import reproduce as build_again
from spark_llmdata.runner.result import RunResult
from spark_llmdata.runner.runner import Runner
from spark_llmdata.session import local_session
from spark_llmdata.sources import cdx, files, tables
from spark_llmdata.sources.inputs import parse_input
from spark_llmdata.sources.limit import check_limit
from spark_llmdata.sources.split import InputFile
from spark_llmdata.spark_settings import run_settings
from spark_llmdata.store import Store, driver
from spark_llmdata.store.delta import check_folder
from spark_llmdata.store.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def run(
    recipe: str | Path | Recipe,
    *,
    input: Any,
    store: str | Path,
    spark: SparkSession | None = None,
    set: str | Sequence[str] | Mapping[str, Any] = (),
    resume: bool = False,
    override_gates: Sequence[str] = (),
    optimize: bool = False,
    sample_rows: int = SAMPLE_ROWS,
    sample: float | None = None,
    sample_seed: int = 0,
    limit: int | None = None,
    predict: bool = False,
    progress: bool | Callable[[str], None] | None = None,
) -> RunResult:
    """Run a recipe over inputs into a store.

    Args:
        recipe: a file, the name of a recipe that comes with the package, or a checked Recipe.
        input: one or more `[NAME=]PATH`: files, folders, patterns, tables; NAME is the source of its documents. Or data
            frames (Spark, pandas, Arrow; copied into the store first), or a mapping of sources to any of these.
        store: a folder, new or with a store in it.
        spark: by default the active session, or a local one that is made.
        set: changes settings: `path=value`, several of them, or `{"filter.gopher_quality.min_words": 80}`.
        resume: continue the newest run of the same recipe, code and inputs that was killed or interrupted, under its
            id; of one that is done return the result; else (as without `resume`) start anew, on what is committed.
        override_gates: names of gates that shall not stop the run; what they would have said is in the manifest.
        optimize: put stages that commute in the order that costs least on `sample_rows` records: the same corpus. The
            manifest tells the order; the store uses it again for the recipe, so that what was computed is reused.
        sample_rows: records that `optimize` and `predict` measure on.
        sample: judge this share of the documents, by the hash of `sample_seed` and doc_id: the same ones in whatever
            files, a smaller share within a larger. The others are `read.not_sampled`, and no gate counts them.
        sample_seed: another number, another sample.
        limit: read only the first so many records, by source and file; not reproducible, as names of files decide.
            Like that of a sample its build is a try, beside the corpus, and need not keep `gates.min_kept`.
        predict: predict by a sample what each pass takes, if no former run tells it: `predicted`, beside `measured`,
            in the manifest.
        progress: how far the run is, by default in notebooks and terminals; True: elsewhere too, a line now and then;
            False: nowhere; a function gets the sentences instead.

    Returns:
        What was read, kept, removed and rejected, by stage and reason; `corpus` and `fates` as Spark data frames.

    Raises:
        UsageError: and its kin (RecipeError, InputError): what is wrong with recipe, settings, inputs or store.
        RunFailed: the run could not be finished, or a gate stopped it; the corpus is as it was before.
        EnvironmentProblem: Java, Spark, Delta or an optional package is missing or does not fit.
    """
    given = sort_inputs(input)
    check_limit(limit)
    sampling = None if sample is None else Sampling(sample, sample_seed)
    settings = list_settings(set)
    if not isinstance(recipe, str | PathLike | Recipe):
        raise UsageError(
            f"recipe: {type(recipe).__name__} is none; expected a recipe's name, a file, or a `Recipe` of `load_recipe`"
        )
    checked = recipe if isinstance(recipe, Recipe) else load_recipe(str(recipe), settings)
    check_overrides(override_gates)
    check_folder(str(store), must_write=True)
    plan = make_plan(checked, sampling)
    found_files = given.find(str(store))
    session = spark if spark is not None else local_session()
    say = progress if callable(progress) else choose(progress)
    with run_settings(session):
        opened = Store.open(session, str(store))
        check_stages(plan, session)
        name = new_run_id()
        inputs = Intake(opened, name, checked.read, say, limit).take_in(given, found_files)
        optimized = _optimize(opened, checked, inputs.files, sample_rows, say) if optimize else None
        if optimized is not None:
            plan = make_plan(rearrange(checked, optimized["order"]), sampling)
        found = _find_unfinished(opened, request_digest(plan, inputs.files, limit), say) if resume else None
        if found is not None and found.state == "done":
            return RunResult.of(found, opened)
        name, attempt = (found.run, found.attempt + 1) if found else (name, 0)
        forecast = forecast_run(opened.root, plan, inputs.files, predict=predict, say=say)
        asked = _describe_asked(recipe, given, settings)
        asked |= {"optimize": optimize, "sample": sample, "sample_seed": sample_seed, "limit": limit}
        asked["sample_rows"] = sample_rows if optimize and sample_rows != SAMPLE_ROWS else None
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
            predicted=None if forecast is None else [p.as_json() for p in forecast.passes],
            limit=limit,
        ).run()


def list_settings(given: str | Sequence[str] | Mapping[str, Any]) -> list[str]:
    """Settings as `path=value`, of a mapping or of one or several such texts."""
    if isinstance(given, Mapping):
        return [f"{path}={json.dumps(value)}" for path, value in given.items()]
    return [given] if isinstance(given, str) else [*given]


def reproduce(
    run: str,
    *,
    store: str | Path,
    spark: SparkSession | None = None,
    progress: bool | Callable[[str], None] | None = None,
) -> Reproduction:
    """Build a run of a store again from its manifest alone, reusing nothing, and compare the two.

    Corpus, fates and runs of the store stay as they are; a second build that differs is kept below `reproductions/`.
    Raises NotFound for a run that is not done, InputError where inputs are gone.
    """
    session = spark if spark is not None else local_session()
    with run_settings(session):
        opened = Store.open(session, str(store), must_exist=True)
        return build_again(opened, run, new_run_id(), progress if callable(progress) else choose(progress))


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


def _describe_asked(recipe: str | Path | Recipe, given: Asked, settings: Sequence[str]) -> dict[str, Any]:
    """What the run was given, for whoever has to give it again (see `store.command`)."""
    named = None if isinstance(recipe, Recipe) else _absolute(str(recipe))
    return {"recipe": named, "input": _name_inputs(given), "set": settings}


def _absolute(path: str) -> str:
    return files.absolute(path) if Path(path).is_file() else path


def _name_inputs(asked: Asked) -> list[str]:
    """The inputs as arguments that mean the same in every folder; a data frame has no such name."""
    return [_absolute_input(path) for path in asked.paths] + [f"{source}=(a data frame)" for source, _ in asked.frames]


def _absolute_input(argument: str) -> str:
    name, path = parse_input(argument)
    if path.startswith(tables.PATH):
        path = tables.PATH + files.absolute(path.removeprefix(tables.PATH))
    elif not tables.is_table(path) and not path.startswith(cdx.PREFIX):
        path = files.absolute(path)
    return path if name is None else f"{name}={path}"


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
