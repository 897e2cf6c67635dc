"""Lists of addresses: what files a path means, when they are compiled, and what happens to damaged or changed ones."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from spark_llmdata import url_lists
from spark_llmdata.errors import EnvironmentProblem, UsageError
from spark_llmdata.kernels.url_rules import Rules
from spark_llmdata.url_lists import find_files, identify, open_table, read_words


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(url_lists.CACHE_VARIABLE, str(folder))
    return folder


def write(path: Path, content: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


@pytest.fixture
def ut1(tmp_path: Path) -> str:
    write(tmp_path / "ut1/adult/domains", b"adult.com\n")
    write(tmp_path / "ut1/adult/urls", b"x.com/adult\n")
    write(tmp_path / "ut1/games/domains.gz", gzip.compress(b"games.com\n"))
    write(tmp_path / "ut1/games/usage", b"black\n")
    write(tmp_path / "ut1/README", b"")
    return str(tmp_path / "ut1")


def names(paths: list[str], folder: str) -> list[str]:
    return [path.removeprefix(folder + "/") for path in paths]


def test_a_folder_means_the_files_of_its_categories(ut1):
    assert names(find_files(ut1, "domains", None), ut1) == ["adult/domains", "games/domains.gz"]
    assert names(find_files(ut1, "domains", ["games"]), ut1) == ["games/domains.gz"]
    assert names(find_files(ut1, "urls", None), ut1) == ["adult/urls"]
    assert names(find_files(f"{ut1}/adult", "urls", None), ut1) == ["adult/urls"]
    assert names(find_files(f"{ut1}/games/usage", "urls", ["adult"]), ut1) == ["games/usage"]


def test_what_is_not_there_is_named(ut1):
    with pytest.raises(ValueError, match="has no category 'adlut'; it has README, adult, games"):
        find_files(ut1, "domains", ["adlut"])
    with pytest.raises(ValueError, match="nowhere' does not exist"):
        find_files(f"{ut1}/nowhere", "domains", None)
    with pytest.raises(ValueError, match="without a file 'urls'"):
        find_files(f"{ut1}/games", "urls", None)


def test_a_table_is_made_once_for_a_content(ut1, cache, tmp_path):
    sources = identify(find_files(ut1, "domains", None))
    table = open_table(sources)
    (file,) = cache.glob("*.arrow")
    made = file.stat().st_mtime_ns
    elsewhere = identify([write(tmp_path / "copy", b"adult.com\n"), sources[1].url])
    assert open_table(elsewhere[::-1]).equals(table)
    assert list(cache.glob("*.arrow")) == [file]
    assert file.stat().st_mtime_ns == made
    open_table(sources, "c4")
    assert len(list(cache.glob("*.arrow"))) == 2
    assert not list(cache.glob("*.tmp"))
    found = Rules(table).measure(pa.array(["http://adult.com", "http://games.com", "http://x.com"]))
    assert found.column("listed_domain").to_pylist() == ["adult.com", "games.com", None]


@pytest.mark.parametrize("damage", ["cut", "header", "offsets"])
def test_a_damaged_table_is_made_again(ut1, cache, damage):
    sources = identify(find_files(ut1, "domains", None))
    whole = pa.RecordBatch.from_pydict(open_table(sources).to_pydict(), open_table(sources).schema)
    (file,) = cache.glob("*.arrow")
    content = file.read_bytes()
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "header":
        content = content.replace(b'"layout": "1"', b'"layout": "0"')
    else:
        offsets = whole.column("text").buffers()[1].to_pybytes()
        content = content.replace(offsets, b"\xff\xff\xff\x7f" * (len(offsets) // 4))
    assert content != file.read_bytes()
    aside = file.with_suffix(".damaged")
    aside.write_bytes(content)
    aside.replace(file)
    assert open_table(sources).equals(whole)


def test_a_list_that_changed_or_went_is_no_rows_fault(tmp_path):
    path = write(tmp_path / "list", b"a.com\n")
    sources = identify([path])
    write(tmp_path / "list", b"b.com\n")
    with pytest.raises(EnvironmentProblem, match=r"list is not what it was when the run was planned"):
        open_table(sources)
    Path(path).unlink()
    with pytest.raises(EnvironmentProblem, match="put it where every machine can read it"):
        open_table(sources)
    write(tmp_path / "list.gz", gzip.compress(b"a.com\n")[:-9])
    with pytest.raises(EnvironmentProblem, match=r"list\.gz cannot be read here"):
        open_table(identify([str(tmp_path / "list.gz")]))


def test_lines_that_no_address_can_be_are_told(tmp_path):
    with pytest.warns(UserWarning, match="list: lines that are not UTF-8 match no address: 2, the first is line 2"):
        open_table(identify([write(tmp_path / "list", b"a.com\n\xff.com\n\xfe.com")]))


def test_a_list_in_another_encoding_is_refused(tmp_path, cache):
    path = write(tmp_path / "list", "a.com\nb.com\n".encode("utf-16"))
    with pytest.raises(UsageError, match="list is no UTF-8"):
        open_table(identify([path]))


def test_a_line_that_is_no_domain_is_named(tmp_path, cache):
    path = write(tmp_path / "list.gz", gzip.compress(b"a.com\nx.com/path\n"))
    with pytest.raises(UsageError, match=rf'{path}:2: "x\.com/path" is no domain: it has a path'):
        open_table(identify([path]))
    assert [file.suffix for file in cache.iterdir()] == [".lock"]


def test_threads_that_cannot_lock_do_each_other_no_harm(ut1, cache, monkeypatch):
    """As on a network's folder without locks: all write at once, each to a file of its own."""
    together = threading.Barrier(4)
    write_table = pa.RecordBatchFileWriter.write_batch

    def no_lock(*_):
        raise OSError("no locks here")

    def wait(writer, table):
        together.wait(timeout=30)
        assert len(list(cache.glob("*.tmp"))) == 4
        together.wait(timeout=30)
        return write_table(writer, table)

    monkeypatch.setattr("fcntl.flock", no_lock)
    monkeypatch.setattr(pa.RecordBatchFileWriter, "write_batch", wait)
    sources = identify(find_files(ut1, "domains", None))
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: open_table(sources), range(4)))
    assert all(table.equals(tables[0]) for table in tables)
    assert len(list(cache.glob("*.arrow"))) == 1
    assert not list(cache.glob("*.tmp"))


