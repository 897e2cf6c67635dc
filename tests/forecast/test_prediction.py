"""A forecast by a sample: which tasks read, what is told of stages and of what is not known."""

from __future__ import annotations

import pytest

from spark_llmdata.forecast import predict_by_sample
from spark_llmdata.forecast.history import Reuse
from spark_llmdata.forecast.prediction import count_cores, share_out
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import Gates, Read, Recipe, Write
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.split import InputFile
from spark_llmdata.stage import CorpusStage
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from tests.runner.corpora import documents, good_text, write_jsonl

MB = 1 << 20


class Mine(CorpusStage):
    """Compares in a way that nobody has measured."""

    reasons = {"same": "the same"}

    def apply(self, docs, ctx):
        raise NotImplementedError


def plan(*stages):
    return make_plan(Recipe("r", Read(), stages, Gates(), Write()))


def file(size, compression="none", kind="jsonl"):
    return InputFile(f"/in/{size}.{kind}.{compression}", size, 1, "default", kind, compression)


@pytest.fixture
def files(tmp_path):
    rows = documents(140) + [{"id": f"x{i}", "text": good_text(i, 30)} for i in range(60)]
    write_jsonl(tmp_path / "a.jsonl", [*rows, "{broken"])
    return find_files([str(tmp_path)]).files


def test_a_compressed_file_is_one_task_and_others_are_cut():
    assert share_out([file(640 * MB, "gzip")]) == (1.0,)
    assert share_out([file(640 * MB)]) == pytest.approx((1 / 64,) * 64)
    assert share_out([file(64 * MB, kind="parquet"), file(64 * MB)]) == (*[1 / 32] * 16, 0.25, 0.25)
    assert share_out([file(0)]) == (1.0,)


def test_each_stage_is_told_with_the_share_of_what_it_is_shown(files):
    later = GopherQuality(id="filter.later", min_words=50)
    earlier = GopherQuality(id="filter.earlier", min_words=10)
    found = predict_by_sample(plan(earlier, later), files)
    assert found.removed == pytest.approx({"read": 1 / 201, "filter.earlier": 20 / 200, "filter.later": 60 / 180})
    assert list(found.removed) == ["read", "filter.earlier", "filter.later"]
    assert [p.rows_out for p in found.passes][1] == 120
    assert found.by["cores"] == count_cores()
    assert found.seconds == pytest.approx(sum(p.seconds for p in found.passes))
    assert found.spark_s > 0


def test_documents_that_were_tried_stand_for_longer_ones_too(tmp_path):
    """Every tenth document is long, and none of these is among the hundred that are tried."""
    rows = [{"id": str(i), "text": good_text(i, 800 if i % 10 == 5 else 80)} for i in range(1000)]
    write_jsonl(tmp_path / "a.jsonl", rows)
    found = predict_by_sample(plan(GopherQuality()), find_files([str(tmp_path)]).files, rows=100)
    assert found.passes[1].bytes_out == pytest.approx(sum(len(r["text"]) for r in rows), rel=0.02)


def test_what_is_not_known_is_said(files):
    stages = (GopherQuality(), DedupExact(), Mine(id="dedup.mine"))
    remarks = predict_by_sample(plan(*stages), files).remarks
    assert "dedup.exact, dedup.mine are taken to remove nothing" in remarks[0]
    assert remarks[1] == "what dedup.mine takes is not known, only what any comparison does"
    held = [Reuse(), Reuse(0.0, None, 0.9), Reuse(1.0, "r", 0.5)]
    found = predict_by_sample(plan(*stages), files, reuse=held)
    assert found.remarks[0] == "dedup.exact: the share that the newest run of the store kept, of other inputs"
    assert [p.rows_out for p in found.passes][2:4] == [108, 54]


def test_few_that_are_kept_are_no_sound_base(files):
    found = predict_by_sample(plan(GopherQuality(id="filter.first", min_words=79)), files, rows=50)
    assert any("of the sample are kept: shares may well be off" in remark for remark in found.remarks)
