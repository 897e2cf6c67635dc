"""What is told of the texts of documents at the border."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from spark_llmdata import schema
from spark_llmdata.retuning.rows import begin
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.verdict import Judgement


class ByScore(RowStage):
    """A private stage that reads a score."""

    private = True
    edits = frozenset({"text"})

    def judge(self, docs: Any) -> Judgement:
        assert docs.score("x_n")[0].is_valid
        return Judgement.keep_all(len(docs), text=pa.array([f"[{docs['source'][0]}]"]))


def row(text: str | None, n: float | None = None) -> pa.RecordBatch:
    facts = {"doc_id": "0" * 32, "text": text, "source": "web", "scores": {"x_n": n}}
    return pa.RecordBatch.from_pylist([facts], schema=schema.segment(["x_n"]))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Write to bob@acme.de at once.", "Write to <email> at once."),
        ("é" * 93 + " bob@acme.de and more", "é" * 93 + " <email"),
        ("a" * 200, "a" * 100),
        ("", ""),
        (None, None),
    ],
)
def test_private_values_are_hidden_before_a_text_is_cut(text: str | None, told: str | None) -> None:
    assert begin([Pii()], row(text)) == told


def test_without_private_stages_a_text_is_told_as_it_is() -> None:
    assert begin([], row("Write to bob@acme.de")) == "Write to bob@acme.de"


def test_nothing_is_told_where_a_private_stage_cannot_say_it() -> None:
    assert begin([ByScore()], row("I am Ann.")) is None
    assert begin([ByScore()], row("I am Ann.", 1.0)) == "<edited>"


def test_each_row_of_a_table_is_told_by_its_own_columns() -> None:
    rows = pa.Table.from_batches([row("I am Ann.", 1.0), row("a b@acme.de", 2.0), row("c", None)]).combine_chunks()
    cut = rows.to_batches(max_chunksize=1)
    assert [begin([Pii()], one) for one in cut] == ["I am Ann.", "a <email>", "c"]
    assert [begin([ByScore()], one) for one in cut] == ["<edited>", "<edited>", None]
