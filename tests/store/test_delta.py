"""Tables whose commits have keys: each is made once, by whomever and however often it is tried."""

from __future__ import annotations

import pytest

from spark_llmdata.store import Store

pytestmark = pytest.mark.spark


def test_a_build_that_was_committed_does_not_come_back_to_the_top(spark, tmp_path):
    """As when the JVM of a killed driver ends what it had begun, long after others have committed."""
    table = Store(spark, str(tmp_path)).corpus
    rows = {text: spark.createDataFrame([{"doc_id": "1", "text": text, "source": "s"}]) for text in ("old", "new")}
    table.overwrite_once(rows["old"], "run-1", {"run": "1"})
    table.overwrite_once(rows["new"], "run-2", {"run": "2"})
    table.overwrite_once(rows["old"], "run-1", {"run": "1"})
    assert [note["run"] for note in table.notes()] == ["2", "1"]
    assert [row.text for row in table.read().collect()] == ["new"]
