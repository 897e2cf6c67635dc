"""Files by path, by `file:` url and by any other scheme, with names of every kind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from spark_llmdata import extras
from spark_llmdata.errors import InputError, MissingExtra
from spark_llmdata.sources import files

NAMES = [
    "plain",
    "with space",
    "ünïcode 日本",
    "new\nline",
    "a=b",
    "50%25 off",
    "100%",
    "[x]*?",
    "file:",
    "a:b",
    "'q\"",
]


@pytest.mark.parametrize("name", NAMES)
def test_opens_any_name_at_an_offset(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"0123456789")
    for url in (str(path), path.as_uri(), path.as_uri().replace("file:///", "file:/", 1)):
        with files.open_file(url) as whole, files.open_file(url, 7) as rest:
            assert (whole.read(), rest.read()) == (b"0123456789", b"789")
        assert files.stat_file(url) == (10, path.stat().st_mtime_ns)
        assert files.absolute(url) == str(path)
        assert files.exists(url)
        assert not files.is_folder(url)
    assert files.list_folder(str(tmp_path)) == [str(path)]


def test_refuses_a_file_url_of_another_machine() -> None:
    assert files.local_path("file://localhost/x%20y") == "/x y"
    with pytest.raises(InputError, match="cannot name the machine 'host'; write file:///path"):
        files.open_file("file://host/x")


@pytest.mark.parametrize(("begin", "end", "chunk"), [(0, 10, 3), (2, 5, 100), (4, 4, 1), (8, 99, 1), (50, 60, 7)])
def test_reads_a_range_in_chunks(tmp_path: Path, begin: int, end: int, chunk: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    chunks = list(files.read_chunks(str(path), begin, end, chunk))
    assert b"".join(chunks) == b"0123456789"[begin:end]
    assert all(0 < len(data) <= chunk for data in chunks)


def test_says_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.stat_file(str(tmp_path / "none"))
    with pytest.raises(OSError, match="not a regular file"):
        files.stat_file(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        files.stat_file(str(tmp_path / "pipe"))
    assert not files.exists("no\0such")


def test_says_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.touch(mode=0)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the superuser may read everything
    with pytest.raises(PermissionError, match="may not be read"):
        files.stat_file(str(path))


def test_lists_a_folder_in_order_and_each_folder_once(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c/d/e", "B"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a_link").symlink_to(tmp_path / "b")
    (tmp_path / "c" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    expected = ["B", "a", "b/1", "b/2", "broken", "c/d/e"]
    assert files.list_folder(str(tmp_path)) == [str(tmp_path / name) for name in expected]


def test_a_link_out_of_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "real")
    assert files.list_folder(str(tmp_path / "in")) == [str(tmp_path / "in" / "link" / "x")]
    assert files.identity(str(tmp_path / "in" / "link" / "x")) == os.path.realpath(tmp_path / "real" / "x")


def test_a_folder_that_is_not_entered_is_named(tmp_path: Path) -> None:
    for name in ("_log/1/2", "x/_log/3", "x/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = files.list_folder(str(tmp_path), enter=lambda name: name != "_log")
    assert found == [f"{tmp_path}/{name}" for name in ("_log/", "x/_log/", "x/y")]


def test_a_path_becomes_absolute_without_resolving_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "x").touch()
    (tmp_path / "x").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    monkeypatch.chdir(tmp_path)
    assert files.absolute("./link//y") == f"{tmp_path}/link/y"
    assert files.absolute("real/../x") == f"{tmp_path}/x"
    # The kernel goes up from where the link leads.
    assert files.absolute("link/../x") == os.path.realpath(tmp_path / "real" / "x")


def test_expands_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a1", "a2", "b1", "d/a3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert [files.has_glob(name) for name in ("a*", "a?", "[ab]1", "a1", "a]")] == [True, True, True, False, False]
    assert files.expand_glob("a?") == [f"{tmp_path}/a1", f"{tmp_path}/a2"]
    assert files.expand_glob(f"{tmp_path}/**/a*") == [f"{tmp_path}/{name}" for name in ("a1", "a2", "d/a3")]
    assert files.expand_glob("none*") == []


@pytest.mark.parametrize("url", ["s3://bucket/x", "hdfs://host:8020/x", "gs://b/x", "abfss://c@a/x", "https://h/x"])
def test_other_schemes_need_an_extra(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    extras.require.cache_clear()
    scheme = url.partition(":")[0]
    with pytest.raises(MissingExtra, match=rf"reading {scheme}:// files needs fsspec.*'spark-llmdata\[remote\]'"):
        files.open_file(url)


def test_other_schemes_go_through_fsspec() -> None:
    fsspec = pytest.importorskip("fsspec")
    extras.require.cache_clear()
    memory = fsspec.filesystem("memory")
    for name in ("corpus/a b.jsonl", "corpus/_log/x", "corpus/deep/c.jsonl"):
        memory.pipe_file(f"/{name}", b"0123456789")
    try:
        url = "memory://corpus/a b.jsonl"
        with files.open_file(url, 4) as handle:
            assert handle.read(3) == b"456"
        size, changed = files.stat_file(url)
        assert size == 10
        assert abs(changed / 1e9 - memory.modified("/corpus/a b.jsonl").timestamp()) < 1
        assert files.exists(url)
        assert not files.exists("memory://corpus/none")
        assert files.is_folder("memory://corpus")
        found = files.list_folder("memory://corpus", enter=lambda name: name != "_log")
        assert [name.rpartition("corpus/")[2] for name in found] == ["_log/", "a b.jsonl", "deep/c.jsonl"]
        assert files.expand_glob("memory://corpus/*.jsonl") == [found[1]]
        with pytest.raises(OSError, match="not a regular file"):
            files.stat_file("memory://corpus/deep")
    finally:
        memory.rm("/corpus", recursive=True)
