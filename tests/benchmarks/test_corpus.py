"""The corpus that the benchmarks make where none is named."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks import corpus, peers


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> corpus.Corpus:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("BENCH_ROOT", raising=False)
        patch.setattr(corpus, "_paragraphs", lambda: [f"paragraph {i} " * 9 for i in range(500)])
        return corpus.find_corpus(tmp_path_factory.mktemp("made"), 1_200)


def texts(found: corpus.TextSet) -> list[str]:
    return [text for batch in found.batches() for text in batch.column(0).to_pylist()]


def test_sets_are_beginnings_of_each_other(made: corpus.Corpus) -> None:
    assert list(made.sets) == ["s1k", "full"]
    assert [made.sets[name].documents for name in made.sets] == [1_000, 1_200]
    assert texts(made.sets["full"])[:1_000] == texts(made.sets["s1k"])


def test_sizes_are_those_of_the_texts(made: corpus.Corpus) -> None:
    found = made.sets["full"]
    assert found.megabytes == sum(len(t.encode()) for t in texts(found)) / 1e6
    assert 2_000 < 1e6 * found.megabytes / found.documents < 12_000


def test_one_in_a_hundred_is_a_copy(made: corpus.Corpus) -> None:
    copies = sum(n - 1 for n in Counter(texts(made.sets["full"])).values())
    assert copies == 12


def test_parquet_and_json_lines_hold_the_same(made: corpus.Corpus) -> None:
    found = made.sets["full"]
    rows = [row for file in found.parquet for row in pq.read_table(file).to_pylist()]
    assert rows == [json.loads(line) for file in found.jsonl for line in file.read_text("utf-8").splitlines()]


def test_the_library_has_paragraphs_enough() -> None:
    found = corpus._paragraphs()
    assert len({next(found) for _ in range(3_000)}) > 2_000


def test_a_root_without_a_corpus_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BENCH_ROOT", str(tmp_path))
    with pytest.raises(SystemExit, match="holds no data/s5k/parquet; name a built corpus"):
        corpus.find_corpus(tmp_path, 10)


def test_a_peer_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BENCH_ROOT", raising=False)
    with pytest.raises(peers.PeerMissing, match=r"dolma==1.2.1 numpy<2 not installed; `--peers`"):
        peers.find_python("dolma", tmp_path)
