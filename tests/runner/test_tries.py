"""Runs over a part of their input are tries: whoever reads the corpus of a store, or asks for its newest, sees none."""

from __future__ import annotations

import json

import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.errors import PartOfInput
from spark_llmdata.store.delta import TRIALS
from spark_llmdata.store.ledger import Ledger
from spark_llmdata.upkeep import check_store, collect_garbage
from tests.runner.corpora import documents, write_jsonl

pytestmark = pytest.mark.spark


def run(spark, folder, **more):
    return sl.run("quickstart", input=folder / "in.jsonl", store=folder / "store", spark=spark, **more)


def plain(spark, folder):
    """What any reader of Delta sees."""
    return spark.read.format("delta").load(f"{folder}/store/corpus").count()


def test_tries_leave_the_corpus_as_it_is(spark, tmp_path, capsys):
    write_jsonl(tmp_path / "in.jsonl", documents(60))
    few = run(spark, tmp_path, limit=20)
    store = few.store
    assert not store.corpus.exists()
    assert few.corpus.count() == few.counts["kept"] > 0
    assert "/trials version 0" in repr(few)
    with pytest.warns(PartOfInput, match=f"run {few.run}, the newest one, looked at the first 20 records"):
        assert Ledger(store).find(None).run == few.run
    assert main(["export", "jsonl", "--store", str(tmp_path / "store"), "--output", str(tmp_path / "few")]) == 0
    assert f"no run of this store that is done looked at all of its input; run {few.run}" in capsys.readouterr().err
    assert json.loads((tmp_path / "few/_export.json").read_text())["portion"] == {"limit": 20, "cut": True}

    whole = run(spark, tmp_path)
    share = run(spark, tmp_path, sample=0.5)
    all_of_it = run(spark, tmp_path, limit=1000)
    nothing = run(spark, tmp_path, sample=0.5, set=["filter.gopher_quality.min_words=10000"])
    assert plain(spark, tmp_path) == whole.counts["kept"] > share.counts["kept"] > nothing.counts["kept"] == 0
    assert [n["run"] for n in store.corpus.notes()] == [whole.run]
    ledger = Ledger(store)
    assert ledger.find(None).run == whole.run
    for result in (few, share, all_of_it, nothing):
        record = ledger.find(result.run)
        assert (record.state, record.table) == ("done", TRIALS)
        assert record.read_corpus(store).count() == result.corpus.count() == result.counts["kept"]
    assert main(["runs", "--store", str(tmp_path / "store"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["runs"]
    assert [(r["corpus_version"], r["trial_version"]) for r in told] == [
        (None, 0),
        (0, None),
        (None, 1),
        (None, 2),
        (None, 3),
    ]
    for name, options, result in (("newest", [], whole), ("named", ["--run", share.run], share)):
        command = ["export", "jsonl", "--store", str(tmp_path / "store"), "--output", str(tmp_path / name), "--json"]
        assert main([*command, *options]) == 0
        assert json.loads(capsys.readouterr().out)["documents"] == result.counts["kept"]

    # A limit that nothing lies behind is another request than none.
    assert run(spark, tmp_path, limit=1000, resume=True).run == all_of_it.run
    assert run(spark, tmp_path, resume=True).run == whole.run
    assert sl.reproduce(share.run, store=tmp_path / "store", spark=spark).same


def test_tries_are_looked_after_like_builds(spark, tmp_path):
    write_jsonl(tmp_path / "in.jsonl", documents(30))
    one = run(spark, tmp_path, limit=10)
    two = run(spark, tmp_path, limit=20)
    assert not check_store(one.store).findings
    collect_garbage(one.store)
    assert (one.corpus.count(), two.corpus.count()) == (one.counts["kept"], two.counts["kept"])
    for path in (tmp_path / "store/trials").glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-9])
    found = {f.place.split("/")[0]: f for f in check_store(one.store).findings}
    assert found.keys() == {"trials"}
    assert "--limit" in found["trials"].remedy
    assert f"DELETE FROM delta.`{tmp_path}/store/trials`" in found["trials"].remedy
