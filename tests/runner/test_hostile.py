"""Bad input: every record is accounted for, what can be read is kept, the store stays consistent."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator

import spark_llmdata as sl
from spark_llmdata.errors import InputError
from spark_llmdata.report.raw import read_raw
from spark_llmdata.report.why import explain
from tests.runner.corpora import documents, good_text, write_jsonl, write_warc

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    inputs = folder / "in"
    write_jsonl(inputs / "empty.jsonl", [])
    packed = gzip.compress(b"".join(json.dumps(d).encode() + b"\n" for d in documents(50)), mtime=0)
    (inputs / "truncated.jsonl.gz").write_bytes(packed[: len(packed) * 2 // 3])
    nul = json.dumps({"id": "nul", "text": good_text(1000) + " \0 " + good_text(1001)})
    lines = "\n".join(["with the line"] * 1_000_000)
    write_jsonl(
        inputs / "odd.jsonl",
        [
            nul,
            '{"id": "raw nul", "text": "a\0b"}',
            '{"id": "surrogate", "text": "a \\ud800 b"}',
            '["list"]',
            {"id": "lines", "text": lines},
            {"id": "long", "text": "x" * (40 << 20)},
            "[" * 100_000,
            {"id": "last", "text": good_text(1002)},
        ],
    )
    (inputs / "latin.jsonl").write_bytes(b'{"text": "caf\xe9"}\n' + json.dumps({"text": good_text(1003)}).encode())
    texts = pa.array([good_text(1004).encode(), b"caf\xe9", good_text(1005).encode()])
    strings = pa.Array.from_buffers(pa.string(), len(texts), texts.buffers())
    pq.write_table(pa.table({"id": ["p0", "p1", "p2"], "text": strings}), inputs / "latin.parquet")
    write_warc(inputs / "cut.warc.gz", [(f"https://w.example/{i}", good_text(2000 + i)) for i in range(9)])
    data = (inputs / "cut.warc.gz").read_bytes()
    (inputs / "cut.warc.gz").write_bytes(data[:-100])
    return sl.run("quickstart", input=inputs, store=folder / "store", spark=spark)


def reason(built, doc: str) -> str | None:
    return built.fates.where(f"id = '{doc}'").collect()[0].reason


def test_everything_is_accounted_for(built):
    counts = built.counts
    assert counts["read"] == counts["kept"] + counts["removed"] + counts["rejected"] == built.fates.count()
    assert built.corpus.count() == counts["kept"]


def test_each_defect_is_named(built):
    rows = built.fates.where("outcome = 'rejected'").select("file", "reason").collect()
    found = sorted((r.file.rsplit("/", 1)[-1], r.reason) for r in rows)
    assert found == [
        ("cut.warc.gz", "read.truncated"),
        ("latin.jsonl", "read.bad_json"),
        ("latin.parquet", "read.bad_field"),
        ("odd.jsonl", "read.bad_json"),
        ("odd.jsonl", "read.bad_json"),
        ("odd.jsonl", "read.bad_json"),
        ("odd.jsonl", "read.bad_json"),
        ("odd.jsonl", "read.too_large"),
        ("truncated.jsonl.gz", "read.truncated"),
    ]


def test_what_can_be_read_is_judged(built):
    assert reason(built, "nul") is None
    assert "\0" in built.corpus.where("id = 'nul'").collect()[0].text
    assert reason(built, "last") is None
    assert reason(built, "lines") == "gopher_quality.too_many_words"
    assert built.corpus.where("url LIKE 'https://w.example/%'").count() == 8
    assert built.fates.where("file LIKE '%truncated.jsonl.gz' AND outcome != 'rejected'").count() > 10


def test_a_reject_is_found_by_its_place(built):
    large = built.fates.where("reason = 'read.too_large'").collect()[0]
    told = explain(built.store, f"{large.file}:{large.offset}")
    assert told["evidence"]["limit"] == 32 << 20
    assert told["doc_id"]


def test_a_string_that_is_no_utf8_rejects_its_row_alone(built):
    found = {r.id: r.reason for r in built.fates.where("file LIKE '%latin.parquet'").collect()}
    assert found == {"p0": None, "p1": "read.bad_field", "p2": None}
    told = explain(built.store, "p1")
    assert told["evidence"] == {"field": "text", "found": "no UTF-8 from its byte 3 on (0xE9)", "expected": "UTF-8"}
    assert read_raw(built.store, "p1").data == b'{"id": "p1", "text": {"base64": "Y2Fm6Q=="}}'


def test_inputs_that_cannot_work_are_told_at_once(spark, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/notes.txt").write_text("x")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no parquet")
    pq.write_table(pa.table({"content": ["x"]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match=r"(?s)folder.*notes.txt"):
        sl.run("quickstart", input=tmp_path / "folder", store=tmp_path / "s", spark=spark)
    with pytest.raises(InputError, match=r"bad.parquet: cannot be read as Parquet"):
        sl.run("quickstart", input=tmp_path / "bad.parquet", store=tmp_path / "s", spark=spark)
    with pytest.raises(InputError, match=r"no column 'text'; it has content.*read.columns.text="):
        sl.run("quickstart", input=tmp_path / "other.parquet", store=tmp_path / "s", spark=spark)
    mapped = sl.run(
        "quickstart",
        input=tmp_path / "other.parquet",
        store=tmp_path / "s",
        spark=spark,
        set=["read.columns.text=content", "gates.min_kept=0"],
    )
    assert mapped.counts["read"] == 1


def test_a_real_archive(spark, tmp_path, shared_data):
    """As many records as the reference reader meets, all of them with a fate."""
    folder = shared_data / "01_warc/cc-whirlwind"
    run = sl.run("quickstart", input=folder, store=tmp_path / "s", spark=spark, set="gates.min_kept=0")
    files = [f for f in sorted(folder.iterdir()) if f.name != "LICENSE"]
    expected = {}
    for file in files:
        with file.open("rb") as stream:
            expected[file.name] = sum(1 for _ in ArchiveIterator(stream))
    found = {r.file.rsplit("/", 1)[-1]: r["count"] for r in run.fates.groupBy("file").count().collect()}
    assert found == expected
    page = explain(run.store, "https://an.wikipedia.org/wiki/Escopete")
    assert page["outcome"] in ("kept", "removed")
    assert page["path"][1]["stage"] == "extract.html"
