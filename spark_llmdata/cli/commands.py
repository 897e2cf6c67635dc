"""The commands: each gives a JSON object and the text that says the same to a person."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_llmdata.cli.console import Progress, is_colored, read_text, table
from spark_llmdata.cli.spark import session
from spark_llmdata.errors import UsageError
from spark_llmdata.store.delta import check_folder

if TYPE_CHECKING:
    from spark_llmdata.recipe import Recipe
    from spark_llmdata.runner import RunResult

Answer = tuple[Any, str]


def plan(options: argparse.Namespace) -> Answer:
    """Show what a recipe will do."""
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe import load_recipe
    from spark_llmdata.report.plan import describe_plan, describe_plan_text

    check_optimize(options)
    recipe = load_recipe(options.recipe, options.set)
    if options.optimize:
        return _plan_order(options, recipe)
    if options.input or options.output:
        raise UsageError("--input and --output belong to --optimize, which measures stages on the input; add it")
    facts = describe_plan(make_plan(recipe), every_setting=options.all)
    return facts, describe_plan_text(facts)


def _plan_order(options: argparse.Namespace, recipe: Recipe) -> Answer:
    """Measure the stages on a sample, and show or save the order that costs least."""
    from spark_llmdata.ordering import SAMPLE_ROWS, arrange
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe.writing import write_recipe
    from spark_llmdata.report.order import describe_order_text
    from spark_llmdata.report.plan import describe_plan, describe_plan_text
    from spark_llmdata.sources.inputs import find_files

    if not options.input:
        raise UsageError("--optimize measures stages on a sample of the input: add --input [NAME=]PATH")
    if options.output is not None and Path(options.output).exists():
        raise UsageError(f"--output {options.output}: is there already; name a new file")
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


def check_optimize(options: argparse.Namespace) -> None:
    """Refuse a sample nobody asked for, or one of nothing, before anything is read."""
    if options.sample_rows is None:
        return
    if not options.optimize:
        raise UsageError("--sample-rows belongs to --optimize; add it")
    if options.sample_rows < 1:
        raise UsageError(f"--sample-rows {options.sample_rows}: expected a number of records, 1 or more")


def run(options: argparse.Namespace) -> Answer:
    """Run a recipe. What can be wrong with recipe and inputs is said before Spark is started."""
    from spark_llmdata.ordering import SAMPLE_ROWS
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe import load_recipe
    from spark_llmdata.runner import run as execute
    from spark_llmdata.runner.api import check_overrides
    from spark_llmdata.sources.inputs import find_files

    if options.reproduce is not None:
        return _reproduce(options)
    if options.recipe is None or not options.input:
        raise UsageError("expected RECIPE and --input [NAME=]PATH, or --reproduce RUN; see llmdata run --help")
    check_optimize(options)
    check_folder(options.store)
    inputs = [path for group in options.input for path in group]
    check_overrides(options.override_gate)
    recipe = load_recipe(options.recipe, options.set)
    make_plan(recipe)
    skipped = find_files(inputs, options.store).skipped
    progress = Progress()
    for path in skipped[:10]:
        progress.say(f"  skipped, of unknown type: {path}")
    if len(skipped) > 10:
        progress.say(f"  and {len(skipped) - 10:,} more files of unknown type")
    progress.say(f"starting Spark for recipe {recipe.name}")
    spark = session(options)
    with progress.ticking():
        result = execute(
            options.recipe,  # not the checked one: the manifest records the path and the settings it was asked with
            input=inputs,
            store=options.store,
            spark=spark,
            set=options.set,
            progress=progress.say,
            resume=options.resume,
            override_gates=options.override_gate,
            optimize=options.optimize,
            sample_rows=SAMPLE_ROWS if options.sample_rows is None else options.sample_rows,
        )
    facts = result.as_json()
    return facts, _describe_run(result, facts["corpus"]["path"], options.store)


def _describe_run(result: RunResult, corpus: str, store: str) -> str:
    """What a person is told of a run: stages, reasons, remarks, and where to ask on."""
    from spark_llmdata.report.order import describe_order_text

    stages = table(
        ("stage", "in", "removed", "rejected", "kept", "seconds", ""),
        [
            (c.stage, c.shown, c.removed, c.rejected, c.kept, round(c.seconds, 1), "reused" if c.reused else "")
            for c in result.by_stage
        ],
    )
    why_not = table(
        ("reason", "documents", "such as"), [(r["reason"], r["documents"], r["example"]) for r in result.reasons]
    )
    counts = ", ".join(f"{name} {n:,}" for name, n in result.counts.items() if n or name != "created")
    remarks = [f"gate {o['gate']} overridden: {o['found']}\n" for o in result.overridden]
    if not result.reproducible:
        remarks.append("not reproducible: documents were rejected because of this machine (memory, time, crashes)\n")
    remarks += [f"{c.stage}: {sentence}\n" for c in result.by_stage for sentence in c.told]
    if result.optimized is not None:
        remarks.append(f"{describe_order_text(result.optimized)}\n\n")
    done = "was done before, nothing was run again; it took" if result.found else "done in"
    return (
        f"run {result.run} {done} {result.seconds:.1f} s: {counts}\n\n{stages}\n\n{why_not}\n\n"
        + "".join(remarks)
        + f"corpus {corpus} version {result.corpus_version}, content {result.content_hash}\n"
        f"ask why: llmdata why URL|FILE:OFFSET --store {store}"
    )


def _reproduce(options: argparse.Namespace) -> Answer:
    """Build a run again and say what differs."""
    from spark_llmdata.runner import reproduce

    given = options.recipe or options.input or options.set or options.resume or options.override_gate
    if given or options.optimize or options.sample_rows:
        raise UsageError(
            "--reproduce takes recipe, inputs, settings and order from the run's manifest; leave out RECIPE, --input, "
            "--set, --resume, --override-gate, --optimize and --sample-rows"
        )
    check_folder(options.store, must_exist=True)
    progress = Progress()
    progress.say(f"starting Spark to reproduce run {options.reproduce}")
    spark = session(options)
    with progress.ticking():
        found = reproduce(options.reproduce, store=options.store, spark=spark, progress=progress.say)
    differences = [(d.what, d.was, d.now) for d in (*found.circumstances, *found.outcomes)]
    lines = [table(("not as it was", "then", "now"), differences), ""] if differences else []
    if found.same:
        lines.append(f"run {found.run} is reproduced: content {found.content_hash}")
    else:
        lines.append(f"run {found.run} is NOT reproduced: content was {found.was}, is now {found.content_hash}")
        lines.append(f"the second build is kept in {found.store}; compare with it, then `llmdata gc` removes it")
    return found.as_json() | {"exit_code": 0 if found.same else 1}, "\n".join(lines)


def runs(options: argparse.Namespace) -> Answer:
    """List a store's runs."""
    from spark_llmdata.store import Store
    from spark_llmdata.store.ledger import Ledger

    check_folder(options.store, must_exist=True)
    store = Store.open(session(options), options.store, must_exist=True)
    found = Ledger(store).list()
    facts = {
        "store": store.root,
        "runs": [
            {
                "run": r.run,
                "state": r.state,
                "recipe": r.recipe,
                "started": r.started.isoformat(),
                "counts": r.manifest.get("counts"),
                "corpus_version": r.version,
                "content_hash": r.manifest.get("content_hash"),
                "error": r.manifest.get("error"),
            }
            for r in found
        ],
    }
    rows = [
        (
            r.run,
            r.state,
            r.recipe,
            f"{r.started:%Y-%m-%d %H:%M}",
            r.manifest.get("counts", {}).get("read"),
            r.manifest.get("counts", {}).get("kept"),
            r.version,
        )
        for r in found
    ]
    text = table(("run", "state", "recipe", "started", "read", "kept", "version"), rows)
    failed = [f"{r.run}: {r.manifest['error'].splitlines()[0][:200]}" for r in found if r.state == "failed"]
    return facts, "\n".join([text, *failed[-3:]])


