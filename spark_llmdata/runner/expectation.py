"""What a run is expected to take, told before it begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spark_llmdata.errors import MissingExtra, UsageError
from spark_llmdata.forecast import Forecast, find_reuse, predict_by_history, predict_by_sample, read_runs
from spark_llmdata.plan import CorpusNode, Plan
from spark_llmdata.sources.split import InputFile


def forecast_run(
    store: str, plan: Plan, inputs: Sequence[InputFile], *, predict: bool, say: Callable[[str], None]
) -> Forecast | None:
    """Predict by former runs of the store, where they tell, else with `predict` by a sample; says what was found.

    Of a part of the inputs nothing is predicted. A run needs no forecast: where none can be made, that is said.
    """
    if plan.sampling is not None or any(not file.is_whole for file in inputs):
        return None
    try:
        return _forecast(store, plan, inputs, predict, say)
    except MissingExtra:  # the store is read by Spark alone
        return None
    except UsageError as problem:
        say(f"  nothing is predicted: {problem}")
        return None


def _forecast(
    store: str, plan: Plan, inputs: Sequence[InputFile], predict: bool, say: Callable[[str], None]
) -> Forecast | None:
    runs = read_runs(store)
    reuse = find_reuse(plan, inputs, runs)
    found = predict_by_history(plan, inputs, runs, reuse) if runs else None
    if found is None and predict:
        say("judging a sample of the input, to say what the run will take")
        found = predict_by_sample(plan, inputs, reuse=reuse)
    if found is not None:
        by = f"by run {found.by['runs'][0]}" if "runs" in found.by else "by the sample"
        kept = f"about {found.passes[-1].rows:,} documents kept"
        if any(isinstance(n, CorpusNode) and r.kept is None for n, r in zip(plan.nodes, reuse, strict=True)):
            kept += " if none is a copy of another" if "sample" in found.by else ""
        say(f"  predicted {by}: {found.seconds:,.0f} s, {kept}")
    return found
