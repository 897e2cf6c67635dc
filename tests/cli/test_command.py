"""The command of a run, made again from its manifest: it parses, and no option that decides what comes out is lost."""

from __future__ import annotations

import shlex

import pytest

from spark_llmdata.cli import main
from spark_llmdata.cli.parser import make_parser
from spark_llmdata.store import Store
from spark_llmdata.store.command import describe_command
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import documents, write_jsonl

#: Options of `run` that do not decide what comes out.
ASIDE = {"help", "store", "resume", "predict", "reproduce", "master", "conf", "json", "verbose"}
#: Those that may stand beside --reproduce.
BESIDE = ASIDE - {"resume", "predict"}
GIVEN = {
    "recipe": "quickstart",
    "sample": 0.9,
    "sample_seed": 7,
    "limit": 40,
    "optimize": True,
    "sample_rows": 30,
    "set": ["filter.gopher_quality.min_words=20", "name=of my own"],
    "override_gate": ["max_removed"],
}


def find_options():
    """The options of `llmdata run`, by the name under which they are parsed."""
    (commands,) = make_parser()._subparsers._group_actions
    return {action.dest: action for action in commands.choices["run"]._actions}


def test_every_option_is_either_in_the_command_or_decides_nothing():
    assert find_options().keys() == ASIDE | GIVEN.keys() | {"input"}


@pytest.mark.spark
def test_a_run_is_given_again_with_all_its_options(spark, tmp_path, capsys):
    path = str(write_jsonl(tmp_path / "in put/a.jsonl", documents(50)))
    store = str(tmp_path / "a store")
    words = ["run", GIVEN["recipe"], "--input", f"web={path}", "--store", store]
    for name, value in GIVEN.items():
        option = find_options()[name].option_strings
        for one in value if isinstance(value, list) else [value]:
            words += [] if name == "recipe" else option if value is True else [option[0], str(one)]
    assert main(words) == 0
    assert f"ask why: llmdata why URL|FILE:OFFSET --store {store} --run" in capsys.readouterr().out
    ledger = Ledger(Store.open(spark, store))
    manifest = ledger.find(ledger.list()[-1].run).manifest
    told = describe_command(manifest, store)
    program, *rest = shlex.split(told)
    asked = vars(make_parser().parse_args(rest))
    assert program == "llmdata"
    assert {name: asked[name] for name in GIVEN} == GIVEN
    assert (asked["input"], asked["store"]) == ([[f"web={path}"]], store)


def test_a_changed_recipe_keeps_the_part_of_the_input_and_the_gates():
    asked = {
        "recipe": "r.yaml",
        "input": ["x.jsonl"],
        "set": ["a=1"],
        "optimize": True,
        "sample": 0.5,
        "sample_rows": 9,
    }
    manifest = {"asked": asked, "overrides": ["min_kept"], "recipe": {"name": "mine"}}
    assert describe_command(manifest, "s", settings=["b=2"]) == (
        "llmdata run r.yaml --input x.jsonl --store s --set a=1 --set b=2 --optimize --sample-rows 9 "
        "--override-gate min_kept --sample 0.5"
    )
    assert describe_command(manifest, "s", recipe="saved.yaml") == (
        "llmdata run saved.yaml --input x.jsonl --store s --override-gate min_kept --sample 0.5"
    )
    assert describe_command({"recipe": {"name": "mine"}}, "s") == "llmdata run RECIPE (mine) --input PATH --store s"


@pytest.mark.parametrize("name", sorted(find_options().keys() - BESIDE))
def test_what_is_given_beside_reproduce_is_refused(name, tmp_path, capsys):
    """Each of them would be taken from the manifest, whatever was typed."""
    action = find_options()[name]
    words = [*action.option_strings[:1], *(["0"] if action.nargs != 0 else [])]
    assert main(["run", *words, "--reproduce", "x", "--store", str(tmp_path)]) == 2
    named = action.option_strings[0] if action.option_strings else "RECIPE"
    assert f"llmdata: {named}: does not go with --reproduce" in capsys.readouterr().err
