"""The command that says what a recipe will do, and with inputs what that will take."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata.cli.console import table
from spark_llmdata.cli.portion import read_portion
from spark_llmdata.errors import EnvironmentProblem, UsageError
from spark_llmdata.store.delta import check_folder

if TYPE_CHECKING:
    from spark_llmdata.plan import Plan
    from spark_llmdata.recipe import Recipe


def plan(options: argparse.Namespace) -> tuple[Any, str]:
    """Show what a recipe will do."""
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe import load_recipe
    from spark_llmdata.report.plan import describe_plan, describe_plan_text

    check_plan(options)
    sampling = read_portion(options)
    recipe = load_recipe(options.recipe, options.set)
    if options.optimize:
        if sampling is not None or options.limit is not None:
            raise UsageError(
                "--sample and --limit do not go with --optimize, which takes --sample-rows records to measure"
            )
        unchecked = _check_by_spark(make_plan(recipe), options)
        facts, text = _plan_order(options, recipe)
        return facts | {"unchecked": unchecked}, (f"{unchecked}\n\n" if unchecked else "") + text
    made = make_plan(recipe, sampling)
    unchecked = _check_by_spark(made, options)
    facts = describe_plan(made, every_setting=options.all, limit=options.limit) | {"unchecked": unchecked}
    text = (f"{unchecked}\n\n" if unchecked else "") + describe_plan_text(facts)
    if options.input:
        return _estimate(options, made, facts, text)
    return facts, text


def _check_by_spark(made: Plan, options: argparse.Namespace) -> str | None:
    """Check what only Spark can tell of a recipe, such as conditions in SQL; where that cannot be done, say why."""
    from spark_llmdata.runner.checking import check_stages, needs_spark

    if not needs_spark(made):
        return None
    from spark_llmdata.cli.spark import session
    from spark_llmdata.spark_settings import run_settings

    try:
        spark = session(argparse.Namespace(conf=[], master="local[1]", verbose=options.verbose), brief=True)
    except EnvironmentProblem as problem:
        return f"conditions in SQL are not checked here: {problem}"
    with run_settings(spark):
        check_stages(made, spark)
    return None


def _estimate(options: argparse.Namespace, made: Any, facts: dict[str, Any], text: str) -> tuple[Any, str]:
    """Add what a run over the inputs will take, and what of it the store holds."""
    from spark_llmdata.forecast import Tables, find_reuse, predict_by_history, predict_by_sample, read_runs
    from spark_llmdata.report.forecast import describe_forecast_text, describe_reuse
    from spark_llmdata.sources.inputs import find_files

    if options.limit is not None:
        raise UsageError("--limit is for runs; an estimate is of all of the input: leave it out, or leave out --input")
    found = find_files([path for group in options.input for path in group], options.store)
    tables = [file.url for file in found.files if file.format == "table"]
    if tables:
        raise UsageError(
            f"{tables[0]}: a table is read by Spark, which `plan` does not start; plan without --input, or give files"
        )
    runs = read_runs(check_folder(options.store)) if options.store else []
    holds = Tables(check_folder(options.store)) if options.store else None
    reuse = find_reuse(made, found.files, runs, holds) if holds is not None else []
    forecast = predict_by_sample(made, found.files, rows=options.sample_rows, cores=options.cores, reuse=reuse)
    former = predict_by_history(made, found.files, runs, reuse) if runs else None
    size = sum(f.size for f in found.files)
    facts |= {
        "input": {"files": len(found.files), "bytes": size, "skipped": list(found.skipped)},
        "reuse": None if holds is None else describe_reuse(made, reuse),
        "estimated": forecast.as_json(),
        "by_former_runs": None if former is None else former.as_json(),
    }
    return facts, f"{text}\n\n{describe_forecast_text(facts, table)}"


def _plan_order(options: argparse.Namespace, recipe: Recipe) -> tuple[Any, str]:
    """Measure the stages on a sample, and show or save the order that costs least."""
    from spark_llmdata.ordering import SAMPLE_ROWS, arrange
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe.writing import write_recipe
    from spark_llmdata.report.order import describe_order_text
    from spark_llmdata.report.plan import describe_plan, describe_plan_text
    from spark_llmdata.sources.inputs import find_files

    inputs = find_files([path for group in options.input for path in group])
    found = arrange(recipe, inputs.files, SAMPLE_ROWS if options.sample_rows is None else options.sample_rows)
    facts = describe_plan(make_plan(found.recipe), every_setting=options.all) | {"optimized": found.as_json()}
    text = f"{describe_plan_text(facts)}\n\n{describe_order_text(facts['optimized'])}"
    if options.output is not None:
        remarks = f"{recipe.name}, its stages in the order that cost least on a sample (llmdata plan --optimize)."
        Path(options.output).write_text(write_recipe(found.recipe, remarks), "utf-8")
        text += f"\n\nsaved as {options.output}"
    elif found.order != found.was:
        text += "\n\n--output FILE saves this order as a recipe; `llmdata run --optimize` measures by itself"
    return facts, text


def check_plan(options: argparse.Namespace) -> None:
    """Refuse options that nothing would come of, before anything is read."""
    if options.optimize and not options.input:
        raise UsageError("--optimize measures stages on a sample of the input: add --input [NAME=]PATH")
    if options.output is not None and not options.optimize:
        raise UsageError("--output saves the order that --optimize finds; add --optimize, or leave it out")
    if options.output is not None and Path(options.output).exists():
        raise UsageError(f"--output {options.output}: is there already; name a new file")
    for name, given in (("sample-rows", options.sample_rows), ("store", options.store), ("cores", options.cores)):
        if given is not None and not options.input:
            raise UsageError(f"--{name} belongs to --input, by which a run is estimated; add --input [NAME=]PATH")
        if given is not None and options.optimize and name != "sample-rows":
            raise UsageError(f"--{name} goes with estimates, not with --optimize; leave one of them out")
    if options.cores is not None and options.cores < 1:
        raise UsageError(f"--cores {options.cores}: expected how many cores a run will have, 1 or more")
    check_rows(options.sample_rows)


def check_sample(options: argparse.Namespace) -> None:
    """Refuse a sample of a run that nobody asked for, or one of nothing."""
    if options.sample_rows is not None and not (options.optimize or options.predict):
        raise UsageError("--sample-rows belongs to --optimize and --predict; add one of them")
    check_rows(options.sample_rows)


def check_rows(rows: int | None) -> None:
    """Refuse a sample of nothing."""
    if rows is not None and rows < 1:
        raise UsageError(f"--sample-rows {rows}: expected a number of records, 1 or more")
