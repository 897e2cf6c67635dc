"""What can be typed: commands, arguments and their help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import spark_llmdata
from spark_llmdata.cli.exporting import COMPRESSIONS, EXPORT, FORMATS
from spark_llmdata.cli.portion import add_portion
from spark_llmdata.cli.report import REPORT
from spark_llmdata.cli.report import add_arguments as add_report_arguments
from spark_llmdata.cli.sample import add_commands as add_sample_commands
from spark_llmdata.cli.schema import SCHEMA
from spark_llmdata.cli.upkeep import FSCK, GC
from spark_llmdata.complaints import suggest

_RUN = """\
Reads the inputs, judges every record by the recipe's stages and writes a new build of the corpus.

inputs   files, folders (all readable files below), globs: WARC/WET/ARC (.warc .wet .arc, .gz .zst .lz4), JSON lines
         (.jsonl .ndjson .json, .gz .zst) and Parquet, here or at a url (s3://, abfss://, gs://, hdfs://, https://);
         tables: table:CATALOG.SCHEMA.NAME, delta:PATH, with @vN for a version (docs/inputs.md); 'cdx:INDEX?url=...'
         for records that an index of archives names (docs/archives.md). NAME= names the source; ids depend on it, never
         on paths.
settings --set takes a path into the recipe: STAGE.SETTING, gates.max_removed, read.columns.text, ...

examples
  llmdata run quickstart --input crawl/ --store store
  llmdata run my.yaml --input books=books.jsonl.zst web='crawl/*.warc.gz' --store store
  llmdata run quickstart --input pages.parquet --store store --set filter.gopher_quality.min_words=20
  llmdata run my.yaml --input web=table:lake.raw.pages@v12 --store try --sample 0.01
  llmdata run --reproduce 20240501T120000-1a2b3c4d --store store
"""

_PLAN = """\
Checks a recipe and says what it will do, in which passes, with settings that are not the defaults, which models and
lists it uses, and what a published recipe does beyond it. Reads no input, and starts Spark only to check rules in SQL.

With --input it reads and judges a sample of the input here, without Spark, and estimates for each pass rows,
bytes, shuffled bytes, memory and seconds (docs/plan.md); with --store it also says what of it is there already.

With --optimize it measures the stages on a sample of the input and says in which order those that commute cost least,
and why. The corpus is the same in that order; who removed a document may differ.

examples
  llmdata plan fineweb --all
  llmdata plan my.yaml --input crawl/ --store store
  llmdata plan my.yaml --input 'crawl/*.warc.gz' --cores 64 --sample-rows 10000
  llmdata plan my.yaml --input crawl/ --optimize --output my_faster.yaml
"""

_WHY = """\
Says what became of a record, which stage decided and what it measured.

examples
  llmdata why https://example.org/page --store store
  llmdata why 5f1c0f5e8a4c3b1f9d2e7a6b4c8d0e1f --store store
  llmdata why pages.warc.gz:10482 --store store
"""

_SHOW = """\
Prints a document's text with what each stage took out [-of it-] and put {+into it+}, and what counted against it
[!marked so!]. The text before the changes is read from the input again and judged again; the stored hash proves it the
same. Where the input is gone, the stored text is shown, and of what was taken out only the place.

What clean.pii (or another private stage) takes out is shown by its kind, also in texts that it never saw because an
earlier stage removed them. --private shows the values.

--raw writes the record itself as it stands in the input, nothing else and nothing hidden: of an archive the record from
its first line to the end of its block, of JSON lines the line, of Parquet the row as JSON. The hash in its id proves
that it is the one that was read.

examples
  llmdata show https://example.org/page --store store
  llmdata show pages.warc.gz:10482 --store store --stage filter.c4
  llmdata show 5f1c0f5e8a4c3b1f9d2e7a6b4c8d0e1f --store store --context 80
  llmdata show https://example.org/page --store store --raw --output page.warc
"""

_DUPLICATES = """\
Lists what a run read that resembles a document or a text: copies of the record, the same address, the same text, and
texts that share words, by their true similarity; what became of each, for whom, and how many went for the same
survivor. Compares with every stored text, without sketches, as dedup.minhash of the run's recipe compares.

examples
  llmdata duplicates https://example.org/page --store store
  llmdata duplicates 5f1c0f5e8a4c3b1f9d2e7a6b4c8d0e1f --store store --threshold 0.3 --limit 100
  llmdata duplicates --text page.txt --store store
  llmdata duplicates https://example.org/page --store store --diff https://example.org/copy
"""


_RETUNE = """\
Says what a run would have kept with other thresholds, from its stored scores: nothing is read or judged again. Tells
documents and words then and now, by reason, and the documents nearest to each changed threshold, on both sides.

Exact where thresholds become stricter, or the recipe had `judge: all`, and no comparison behind them would find others;
otherwise it says what is not known. A setting that changes what is measured is refused.

examples
  llmdata retune --store store --set filter.gopher_quality.min_words=80
  llmdata retune 20240501T120000-1a2b3c4d --store store --set filter.fineweb.max_short_line_ratio=0.5 --json
"""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of a command line; says of one that is not known what may be meant, and ends with exit code 2."""
    parser = make_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest:
        known = ["--" + name.replace("_", "-") for name in vars(options)]
        hint = suggest(rest[0], known) if rest[0].startswith("-") else ""
        if not rest[0].startswith("-") and "input" in vars(options):
            hint = "; what to read is named by --input"
        parser.error(f"unknown argument {rest[0]!r}{hint}; see llmdata {options.command} --help")
    return options


def make_parser() -> argparse.ArgumentParser:
    """Build the parser; every command gets its own help."""
    parser = argparse.ArgumentParser(
        prog="llmdata",
        description="Verified, incremental, explainable, reversible LLM corpora on Spark.",
        epilog="exit codes: 0 done, 1 the run failed (gate, data, not found), 2 wrong use or recipe, 3 environment, "
        "130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"llmdata {spark_llmdata.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    _add_plan(commands)
    _add_run(commands)

    runs = _command(commands, "runs", "list a store's runs", "Lists the runs of a store, oldest first.")
    _store(runs)
    _spark(runs)

    why = _command(commands, "why", "say what became of a document", _WHY)
    why.add_argument("what", metavar="DOC_ID|URL|FILE:OFFSET", help="a document's id, its URL, or a record's location")
    _store(why)
    why.add_argument("--run", metavar="ID", help="the run to ask (default: the newest over all of its input)")
    _spark(why)

    _add_show(commands)

    _add_duplicates(commands)

    _add_export(commands)

    _add_retune(commands)

    report = _command(commands, "report", "write a run's report as one HTML page", REPORT)
    _store(report)
    add_report_arguments(report)
    _spark(report)

    _add_upkeep(commands)

    for made in add_sample_commands(commands):
        _spark(made)

    stages = _command(commands, "stages", "list stages, their settings and reasons", "Describes the stages.")
    stages.add_argument("kind", metavar="KIND", nargs="?", help="describe this one in full")
    stages.add_argument("--language", metavar="LANG", help="with KIND: its settings for documents of this language")
    _json(stages)

    _json(_command(commands, "schema", "print the JSON Schema of recipes, for editors", SCHEMA))

    doctor = _command(
        commands,
        "doctor",
        "check Java, Spark, Delta and the native module",
        "Checks what a run needs, with a real write and MERGE, on driver and executors, and says what to do.",
    )
    _spark(doctor)
    return parser


def _add_plan(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    plan = _command(commands, "plan", "show what a recipe will do", _PLAN)
    plan.add_argument(
        "recipe", metavar="RECIPE", help="a YAML file, or the name of a recipe that comes with the package"
    )
    _set(plan)
    add_portion(plan)
    plan.add_argument("--all", action="store_true", help="show every setting, the defaults too")
    _input(plan)
    plan.add_argument("--store", metavar="DIR", help="with --input: say what this store has of it already")
    plan.add_argument("--cores", metavar="N", type=int, help="with --input: estimate for so many cores (default: here)")
    _optimize(plan)
    plan.add_argument(
        "--output", metavar="FILE", help="with --optimize: save the recipe in its new order, as a new file"
    )
    _json(plan)


def _add_duplicates(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    duplicates = _command(commands, "duplicates", "list what resembles a document", _DUPLICATES)
    duplicates.add_argument(
        "what", metavar="DOC_ID|URL|FILE:OFFSET", nargs="?", help="a document's id, its URL, or a record's location"
    )
    duplicates.add_argument("--text", metavar="FILE", help="instead: a file with a text, or - for standard input")
    _store(duplicates)
    duplicates.add_argument("--run", metavar="ID", help="the run to search (default: the newest over all of its input)")
    duplicates.add_argument(
        "--threshold", metavar="SHARE", type=float, default=0.5, help="similarity from which on to list (default 0.5)"
    )
    duplicates.add_argument("--limit", metavar="N", type=int, default=20, help="list at most so many (default 20)")
    duplicates.add_argument(
        "--diff", metavar="OTHER", help="show instead what differs between it and this document, word by word"
    )
    _spark(duplicates)


def _add_export(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    export = _command(commands, "export", "write kept documents as files", EXPORT)
    export.add_argument("format", metavar="FORMAT", choices=FORMATS, help=", ".join(FORMATS))
    _store(export)
    export.add_argument("--run", metavar="ID", help="the run to write (default: the newest over all of its input)")
    export.add_argument("--output", metavar="DIR", required=True, help="a new folder")
    export.add_argument(
        "--shard-size",
        metavar="SIZE",
        help="bytes of a stored file, such as 256MB (with --shuffle or --split: 1GB)",
    )
    export.add_argument("--shard-rows", metavar="N", type=int, help="documents of a file")
    export.add_argument("--compression", metavar="NAME", help=COMPRESSIONS)
    export.add_argument("--shuffle", action="store_true", help="order documents by a hash of seed and id")
    export.add_argument("--seed", metavar="N", type=int, default=0, help="of --shuffle and --split (default 0)")
    export.add_argument("--split", metavar="NAME=SHARE,...", help="a folder each, such as train=0.99,validation=0.01")
    export.add_argument("--id", metavar="DOC_ID", action="append", default=[], help="warc: only these, kept or not")
    _spark(export)


def _add_upkeep(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    gc = _command(commands, "gc", "remove what no run names", GC)
    _store(gc)
    gc.add_argument("--dry-run", action="store_true", help="say what would be removed, and change nothing")
    gc.add_argument(
        "--abandon", metavar="RUN", action="append", default=[], help="give up a run that is not done; may be repeated"
    )
    _spark(gc)

    fsck = _command(commands, "fsck", "check that the store is whole", FSCK)
    _store(fsck)
    fsck.add_argument("--run", metavar="ID", help="check only what this run names (default: everything)")
    _spark(fsck)


def _add_run(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    run = _command(commands, "run", "run a recipe over inputs", _RUN)
    run.add_argument(
        "recipe", metavar="RECIPE", nargs="?", help="a YAML file, or the name of a recipe that comes with the package"
    )
    _input(run)
    _store(run)
    _set(run)
    add_portion(run)
    _optimize(run)
    run.add_argument(
        "--resume",
        action="store_true",
        help="continue the run of the same recipe and inputs that was killed or interrupted; one that is done is "
        "not run again",
    )
    run.add_argument(
        "--predict",
        action="store_true",
        help="estimate the run on a sample of the input first, where no former run of the store tells what it takes; "
        "the manifest holds what was predicted and what was measured",
    )
    run.add_argument(
        "--reproduce",
        metavar="RUN",
        help="instead of RECIPE and --input: build that run again from its manifest, reuse nothing, compare the hashes",
    )
    run.add_argument(
        "--override-gate",
        metavar="NAME",
        action="append",
        default=[],
        help="a gate that shall not stop this run (recorded in its manifest); may be repeated",
    )
    _spark(run)


def _add_retune(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    retune = _command(commands, "retune", "say what other thresholds would keep, from stored scores", _RETUNE)
    retune.add_argument("run", metavar="RUN", nargs="?", help="a run's id (default: the newest over all of its input)")
    _store(retune)
    _set(retune)
    retune.add_argument(
        "--output", metavar="FILE", help="save the recipe with these settings, its stages in the order of the run"
    )
    _spark(retune)


def _input(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--input",
        metavar="[NAME=]PATH",
        nargs="+",
        action="append",
        default=[],
        help="what to read; may be repeated",
    )


def _optimize(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--optimize",
        action="store_true",
        help="put stages that commute in the order that costs least, measured on a sample; the corpus is the same. A "
        "store goes on with the order that a run measured for the same recipe",
    )
    command.add_argument(
        "--sample-rows", metavar="N", type=int, help="measure on a sample of N records of the input (default 2,000)"
    )


def _add_show(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    show = _command(commands, "show", "show a document's text with its changes", _SHOW)
    show.add_argument("what", metavar="DOC_ID|URL|FILE:OFFSET", help="a document's id, its URL, or a record's location")
    _store(show)
    show.add_argument("--run", metavar="ID", help="the run to ask (default: the newest over all of its input)")
    show.add_argument("--stage", metavar="STAGE", help="show the text as this stage saw it, with what it alone did")
    show.add_argument(
        "--context",
        metavar="N",
        type=int,
        help="show only N characters beside what is marked (default: all, of more than 20,000 characters 200)",
    )
    show.add_argument("--private", action="store_true", help="show personal data as it stood in the input")
    show.add_argument("--raw", action="store_true", help="write the record as it stands in the input, byte for byte")
    show.add_argument("--output", metavar="FILE", help="with --raw: into a new file instead of to standard output")
    _spark(show)


def _command(commands: argparse._SubParsersAction, name: str, short: str, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=short, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    return command


def _store(command: argparse.ArgumentParser) -> None:
    command.add_argument("--store", metavar="DIR", required=True, help="the folder with the store's Delta tables")


def _set(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        metavar="path=value",
        action="append",
        default=[],
        help="change a setting of the recipe; may be repeated",
    )


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command.add_argument("-v", "--verbose", action="store_true", help="show what Spark says")


def _spark(command: argparse.ArgumentParser) -> None:
    command.add_argument("--master", metavar="URL", help="Spark master (default: spark-submit's, else local[*,4])")
    command.add_argument(
        "--conf", metavar="spark.key=value", action="append", default=[], help="a Spark setting; may be repeated"
    )
    _json(command)
