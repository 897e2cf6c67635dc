"""Looking records up by an index: by address, host and digest, from files and from a server, only what is named."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from warcio.archiveiterator import ArchiveIterator

from spark_llmdata.errors import InputError
from spark_llmdata.kernels.hashing import hash_bytes
from spark_llmdata.schema import RECORD
from spark_llmdata.sources.cdx import parse_lookup
from spark_llmdata.sources.inputs import find_files, plan_splits
from spark_llmdata.sources.originals import copy_record
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import Tally

Row = dict[str, Any]


def entries(archive: Path) -> Iterator[dict[str, str]]:
    """What warcio says of each response: the facts that an index holds."""
    with archive.open("rb") as stream:
        records = ArchiveIterator(stream)
        for record in records:
            head = record.rec_headers
            record.content_stream().read()
            length = records.get_record_length()
            if record.rec_type == "response":
                yield {
                    "url": head.get_header("WARC-Target-URI"),
                    "digest": head.get_header("WARC-Payload-Digest") or "-",
                    "offset": str(records.get_record_offset()),
                    "length": str(length),
                    "filename": archive.name,
                }


@pytest.fixture
def archive(shared_data: Path, tmp_path: Path) -> Path:
    place = tmp_path / "archives" / "pages.warc.gz"
    place.parent.mkdir()
    place.write_bytes((shared_data / "01_warc" / "resiliparse" / "warcfile.warc.gz").read_bytes())
    return place


@pytest.fixture
def index(archive: Path, tmp_path: Path) -> Path:
    path = tmp_path / "pages.cdxj"
    path.write_text("".join(f"key 20200102030405 {json.dumps(entry)}\n" for entry in entries(archive)))
    return path


def read(argument: str) -> list[Row]:
    [file] = find_files([argument]).files
    rows = []
    [split] = plan_splits([file])
    tally = Tally()
    for batch in read_split(split, tally, columns={}, max_record_bytes=16 << 20, batch_rows=3, batch_bytes=1 << 20):
        assert batch.schema.equals(RECORD)
        assert batch.num_rows <= 3
        rows += batch.to_pylist()
    assert (tally.begin, tally.end) == (0, file.size)
    assert (tally.records, tally.rejects) == (len(rows), sum(row["rejected"] for row in rows))
    assert [row["ordinal"] for row in rows] == list(range(len(rows)))
    return rows


def whole(archive: Path) -> dict[str, Row]:
    rows: list[Row] = []
    for split in plan_splits(find_files([str(archive)]).files):
        for batch in read_split(
            split, Tally(), columns={}, max_record_bytes=16 << 20, batch_rows=99, batch_bytes=1 << 30
        ):
            rows += batch.to_pylist()
    return {row["url"]: row for row in rows if row["html"] is not None}


def same(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] for name in ("id", "url", "html", "text", "date", "raw_hash", "source"))


def test_records_are_looked_up(archive: Path, index: Path) -> None:
    expected = whole(archive)
    assert len(expected) > 10
    url = sorted(expected)[3]
    [row] = read(f"cdx:{index}?archives={archive.parent}&url={url.replace('&', '%26')}")
    assert same(row, expected[url])
    assert row["file"].startswith("cdx:/")
    line = index.read_bytes()[row["offset"] :].split(b"\n")[0]
    assert ("archive_offset", json.loads(line.split(b" ", 2)[2])["offset"]) in row["meta"]
    hosts = {url.split("/")[2] for url in expected}
    by_host = [row for host in sorted(hosts) for row in read(f"cdx:{index}?archives={archive.parent}&host={host}")]
    assert {row["url"] for row in by_host} >= set(expected)
    everything = read(f"cdx:{index}?archives={archive.parent}&url=http*")
    assert sum(same(row, expected.get(row["url"], row)) for row in everything) == len(list(entries(archive)))
    digest = next(iter(entries(archive)))["digest"]
    assert {row["url"] for row in read(f"cdx:{index}?archives={archive.parent}&digest={digest}")} >= {
        next(iter(entries(archive)))["url"]
    }
    assert read(f"cdx:{index}?archives={archive.parent}&host=nowhere.example") == []


def test_older_indexes_are_read(archive: Path, tmp_path: Path) -> None:
    found = list(entries(archive))
    eleven = "".join(
        f"key 20200102030405 {e['url']} text/html 200 {e['digest']} - - {e['length']} {e['offset']} {e['filename']}\n"
        for e in found
    )
    nine = "".join(f"key 1 {e['url']} text/html 200 X - {e['offset']} {e['filename']}\n" for e in found)
    for name, content in {
        "a.cdx": " CDX N b a m s k r M S V g\n" + eleven,
        "b.cdx": eleven,
        "c.cdx": " CDX N b a m s k r V g\n" + nine,
    }.items():
        packed = name != "b.cdx"
        path = archive.parent / (name + ".gz" * packed)
        path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
        rows = read(f"cdx:{path}?url=*")
        assert [row["url"] for row in rows] == [e["url"] for e in found], name
        assert not any(row["rejected"] for row in rows)


class Ranges(SimpleHTTPRequestHandler):
    """Serves ranges, and counts the bytes it sends."""

    sent = 0

    def do_GET(self) -> None:
        content = Path(self.translate_path(self.path))
        if not content.exists():
            self.send_error(404)
            return
        begin, end = (int(edge) for edge in self.headers["Range"].removeprefix("bytes=").split("-"))
        data = content.read_bytes()[begin : end + 1]
        type(self).sent += len(data)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {begin}-{begin + len(data) - 1}/*")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


def test_only_the_ranges_are_fetched(archive: Path, index: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Ranges, directory=str(archive.parent)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        Ranges.sent = 0
        entry = next(iter(entries(archive)))
        address = f"http://127.0.0.1:{server.server_port}"
        [row] = read(f"cdx:{index}?archives={address}&url={entry['url'].replace('&', '%26')}")
        assert same(row, whole(archive)[entry["url"]])
        assert int(entry["length"]) == Ranges.sent
        index.write_text(index.read_text().replace("pages.warc.gz", "gone.warc.gz"))
        [row] = read(f"cdx:{index}?archives={address}&url={entry['url'].replace('&', '%26')}")
        assert (row["rejected"], row["defect"]) == (True, "bad_lookup")
        assert "404" in row["evidence"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_cannot_be_looked_up_is_a_reject(archive: Path, tmp_path: Path) -> None:
    good = next(iter(entries(archive)))
    lines = [
        json.dumps({**good, "offset": str(int(good["offset"]) + 1)}),
        json.dumps({**good, "filename": "gone.warc.gz"}),
        json.dumps({**good, "offset": "x"}),
        "{",
        json.dumps({**good, "length": "100"}),
        json.dumps({**good, "offset": "99999999"}),
        json.dumps(good),
    ]
    path = tmp_path / "odd.cdxj"
    path.write_text("!meta {}\n\n" + "".join(f"key 1 {line}\n" for line in lines))
    rows = read(f"cdx:{path}?archives={archive.parent}&url=*")
    assert [row["rejected"] for row in rows] == [True] * 6 + [False]
    assert [row["defect"] for row in rows[1:4]] == ["bad_lookup"] * 3
    assert rows[4]["defect"] == "truncated"
    assert "no record" in rows[5]["evidence"]
    packed = tmp_path / "cut.cdxj.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-20])
    assert "breaks off" in read(f"cdx:{packed}?archives={archive.parent}&url=*")[-1]["evidence"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"url": "http://a/", "filename": "a.warc", "offset": "9223372036854775808"}', "the offset is 92233"),
        ('{"url": "http://a/", "filename": "a.warc", "offset": "99999999999999999999999999"}', "the offset is 99999"),
        ('{"url": "http://a/", "filename": "a.warc", "offset": "-1"}', "the offset is -1"),
        ('{"url": "http://a/", "filename": "a\\u0000.warc", "offset": "0"}', "without NUL"),
        ('{"url": "http://a/\\ud800", "filename": "a.warc", "offset": "0"}', "surrogates"),
        ('{"url": "http://a/", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"url": "http://a/", "filename": "a.warc", "offset": "0", "length": "²"}', None),
        ('{"url": "http://a/", "filename": "a.warc", "offset": "0", "length": "%s"}' % ("9" * 30), None),
        ('{"url": "http://a/", "filename": "a.warc", "offset": "0", "length": "0"}', "no record begins at byte 0"),
        ('{"url": "http://a/", "filename": "../archives", "offset": "0"}', "cannot be read"),
        ('{"url": "http://a/", "filename": "bad.zst", "offset": "24"}', "cannot be read (the dictionary"),
    ],
)  # fmt: skip
def test_an_odd_line_costs_itself(line: str, error: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "archives"
    folder.mkdir()
    (folder / "a.warc").write_bytes(b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
    dictionary = b"\x28\xb5\x2f\xfd" + b"\xff" * 12
    (folder / "bad.zst").write_bytes(b"\x5d\x2a\x4d\x18" + len(dictionary).to_bytes(4, "little") + dictionary)
    (folder / "i.cdxj").write_text(f'key 1 {line}\nkey 2 {{"url": "b", "filename": "a.warc", "offset": "0"}}\n')
    first, second = read(f"cdx:{folder}/i.cdxj?url=*")
    assert second["defect"] == "not_content"
    assert (first["defect"], first["rejected"]) == (("bad_lookup", True) if error else ("not_content", False))
    assert error is None or error in json.loads(first["evidence"])["error"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_place_within_a_record_is_none_of_its_beginning(packed: bool, tmp_path: Path) -> None:
    """That the archive were damaged there would be said of an index that is not of it."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>hello"
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/1\r\nContent-Length: %d\r\n\r\n" % len(http)
    name = "a.warc.gz" if packed else "a.warc"
    record = head + http + b"\r\n\r\n"
    (tmp_path / name).write_bytes(gzip.compress(record) if packed else record)
    lines = [{"url": "http://a/1", "offset": str(at), "filename": name} for at in (0, 5)]
    (tmp_path / "i.cdxj").write_text(
        "".join(f"a 2020 {json.dumps(line)}\n" for line in [*lines, {"url": "http://a/1"}])
    )
    good, within, short = read(f"cdx:{tmp_path}/i.cdxj?url=*")
    assert (good["url"], good["rejected"]) == ("http://a/1", False)
    assert (within["defect"], short["defect"]) == ("bad_lookup", "bad_lookup")
    assert f"no record begins at byte 5 of {name}" in json.loads(within["evidence"])["error"]
    assert json.loads(short["evidence"])["error"] == "a line that names no record: it has no 'offset'"


