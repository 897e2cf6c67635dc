"""The data of each language against real prose: the Universal Declaration of Human Rights in that language."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict

import pyarrow as pa
import pytest

from spark_llmdata.batch import Batch
from spark_llmdata.isolation import judge_safely
from spark_llmdata.languages import files, labels
from spark_llmdata.stages.clean.refinedweb_lines import RefinedwebLines
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition

#: Declarations that use the same five words over and over: "every one has the right to".
REPETITIVE = {"vie", "jpn_osaka"}


@pytest.fixture(scope="module")
def declarations(shared_data) -> dict[str, tuple[str, str]]:
    """Label and text of every declaration in a language with data, by its code."""
    paragraphs, label = defaultdict(list), {}
    with gzip.open(shared_data / "04_langid" / "udhr_paragraphs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            label[row["code"]] = row["bcp47"]
            paragraphs[row["code"]].append(row["text"])
    known = files.packaged()
    return {
        code: (label[code], "\n".join(texts))
        for code, texts in sorted(paragraphs.items())
        if labels.resolve(label[code], known) is not None
    }


def judge(stage, declarations, *, by_language: bool = True) -> dict[str, str | None]:
    """Why a declaration goes, by its code; None where it stays."""
    lang = [label if by_language else None for label, _ in declarations.values()]
    text = [text for _, text in declarations.values()]
    found = judge_safely(stage, Batch({"text": pa.array(text), "lang": pa.array(lang, pa.string())}))
    return {
        code: None if keep else reason
        for code, keep, reason in zip(declarations, found.keep, found.reason, strict=True)
    }


def test_every_language_with_data_has_a_declaration(declarations) -> None:
    assert {labels.canonical(label) for label, _ in declarations.values()} == set(files.packaged())


@pytest.mark.parametrize("preset", ["gopher", "datatrove"])
def test_prose_passes_by_its_own_language_and_fails_by_english(declarations, preset: str) -> None:
    stage = GopherQuality(preset=preset)
    assert {code: why for code, why in judge(stage, declarations).items() if why} == {}
    english = judge(stage, declarations, by_language=False)
    # "be" and "to" are Lithuanian words too.
    assert {code for code, why in english.items() if why is None} <= {"eng", "lit"}


@pytest.mark.parametrize("stage", [FineWeb(), FineWeb(preset="datatrove"), C4(), RefinedwebLines()], ids=repr)
def test_prose_passes_the_rules_on_lines(declarations, stage) -> None:
    assert {code: why for code, why in judge(stage, declarations).items() if why} == {}


def test_rules_on_lines_would_fail_some_by_english(declarations) -> None:
    c4 = judge(C4(), declarations, by_language=False)
    assert {"cmn_hans", "jpn", "tha", "hin"} <= {code for code, why in c4.items() if why}


def test_prose_is_not_repetitive(declarations) -> None:
    gone = {code for code, why in judge(GopherRepetition(), declarations).items() if why}
    assert gone <= REPETITIVE
