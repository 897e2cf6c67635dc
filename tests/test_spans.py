"""Places in a text that count for a rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.spans import Span, mark_lines, mark_pattern, mark_repeats, split

texts = st.text("aé \n", max_size=30)


def cut(text: str, spans: list[Span]) -> list[str]:
    return [text.encode()[span.begin : span.end].decode() for span in spans]


@given(texts)
def test_parts_are_where_they_say(text: str) -> None:
    parts = split(text)
    assert [part for part, _ in parts] == [line for line in text.split("\n") if line.strip()]
    assert cut(text, [span for _, span in parts]) == [part for part, _ in parts]


@given(texts)
def test_what_a_pattern_finds(text: str) -> None:
    runs = "".join(c if c == "é" else " " for c in text).split()
    assert cut(text, mark_pattern(text, "k", "é+")) == runs
    assert mark_pattern(text, "k", "x*") == []


def test_repeats_count_each_time_or_from_the_second_on() -> None:
    text = "é line\nother\n é line \nother\nlast"
    assert cut(text, mark_repeats(text, "k", "\n", first_too=True)) == ["é line", "other", " é line ", "other"]
    assert mark_repeats(text, "k", "\n", first_too=False) == [Span("k", 14, 23), Span("k", 24, 29)]


def test_lines_are_chosen_all_at_once() -> None:
    seen: list[list[str]] = []

    def choose(lines: list[str]) -> list[bool]:
        seen.append(lines)
        return [len(line) < 3 for line in lines]

    assert mark_lines("é\n\nlonger\nab", "short", choose) == [Span("short", 0, 2), Span("short", 11, 13)]
    assert seen == [["é", "longer", "ab"]]
