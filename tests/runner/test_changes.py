"""Changes of a text in a run: places in the segment of the stage that made them, values nowhere behind it."""

from __future__ import annotations

import pytest

import spark_llmdata as sl
from spark_llmdata.report.changes import locate
from spark_llmdata.report.why import explain
from spark_llmdata.store.ledger import Ledger
from tests.runner.corpora import good_text, write_jsonl

pytestmark = pytest.mark.spark


def test_personal_data_is_nowhere_behind_the_stage_that_removes_it(spark, tmp_path):
    text = f"Ünal@acme.de {good_text(1)} 8.8.8.8"
    rows = [{"id": "a", "text": text}, {"id": "b", "text": text}, {"id": "c", "text": good_text(2)}]
    write_jsonl(tmp_path / "in/a.jsonl", rows)
    (tmp_path / "r.yaml").write_text("name: private\nstages: [dedup.exact, clean.pii: {mode: tag}]\n")
    built = sl.run(tmp_path / "r.yaml", input=tmp_path / "in", store=tmp_path / "store", spark=spark)
    first, last = (
        {row.id: row for row in spark.read.format("delta").load(f"{built.store.root}/{s['table']}").collect() if row.id}
        for s in Ledger(built.store).find(built.run).manifest["segments"]
    )
    assert first["a"].text == text  # what was compared is the text as it came, so the copy was found
    assert set(last) == {"a", "c"}
    assert [row.changes for row in first.values()] == [None] * 3
    assert last["c"].changes is None
    assert [(c.stage, c.kind, c.end - c.begin, c.length) for c in last["a"].changes] == [
        ("clean.pii", "email", 13, 7),
        ("clean.pii", "ipv4", 7, 4),
    ]
    marks = locate([c.asDict() for c in last["a"].changes])
    assert [last["a"].text.encode()[m.begin : m.end] for m in marks] == [b"[EMAIL]", b"[IP]"]
    kept = {row.id: row for row in built.corpus.collect()}
    assert kept["a"].text == f"[EMAIL] {good_text(1)} [IP]"
    assert kept["a"].scores["pii_n_email"] == 1
    told = [*last.values(), *kept.values(), *built.fates.collect(), explain(built.store, last["a"].doc_id)]
    assert not any(value in str(told) for value in ("acme", "8.8.8.8"))