def test_words_are_read(tmp_path):
    sources = identify([write(tmp_path / "words", "\ufeff# x\nb # why\r\n\n a \nb\n".encode())])
    assert read_words(sources) == ("a", "b")
    with pytest.raises(ValueError, match=r"is not UTF-8 \(byte 2\)"):
        read_words(identify([write(tmp_path / "latin", b"ab\xe9")]))


def test_processes_that_need_a_table_at_once_make_one(ut1, cache):
    code = (
        "from spark_llmdata.url_lists import *\n"
        f"table = open_table(identify(find_files({ut1!r}, 'domains', None)))\n"
        "print(table.num_rows)"
    )
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert {process.communicate()[0] for process in running} == {"4\n"}
    assert len(list(cache.glob("*.arrow"))) == 1


def test_without_a_writable_home_the_folder_beside_temporary_files_is_taken(tmp_path, monkeypatch):
    monkeypatch.delenv(url_lists.CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert url_lists.cache_folder() == tmp_path / "xdg" / "spark_llmdata"
    blocked = write(tmp_path / "file", b"")
    monkeypatch.setenv("XDG_CACHE_HOME", blocked)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    folder = url_lists.cache_folder()
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(EnvironmentProblem, match="can be written by others; set LLMDATA_CACHE_DIR"):
        url_lists.cache_folder()
    monkeypatch.setenv(url_lists.CACHE_VARIABLE, f"{blocked}/x")
    with pytest.raises(EnvironmentProblem, match="no folder for compiled lists"):
        url_lists.cache_folder()
