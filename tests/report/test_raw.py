"""`llmdata show --raw`: the record as it stands in the input, of every kind, and what is said where it is gone."""

from __future__ import annotations

import datetime
import gzip
import json
import shutil
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.errors import InputError, NotFound
from spark_llmdata.kernels.hashing import doc_ids
from spark_llmdata.report.raw import _read_archive, read_raw
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.split import Split, Tally
from spark_llmdata.sources.warc import read_warc
from tests.runner.corpora import good_text, write_jsonl, write_warc

RECIPE = "name: raw\nstages:\n  - extract.html\n  - filter.gopher_quality\nread: {max_record_bytes: 3000}\n"
LINES = [
    '{"text": "marked", "id":  "first"}',
    '{"id": "esc\\u0061ped", "text": "caf\\u00e9 \\ud83d\\ude00", "n": 1.50, "url": "https://a.example/1"}\r',
    "no json \x1b[31m",
    '{"id": "long", "text": "' + "x" * 4000 + '"}',
    '{"id": "own", "source": "a b/c", "text": "' + good_text(1) + '"}',
]
#: Neither is a record: the first is as long as it stands there, of the other the run keeps only the beginning.
SHORT, LONG = (b"WARC/1.0\r\nContent-Length: none\r\n\r\n" + b"x" * size for size in (100, 100_000))


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    content = b"\xef\xbb\xbf" + "\n".join(LINES).encode()
    (folder / "in").mkdir()
    (folder / "in/a.jsonl").write_bytes(content)
    (folder / "in/b.jsonl.gz").write_bytes(gzip.compress(b'{"id": "packed", "text": "a"}\n{"id":"second"}', mtime=0))
    columns = {"id": ["r0", "r1"], "text": ["a", "é"], "day": [None, datetime.date(2024, 5, 1)], "b": [b"x", b"\xff"]}
    pq.write_table(pa.table(columns), folder / "in/c.parquet", row_group_size=1)
    write_warc(folder / "in/d.warc.gz", [("https://w.example/page", good_text(3))])
    (folder / "in/e.warc").write_bytes(SHORT + b"\r\n" + LONG)
    (folder / "r.yaml").write_text(RECIPE)
    gates = ["gates.max_removed=1", "gates.max_rejected=1", "gates.min_kept=0"]
    run = sl.run(folder / "r.yaml", input=folder / "in", store=folder / "store", spark=spark, set=gates)
    return SimpleNamespace(folder=folder, store=run.store, run=run)


@pytest.mark.spark
def test_every_kind_of_input_gives_back_its_records(built):
    lines = [line.encode().removesuffix(b"\r") for line in LINES]
    fates = [f for f in built.run.fates.orderBy("offset").collect() if f.file.endswith("a.jsonl")]
    assert [read_raw(built.store, f.doc_id).data for f in fates] == lines
    assert read_raw(built.store, f"a.jsonl:{fates[0].offset}").data == lines[0]
    assert read_raw(built.store, "packed").data == b'{"id": "packed", "text": "a"}'
    assert read_raw(built.store, "second").data == b'{"id":"second"}'
    assert json.loads(read_raw(built.store, "r0").data) == {"id": "r0", "text": "a", "day": None, "b": "x"}
    row = {"id": "r1", "text": "é", "day": "2024-05-01", "b": {"base64": "/w=="}}
    assert json.loads(read_raw(built.store, "r1").data) == row
    page = read_raw(built.store, "https://w.example/page")
    stored = gzip.decompress((built.folder / "in/d.warc.gz").read_bytes())
    assert page.data.startswith(b"WARC/1.1\r\n")
    assert page.data + b"\r\n\r\n" in stored
    assert b"WARC-Type: response" in page.data
    assert (page.facts["format"], page.facts["bytes"]) == ("archive", len(page.data))


