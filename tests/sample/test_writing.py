"""A sample: the same bytes every time, labels that point to records of our reader, defects that are what they say."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from spark_llmdata.errors import InputError, UsageError
from spark_llmdata.kernels import shingles
from spark_llmdata.recipe import load_recipe
from spark_llmdata.sample import Fate, Label, Place, compare, read_labels, write_sample
from spark_llmdata.sample.copies import CLOSE, DISTANT, THRESHOLD, measure_similarity
from spark_llmdata.sample.defects import BLOCKED
from spark_llmdata.sample.labels import CLEAN
from tests.sample.reading import judge_rows, place_of, read_records

PAGES = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "input"
    write_sample(folder, PAGES)
    return folder


@pytest.fixture(scope="module")
def labels(folder: Path) -> list[Label]:
    return read_labels(folder)


@pytest.fixture(scope="module")
def fates(folder: Path) -> dict[Place, Fate]:
    return judge_rows(folder)


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_another_process_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    code = f"from spark_llmdata.sample import write_sample; write_sample({str(tmp_path)!r}, {PAGES})"
    root = Path(__file__).parents[2]
    environment = {"PYTHONHASHSEED": "7", "PYTHONPATH": str(root), "PATH": "/usr/bin"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)
    assert digests(tmp_path) == digests(folder)
    assert len(digests(folder)) == 6


def test_a_second_time_touches_nothing(folder: Path) -> None:
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    write_sample(folder, PAGES)
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before


def test_every_label_is_of_a_record_and_every_document_has_a_label(folder: Path, labels: list[Label]) -> None:
    rows = [row for batch in read_records(folder) for row in batch.to_pylist()]
    by_place = {place_of(row): row for row in rows}
    assert len(by_place) == len(rows)
    assert len({(label.file, label.offset) for label in labels}) == len(labels)
    for label in labels:
        row = by_place.pop((label.file, label.offset))
        if label.outcome == "rejected":
            assert row["rejected"], label
            assert f"read.{row['defect']}" in label.reasons
        else:
            assert (row["defect"], row["url"]) == (None, label.url), label
    assert {row["defect"] for row in by_place.values()} == {"not_content"}


def test_each_defect_is_planted(labels: list[Label]) -> None:
    planted = Counter(label.defect for label in labels)
    assert planted[CLEAN] == PAGES
    assert len(planted) == 21
    assert min(n for defect, n in planted.items() if defect != "truncated file") >= 3


def test_row_stages_find_what_needs_no_comparison(labels: list[Label], fates: dict[Place, Fate]) -> None:
    rows = compare([label for label in labels if label.group is None], fates)
    assert {row.defect: row.missed_examples for row in rows if row.missed} == {}
    assert {row.defect: row.wrong_examples for row in rows if row.wrong and row.defect != CLEAN} == {}
    # The documentation of a Python may repeat itself a little: 1 in 100 at most.
    assert sum(row.wrong for row in rows) <= PAGES / 100


def test_similarities_are_those_of_the_texts_that_are_compared(labels: list[Label], fates: dict[Place, Fate]) -> None:
    pairs: dict[str, list[Label]] = {}
    for label in labels:
        if label.similarity is not None:
            pairs.setdefault(label.group or str(label.url).replace("-revised.example", ".example"), []).append(label)
    close = 0
    for members in pairs.values():
        texts = [fates[(label.file, label.offset)].text for label in members]
        assert all(texts), members
        one, other = shingles.sets(pa.array(texts, pa.large_string()), "runs", 5)
        a, b = set(one.as_py()), set(other.as_py())
        true = len(a & b) / len(a | b)
        assert true == pytest.approx(members[0].similarity, abs=1e-6), members
        assert (true >= THRESHOLD) == (members[0].defect == "near copy")
        close += true >= THRESHOLD
    assert len(pairs) > close > 2


def test_similarities_are_spread() -> None:
    assert min(CLOSE) > THRESHOLD > max(DISTANT)
    assert measure_similarity("a b c d e f", "a b c d e f") == 1
    assert measure_similarity("a b c d e f", "a b c d e g") == pytest.approx(1 / 3)
    assert measure_similarity("A, b c-d e", "a b c d e!") == 1
    assert measure_similarity("a b c d e", "v w x y z") == 0


def test_copies_have_one_text(labels: list[Label], fates: dict[Place, Fate]) -> None:
    groups: dict[str, set[str | None]] = {}
    for label in labels:
        if label.defect in ("exact copy", "same address", "record twice"):
            groups.setdefault(str(label.group), set()).add(fates[(label.file, label.offset)].text)
    assert len(groups) >= 9
    assert all(len(texts) == 1 and None not in texts for texts in groups.values())


def test_the_recipe_blocks_the_blocked_hosts() -> None:
    (stage,) = (stage for stage in load_recipe("demo").stages if stage.kind == "filter.url")
    assert set(BLOCKED) == set(stage.exclude_domains)


@pytest.mark.parametrize("pages", [0, 49, 20_001])
def test_odd_numbers_of_pages_are_refused(tmp_path: Path, pages: int) -> None:
    with pytest.raises(UsageError, match="expected 50 to 20,000"):
        write_sample(tmp_path / "new", pages)
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds thesis.txt, which is no part of a sample"):
        write_sample(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a folder that `llmdata sample DIR` has written"):
        read_labels(tmp_path)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"file": "x", "offset": "y", "url": null, "defect": "d", "outcome": "kept"}']
)
def test_a_damaged_label_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    good = '{"file": "x", "offset": 1, "url": null, "defect": "d", "outcome": "kept"}'
    (tmp_path / "_labels.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(InputError, match=r"_labels\.jsonl, line 2: no label"):
        read_labels(tmp_path)
