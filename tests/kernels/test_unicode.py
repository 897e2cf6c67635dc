"""Unicode forms and controls against the twin; the sieve before ftfy against ftfy itself."""

from __future__ import annotations

import itertools
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference_changes, unicode
from spark_llmdata.kernels import reference_unicode as twin
from spark_llmdata.kernels.changes import Change

known = st.characters(codec="utf-8").filter(lambda c: unicodedata.category(c) != "Cn")
telling = st.sampled_from(
    "\n\n\n\r\r\t\x00\x0b\x0c\x7f\x80\x85\x9b\xa0\xad\u061c\u180e\u200b\u200c\u200d\u2028\u202e\u2060\u2066\u206a"
    "\ue000\ufeff\ufdd0\ufff9\ufffd\ufffe\U000f0000\U0010ffff aéÉe\u0301\u0316ﬁ①가가\u2126"
)
texts = st.text(known | telling, max_size=40)
settings = st.fixed_dictionaries(
    {
        "form": st.sampled_from(["none", "nfc", "nfkc"]),
        "keep_controls": st.sampled_from(["", "\t", "\t\r", "\x0c\x85"]),
        "line_ends": st.booleans(),
        "zero_width": st.booleans(),
        "bidi": st.booleans(),
        "private_use": st.booleans(),
        "max_newlines": st.none() | st.integers(1, 3),
    }
)


@given(st.lists(st.none() | texts, max_size=6), settings)
def test_texts_are_cleaned_as_by_the_twin(rows, options):
    found = unicode.clean(pa.array(rows, pa.string()), **options).to_pylist()
    for given_text, row in zip(rows, found, strict=True):
        if given_text is None:
            assert set(row.values()) == {None}
            continue
        expected = twin.clean(given_text, **options)
        assert row["text"] == (expected.text if expected.n_edits else None)
        assert row["n_edits"] == expected.n_edits
        assert row["n_replacement"] == expected.text.count("\ufffd")
        assert row["n_chars"] == len(expected.text)


@given(texts, settings)
def test_changes_lead_from_the_text_before_to_the_text_after(text, options):
    (row,) = unicode.clean(pa.array([text]), **options).to_pylist()
    after = text if row["text"] is None else row["text"]
    changes = [Change(**change) for change in row["changes"] or ()]
    assert reference_changes.apply(text, after, changes) == after
    assert bool(changes) == (row["n_edits"] > 0)
    assert row["changes"] != []


def test_changes_say_what_went_and_what_came():
    text = "a\r\nb\x0cc\x00\u200b\u202e\ue000e\u200b\u0301 \u2126\n\n\n"
    (found,) = unicode.clean(pa.array([text]), max_newlines=1).column("changes").to_pylist()
    data = text.encode()
    assert [(c["kind"], data[c["begin"] : c["end"]].decode(), c["length"]) for c in found] == [
        ("line_end", "\r", 0),
        ("line_end", "\x0c", 1),
        ("control", "\x00", 0),
        ("zero_width", "\u200b", 0),
        ("bidi", "\u202e", 0),
        ("private_use", "\ue000", 0),
        ("form", "e\u200b\u0301", 2),
        ("form", "\u2126", 2),
        ("newlines", "\n\n", 0),
    ]


@given(texts, settings)
def test_a_cleaned_text_is_clean(text, options):
    (once,) = unicode.clean(pa.array([text]), **options).column("text").to_pylist()
    if once is not None:
        (twice,) = unicode.clean(pa.array([once]), **options).column("text").to_pylist()
        assert twice is None


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match='unknown form "nfd"; expected one of: none, nfc, nfkc'):
        unicode.clean(pa.array(["a"]), form="nfd")
    with pytest.raises(ValueError, match="column text is Int64; expected text"):
        unicode.suspect_mojibake(pa.array([1]))


def suspected(texts: list[str]) -> list[bool]:
    return unicode.suspect_mojibake(pa.array(texts, pa.string())).to_pylist()


def charset_characters() -> str:
    """Every character beyond ASCII that a charset has which ftfy knows, and U+FFFD."""
    chardata = pytest.importorskip("ftfy.chardata")
    upper = bytes(range(128, 256))
    return "".join(sorted({c for name in chardata.CHARMAP_ENCODINGS for c in upper.decode(name)} | {"\ufffd"}))


def test_no_pair_is_missed():
    """All pairs of characters that wrongly decoded text can have, in front of and behind what could tell."""
    is_bad = pytest.importorskip("ftfy.badness").is_bad
    pairs = [a + b for a, b in itertools.product(charset_characters(), repeat=2)]
    n_bad = 0
    for before, behind in [
        ("", ""),
        ("a", "a"),
        ("A", " "),
        (" ", "."),
        ("é", "1"),
        ("п", "п"),
        ("Ø", "\xa0"),
        ("", "«"),
    ]:
        rows = [before + pair + behind for pair in pairs]
        bad = [row for row, sieved in zip(rows, suspected(rows), strict=True) if not sieved and is_bad(row)]
        assert bad == []
        n_bad += sum(map(is_bad, rows[::50]))
    assert n_bad > 1000


@given(st.data())
def test_a_line_that_is_not_suspected_stays_as_it_is(data):
    ftfy = pytest.importorskip("ftfy")
    characters = st.sampled_from(charset_characters() + "aAzZ .,?!\n19_\u1234日") | known
    text = data.draw(st.text(characters, max_size=30))
    if not suspected([text])[0]:
        assert ftfy.fix_encoding(text) == text


@given(st.text(st.sampled_from("éàüñßçøåпривет日本語“”–…€ abc"), min_size=1, max_size=8))
def test_wrongly_decoded_text_is_suspected(text):
    """What is the sieve for: UTF-8 read as Windows-1252, where ftfy can mend it, is let through."""
    ftfy = pytest.importorskip("ftfy")
    wrong = text.encode().decode("sloppy-windows-1252")
    if ftfy.fix_encoding(wrong) != wrong:
        assert suspected([wrong]) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "Plain ASCII, of course.",
        "L’été à Œuvres-sur-cœur, « déjà vu » et d’œuf.",
        "Größe „über“ Äpfel – ÄÖÜ!",
        "¿Qué? ¡Sí! “sí” «así»",
        "Это «пример» — “текст”… № 5",
        "Ελληνικά «κείμενο»",
        "日本語「テキスト」…",
        "┌──┬──┐│ a│ b│└──┴──┘",
        "SÃO PAULO, AÇÃO, ÎLE, ØRE",
        "❤️ 🎉 café",
    ],
)
def test_good_text_is_not_suspected(text):
    assert suspected([text]) == [False]


@pytest.mark.parametrize("text", ["\u0301" * 5_000_000, "\r\n" * 5_000_000, "\u200b" * 5_000_000, "é»" * 3_000_000])
def test_hostile_texts_take_linear_time(text):
    """Work that grew with the square of their length would take hours."""
    found = unicode.clean(pa.array(["a" + text]), max_newlines=2)
    assert found.column("n_chars")[0].as_py() <= 1 + len(text)
    unicode.suspect_mojibake(pa.array([text]))
