"""A run built again from its manifest: the same where nothing changed, and told apart where something did."""

from __future__ import annotations

import json
import os

import pytest

import spark_llmdata as sl
from spark_llmdata.errors import InputError, NotFound
from spark_llmdata.recipe import load_recipe
from spark_llmdata.recipe.loading import rebuild_recipe
from spark_llmdata.runner.code import describe_code
from spark_llmdata.runner.reproduction import _compare_code
from tests.runner.corpora import documents, write_jsonl

RULES = (
    "from spark_llmdata import RowStage, Judgement\n"
    "import numpy as np\n\n\n"
    "class Short(RowStage):\n"
    '    """Remove short texts."""\n\n'
    '    reasons = {"short": "too short"}\n'
    "    length: int = 20\n\n"
    "    def judge(self, docs):\n"
    '        lengths = np.array([len(t or "") for t in docs.text.to_pylist()])\n'
    '        return Judgement.remove_where(lengths < self.length, "short")\n'
)


def test_code_is_compared_name_by_name():
    was = {"package": "a", "native": "b", "library x": "1", "library gone": "2"}
    found = {d.what: (d.was, d.now) for d in _compare_code(was, {"package": "a", "native": "c", "library x": "2"})}
    assert found == {"native module": ("b", "c"), "library x": ("1", "2"), "library gone": ("2", None)}


def test_stages_of_a_manifest_are_those_of_the_recipe():
    recipe = load_recipe("quickstart", ())
    again = rebuild_recipe(json.loads(json.dumps(recipe.as_dict(), sort_keys=True)), None)
    assert not list(_compare_code(describe_code(recipe.stages), describe_code(again.stages)))


@pytest.mark.spark
def test_a_run_is_built_again_and_compared(spark, tmp_path):
    (tmp_path / "my_own_rules.py").write_text(RULES)
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: mine\nstages: [my_own_rules.Short: {length: 30, id: mine.short}, dedup.exact]\n")
    rows = documents(40)
    write_jsonl(tmp_path / "in/a.jsonl", rows)
    write_jsonl(tmp_path / "in/b.jsonl.gz", documents(20, start=40))
    store = tmp_path / "store"
    run = sl.run(recipe, input=[f"mine={tmp_path / 'in'}"], store=store, spark=spark)
    corpus = run.store.corpus.version()

    again = sl.reproduce(run.run, store=store, spark=spark)
    assert (again.same, again.circumstances, again.outcomes, again.store) == (True, (), (), None)
    assert again.as_json()["reproduced"] is True
    assert not list((store / "reproductions").iterdir())

    os.utime(tmp_path / "in/b.jsonl.gz", ns=(1, 10**18))  # the same bytes, copied anew
    touched = sl.reproduce(run.run[:-2], store=store, spark=spark)
    assert touched.same
    assert [d.what for d in touched.circumstances] == [f"input {tmp_path / 'in/b.jsonl.gz'}"]

    rows[3]["text"] = "x" * 50
    write_jsonl(tmp_path / "in/a.jsonl", rows)
    other = sl.reproduce(run.run, store=store, spark=spark)
    assert not other.same
    assert {d.what for d in other.circumstances} >= {f"input {tmp_path / 'in/a.jsonl'}"}
    outcomes = {d.what: (d.was, d.now) for d in other.outcomes}
    assert set(outcomes) == {
        "mine.short: documents removed",
        "dedup.exact: documents in",
        f"rows of {tmp_path / 'in/a.jsonl'}",
    }
    assert (store / "reproductions" / other.store.rsplit("/", 1)[1] / "corpus").is_dir()
    assert run.store.corpus.version() == corpus

    (tmp_path / "in/a.jsonl").unlink()
    with pytest.raises(InputError, match=r"a\.jsonl: does not exist"):
        sl.reproduce(run.run, store=store, spark=spark)
    with pytest.raises(NotFound, match="no run 'nothing'"):
        sl.reproduce("nothing", store=store, spark=spark)
