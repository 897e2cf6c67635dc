"""Scores of extracted texts: by hand, and those that the data's own project published."""

from __future__ import annotations

import json

import pytest

from benchmarks.extraction import match, read_truth, score


def test_runs_of_four_words_are_matched_as_often_as_they_occur() -> None:
    assert match("a b c d e", "a b c d x") == (1, 1, 1)
    assert match("a b c d", "a b c d a b c d") == (1, 4, 0)
    assert match("a b", "A b") == (0, 1, 1)
    assert match("", "a") == (0, 1, 0)


def test_pages_count_the_same_whatever_their_length() -> None:
    truth = {"long": "a b c d e f g h i j", "short": "one two three four"}
    assert score({"long": "x y z w", "short": truth["short"]}, truth) == (0.5, 0.5, 0.5)
    assert score(dict(truth), truth) == (1, 1, 1)


@pytest.mark.parametrize(("name", "f1"), [("trafilatura", 0.958), ("readability_js", 0.947), ("justext", 0.804)])
def test_stored_texts_score_what_was_published(name, f1, shared_data) -> None:
    folder = shared_data / "02_html_extraction/article-extraction-benchmark"
    stored = json.loads((folder / "output" / f"{name}.json").read_text("utf-8"))
    stored = stored.get("output", stored)
    found = {key: entry.get("articleBody") for key, entry in stored.items()}
    assert round(score(found, read_truth(folder))[0], 3) == f1
