"""The proof: a reader that loses bytes or rows makes the run fail, whatever it says of itself."""

from __future__ import annotations

import pytest

import spark_llmdata as sl
from spark_llmdata.errors import ProofFailed
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.runner import covering
from spark_llmdata.runner.tasks import ReadSplits
from spark_llmdata.sources import packing
from spark_llmdata.store import Store
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import documents, write_jsonl

pytestmark = pytest.mark.spark


class Forgetful(ReadSplits):
    """Loses the last row of a batch."""

    def __call__(self, batches):
        for batch in super().__call__(batches):
            lost = batch.num_rows > 1
            yield batch.slice(0, batch.num_rows - 1) if lost else batch


class Hasty(ReadSplits):
    """Never reads the last split."""

    def __call__(self, batches):
        for batch in super().__call__(batches):
            split = batch.column("split")[0].as_py()
            if split is None or split["begin"] == 0:
                yield batch


@pytest.mark.parametrize(
    ("reader", "words"), [(Forgetful, "20 records were read, 1[0-9] rows"), (Hasty, "bytes are accounted for")]
)
def test_a_reader_that_loses_something(spark, tmp_path, monkeypatch, reader, words):
    path = write_jsonl(tmp_path / "a.jsonl", documents(20))
    plan = packing.plan_splits
    half = path.stat().st_size // 2 + 1
    monkeypatch.setattr(packing, "plan_splits", lambda files, _: plan(files, max_split_bytes=half))
    monkeypatch.setattr(covering, "ReadSplits", reader)
    with pytest.raises(ProofFailed, match=words):
        sl.run("quickstart", input=path, store=tmp_path / "store", spark=spark)
    store = Store.open(spark, str(tmp_path / "store"))
    assert Ledger(store).list()[0].state == "failed"
    assert not store.corpus.exists()
    monkeypatch.undo()  # with a sound reader the broken part is passed over and the file is read again
    run = sl.run("quickstart", input=path, store=tmp_path / "store", spark=spark)
    assert run.counts["read"] == 20


def test_every_byte_of_every_split_is_accounted_for(spark, tmp_path, monkeypatch):
    path = write_jsonl(tmp_path / "a.jsonl", [*documents(20), "", "  ", '{"no": "end'])
    plan = packing.plan_splits
    monkeypatch.setattr(packing, "plan_splits", lambda files, _: plan(files, max_split_bytes=100))
    run = sl.run("quickstart", input=path, store=tmp_path / "store", spark=spark)
    node = make_plan(load_recipe("quickstart")).segments[0]
    rows = (
        run.store.segment(node.table, node.segment.schema).read().where("split IS NOT NULL").select("split.*").collect()
    )
    assert sum(r.end - r.begin for r in rows) == path.stat().st_size
    assert sum(r.records for r in rows) == 21 == run.counts["read"]
    assert sum(r.rejects for r in rows) == 1 == run.counts["rejected"]
