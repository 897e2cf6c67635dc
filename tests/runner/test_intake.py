"""What a run says of its inputs before and after it has read them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest

from spark_llmdata.errors import InputError
from spark_llmdata.runner.intake import _to_spark, tell_empty, tell_inputs
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


SPARK = SimpleNamespace(createDataFrame=lambda table: table)


def test_views_of_strings_are_strings_to_spark():
    """What polars gives of any text; Spark knows no such type."""
    names = pa.struct([("name", pa.string_view())])
    kinds = [pa.string_view(), pa.binary_view(), pa.list_(pa.string_view()), names, pa.list_(names), pa.int64()]
    rows = [["a", None], [b"b", b"c"], [["d"], []], [{"name": "e"}, None], [[{"name": "f"}], None], [1, 2]]
    given = pa.table({f"c{n}": pa.array(r, k) for n, (r, k) in enumerate(zip(rows, kinds, strict=True))})
    taken = _to_spark(SPARK, given)
    assert "view" not in str(taken.schema)
    assert taken.to_pylist() == given.to_pylist()


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"text": ["a", 1]}),
        pd.DataFrame({"text": ["a"]}, index=pd.Index([0], name="text")),
        pd.DataFrame({"text": ["\ud800"]}, dtype=object),
    ],
)
def test_a_frame_that_is_none_for_spark_is_told(frame):
    with pytest.raises(InputError, match="dataframe: cannot be given to Spark .*expected columns of one plain type"):
        _to_spark(SPARK, frame)
