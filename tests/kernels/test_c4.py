"""C4's rules on lines against their plain-Python twin."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_llmdata.kernels import c4, reference_changes, reference_lines, sentences
from spark_llmdata.kernels.c4 import LineRules
from spark_llmdata.kernels.changes import Change

C4 = LineRules(1000, True, '.?!"', 5, True, True, True, False)
FINEWEB = replace(C4, end_marks="", min_line_words=3, count_words_late=False)
WORDS = [
    "a",
    "word",
    "another",
    "é中",
    "{",
    "[12]",
    "[edit]",
    "[citation needed]",
    "[x]",
    "Javascript",
    "java[1]script",
]
PHRASES = ["Lorem Ipsum", "use coo\u212aies", "Privacy policy", "bad", "badly", "Ärger", "terms of use cookies"]
ENDS = [".", "...", "!", '"', "…", " ", " ", " ", "\n", "\n", "\n", "\r\n", "\x1c", "\u2028", "\xa0"]
texts = st.lists(st.sampled_from([*WORDS, *PHRASES, *ENDS, " and so it goes on.\n"]), max_size=50).map("".join)
settings = st.builds(
    LineRules,
    st.sampled_from([None, 4, 1000]),
    st.booleans(),
    st.sampled_from(["", '.?!"', ".!"]),
    st.integers(0, 5),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([(), ("bad", "ärger")]),
    st.booleans(),
)


def count_sentences(line: str) -> int:
    return int(sentences.count(pa.array([line]))[0].as_py())


def edit(text: str | None, rules: LineRules = C4) -> dict[str, object]:
    (row,) = c4.edit_pages(pa.array([text], pa.string()), rules).to_pylist()
    return row


@given(texts, settings)
def test_edits_and_counts_are_the_references(text: str, rules: LineRules) -> None:
    found = edit(text, rules)
    expected, counts, first = reference_lines.edit_c4(text, rules, count_sentences)
    assert found["text"] == (None if expected == text else expected)
    assert {name: found[name] for name in counts} == counts
    shown = {name: text.encode()[found[f"{name}_begin"] : found[f"{name}_end"]].decode() for name in c4.DEFECTS}
    assert {name: line for name, line in shown.items() if line} == first
    assert (found["edits"] > 0) == (expected != text)


@given(texts, settings)
@example("\nanother", LineRules(4, False, "", 1, False, False, False, False))
def test_changes_lead_from_the_text_before_to_the_text_after(text: str, rules: LineRules) -> None:
    found = edit(text, rules)
    changes = [Change(**change) for change in found["changes"] or ()]
    gone: list[str] = []
    after, _, _ = reference_lines.edit_c4(text, rules, count_sentences, gone)
    assert reference_changes.apply(text, after, changes) == after
    assert bool(changes) == (after != text)
    assert found["changes"] != []
    lines = [change.kind for change in changes if change.kind not in ("space", "citation")]
    starts_empty = text.splitlines()[:1] == [""]  # a line without a byte of its own to go: the next one's begins there
    expected = [gone, gone[1:]] if starts_empty else [gone]
    assert [kind for kind, _ in groupby(lines)] in [[kind for kind, _ in groupby(each)] for each in expected]


def test_changes_say_which_rule_took_a_line() -> None:
    text = "Home | About\n So is it [12]with this one.\r\nshort.\nThis is, by the way, another line.\n\n"
    (changes,) = c4.edit_pages(pa.array([text]), C4).column("changes").to_pylist()
    assert [(c["kind"], text[c["begin"] : c["end"]], c["length"]) for c in changes] == [
        ("no_end_mark", "Home | About\n", 0),
        ("space", " ", 0),
        ("citation", "[12]", 0),
        ("few_words", "\r\nshort.", 0),
        ("no_end_mark", "\n\n", 0),
    ]


def test_real_text_is_edited_as_the_reference_does(repository: Path) -> None:
    for path in sorted(repository.glob("*.md")):
        text = path.read_text("utf-8")
        for rules in (C4, FINEWEB, replace(C4, keep_layout=True)):
            found = edit(text, rules)
            expected, counts, _ = reference_lines.edit_c4(text, rules, count_sentences)
            assert (found["text"], found["n_sentences"]) == (expected, counts["n_sentences"])


def test_edits_are_lines_removed_or_changed() -> None:
    text = "This line has [1] a citation.\nshort\nThis line is left as it is.\n Space around a line goes. \n"
    found = edit(text, FINEWEB)
    assert found["text"] == "This line has  a citation.\nThis line is left as it is.\nSpace around a line goes."
    assert found["edits"] == 3
    assert edit("This line is left as it is.\n")["edits"] == 1
    assert edit("This line is left as it is.")["edits"] == 0


def test_tests_before_hide_what_condemns_a_page() -> None:
    assert edit("short {\n")["n_curly_lines"] == 0
    assert edit("This Javascript line has a { in it.")["n_curly_lines"] == 0
    assert edit("The privacy policy { is about this.")["n_curly_lines"] == 1
    assert edit("Lorem ipsum and javascript are here.")["n_lorem_lines"] == 1


def test_a_long_word_takes_its_line_with_it() -> None:
    assert edit("This is a line. " + "é" * 1000 + " it is.")["text"] is None
    assert edit("This is a line. " + "é" * 1001 + " it is.")["text"] == ""


def test_layout_stays_where_it_is_asked_for() -> None:
    rules = replace(C4, keep_layout=True)
    text = "  This line has white space around. \n\n\nshort\nAnd this line is another one.[2]\n"
    assert edit(text, rules)["text"] == "This line has white space around. \n\n\nAnd this line is another one."


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("a" * 10**7, "n_lines", 0),
        ("[" * 10**6, "n_lines", 0),
        ("[1" * 10**6, "n_lines", 0),
        ("a b c d e.\n" * 10**6, "n_lines", 10**6),
        ("\n" * 10**6, "n_lines", 0),
        ("a b c d {.\n" * 10**5, "n_curly_lines", 10**5),
        ("java" * 10**6 + "script a b c d.", "n_sentences", 0),
        ("a" + "\u0301" * 10**6, "n_lines", 0),
    ],
    ids=["one word", "brackets", "open citations", "lines", "line feeds", "curly", "javajava", "marks"],
)
def test_texts_made_to_be_slow(text: str, column: str, value: int) -> None:
    assert edit(text)[column] == value


def test_digits_in_brackets_are_read_once() -> None:
    assert edit("[" + "1" * 10**6)["n_lines"] == 0


def test_null_is_null_and_rows_do_not_touch_each_other() -> None:
    found = c4.edit_pages(pa.array(["a b c d {.", None, "a b c d e."]), C4)
    assert found.column("n_curly_lines").to_pylist() == [1, None, 0]
    assert all(column[1].as_py() is None for column in found.columns)


def test_an_unknown_rule_for_sentences_is_refused() -> None:
    with pytest.raises(ValueError, match='unknown sentence rule "x"'):
        edit("a", replace(C4, sentences="x"))
