"""What `show` keeps to itself, on documents judged without Spark."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from spark_llmdata.report.replay import replay
from spark_llmdata.report.show import _View, keep_visible
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.verdict import Judgement


class Fails(RowStage):
    """A private stage that cannot take certain documents."""

    private = True
    edits = frozenset({"text"})

    def judge(self, docs: Any) -> Judgement:
        raise ValueError("cannot take this one")


def follow(text: str, *stages: RowStage, wanted: str | None = None, private: bool = False) -> _View:
    """A view of a document that was judged by stages."""
    view = _View(None, None, SimpleNamespace(doc_id="0" * 32, reason=None), wanted, private)  # type: ignore[arg-type]
    view._stages, view._has_private = list(stages), True
    view._follow(replay(stages, {"text": pa.array([text]), "doc_id": pa.array(["0" * 32])}))
    return view


def said(view: _View) -> str:
    assert view.text is not None
    return "".join(p["text"] or f"<{p['secret']}>" for p in view.text.tell(private=False, context=None))


@pytest.mark.parametrize("wanted", [None, "clean.unicode"])
def test_an_address_that_the_stage_itself_uncovers(wanted: str | None) -> None:
    view = follow("I am alice.smith@\u200bacme.de.", CleanUnicode(), Pii(mode="tag"), wanted=wanted)
    assert not any(part in said(view) for part in ("alice", "acme"))
    assert "<email>" in said(view)


def test_all_is_hidden_where_a_private_stage_fails() -> None:
    view = follow("I am Ann.", GopherQuality(), Fails())
    assert said(view) == "<private>"
    assert view.notes == ["what is private in its text cannot be told; --private shows it as it is"]
    assert said(follow("I am Ann.", GopherQuality(), Fails(), private=True)) == "I am Ann."


def test_quotations_are_for_a_text_that_is_proven_to_hold_nothing_private() -> None:
    assert follow("a b", Pii()).may_quote()
    assert not follow("a b@acme.de", Pii()).may_quote()
    assert follow("a b@acme.de", Pii(), private=True).may_quote()
    assert not follow("a b", CleanUnicode(), Pii(), wanted="clean.unicode").may_quote()
    view = follow("a b", Pii())
    view.text = None
    assert not view.may_quote()
    assert view.visible() == ""


@pytest.mark.parametrize(
    ("evidence", "left"),
    [
        ({"at": [3, 9], "text": "Write { to bob@acme.de }"}, {"at": [3, 9]}),
        ({"text": "Write { to…", "n": 2}, {"text": "Write { to…", "n": 2}),
        ("bob@acme.de", None),
        ({"lines": ["bob@acme.de", "Write", {"was": "bob"}], "error": None}, {"lines": ["Write"]}),
        (["bob"], None),
        (None, None),
    ],
)
def test_of_evidence_stays_what_is_shown_anyway(evidence: Any, left: Any) -> None:
    view = follow("Write { to bob@acme.de }", Pii())
    assert keep_visible(evidence, view.visible()) == left
