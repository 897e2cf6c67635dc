"""A run in the order that costs least: the same corpus, and everything that finds a run again still finds it."""

from __future__ import annotations

import pytest

import spark_llmdata as sl
from spark_llmdata.ordering import arrange, identify
from spark_llmdata.recipe import load_recipe
from spark_llmdata.recipe.writing import write_recipe
from spark_llmdata.report.why import explain
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import documents, write_jsonl

pytestmark = pytest.mark.spark

RECIPE = """
name: mine
stages:
  - filter.gopher_quality
  - filter.gopher_repetition
  - filter.url: {exclude_domains: [bad.example]}
  - clean.unicode: {mojibake: false}
  - dedup.exact
  - clean.pii
"""
FAST = ["filter.url", "filter.gopher_quality", "filter.gopher_repetition", "clean.unicode", "dedup.exact", "clean.pii"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Most documents are at a bad address: what looks at addresses alone should come first, however slow a machine."""
    folder = tmp_path_factory.mktemp("scene")
    (folder / "r.yaml").write_text(RECIPE)
    for name, start in (("a", 0), ("b", 120)):
        rows = documents(120, start)
        for i, row in enumerate(rows):
            row["text"] += ("\u200b" if i % 3 else "") + " write to me@mail.example"
            row["url"] = f"https://{'good' if i % 5 == 0 else 'bad'}.example/{i}"
        write_jsonl(folder / f"in/{name}.jsonl", [*rows, "{", {"url": "https://bad.example/none"}, rows[0]])
    return folder


@pytest.fixture(scope="module")
def runs(spark, scene):
    """The recipe as it is and in its best order, each in a store of its own."""
    build = {"input": scene / "in/a.jsonl", "spark": spark}
    plain = sl.run(scene / "r.yaml", store=scene / "plain", **build)
    return plain, sl.run(scene / "r.yaml", store=scene / "fast", optimize=True, **build)


def fates(result) -> dict[str, tuple[str, str | None]]:
    return {f"{r.file}:{r.offset}": (r.outcome, r.reason) for r in result.fates.collect()}


def test_the_corpus_is_the_same_and_reasons_may_differ(runs):
    plain, fast = runs
    assert [c.stage for c in fast.by_stage][1:] == FAST
    assert fast.content_hash == plain.content_hash
    assert fast.counts["kept"] == plain.counts["kept"] > 10
    assert sorted(map(str, fast.corpus.collect())) == sorted(map(str, plain.corpus.collect()))
    was, now = fates(plain), fates(fast)
    assert {k for k, v in was.items() if v[0] == "kept"} == {k for k, v in now.items() if v[0] == "kept"}
    assert was.keys() == now.keys()
    assert ("removed", "gopher_quality.too_few_words") in {was[k] for k in was if was[k] != now[k]}
    assert {now[k] for k in was if was[k] != now[k]} == {("removed", "url.excluded_domain")}


def test_the_manifest_holds_order_and_measurements(runs, scene):
    plain, fast = runs
    facts = Ledger(fast.store).find(fast.run).manifest
    assert facts["optimized"] == fast.as_json()["optimized"] == fast.optimized
    assert facts["optimized"]["order"] == FAST
    assert facts["optimized"]["of"] == identify(load_recipe(str(scene / "r.yaml")))
    assert facts["optimized"]["passes"][0]["stages"][0]["removed_here"] > 0.7
    assert [s["id"] for s in facts["recipe"]["stages"]] == FAST
    assert facts["asked"]["optimize"] is True
    assert Ledger(plain.store).find(plain.run).manifest["optimized"] is None
    assert plain.optimized is None


def test_the_order_is_remembered_and_everything_reused(runs, scene, spark, monkeypatch):
    _, fast = runs
    monkeypatch.setattr("spark_llmdata.runner.api.arrange", None)  # nothing may be measured again
    options = {"store": scene / "fast", "spark": spark, "optimize": True}
    again = sl.run(scene / "r.yaml", input=scene / "in/a.jsonl", **options)
    assert all(c.reused for c in again.by_stage)
    assert again.optimized["taken_from"] == fast.run
    resumed = sl.run(scene / "r.yaml", input=scene / "in/a.jsonl", resume=True, **options)
    assert (resumed.found, resumed.run, resumed.optimized["order"]) == (True, again.run, FAST)
    more = sl.run(scene / "r.yaml", input=scene / "in", **options)
    parts = Ledger(more.store).find(more.run).manifest["segments"][0]["parts"]
    assert len(parts) == 2, "the file that was read before is in its part"
    assert more.optimized["taken_from"] == fast.run


def test_it_is_reproduced_and_explained(runs, scene, spark):
    _, fast = runs
    again = sl.reproduce(fast.run, store=scene / "fast", spark=spark)
    assert (again.same, again.outcomes) == (True, ())
    told = explain(fast.store, "https://bad.example/3", fast.run)
    assert (told["outcome"], told["reason"]) == ("removed", "url.excluded_domain")
    kept = next(r.url for r in fast.fates.where("outcome = 'kept'").collect())
    path = explain(fast.store, kept, fast.run)["path"]
    assert [step["stage"] for step in path] == ["read", *FAST][-len(path) :]


def test_the_saved_recipe_finds_what_the_run_computed(runs, scene, spark):
    """`llmdata plan --output` and `llmdata run --optimize` mean the same segments."""
    recipe = load_recipe(str(scene / "r.yaml"))
    found = arrange(recipe, find_files([str(scene / "in/a.jsonl")]).files)
    assert list(found.order) == FAST
    (scene / "saved.yaml").write_text(write_recipe(found.recipe))
    saved = sl.run(scene / "saved.yaml", input=scene / "in/a.jsonl", store=scene / "fast", spark=spark)
    assert all(c.reused for c in saved.by_stage)
    assert saved.content_hash == runs[1].content_hash
