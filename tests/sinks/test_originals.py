"""Original records of documents, copied out of archives: the same bytes, found by place and proven by id."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from warcio.archiveiterator import ArchiveIterator

import spark_llmdata as sl
from spark_llmdata.errors import InputError, NotFound, UsageError
from spark_llmdata.sinks.warc import export_originals
from tests.runner.corpora import documents, good_text, write_jsonl, write_warc

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    """A run over an archive, JSON lines, and records of another archive that an index names."""
    folder = tmp_path_factory.mktemp("originals")
    write_jsonl(folder / "in/a.jsonl", documents(3))
    write_warc(folder / "in/c.warc.gz", [(f"https://w.example/{i}", good_text(100 + i)) for i in range(4)])
    other = write_warc(folder / "other/d.warc.gz", [(f"https://v.example/{i}", good_text(200 + i)) for i in range(4)])
    lines = []
    with other.open("rb") as stream:
        records = ArchiveIterator(stream)
        for record in records:
            record.content_stream().read()
            url = record.rec_headers.get_header("WARC-Target-URI")
            entry = {"url": url, "filename": "d.warc.gz", "length": str(records.get_record_length())}
            lines.append((record.rec_type, {**entry, "offset": str(records.get_record_offset())}))
    index = folder / "other" / "d.cdxj"
    index.write_text("".join(f"key 1 {json.dumps(entry)}\n" for kind, entry in lines if kind == "response"))
    named = [folder / "in", f"cdx:{index}?url=https://v.example/1&url=https://v.example/2"]
    return sl.run("quickstart", input=[str(one) for one in named], store=folder / "store", spark=spark), folder


def records(path):
    with path.open("rb") as stream:
        return {
            record.rec_headers.get_header("WARC-Target-URI"): record.content_stream().read()
            for record in ArchiveIterator(stream)
        }


def members(path):
    """The records of an archive, uncompressed and without the line ends behind them, by address."""
    found = {}
    with path.open("rb") as stream:
        content = gzip.decompress(stream.read())
    for part in content.split(b"WARC/1.1\r\n")[1:]:
        raw = b"WARC/1.1\r\n" + part.removesuffix(b"\r\n\r\n")
        record = next(iter(ArchiveIterator(io.BytesIO(raw + b"\r\n\r\n"))))
        found[record.rec_type, record.rec_headers.get_header("WARC-Target-URI")] = raw
    return found


def test_kept_documents_give_back_their_records(built, tmp_path):
    run, folder = built
    facts = export_originals(run.store, str(tmp_path / "out"))
    assert facts["documents"] == 4 + 2
    assert (tmp_path / "out" / "_SUCCESS").exists()
    assert facts["from_no_archive"] == run.counts["kept"] - 6 > 0
    copied = members(tmp_path / "out" / "records.warc.gz")
    originals = {**members(folder / "in/c.warc.gz"), **members(folder / "other/d.warc.gz")}
    urls = [f"https://w.example/{i}" for i in range(4)] + ["https://v.example/1", "https://v.example/2"]
    assert copied == {("response", url): originals["response", url] for url in urls}
    with pytest.raises(UsageError, match="not empty"):
        export_originals(run.store, str(tmp_path / "out"))


def test_documents_are_named_by_their_ids(built, tmp_path):
    run, _ = built
    fate = next(row for row in run.fates.collect() if row.url == "https://v.example/2")
    facts = export_originals(run.store, str(tmp_path / "out"), named=[fate.doc_id])
    assert facts["documents"] == 1
    assert list(records(tmp_path / "out" / "records.warc.gz")) == ["https://v.example/2"]
    with pytest.raises(NotFound, match="no document 0123"):
        export_originals(run.store, str(tmp_path / "none"), named=["0123"])


def test_a_record_that_is_gone_is_told(built, tmp_path):
    run, folder = built
    archive = folder / "in/c.warc.gz"
    content = archive.read_bytes()
    archive.write_bytes(content[:-9])
    try:
        with pytest.raises(InputError, match="no such record any more"):
            export_originals(run.store, str(tmp_path / "out"))
    finally:
        archive.write_bytes(content)