COPY = """
import resource, sys
from spark_llmdata.sources.originals import copy_records

def is_meant(number):
    return lambda row: row.column("url")[0].as_py() == f"http://a/{number}"

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
copied = list(copy_records(sys.argv[1], 0, map(is_meant, [0, 1, 119])))
print(len(copied), min(map(len, copied)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
"""


def test_what_shares_a_member_is_not_held(tmp_path: Path) -> None:
    """120 records of 1 MiB in one member: three of them are copied, in one pass."""
    path = tmp_path / "one.warc.gz"
    head = b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: http://a/%d\r\nContent-Length: %d\r\n\r\n"
    body = random.Random(1).randbytes(1 << 20)
    with gzip.open(path, "wb", compresslevel=0) as stream:
        for number in range(120):
            stream.write(head % (number, len(body)) + body + b"\r\n\r\n")
    told = subprocess.run([sys.executable, "-c", COPY, str(path)], capture_output=True, text=True, check=True)
    count, shortest, grown = map(int, told.stdout.split())
    assert (count, shortest > 1 << 20) == (3, True)
    assert grown < 50, f"{grown} MiB more than before"
    with pytest.raises(InputError, match="no such record"):
        copy_record(str(path), 0, lambda row: row.column("url")[0].as_py() == "http://a/120")


