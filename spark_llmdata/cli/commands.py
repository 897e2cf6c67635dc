"""The commands: each gives a JSON object and the text that says the same to a person."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from spark_llmdata.cli import failures
from spark_llmdata.cli.console import choose_display, is_colored, read_text, table
from spark_llmdata.cli.planning import check_sample
from spark_llmdata.cli.portion import read_portion, tell_part
from spark_llmdata.cli.raw import show_raw
from spark_llmdata.cli.spark import is_brief, session
from spark_llmdata.errors import UsageError
from spark_llmdata.store.delta import CORPUS, TRIALS, check_folder

if TYPE_CHECKING:
    from spark_llmdata.runner import RunResult

Answer = tuple[Any, str | bytes]

#: Characters of an error in a list of runs.
MAX_ERROR = 300


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
    check_sample(options)
    sampling = read_portion(options)
    check_folder(options.store, must_write=True)
    inputs = [path for group in options.input for path in group]
    check_overrides(options.override_gate)
    recipe = load_recipe(options.recipe, options.set)
    make_plan(recipe, sampling)
    found = find_files(inputs, options.store)
    skipped = found.skipped
    progress = choose_display(options.json)
    for path in skipped[:10]:
        progress(f"  skipped, of unknown type: {path}")
    if len(skipped) > 10:
        progress(f"  and {len(skipped) - 10:,} more files of unknown type")
    progress(f"starting Spark for recipe {recipe.name}")
    spark = session(options, brief=is_brief(found.files))
    result = execute(
        options.recipe,  # not the checked one: the manifest records the path and the settings it was asked with
        input=inputs,
        store=options.store,
        spark=spark,
        set=options.set,
        progress=progress,
        resume=options.resume,
        override_gates=options.override_gate,
        optimize=options.optimize,
        sample=options.sample,
        sample_seed=options.sample_seed or 0,
        limit=options.limit,
        sample_rows=SAMPLE_ROWS if options.sample_rows is None else options.sample_rows,
        predict=options.predict,
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
    if not result.counts["kept"]:
        remarks.append("the corpus is empty: nothing was kept, for the reasons above\n")
    remarks += tell_part(result.portion)
    if result.table == TRIALS:
        remarks.append(
            f"a try, kept apart from the corpus of the store, which is as it was; --run {result.run} names it to "
            "`export`, `report` and all others\n"
        )
    if any(c.by_machine for c in result.by_stage):
        remarks.append("not reproducible: documents were rejected because of this machine (memory, time, crashes)\n")
    remarks += [f"{c.stage}: {sentence}\n" for c in result.by_stage for sentence in c.told]
    if result.optimized is not None:
        remarks.append(f"{describe_order_text(result.optimized)}\n\n")
    if result.predicted and not result.found:
        remarks.append(
            f"predicted {sum(p['seconds'] for p in result.predicted):,.0f} s, took {result.seconds:,.0f} s\n"
        )
    asked = f" --run {result.run}" if result.table == TRIALS else ""
    done = "was done before, nothing was run again; it took" if result.found else "done in"
    return (
        f"run {result.run} {done} {result.seconds:.1f} s: {counts}\n\n{stages}\n\n{why_not}\n\n"
        + "".join(remarks)
        + f"corpus {corpus} version {result.corpus_version}, content {result.content_hash}\n"
        f"ask why: llmdata why URL|FILE:OFFSET --store {store}{asked}"
    )


def _reproduce(options: argparse.Namespace) -> Answer:
    """Build a run again and say what differs."""
    from spark_llmdata.runner import reproduce

    check_reproduce(options)
    check_folder(options.store, must_exist=True)
    progress = choose_display(options.json)
    progress(f"starting Spark to reproduce run {options.reproduce}")
    spark = session(options)
    found = reproduce(options.reproduce, store=options.store, spark=spark, progress=progress)
    differences = [(d.what, d.was, d.now) for d in (*found.circumstances, *found.outcomes)]
    lines = [table(("not as it was", "then", "now"), differences), ""] if differences else []
    if found.same:
        lines.append(f"run {found.run} is reproduced: content {found.content_hash}")
    else:
        lines.append(f"run {found.run} is NOT reproduced: content was {found.was}, is now {found.content_hash}")
        lines.append(f"the second build is kept in {found.store}; compare with it, then `llmdata gc` removes it")
    return found.as_json() | {"exit_code": 0 if found.same else 1}, "\n".join(lines)


def check_reproduce(options: argparse.Namespace) -> None:
    """Refuse whatever is given beside `--reproduce` that the run's manifest decides."""
    aside = ("command", "reproduce", "store", "master", "conf", "json", "verbose")
    others = {name: value for name, value in vars(options).items() if name not in aside}
    given = [name for name, value in others.items() if value is not None and value is not False and value != []]
    if given:
        words = ["RECIPE" if name == "recipe" else f"--{name.replace('_', '-')}" for name in given]
        raise UsageError(
            f"{', '.join(words)}: does not go with --reproduce, which takes recipe, inputs, settings, order and gates "
            "from the run's manifest; leave it out"
        )


