"""What documents bring along reaches no terminal as it is, whatever tells of them."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from spark_llmdata.cli import commands
from spark_llmdata.cli.console import table
from spark_llmdata.report import why
from spark_llmdata.report.listing import describe_duplicates
from spark_llmdata.report.printable import printable, tell_outcome
from spark_llmdata.report.show_listing import describe_shown
from spark_llmdata.retuning.answer import Retuned, Total
from spark_llmdata.retuning.listing import describe
from spark_llmdata.store import Store

EVIL = "https://a.example/\x1b]0;x\x07\x9b31m\u202egnp"
SAFE = "https://a.example/\\x1b]0;x\\x07\\x9b31m\\u202egnp"

FACTS: dict[str, Any] = {
    "doc_id": "a" * 32,
    "url": EVIL,
    "outcome": "removed",
    "stage": "filter.http",
    "reason": "http.bad_status",
    "score": 404.0,
    "threshold": None,
    "evidence": {"lines": ["\x9b2J\u202e"]},
    "survivor": {"doc_id": "b" * 32, "url": EVIL, "similarity": None},
    "lang": None,
    "path": [],
    "run": "r",
    "run_state": "done",
    "source": "s",
    "location": {"file": EVIL, "offset": 1},
    "others": [],
    "shown": {"stage": None, "proven": True, "edits": {}, "notes": [EVIL], "pieces": [{"text": f"a\n\t{EVIL}"}]},
}


def check(said: str) -> None:
    assert all(c.isprintable() or c in "\n\t" for c in said)


def test_characters() -> None:
    assert printable(EVIL + "\n") == SAFE + "\\n"
    assert printable("é\t\n\r", keep="\n\t") == "é\t\n\\r"


@pytest.mark.parametrize(
    ("score", "threshold", "told"),
    [
        (404.0, None, "http.bad_status: 404"),
        (404.0, 399.0, "http.bad_status: 404, the threshold is 399"),
        (None, None, "http.bad_status"),
    ],
)
def test_the_outcome(score: float | None, threshold: float | None, told: str) -> None:
    facts = FACTS | {"score": score, "threshold": threshold}
    assert tell_outcome(facts) == [f"{SAFE}: removed", f"  by filter.http, {told}"]


def test_show() -> None:
    said = describe_shown(FACTS)
    check(said)
    assert said.startswith(f"{SAFE}: removed\n  by filter.http, http.bad_status: 404\n")
    assert said.endswith(f"a\n\t{SAFE}")


def test_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "explain", lambda *_: FACTS)
    monkeypatch.setattr(Store, "open", lambda *_, **__: None)
    monkeypatch.setattr(commands, "session", lambda *_, **__: None)
    monkeypatch.setattr(commands, "check_folder", lambda *_, **__: None)
    facts, said = commands.why(Namespace(store="s", what="x", run=None))
    check(said)
    assert facts["url"] == EVIL
    assert said.splitlines()[:2] == [f"{SAFE}: removed", "  by filter.http, http.bad_status: 404"]
    assert said.count(SAFE) == 3


def test_retune() -> None:
    document = {"score": 1.0, "threshold": 2.0, "doc_id": "a", "url": EVIL, "text": f"a\n{EVIL}"}
    document |= {"then": "kept", "now": "kept", "changes": False}
    border = {"setting": "s", "rule": "r", "side": "kept", "documents": [document]}
    none = Total(0, 0)
    said = describe(Retuned("r", "n", "alive", (), True, (), none, none, 0, {}, (), (), (border,), "c"), table)
    check(said)
    assert f"a {SAFE}" in said
    assert said.count(SAFE) == 2


def test_duplicates() -> None:
    own = {"doc_id": "a" * 32, "id": None, "url": EVIL, "outcome": "kept", "stage": None, "reason": None}
    own |= {"survivor": None, "stays": None, "location": {"file": EVIL, "offset": 1}}
    other = own | {"doc_id": "b" * 32, "how": ["same_text"], "jaccard": 1.0, "containment": 1.0}
    last = {"doc_id": "c" * 32, "url": EVIL, "outcome": "kept", "stage": None}
    settings = {"words": "runs", "ngram": 5, "similarity": "jaccard", "has_minhash": True, "threshold": 0.5}
    facts = {"document": own, "called_the_same": [], "similar": [other, other | {"how": ["same_record"]}], "found": 2}
    facts |= {"cluster": {"survivor": last, "records": 2, "removed": {"read": 1}}, "settings": settings}
    facts |= {"searched": 1, "without_text": {}, "removed_text": "all", "run": "r", "run_state": "done"}
    said = describe_duplicates(facts)
    check(said)
    assert said.count(SAFE) == 5
