"""clean.pii: presets, what it keeps about what it removed, and how much of labeled text it finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.batch import Batch
from spark_llmdata.errors import UsageError
from spark_llmdata.kernels import pii
from spark_llmdata.stages.clean.pii import FINEWEB_IPS, NOBODYS, TAGS, Pii
from spark_llmdata.verdict import MAX_EVIDENCE, Judgement

ALL = tuple(NOBODYS)


def judge(stage: Pii, *texts: str, ids: tuple[str, ...] | None = None) -> Judgement:
    given_ids = ids or tuple(f"{i:02x}" for i in range(len(texts)))
    return stage.judge(Batch({"text": pa.array(texts), "doc_id": pa.array(given_ids)}))


def test_a_preset_spells_its_settings_out_and_single_ones_win() -> None:
    fineweb = Pii(preset="fineweb")
    assert (fineweb.types, fineweb.rules) == (("email", "ipv4"), "datatrove")
    assert fineweb.replacements == {"ipv4": FINEWEB_IPS}
    assert Pii(**fineweb.settings()) == fineweb
    assert Pii(preset="fineweb", types=["email"]).types == ("email",)
    assert Pii(preset="fineweb", types=["email"]).rules == "datatrove"
    assert Pii().rules == "checked"


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(UsageError, match="types names email more than once"):
        Pii(types=["email", "email"])
    for settings in ({"types": []}, {"types": ["mail"]}, {"replacements": {"email": []}}, {"max_found": 0}):
        with pytest.raises(UsageError):
            Pii(**settings)


def test_every_type_has_a_replacement_a_tag_and_a_score() -> None:
    assert set(NOBODYS) == set(TAGS) == set(pii.KINDS) == {name.removeprefix("n_") for name in Pii.scores}


@pytest.mark.parametrize("kind", NOBODYS)
@pytest.mark.parametrize("replacements", [NOBODYS, TAGS], ids=["replace", "tag"])
def test_what_replaces_is_not_found_again(kind: str, replacements: dict[str, tuple[str, ...]]) -> None:
    texts = [f"a {choice}, {choice}. call {choice}" for choice in replacements[kind]]
    assert pii.find(pa.array(texts), pii.KINDS).num_rows == 0


values = st.sampled_from(
    ["a@b.de", "93.184.216.34", "2606:4700::1111", "905-674-3793", "4111111111111111", "460-89-9847"]
)
joints = st.sampled_from([" ", ", ", " é ", "\n", "; tel. ", " version "])


@given(st.lists(st.tuples(joints, values), max_size=8), st.sampled_from(["replace", "tag"]))
def test_a_second_pass_changes_nothing(written: list[tuple[str, str]], mode: Any) -> None:
    stage = Pii(types=ALL, mode=mode)
    text = "".join(joint + value for joint, value in written)
    once = judge(stage, text).text[0].as_py() or text
    assert judge(stage, once).edits.tolist() == [0]


def test_the_order_and_the_batch_do_not_matter() -> None:
    written = [f"a{i}@b.de and 8.8.{i}.8" for i in range(40)]
    ids = tuple(f"{i:02x}" for i in range(40))
    whole = judge(Pii(), *written, ids=ids).text.to_pylist()
    turned = judge(Pii(), *written[::-1], ids=ids[::-1]).text.to_pylist()[::-1]
    alone = [judge(Pii(), text, ids=(i,)).text[0].as_py() for text, i in zip(written, ids, strict=True)]
    assert whole == turned == alone
    assert len({text.split()[0] for text in whole}) == 2


def test_evidence_has_places_or_numbers_and_never_values() -> None:
    few, many = "é a@b.de 8.8.8.8", "x@y.de 9.9.9.9 " * 30
    found = judge(Pii(max_found=1), few, "a@b.de", many)
    assert found.keep.tolist() == [False, True, False]
    assert json.loads(found.evidence[0]) == {"email": 1, "ipv4": 1, "spans": [["email", 3, 9], ["ipv4", 10, 17]]}
    assert json.loads(found.evidence[2]) == {"email": 30, "ipv4": 30}
    assert found.evidence[1] is None
    longest = dict.fromkeys(ALL, 10**9)
    assert len(json.dumps(longest)) <= MAX_EVIDENCE
    assert found.text[0].as_py().startswith("é ")
    assert "a@b.de" not in found.text[0].as_py()


def test_scores_of_types_not_asked_for_are_unknown() -> None:
    found = judge(Pii(types=["email"]), "a@b.de 8.8.8.8")
    assert found.scores["n_email"].to_pylist() == [1]
    assert found.scores["n_ipv4"].to_pylist() == [None]


def test_changes_are_places_of_the_text_that_was_seen() -> None:
    found = judge(Pii(types=["email"], replacements={"email": ["é"]}), "none", "a@b.de é c@d.de")
    assert found.changes.to_pylist() == [
        None,
        [
            {"kind": "email", "begin": 0, "end": 6, "length": 2},
            {"kind": "email", "begin": 10, "end": 16, "length": 2},
        ],
    ]
    assert found.edits.tolist() == [0, 2]


def test_frames_without_ids() -> None:
    table = Pii(mode="tag")(pa.table({"text": ["a@b.de", None, "-"]}))
    assert table.column("text").to_pylist() == ["[EMAIL]", None, "-"]
    ids = pa.table({"doc_id": ["1", "2"], "text": ["a@b.de"] * 2})
    written = Pii(replacements={"email": [str(i) for i in range(1000)]})(ids).column("text").to_pylist()
    assert written[0] != written[1]


LABELED = {
    "EMAIL_ADDRESS": (("email",), 1.0, 1.0),
    "IP_ADDRESS": (("ipv4", "ipv6"), 1.0, 1.0),
    "CREDIT_CARD": (("card",), 1.0, 1.0),
    "IBAN_CODE": (("iban",), 1.0, 1.0),
    "US_SSN": (("ssn",), 1.0, 1.0),
    "PHONE_NUMBER": (("phone",), 1.0, 0.85),
}


@pytest.mark.parametrize("label", LABELED)
def test_precision_and_recall_on_labeled_sentences(shared_data: Path, label: str) -> None:
    """Floors; `python -m benchmarks pii` prints the figures."""
    kinds, precision, recall = LABELED[label]
    file = shared_data / "05_pii_tox_url" / "presidio-synth" / "synth_v2_half0.jsonl"
    sentences = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    found = set()
    for place in pii.find(pa.array([s["full_text"] for s in sentences]), pii.KINDS).to_pylist():
        if pii.KINDS[place["kind"]] in kinds:
            data = sentences[place["row"]]["full_text"].encode()
            begin, end = (len(data[: place[side]].decode()) for side in ("begin", "end"))
            found.add((place["row"], begin, end))
    wanted = {
        (row, span["start_position"], span["end_position"])
        for row, sentence in enumerate(sentences)
        for span in sentence["spans"]
        if span["entity_type"] == label
    }
    assert wanted
    assert len(wanted & found) >= recall * len(wanted), sorted(wanted - found)
    assert len(wanted & found) >= precision * len(found), sorted(found - wanted)