def runs(options: argparse.Namespace) -> Answer:
    """List a store's runs."""
    from spark_llmdata.portion import tell_portion
    from spark_llmdata.store import Store
    from spark_llmdata.store.ledger import Ledger

    check_folder(options.store, must_exist=True)
    store = Store.open(session(options, brief=True), options.store, must_exist=True)
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
                "corpus_version": r.version if r.table == CORPUS else None,
                "trial_version": r.version if r.table == TRIALS else None,
                "content_hash": r.manifest.get("content_hash"),
                "portion": r.manifest.get("portion"),
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
            r.version if r.table == CORPUS else None,
            tell_portion(r.manifest.get("portion")),
        )
        for r in found
    ]
    text = table(("run", "state", "recipe", "started", "read", "kept", "version", ""), rows)
    failed = [f"{r.run}: {_shorten(r.manifest['error'])}" for r in found if r.state == "failed"]
    return facts, "\n".join([text, *failed[-3:]])


def _shorten(error: str) -> str:
    """What an error says in a line, cut between two words where it is long; `--json` has all of it."""
    return textwrap.shorten(failures.summarize(error), MAX_ERROR, placeholder=" ...")


def why(options: argparse.Namespace) -> Answer:
    """Say what became of a document."""
    from spark_llmdata.report.why import explain
    from spark_llmdata.report.why_listing import describe_why
    from spark_llmdata.store import Store

    check_folder(options.store, must_exist=True)
    facts = explain(Store.open(session(options, brief=True), options.store, must_exist=True), options.what, options.run)
    return facts, describe_why(facts)


def retune(options: argparse.Namespace) -> Answer:
    """Say what a run would keep with other thresholds."""
    from spark_llmdata.retuning import retune as ask
    from spark_llmdata.retuning.api import check_settings
    from spark_llmdata.retuning.listing import describe
    from spark_llmdata.runner.display import narrating

    check_settings(options.set, options.output)
    check_folder(options.store, must_exist=True)
    display = choose_display(options.json)
    display("starting Spark")
    spark = session(options)
    with narrating(spark, display) as say:
        found = ask(
            options.run,
            store=options.store,
            set=options.set,
            output=options.output,
            spark=spark,
            progress=say,
        )
    return found.as_json(), describe(found, table)


def show(options: argparse.Namespace) -> Answer:
    """Show a document's text with what was changed and what counted, or with `--raw` its record."""
    if options.raw or options.output is not None:
        return show_raw(options)
    from spark_llmdata.report.show import show as look
    from spark_llmdata.report.show_listing import describe_shown
    from spark_llmdata.store import Store

    check_folder(options.store, must_exist=True)
    store = Store.open(session(options, brief=True), options.store, must_exist=True)
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


def stages(options: argparse.Namespace) -> Answer:
    """List the stages, or describe one."""
    from spark_llmdata.complaints import suggest
    from spark_llmdata.report.stages import describe, describe_language, describe_text
    from spark_llmdata.stages import BUILTIN

    if options.kind is None:
        if options.language is not None:
            raise UsageError("--language shows one stage's settings for a language; name the stage, see llmdata stages")
        facts = {"stages": [describe(s) for s in BUILTIN.values()]}
        return facts, table(("stage", "what it does"), [(s["kind"], s["summary"]) for s in facts["stages"]])
    if options.kind not in BUILTIN:
        raise UsageError(
            f"unknown stage {options.kind!r}{suggest(options.kind, BUILTIN)}; there are {', '.join(BUILTIN)}"
        )
    found = describe(BUILTIN[options.kind])
    if options.language is not None:
        found |= describe_language(BUILTIN[options.kind], options.language)
    return found, describe_text(found)


def doctor(options: argparse.Namespace) -> Answer:
    """Check the environment."""
    from spark_llmdata.report.doctor import examine

    checks = examine(lambda: session(options, brief=True))
    good = all(c["ok"] for c in checks)
    facts = {"ok": good, "checks": checks, "exit_code": 0 if good else 3}
    lines = [f"{'ok     ' if c['ok'] else 'PROBLEM'}  {c['check']}: {c['found']}" for c in checks]
    lines += [f"         -> {c['remedy']}" for c in checks if c["remedy"]]
    return facts, "\n".join(lines)