def why(options: argparse.Namespace) -> Answer:
    """Say what became of a document."""
    from spark_llmdata.report.printable import printable, tell_outcome
    from spark_llmdata.report.why import explain
    from spark_llmdata.store import Store

    check_folder(options.store, must_exist=True)
    facts = explain(Store.open(session(options), options.store, must_exist=True), options.what, options.run)
    lines = tell_outcome(facts)
    if facts["evidence"]:
        lines.append(f"  evidence  {json.dumps(facts['evidence'], ensure_ascii=False)}")
    if facts["survivor"]:
        survivor = facts["survivor"]
        measured = "" if survivor["similarity"] is None else f" (similarity {survivor['similarity']:g})"
        lines.append(f"  stays     {survivor['doc_id']} {survivor['url'] or ''}{measured}")
    lines.append(f"  doc_id    {facts['doc_id']}")
    lines.append(f"  record    {facts['location']['file']}:{facts['location']['offset']} (source {facts['source']})")
    for step in facts["path"]:
        edits = f", {step['edits']} edits" if step["edits"] else ""
        not_judged = f": not applicable, {step['not_applicable']}" if "not_applicable" in step else ""
        lines.append(f"  {'kept by   ' if step['kept'] else 'removed by'} {step['stage']}{edits}{not_judged}")
        lines += [f"               {name} {value:g}" for name, value in step["scores"].items()]
    for other in facts["others"]:
        what = f"{other['outcome']} {other['reason'] or ''}".rstrip()
        lines.append(f"  also      {other['file']}:{other['offset']} {what}, {other['doc_id']}")
    unfinished = "" if facts["run_state"] == "done" else f", {facts['run_state']}: no corpus came of it"
    lines.append(f"  run       {facts['run']}{unfinished}")
    return facts, "\n".join(map(printable, lines))


