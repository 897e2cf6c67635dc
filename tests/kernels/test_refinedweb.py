"""RefinedWeb's corrections of lines against their plain-Python twin."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference, reference_changes, reference_lines, refinedweb, words
from spark_llmdata.kernels.changes import Change
from spark_llmdata.kernels.refinedweb import LineRules

RULES = LineRules()
WORDS = ["a", "word", "ABC", "É", "12", "3.5k", "likes", "Views", "٣", "²", "_", "...", "!!!", "(", ")", "中"]
PHRASES = ["items in cart", "Items In Cart", "Read more...", "read moreabc", "Sign-in", "SIGN-IN "]
SPACES = [" ", " ", " ", "\n", "\n", "\n\n", "\r\n", "\t", "\xa0"]
texts = st.lists(st.sampled_from([*WORDS, *PHRASES, *SPACES]), max_size=40).map("".join)
shares = st.sampled_from([None, 0.5, 0.999999])
settings = st.builds(
    LineRules,
    *(shares, shares, st.booleans(), st.integers(0, 3), st.sampled_from([None, 3, 10]), st.booleans(), st.booleans()),
)


def split_uax29(text: str) -> list[str]:
    """Of any script, which the reference is not."""
    return words.split(pa.array([text]), None, "uax29").lists().to_pylist()[0]


SPLITS = {"whitespace": reference.split_whitespace, "uax29": split_uax29}


def correct(text: str | None, rules: LineRules = RULES, rule: str = "whitespace") -> dict[str, object]:
    split = words.split(pa.array([text], pa.string()), None, rule)
    (row,) = refinedweb.correct_lines(split, rules).to_pylist()
    return row


@given(texts, settings, st.sampled_from(list(SPLITS)))
def test_corrections_are_the_references(text: str, rules: LineRules, rule: str) -> None:
    found = correct(text, rules, rule)
    expected = reference_lines.correct_refinedweb(text, rules, SPLITS[rule])
    assert (text if found["text"] is None else found["text"]) == expected
    before, after = (len(SPLITS[rule](t)) for t in (text, expected))
    assert found["n_words"] == before
    assert found["removed_word_ratio"] == pytest.approx(max(before - after, 0) / max(before, 1))


@given(texts, settings, st.sampled_from(list(SPLITS)))
def test_changes_lead_from_the_text_before_to_the_text_after(text: str, rules: LineRules, rule: str) -> None:
    found = correct(text, rules, rule)["changes"]
    after = reference_lines.correct_refinedweb(text, rules, SPLITS[rule])
    changes = [Change(**change) for change in found or ()]
    assert reference_changes.apply(text, after, changes) == after
    assert bool(changes) == (after != text)
    assert found != []


def test_changes_say_which_rule_took_what() -> None:
    text = "MENU BAR\n3 likes\none\n12345\nthere are items in cart now\n\nSign-in to the story Read more...\nSign-in"
    changes = correct(text)["changes"]
    assert [(c["kind"], text[c["begin"] : c["end"]]) for c in changes] == [
        ("upper", "MENU BAR"),
        ("counter", "\n3 likes"),
        ("few_words", "\none"),
        ("digits", "\n12345\n"),
        ("items_in_cart", " items in cart"),
        ("sign_in", "Sign-in "),
        ("read_more", " Read more..."),
        ("few_words", "\nSign-in"),
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("A HEADLINE in capitals\nand a line", "A HEADLINE in capitals\nand a line"),
        ("A HEADLINE IN CAPITALS\nand a line", "and a line"),
        ("3 likes\n1,234 Views!\nand a line", "and a line"),
        ("one\ntwo words\n\nthree", "two words"),
        ("items in cart\nis a line of text\n", "is a line of text"),
        ("there are items in cart now\n", "there are now"),
        ("the whole story Read more...", "the whole story"),
        ("the whole story read more!!!", "the whole story read more!!!"),
        ("Sign-in to see all of it", "to see all of it"),
        ("12345678", ""),
    ],
)
def test_by_hand(text: str, left: str) -> None:
    found = correct(text)
    assert (found["text"] if found["edits"] else text) == left


def test_the_first_line_changed_is_told() -> None:
    text = "é is a line\nONE LINE\nTWO LINES"
    found = correct(text)
    assert text.encode()[found["line_begin"] : found["line_end"]].decode() == "ONE LINE"
    assert (found["edits"], found["n_words"], found["removed_word_ratio"]) == (2, 8, 0.5)


def test_line_ends_of_windows_and_blanks_behind_lines_change_nothing() -> None:
    unix = "A whole line.\n\nTHE MENU\nabout it Read more...\n12345\nthe end"
    windows = unix.replace("\n", " \r\n")
    found, expected = correct(windows), correct(unix)
    assert expected["text"] == "A whole line.\n\nabout it\nthe end"
    assert found["text"] == "A whole line. \r\n \r\nabout it\nthe end"
    assert (found["edits"], found["removed_word_ratio"]) == (expected["edits"], expected["removed_word_ratio"])
    assert correct("a line\r\nanother one \r\n")["edits"] == 0


def test_a_line_has_the_words_of_the_rule() -> None:
    text = "这是一个没有空格的句子。\nno - no"
    assert correct(text, rule="uax29")["edits"] == 0
    assert correct(text)["text"] == "no - no"
    assert correct("word -\nno - no", rule="uax29")["text"] == "no - no"


@pytest.mark.parametrize(
    ("text", "left", "edits"),
    [
        ("a" * 10**7, "", 1),
        ("\n" * 10**6, None, 0),
        ("a b\n" * 10**6, None, 0),
        ("1" * 10**6, "", 1),
        ("A" * 10**6, "", 1),
        ("a" + "\u0301" * 10**6, "", 1),
        ("items in cart" * 10**5 + " b", "b", 1),
    ],
    ids=["one word", "line feeds", "lines", "digits", "capitals", "marks", "snippets"],
)
def test_texts_made_to_be_slow(text: str, left: str | None, edits: int) -> None:
    found = correct(text, LineRules(max_snippet_words=10**6))
    assert (found["text"], found["edits"]) == (left, edits)


def test_rows_not_alive_are_null() -> None:
    found = refinedweb.correct_lines(words.split(pa.array(["AB CD", None]), pa.array([False, True])), LineRules())
    assert [column.to_pylist()[0] for column in found.columns] == [None] * 7
    assert found.column("edits").to_pylist() == [None, 0]
