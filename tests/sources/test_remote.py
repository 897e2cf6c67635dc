"""Files behind urls: spelled as the user spells them; what a driver raises becomes a sentence that says what to do."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from spark_llmdata.errors import InputError, MissingExtra
from spark_llmdata.sources import files, parquet, remote
from spark_llmdata.sources.inputs import find_files
from spark_llmdata.sources.reader import read_split
from spark_llmdata.sources.split import InputFile, Split, Tally

fsspec = pytest.importorskip("fsspec")
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402 - only where fsspec is


class Bucket(MemoryFileSystem):  # type: ignore[misc]
    """A store that, as S3's and Azure's do, strips more from a url than it puts back."""

    protocol = ("bucket", "bucketa")
    cachable = False
    store: dict[str, Any] = {}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        host, _, rest = path.partition("://")[2].partition("/")
        return MemoryFileSystem._strip_protocol(f"/{host.partition('@')[0]}/{rest}" if "://" in path else path)

    def unstrip_protocol(self, name: str) -> str:
        return f"bucket://{name.lstrip('/')}"


@pytest.fixture(autouse=True)
def bucket() -> Iterator[None]:
    fsspec.register_implementation("bucket", Bucket, clobber=True)
    fsspec.register_implementation("bucketa", Bucket, clobber=True)
    Bucket.store.clear()
    file_system = Bucket()
    for name in ("in/a.jsonl", "in/deep/b.jsonl", "in/_hidden/c.jsonl", "in/with space é.jsonl"):
        file_system.pipe(f"/lake/{name}", b'{"text": "x"}\n' * 3)
    file_system.pipe("/lake/in/z.jsonl.gz", gzip.compress(b'{"text": "y"}\n'))
    yield
    Bucket.store.clear()


@pytest.mark.parametrize("root", ["bucket://lake", "bucketa://lake", "bucketa://lake@account.example.org"])
def test_a_url_stays_as_it_was_spelled(root: str) -> None:
    below = [f"{root}/in/{n}" for n in ("a.jsonl", "deep/b.jsonl", "with space é.jsonl", "z.jsonl.gz")]
    for argument in (f"{root}/in", f"{root}/in/", f"{root}/i*", f"{root}/**/in/*"):
        found = [f.url for f in find_files([argument]).files]
        assert found == below, argument
    assert [f.url for f in find_files([f"{root}/in/*.jsonl"]).files] == [below[0], below[2]]
    for url in below:
        with files.open_file(url, 2) as handle:
            assert handle.read(1)


def test_where_a_file_lies_enters_no_id() -> None:
    def read(url: str) -> list[bytes]:
        (file,) = find_files([url]).files
        split = Split(file, 0, 0, file.size)
        batches = read_split(
            split, Tally(), columns={"text": "text"}, max_record_bytes=99, batch_rows=9, batch_bytes=999
        )
        return [h for b in batches for h in b.column("raw_hash").to_pylist()]

    assert read("bucket://lake/in/a.jsonl") == read("bucketa://lake@host/in/deep/b.jsonl")


@pytest.mark.parametrize(
    ("url", "spark"),
    [
        ("s3://b/a b.parquet", "s3a://b/a b.parquet"),
        ("S3://b/x", "s3a://b/x"),
        ("s3a://b/x", "s3a://b/x"),
        ("gcs://b/x", "gs://b/x"),
        ("abfss://c@a.dfs.core.windows.net/x", "abfss://c@a.dfs.core.windows.net/x"),
        ("/data/s3://x", "/data/s3://x"),
        ("hdfs://nn:8020/x", "hdfs://nn:8020/x"),
    ],
)
def test_spark_gets_the_scheme_it_knows_and_rows_find_their_file(url: str, spark: str) -> None:
    assert remote.spell_for_spark(url) == spark
    known = parquet.places({7: InputFile(url, 1, 0, "web", "parquet")})
    assert known[parquet.canonical(spark.replace(" ", "%20"))].url == url  # the user's own spelling


def test_parquet_that_spark_cannot_open_is_told_before_it_starts() -> None:
    fsspec.filesystem("memory").pipe("/p/x.parquet", b"PAR1")
    with pytest.raises(InputError, match=r"cannot open memory:// urls; copy the file to a disk or an object store"):
        find_files(["memory://p/x.parquet"])


def connect(monkeypatch: pytest.MonkeyPatch, url: str, error: Exception) -> None:
    def refuse(url: str) -> None:
        raise error

    monkeypatch.setattr(
        remote.extras, "require", lambda *_, **__: SimpleNamespace(core=SimpleNamespace(url_to_fs=refuse))
    )
    find_files([url])


def library_error(library: str, name: str, text: str) -> Exception:
    """An error as a library defines it, which knows nothing of Python's own."""
    made: type[Exception] = type(name, (Exception,), {"__module__": f"{library}.exceptions"})
    return made(text)


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("s3://b/x.jsonl", ImportError("Install s3fs"), r"reading s3:// files needs s3fs, .* pip install s3fs"),
        ("gs://b/x.jsonl", ImportError("no gcsfs"), r"needs gcsfs, .* pip install gcsfs"),
        ("http://a/x.jsonl", ImportError("no aiohttp"), r"needs aiohttp, .* pip install 'spark-llmdata\[http\]'"),
        (
            "web=cdx:https://a/i.cdxj.gz?url=*",
            ImportError("no aiohttp"),
            r"reading https:// files needs aiohttp, .* pip install 'spark-llmdata\[http\]'",
        ),
        ("abfss://c@a/x.jsonl", ValueError("Protocol not known: abfss"), r"needs adlfs, .* pip install adlfs"),
        ("nope://b/x.jsonl", ValueError("Protocol not known: nope"), r"nobody knows the scheme nope://; expected s3,"),
        (
            "s3://b/x.jsonl",
            library_error("botocore", "NoCredentialsError", "Unable to locate credentials"),
            r"the store does not let us in \(NoCredentialsError: .*set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        ("s3://b/x.jsonl", PermissionError("Access Denied"), r"does not let us in .*AWS_ACCESS_KEY_ID"),
        (
            "abfss://c@a/x.jsonl",
            ValueError("unable to connect: Must provide either a connection_string or account_name with credentials"),
            r"does not let us in .* set AZURE_STORAGE_ACCOUNT_NAME",
        ),
        (
            "gs://b/x.jsonl",
            library_error("google", "DefaultCredentialsError", "no credentials"),
            r"does not let us in .* set GOOGLE_APPLICATION_CREDENTIALS",
        ),
        (
            "s3://b/x.jsonl",
            library_error("botocore", "EndpointConnectionError", "Could not connect to http://localhost:1/"),
            r"s3://b/x.jsonl: cannot be read: the store fails: EndpointConnectionError: Could not connect",
        ),
        ("hdfs://nn/x.jsonl", OSError("Unable to load libjvm"), r"set JAVA_HOME, HADOOP_HOME .* webhdfs://NAMENODE"),
    ],
)
def test_what_stands_in_the_way_is_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, url: str, error: Exception, said: str
) -> None:
    with pytest.raises((InputError, MissingExtra), match=said):
        connect(monkeypatch, url, error)


def test_an_error_that_is_not_the_stores_is_not_dressed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyError):
        connect(monkeypatch, "s3://b/x.jsonl", KeyError("a defect"))
