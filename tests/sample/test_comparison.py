"""Labels against fates: what counts as found, missed and wrongly removed."""

from __future__ import annotations

import pytest

from spark_llmdata.sample import Fate, Label, Row, compare

KEPT = Fate("kept")


def label(offset: int, outcome: str, defect: str = "d", **facts: object) -> Label:
    return Label("f", offset, f"https://site.example/{offset}", defect, outcome, **facts)  # type: ignore[arg-type]


def only(labels: list[Label], *fates: Fate | None) -> Row:
    (row,) = compare(labels, {("f", n): fate for n, fate in enumerate(fates) if fate is not None})
    return row


def counts(row: Row) -> tuple[int, int, int, int]:
    return row.planted, row.found, row.missed, row.wrong


@pytest.mark.parametrize(
    ("fate", "found"),
    [
        (Fate("removed", "c4.lorem_ipsum"), 1),
        (Fate("removed", "gopher_repetition.top_2_gram"), 1),
        (Fate("removed", "url.excluded_domain"), 0),
        (Fate("rejected", "c4.lorem_ipsum"), 0),
        (KEPT, 0),
        (None, 0),
    ],
)
def test_what_should_go_has_to_go_for_one_of_its_reasons(fate: Fate | None, found: int) -> None:
    row = only([label(0, "removed", reasons=("c4.lorem_ipsum", "gopher_repetition.*"))], fate)
    assert counts(row) == (1, found, 1 - found, 0)
    assert len(row.missed_examples) == 1 - found


def test_what_should_stay_is_removed_wrongly() -> None:
    row = only([label(0, "kept"), label(1, "kept")], KEPT, Fate("removed", "c4.curly_bracket"))
    assert counts(row) == (2, 1, 1, 1)
    assert row.wrong_examples == ["https://site.example/1: removed, c4.curly_bracket"]


def test_a_document_that_was_not_read_is_missing_from_the_corpus() -> None:
    assert counts(only([label(0, "kept", "clean")], None)) == (1, 0, 0, 1)
    assert counts(only([label(0, "edited", gone=("x",))], None)) == (1, 0, 1, 1)


def test_clean_documents_are_not_found_and_not_missed() -> None:
    row = only([label(0, "kept", "clean"), label(1, "kept", "clean")], KEPT, Fate("removed", "c4.curly_bracket"))
    assert counts(row) == (2, 0, 0, 1)


@pytest.mark.parametrize(
    ("text", "found", "told"),
    [
        ("all well here", 1, []),
        ("all well but mail me at a@b.c", 0, ["https://site.example/0: the text still holds 'a@b.c'"]),
        ("all", 0, ["https://site.example/0: the text lost 'well'"]),
        (None, 0, ["https://site.example/0: the text lost 'well'"]),
    ],
)
def test_an_edit_is_seen_in_the_text(text: str | None, found: int, told: list[str]) -> None:
    row = only([label(0, "edited", gone=("a@b.c",), there=("well",))], Fate("kept", text=text))
    assert counts(row) == (1, found, 1 - found, 0)
    assert row.missed_examples == told


def test_an_edited_document_that_goes_is_missed_and_removed_wrongly() -> None:
    row = only([label(0, "edited", gone=("x",))], Fate("removed", "c4.lorem_ipsum"))
    assert counts(row) == (1, 0, 1, 1)


GONE = Fate("removed", "exact.same_text")


@pytest.mark.parametrize(
    ("fates", "expected"),
    [
        ((KEPT, GONE, GONE), (2, 2, 0, 0)),
        ((GONE, KEPT, GONE), (2, 2, 0, 0)),
        ((KEPT, KEPT, GONE), (2, 1, 1, 0)),
        ((KEPT, KEPT, KEPT), (2, 0, 2, 0)),
        ((GONE, GONE, GONE), (2, 2, 0, 1)),
        ((KEPT, GONE, Fate("removed", "c4.lorem_ipsum")), (2, 1, 1, 0)),
        ((None, GONE, GONE), (2, 2, 0, 1)),
    ],
)
def test_of_a_group_all_go_but_one(fates: tuple[Fate | None, ...], expected: tuple[int, ...]) -> None:
    row = only([label(n, "one of a group", group="g", reasons=("exact.same_text",)) for n in range(3)], *fates)
    assert counts(row) == expected
    assert len(row.missed_examples) == expected[2]


@pytest.mark.parametrize(("measured", "found"), [(0.91, 1), (0.910001, 1), (0.92, 0), (None, 0)])
def test_a_copy_has_to_go_with_its_true_similarity(measured: float | None, found: int) -> None:
    members = [label(n, "one of a group", group="g", reasons=("near",), similarity=0.91) for n in range(2)]
    row = only(members, KEPT, Fate("removed", "near", measured))
    assert (row.found, row.missed) == (found, 1 - found)


def test_rows_come_with_what_is_planted_most_first_and_clean_ones_last() -> None:
    labels = [label(n, "kept", "clean") for n in range(9)]
    labels += [label(10, "removed", "few"), label(11, "removed", "many"), label(12, "removed", "many")]
    assert [row.defect for row in compare(labels, {})] == ["many", "few", "clean"]


def test_at_most_two_examples_are_told() -> None:
    row = only([label(n, "removed") for n in range(5)], *[KEPT] * 5)
    assert len(row.as_json()["missed_examples"]) == 2
    assert row.as_json()["missed"] == 5