@pytest.mark.parametrize("query", ["", "?", "?urls=x", "?archives=x", "?url=", "?url=x&archives=a&archives=b"])
def test_a_wrong_lookup_is_told(query: str, tmp_path: Path) -> None:
    (tmp_path / "a.cdxj").touch()
    with pytest.raises(InputError, match="expected"):
        parse_lookup(f"cdx:{tmp_path}/a.cdxj{query}")
    with pytest.raises(InputError, match=r"cdx|expected"):
        find_files([f"cdx:{tmp_path}/a.cdxj{query}"])


def test_the_index_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.cdxj"):
        find_files([f"cdx:{tmp_path}/none.cdxj?url=x"])
    with pytest.raises(InputError, match="there is no 'urls'"):
        parse_lookup("cdx:a.cdxj?urls=x")
    with pytest.raises(InputError, match=r"archives=http://host:none is no address \(Port"):
        parse_lookup("cdx:a.cdxj?url=x&archives=http://host:none")


def test_originals_are_copied(shared_data: Path) -> None:
    folder = shared_data / "01_warc"
    copied = 0
    for name in (
        "resiliparse/warcfile.warc", "resiliparse/warcfile.warc.gz", "resiliparse/warcfile.warc.lz4",
        "derived-compression/resiliparse-onemember.warc.gz", "derived-compression/resiliparse-dict.warc.zst",
        "warcio/example.arc.gz",
    ):  # fmt: skip
        path = folder / name
        for split in plan_splits(find_files([str(path)]).files):
            for batch in read_split(
                split, Tally(), columns={}, max_record_bytes=1 << 10, batch_rows=99, batch_bytes=1 << 30
            ):
                for row in batch.to_pylist():
                    raw = copy_record(str(path), row["offset"], is_meant(row["raw_hash"]))
                    assert hash_of(raw) == row["raw_hash"]
                    copied += 1
    assert copied > 200
    with pytest.raises(InputError, match="no such record"):
        copy_record(str(path), 0, lambda row: False)