def retune(options: argparse.Namespace) -> Answer:
    """Say what a run would keep with other thresholds."""
    from spark_llmdata.retuning import retune as ask
    from spark_llmdata.retuning.api import check_settings
    from spark_llmdata.retuning.listing import describe

    check_settings(options.set, options.output)
    check_folder(options.store, must_exist=True)
    progress = Progress()
    spark = session(options)
    with progress.ticking():
        found = ask(
            options.run,
            store=options.store,
            set=options.set,
            output=options.output,
            spark=spark,
            progress=progress.say,
        )
    return found.as_json(), describe(found, table)


def show(options: argparse.Namespace) -> Answer:
    """Show a document's text with what was changed and what counted."""
    from spark_llmdata.report.show import show as look
    from spark_llmdata.report.show_listing import describe_shown
    from spark_llmdata.store import Store

    check_folder(options.store, must_exist=True)
    store = Store.open(session(options), options.store, must_exist=True)
    facts = look(
        store, options.what, run=options.run, stage=options.stage, private=options.private, context=options.context
    )
    return facts, describe_shown(facts, colored=is_colored())


def duplicates(options: argparse.Namespace) -> Answer:
    """List what resembles a document or a text, or show what differs between two."""
    from spark_llmdata.report.duplicates import compare_pair, find_duplicates
    from spark_llmdata.report.listing import describe_duplicates, describe_pair
    from spark_llmdata.store import Store

    text = check_question(options)
    check_folder(options.store, must_exist=True)
    store = Store.open(session(options), options.store, must_exist=True)
    if options.diff is not None:
        pair = compare_pair(store, options.what, options.diff, text=text, run=options.run)
        return pair, describe_pair(pair, colored=is_colored())
    facts = find_duplicates(
        store, options.what, text=text, run=options.run, threshold=options.threshold, limit=options.limit
    )
    return facts, describe_duplicates(facts)


def check_question(options: argparse.Namespace) -> str | None:
    """Read the text that `duplicates` is asked about, if any; says what cannot work before Spark is started."""
    from spark_llmdata.report.duplicates import MAX_LIMIT

    if (options.what is None) == (options.text is None):
        raise UsageError("expected either DOC_ID|URL|FILE:OFFSET or --text FILE; see llmdata duplicates --help")
    if not 0 < options.threshold <= 1:
        raise UsageError(f"--threshold {options.threshold:g}: expected a similarity above 0, at most 1")
    if not 1 <= options.limit <= MAX_LIMIT:
        raise UsageError(f"--limit {options.limit}: expected a number from 1 to {MAX_LIMIT:,}")
    return None if options.text is None else read_text(options.text)


def export(options: argparse.Namespace) -> Answer:
    """Write kept documents as files."""
    from spark_llmdata.sinks.export import check_output
    from spark_llmdata.sinks.export import export as write
    from spark_llmdata.store import Store

    check_folder(options.store, must_exist=True)
    check_output(options.output)
    if options.id and options.format != "warc":
        raise UsageError(f"--id goes with `export warc`, not with {options.format}; leave it out")
    store = Store.open(session(options), options.store, must_exist=True)
    if options.format == "warc":
        from spark_llmdata.sinks.warc import export_originals

        facts = export_originals(store, options.output, options.run, options.id)
        aside = facts["from_no_archive"]
        note = f"; {aside:,} came from no archive" if aside else ""
        return facts, f"{facts['documents']:,} records of run {facts['run']} written to {facts['output']}{note}"
    facts = write(store, options.format, options.output, options.run)
    return facts, f"{facts['documents']:,} documents of run {facts['run']} written to {facts['output']}"


def stages(options: argparse.Namespace) -> Answer:
    """List the stages, or describe one."""
    from spark_llmdata.complaints import suggest
    from spark_llmdata.report.stages import describe, describe_text
    from spark_llmdata.stages import BUILTIN

    if options.kind is None:
        facts = {"stages": [describe(s) for s in BUILTIN.values()]}
        return facts, table(("stage", "what it does"), [(s["kind"], s["summary"]) for s in facts["stages"]])
    if options.kind not in BUILTIN:
        raise UsageError(
            f"unknown stage {options.kind!r}{suggest(options.kind, BUILTIN)}; there are {', '.join(BUILTIN)}"
        )
    found = describe(BUILTIN[options.kind])
    return found, describe_text(found)


def doctor(options: argparse.Namespace) -> Answer:
    """Check the environment."""
    from spark_llmdata.report.doctor import examine

    checks = examine(lambda: session(options))
    good = all(c["ok"] for c in checks)
    facts = {"ok": good, "checks": checks, "exit_code": 0 if good else 3}
    lines = [f"{'ok     ' if c['ok'] else 'PROBLEM'}  {c['check']}: {c['found']}" for c in checks]
    lines += [f"         -> {c['remedy']}" for c in checks if not c["ok"]]
    return facts, "\n".join(lines)
