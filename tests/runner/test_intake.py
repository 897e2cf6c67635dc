"""What a run says of its inputs before and after it has read them."""

from __future__ import annotations

import json

from spark_llmdata.runner.intake import tell_empty, tell_inputs
from spark_llmdata.sources.inputs import find_files


def test_empty_files_are_named(tmp_path):
    (tmp_path / "full.jsonl").write_text(json.dumps({"text": "a"}))
    assert tell_inputs(find_files([str(tmp_path)])) == "1 file"
    (tmp_path / "a.warc.gz").touch()
    assert tell_inputs(find_files([str(tmp_path)])) == "2 files (a.warc.gz: 0 bytes)"
    (tmp_path / "b.jsonl").touch()
    assert tell_inputs(find_files([str(tmp_path)])) == "3 files (a.warc.gz and 1 more: 0 bytes)"


def test_that_nothing_was_read_is_told_by_what_was_asked_for(tmp_path):
    (tmp_path / "i.cdxj").touch()
    assert tell_empty(find_files([f"cdx:{tmp_path}/i.cdxj?url=http://a/*"])).startswith("no line of the index")
    (tmp_path / "a.jsonl").touch()
    assert tell_empty(find_files([str(tmp_path / "a.jsonl")])) == "1 file held no record"