@pytest.mark.spark
def test_of_a_damaged_record_all_is_given_or_nothing(built):
    assert read_raw(built.store, "e.warc:0").data.strip() == SHORT
    with pytest.raises(InputError, match="could not be read as a record .* too long to be copied"):
        read_raw(built.store, f"e.warc:{len(SHORT) + 2}")


def test_a_reject_that_stands_for_many_says_so(tmp_path):
    (tmp_path / "heads.warc").write_bytes(b"WARC/1.0\r\nContent-Length: none\r\n\r\n" * 1_300)
    [file] = find_files([str(tmp_path / "heads.warc")]).files
    limits = {"max_record_bytes": 3_000, "batch_rows": 2_000, "batch_bytes": 1 << 20}
    [rows] = read_warc(Split(file, 0, 0, file.size), Tally(), **limits)
    ids = doc_ids(*(rows.column(name) for name in ("source", "id", "url", "date", "raw_hash"))).to_pylist()

    def fate(number):
        row = rows.slice(number, 1).to_pylist()[0]
        facts = {name: row[name] for name in ("file", "offset", "source", "evidence")}
        return SimpleNamespace(**facts, doc_id=ids[number], outcome="rejected", reason=f"read.{row['defect']}")

    assert _read_archive(fate(999), "heads.warc:0").startswith(b"WARC/1.0")
    with pytest.raises(InputError, match=r"heads.warc:7: stands for 300 damaged places .*read.bad_record"):
        _read_archive(fate(1_000), "heads.warc:7")


@pytest.mark.spark
def test_an_input_that_was_changed_or_is_gone_is_told(built):
    with pytest.raises(NotFound, match="no record of run"):
        read_raw(built.store, "nobody")
    for name, question in [("a.jsonl", "own"), ("b.jsonl.gz", "packed"), ("d.warc.gz", "https://w.example/page")]:
        path, aside = built.folder / "in" / name, built.folder / name
        shutil.move(path, aside)
        try:
            with pytest.raises(InputError, match=f"{name}:.*cannot be read any more"):
                read_raw(built.store, question)
            if name == "a.jsonl":
                path.write_bytes(aside.read_bytes().replace(b"the", b"The"))
                with pytest.raises(InputError, match="another record is there, or none"):
                    read_raw(built.store, question)
                write_jsonl(path, ["{}"])
                with pytest.raises(InputError, match="another record is there, or none"):
                    read_raw(built.store, question)
        finally:
            shutil.move(aside, path)


@pytest.mark.spark
def test_nothing_but_the_record_is_printed(built, capsysbinary, monkeypatch):
    command = ["show", "packed", "--store", str(built.folder / "store"), "--raw"]
    assert main(command) == 0
    assert capsysbinary.readouterr().out == b'{"id": "packed", "text": "a"}'
    output = built.folder / "one.json"
    assert main([*command, "--output", str(output)]) == 0
    assert output.read_bytes() == b'{"id": "packed", "text": "a"}'
    assert main([*command, "--output", str(output)]) == 2
    assert b"is there already" in capsysbinary.readouterr().err
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert main(command) == 0
    assert capsysbinary.readouterr().out == b'{"id": "packed", "text": "a"}\n'
    wild = next(f.doc_id for f in built.run.fates.collect() if f.reason == "read.bad_json")
    assert main(["show", wild, *command[2:]]) == 2
    told = capsysbinary.readouterr()
    assert (told.out, b"no plain text" in told.err) == (b"", True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output", "x"], "goes with --raw"),
        (["--raw", "--stage", "filter.c4"], "--stage does not go with --raw"),
        (["--raw", "--context", "0"], "--context does not go with --raw"),
        (["--raw", "--private"], "--private does not go with --raw"),
        (["--raw", "--json"], "add --output FILE"),
        (["--raw", "--output", "/no/such/folder/x"], "there is no folder"),
    ],
)
def test_what_does_not_go_together_is_told_before_spark_starts(arguments, words, capsys):
    assert main(["show", "x", "--store", "s", *arguments]) == 2
    assert words in capsys.readouterr().err
