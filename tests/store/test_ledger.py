"""The log of runs where two processes meet."""

from __future__ import annotations

import pytest

from spark_llmdata.errors import UsageError
from spark_llmdata.store import Store
from spark_llmdata.store.driver import describe_self
from spark_llmdata.store.ledger import Ledger

pytestmark = pytest.mark.spark


def test_of_two_that_resume_a_run_one_goes_on(spark, tmp_path):
    ledger = Ledger(Store(spark, str(tmp_path)))
    first = describe_self()
    second = first | {"pid": first["pid"] + 1}
    ledger.record("a", 0, "started", "r", {"driver": second})
    for its in (first, second):  # the second event is the same one again, and changes nothing
        ledger.record("a", 1, "started", "r", {"driver": its})
    ledger.check_claim("a", 1, first)
    with pytest.raises(UsageError, match=f"run a is being continued by process {first['pid']}"):
        ledger.check_claim("a", 1, second)
    assert [(run.attempt, run.state) for run in ledger.list()] == [(1, "started")]