def is_meant(raw_hash: bytes) -> Any:
    return lambda row: row.column("raw_hash")[0].as_py() == raw_hash


def hash_of(raw: bytes) -> bytes:
    digest: bytes = hash_bytes(pa.array([raw]))[0].as_py()
    return digest


def _response(url: str) -> bytes:
    body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page {url}".encode()
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Record-ID: <urn:uuid:{url}>\r\n"
    head += f"WARC-Date: 2024-01-01T00:00:00Z\r\nContent-Type: application/http\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + b"\r\n\r\n"


def _index(folder: Path, *lines: tuple[str, int]) -> str:
    said = [json.dumps({"url": url, "filename": "a.warc.gz", "offset": str(offset)}) for url, offset in lines]
    (folder / "i.cdxj").write_text("".join(f"key 1 {line}\n" for line in said))
    return f"cdx:{folder}/i.cdxj?url=*"


def test_a_record_of_another_address_is_none(tmp_path: Path) -> None:
    first, second = (gzip.compress(_response(f"http://a.example/{n}")) for n in (1, 2))
    (tmp_path / "a.warc.gz").write_bytes(first + second)
    rows = read(
        _index(
            tmp_path, ("http://a.example/1", 0), ("http://a.example/3", len(first)), ("http://A.example/2", len(first))
        )
    )
    assert [row["defect"] for row in rows] == [None, "bad_lookup", None]
    assert f"the record at byte {len(first)} of a.warc.gz is of http://a.example/2" in rows[1]["evidence"]


def test_of_a_member_of_many_records_that_of_the_address_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(b"".join(_response(f"http://a.example/{n}") for n in range(20))))
    [row] = read(_index(tmp_path, ("http://a.example/7", 0)))
    assert row["url"] == "http://a.example/7"
    assert b"page http://a.example/7" in row["html"]
