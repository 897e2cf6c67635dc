"""`llmdata export`: what it says of splits, and which formats it offers."""

from __future__ import annotations

from typing import Any

import pytest

from spark_llmdata.cli import main
from spark_llmdata.cli.exporting import FORMATS, describe_splits
from spark_llmdata.sinks import layout


def facts(train: int, validation: int, clusters: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "documents": train + validation,
        "splits": {"train": 0.9, "validation": 0.1},
        "split_documents": {"train": train, "validation": validation},
        "clusters": clusters,
    }


BEGUN = "name a new folder. _SUCCESS is missing: if this is an export that was stopped, it is not whole"
NONE = {"count": 0, "documents": 0, "largest": 0, "told": []}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            facts(905, 95, NONE),
            [
                "splits: train 905 (90.5%, asked 90.0%), validation 95 (9.5%, asked 10.0%)",
                "no two of the documents are in one cluster of duplicates",
            ],
        ),
        (facts(905, 95, None), ["compared no documents, so duplicates may be in different splits"]),
        (
            facts(905, 95, {"count": 3, "documents": 12, "largest": 6, "told": ["dedup.minhash: 2 bands were full"]}),
            [
                "no cluster of duplicates is divided: 3 with 12 kept documents, the largest with 6",
                "but dedup.minhash: 2 bands were full",
            ],
        ),
        (
            facts(970, 30, {"count": 1, "documents": 600, "largest": 600, "told": []}),
            ["not met: clusters are large, and none is divided"],
        ),
        (facts(10, 0, NONE), ["not met: documents are few, and their splits go by chance"]),
    ],
)
def test_what_is_said_of_splits(found, said):
    told = describe_splits(found)
    for sentence in said:
        assert any(sentence in line for line in told), told
    assert any("not met" in line for line in told) == any("not met" in sentence for sentence in said)


def test_nothing_is_said_without_splits():
    assert describe_splits(facts(1, 1, None) | {"splits": {}, "split_documents": {}}) == []


def test_formats_are_those_of_the_sink(capsys):
    assert (*layout.FORMATS, "warc") == FORMATS
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert ", ".join(FORMATS) in told
    for kind, names in layout.COMPRESSIONS.items():
        assert f"{kind}: {', '.join(names)}" in told


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"a.txt": ""}, "is not empty; nothing is overwritten"),
        ({"part-00000.jsonl": ""}, BEGUN),
        ({"train/_temporary/0/x": ""}, BEGUN),
        ({"train/part-00000.jsonl": ""}, BEGUN),
        ({"records.warc.gz": ""}, BEGUN),
        ({"records.arc.gz": ""}, BEGUN),
        ({"part-00000.jsonl": "", "_SUCCESS": ""}, "is not empty; nothing is overwritten: name a new folder\n"),
        ({"part-00000.snappy.parquet": "", "_delta_log/0.json": ""}, "is overwritten: name a new folder\n"),
        ({"corpus/part-00000.snappy.parquet": "", "corpus/_delta_log/0.json": ""}, "name a new folder\n"),
    ],
)
def test_a_folder_that_is_not_empty(tmp_path, capsys, held, said):
    """What is in it may be somebody's data: nothing advises to remove it."""
    (tmp_path / "store/runs/_delta_log").mkdir(parents=True)
    for name, content in held.items():
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text(content)
    assert main(["export", "jsonl", "--store", str(tmp_path / "store"), "--output", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "remove" not in told


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "store/runs/_delta_log").mkdir(parents=True)
    (tmp_path / "out").write_text("")
    assert main(["export", "jsonl", "--store", str(tmp_path / "store"), "--output", str(tmp_path / "out")]) == 2
    assert "is a file; nothing is overwritten: name a new folder" in capsys.readouterr().err
