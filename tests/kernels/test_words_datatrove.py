"""Words and sentences as datatrove has them: by hand, against the twin, against spaCy where it is installed."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference_words_datatrove as reference
from spark_llmdata.kernels import sentences, words
from spark_llmdata.kernels.reference_special_cases import SPECIAL_CASES

#: Text, its words parted by spaces, the number of its sentences: what datatrove 0.10.1 with spaCy 3.8 gives.
GOLDEN = [
    ("I'm sure they'll've said it's Dr. Lee's.", "I 'm sure they 'll 've said it 's Dr. Lee 's .", 1),
    (
        "We cannot, gonna gotta; y’all couldn’t’ve known.",
        "We can not , gon na got ta ; y’ all could n’t ’ve known .",
        1,
    ),
    ("Its hull, ill or Ill. The shell they were in.", "Its hull , ill or Ill. The shell they were in .", 1),
    ("At 10a.m. or 3pm, e.g. on Jan. 3rd (a.m./p.m.).", "At 10 a.m. or 3 pm , e.g. on Jan. 3rd ( a.m./p.m . ) .", 1),
    ("It cost US$5, 5US$, $10.50, 20€ or 3km/h;", "It cost US$ 5 , 5 US$ , $ 10.50 , 20 € or 3 km/h ;", 1),
    ("So 25 °C. and 25°C.", "So 25 ° C . and 25 ° C .", 2),
    (
        "See https://ab.com/x)y, www.ab.org. Mail me@ab.com!",
        "See https://ab.com/x)y , www.ab.org . Mail me@ab.com !",
        2,
    ),
    (
        "192.0.2.1:8080/a or 192.168.0.1/a, not lower.Upper.",
        "192.0.2.1:8080/a or 192.168.0.1 / a , not lower . Upper .",
        2,
    ),
    (
        "well-known a--b c----d 1-2 x=y and/or he/she 3*4",
        "well - known a -- b c----d 1 - 2 x = y and/or he / she 3 * 4",
        1,
    ),
    (":-) :) ;D <3 (^_^) ):  ( = and ' ' but '' stays", ":-) :) ;D <3 (^_^) ): ( = and ' ' but '' stays", 1),
    ("So... “quoted” ‘it’ «là» …and… what?! wow!!!", "So ... “ quoted ” ‘ it ’ « là » … and … what ? ! wow ! ! !", 2),
    (
        "3 + 4=7 +5 5+ #tag @user 50% ~10 a_b __init__ C++ C#",
        "3 + 4=7 +5 5 + # tag @user 50 % ~10 a_b _ _ init _ _ C++ C #",
        1,
    ),
    ("Привет, мир! Это т.е. 5 км. 東京は、大きい。", "Привет , мир ! Это т.е . 5 км . 東京は、大きい 。", 4),
    ("a\x1cb c\x85d e\xa0f g\u3000h \n\n i\t\tj  k", "a b c d e f g h i j k", 1),
    (
        "Ph.D. Mt. St. vs. i.e. etc. cont.d o'clock rock'n'roll",
        "Ph.D. Mt. St. vs. i.e. etc . cont.d o'clock rock'n'roll",
        2,
    ),
    ("the word IS_ALPHA here", "the word here", 1),
    ("only xIS_ALPHAx here", "only xIS_ALPHAx here", 1),
    (
        "“Yes.” He left. (Really?) No... 3.14 is pi.\nNew. ",
        "“ Yes . ” He left . ( Really ? ) No ... 3.14 is pi . New .",
        5,
    ),
    ("", "", 1),
]

SIGNS = [
    *".,:;'’\"()[]{}<>=-–—_/\\|*+^~@#$%&!?…°€£²",
    "..",
    "US$",
    "km",
    "'s",
    "n't",
    "://",
    "www.",
    ".com",
    "/x",
]
SPACES = [" ", " ", " ", "  ", "\n", " \n", "\t", "\x1c", "\x1f", "\x85", "\xa0", "\u3000", "\u200b"]
LETTERS = [*"abzAZ019", *"ßÉéдДюʔÅǅ語か한אबب٣１", "\u0301", "\ud7ff", "\U0001f600", "©", "\U00020000", "IS_ALPHA"]
hostile = st.lists(
    st.sampled_from(SIGNS)
    | st.sampled_from(SPACES)
    | st.sampled_from(LETTERS)
    | st.sampled_from(sorted(SPECIAL_CASES)),
    max_size=24,
).map("".join)
addresses = st.text(st.sampled_from("aB19.:/@-_?#é語1025"), max_size=24).map("x {}".format)


def split(text: str) -> list[str]:
    (found,) = words.split(pa.array([text]), None, "datatrove").lists().to_pylist()
    return found


def count(text: str) -> int:
    (n,) = sentences.count(pa.array([text]), "datatrove").to_pylist()
    return n


@pytest.mark.parametrize(("text", "expected", "n_sentences"), GOLDEN)
def test_as_datatrove_has_them(text: str, expected: str, n_sentences: int) -> None:
    assert split(text) == expected.split() == reference.split(text)
    assert count(text) == n_sentences == reference.count_sentences(text)


@given(hostile | addresses)
@example("x)= ):) :'-( ) : 8-)) (o:) a.m..")
@example("°C.. °c. °F.x 5°K.")
def test_words_and_sentences_are_the_twins(text: str) -> None:
    # A word that came together where IS_ALPHA was taken out has it in its span.
    mend = "IS_ALPHA" in text and "IS_ALPHA" in reference._tokens(text)
    found = [word.replace("IS_ALPHA", "") for word in split(text)] if mend else split(text)
    assert found == reference.split(text)
    assert count(text) == reference.count_sentences(text)


def test_words_are_in_the_text_in_order() -> None:
    assert split("a-IS_ALPHA-b IS_ALPHA") == ["a", "-IS_ALPHA-", "b"]
    assert reference.split("a-IS_ALPHA-b IS_ALPHA") == ["a", "--", "b"]


def test_special_cases_are_the_twins() -> None:
    assert len(SPECIAL_CASES) == 1347
    for case, pieces in SPECIAL_CASES.items():
        assert split(case) == [piece for piece in pieces if not piece.isspace()]


MEGA = 10**6
SLOW = {
    "one word": ("a" * 10 * MEGA, 1),
    "only stops": ("." * 10 * MEGA, 1),
    "only brackets": (")" * MEGA, MEGA),
    "alternating": (".)" * MEGA, 2 * MEGA),
    "quotes": ("'" * MEGA, MEGA - 3),
    "emoticons": (":)" * MEGA, 2 * MEGA - 3),
    "dashes": ("-" * MEGA, 1),
    "word and dashes": ("a-" * MEGA, 2 * MEGA - 1),
    "marks": ("a" + "\u0301" * MEGA, 1),
    "lines": (".\n" * MEGA, MEGA),
    "the same word": ("it's " * MEGA, 2 * MEGA),
    "signs of an address": ("@" * MEGA + "a.b", 1),
    "user names": ("a@a.b" * MEGA, 1),
    "ports": ("a.com:" + "1" * MEGA, 1),
    "labels": ("a." * MEGA + "com", 1),
    "white space": (" \n" * MEGA, 0),
    "symbols": ("\U0001f600" * MEGA, MEGA),
    "cut words": ("IS_ALPHA " * MEGA, 0),
}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.timeout(60)
def test_texts_made_to_be_slow(name: str) -> None:
    text, expected = SLOW[name]
    assert words.split(pa.array([text]), None, "datatrove").counts().to_pylist() == [expected]
    assert count(text) >= 1


def test_symbols_are_the_twins() -> None:
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    found = words.are_symbols(pa.array(characters)).to_pylist()
    assert found == [reference.is_symbol_word(c) for c in characters]
    assert sum(found) == 281


def test_a_symbol_word_has_nothing_else() -> None:
    texts = pa.array(["...", "—?!", "a.", ".a", "€", "１", None, "\x85"])
    assert words.are_symbols(texts).to_pylist() == [True, True, False, False, False, True, None, True]
    with pytest.raises(ValueError, match="column words is Int64; expected text"):
        words.are_symbols(pa.array([1]))


@pytest.fixture(scope="module")
def english() -> Any:
    """The pipeline of spaCy as datatrove makes it; without an installed spaCy the tests that ask for it are skipped."""
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed; the twin and the golden texts stand in for it")
    if not spacy.__version__.startswith("3.8."):
        pytest.skip(f"spaCy {spacy.__version__} is installed; these are the words of 3.8")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    return pipeline


def test_special_cases_and_sentence_ends_are_those_of_spacy(english: Any) -> None:
    from spacy.symbols import ORTH

    rules = {case: tuple(piece[ORTH] for piece in pieces) for case, pieces in english.tokenizer.rules.items()}
    assert rules == SPECIAL_CASES
    ends = {chr(c) for c in range(0x110000) if reference._ENDS.match(chr(c))}
    assert ends == set(english.get_pipe("sentencizer").punct_chars)


@given(hostile | addresses)
def test_words_and_sentences_are_those_of_spacy(english: Any, text: str) -> None:
    text = text.replace("IS_ALPHA", "")
    document = english(text)
    assert split(text) == [token.text for token in document if not token.is_space]
    assert count(text) == max(1, len(list(document.sents)))


@pytest.mark.parametrize(
    "pattern", ["{}a", "a{}", "a{}b", "A{}B", "1{}a", "{}.", "a.{}", "{}.A", "x{}.com", "1.2.3.{}"]
)
def test_every_character_is_classed_as_in_spacy(english: Any, pattern: str) -> None:
    # Of the large blocks, whose characters are all alike, some.
    dense = [*range(0x3400), *range(0xA000, 0xAC10), *range(0xD7A0, 0xD800), *range(0xE000, 0x20010)]
    codes = [*dense, *range(0x3400, 0xD7A0, 61), *range(0x20010, 0x110000, 61), 0x2A6DF, 0x2A6E0, 0x2EBEF, 0x2EBF0]
    text = " ".join(pattern.format(chr(c)) for c in codes)
    assert split(text) == [token.text for token in english(text) if not token.is_space]


def test_symbols_are_those_of_datatrove() -> None:
    reason = "datatrove is not installed; the twin and the number of symbols stand in for it"
    expected = pytest.importorskip("datatrove.utils.text", reason=reason).PUNCTUATION_SET
    assert expected == {chr(c) for c in range(0x110000) if reference.is_symbol_word(chr(c))}
