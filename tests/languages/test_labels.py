"""Labels of languages, in the forms that models and inputs give them."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.languages import files, labels

KNOWN = files.packaged()


@pytest.mark.parametrize("label", ["fr", "FR", "fra", "fre", "fra_Latn", "fr-CA", "fr_FR", "fr-Latn-FR", " fr "])
def test_forms_of_one_language(label: str) -> None:
    assert labels.canonical(label) == labels.resolve(label, KNOWN) == "fr"


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("zh-Hans", "zh"),
        ("zh_TW", "zh"),
        ("cmn_Hani", "zh"),
        ("arb_Arab", "ar"),
        ("pes_Arab", "fa"),
        ("nb-NO", "no"),
        ("nno_Latn", "nn"),
        ("ekk_Latn", "et"),
        ("kor_Hang", "ko"),
        ("srp_Cyrl", "sr"),
        ("sr", "sr"),
        ("srp_Latn", None),  # there is data of the other script only
        ("arb_Latn", None),
        ("isl_Latn", None),
        ("yue_Hani", None),
        ("english", None),
        ("zxx", None),
    ],
)
def test_what_labels_mean(label: str, expected: str | None) -> None:
    assert labels.resolve(label, KNOWN) == expected


def test_another_meaning_raises_the_revision() -> None:
    """Stored results are reused by revision: who changes what a label means must raise it, then the digest here."""
    shortest, scripts = labels._table()
    facts = [sorted(shortest.items()), sorted((code, sorted(known)) for code, known in scripts.items())]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    assert (labels.REVISION, digest) == (1, "f38eaca7c0299743")


def test_a_language_whose_scripts_nobody_told_is_meant_in_any() -> None:
    assert labels.resolve("isl_Latn", {"is"}) == labels.resolve("is", {"is"}) == "is"
    assert labels.resolve("ast_Latn", {"ast"}) == "ast"


def test_a_script_can_have_settings_of_its_own() -> None:
    assert labels.canonical("srp_Latn") == "sr-Latn"
    assert labels.resolve("sr-Latn-RS", {"sr", "sr-Latn"}) == "sr-Latn"
    assert labels.resolve("sr", {"sr", "sr-Latn"}) == "sr"
    assert labels.resolve("srp_Latn", {"sr"}) is None


@given(st.text(max_size=20))
def test_any_text_is_a_label(label: str) -> None:
    name = labels.canonical(label)
    assert labels.canonical(name) == name
    assert labels.resolve(label, {name}) == name


def test_every_language_of_the_package_is_a_canonical_name() -> None:
    assert len(KNOWN) >= 25
    assert [labels.canonical(name) for name in KNOWN] == sorted(KNOWN)
