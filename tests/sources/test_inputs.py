"""What users name as inputs, and what they are told when it cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.errors import InputError
from spark_llmdata.sources.inputs import find_files, parse_input, plan_splits
from spark_llmdata.sources.split import InputFile


def make(folder: Path, *names: str, content: bytes = b"x") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def found(*inputs: str | Path) -> list[str]:
    return [file.url for file in find_files([str(one) for one in inputs]).files]


def problems(*inputs: str | Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        find_files([str(one) for one in inputs])
    return str(caught.value).split("\n")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("x", (None, "x")),
        ("web=x", ("web", "x")),
        ("w-1_b=a=b", ("w-1_b", "a=b")),
        ("web=", ("web", "")),
        ("=x", (None, "=x")),
        ("1a=x", (None, "1a=x")),
        ("a b=x", (None, "a b=x")),
        ("wéb=x", (None, "wéb=x")),
        ("./a=x", (None, "./a=x")),
        ("web=s3://bucket/a=1", ("web", "s3://bucket/a=1")),
        ("s3://bucket/a=1", (None, "s3://bucket/a=1")),
        ("web=two\nlines", ("web", "two\nlines")),
        ("a=" + "x" * 5000, ("a", "x" * 5000)),
    ],
)
def test_takes_names_and_paths_apart(argument: str, expected: tuple[str | None, str]) -> None:
    assert parse_input(argument) == expected


def test_what_exists_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_input("date=2024") == ("date", "2024")
    make(tmp_path, "date=2024/a.jsonl")
    assert parse_input("date=2024") == (None, "date=2024")
    (file,) = find_files(["date=2024"]).files
    assert (file.source, file.url) == ("default", f"{tmp_path}/date=2024/a.jsonl")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x.warc", ("warc", "none")),
        ("x.WARC.GZ", ("warc", "gzip")),
        ("CC-1.warc.wet.gz", ("warc", "gzip")),
        ("x.wat", ("warc", "none")),
        ("x.jsonl", ("jsonl", "none")),
        ("x.NDJSON.gz", ("jsonl", "gzip")),
        ("x.json.zst", ("jsonl", "zstd")),
        ("x.snappy.parquet", ("parquet", "none")),
        (".jsonl", ("jsonl", "none")),
    ],
)
def test_tells_types_by_name(tmp_path: Path, name: str, expected: tuple[str, str]) -> None:
    make(tmp_path, name)
    (file,) = find_files([f"web={tmp_path / name}"]).files
    assert (file.format, file.compression) == expected
    path = tmp_path / name
    assert (file.url, file.size, file.modified_ns, file.source) == (str(path), 1, path.stat().st_mtime_ns, "web")


@pytest.mark.parametrize("name", ["x.txt", "jsonl", "warc.gz", "x.gz", "x.warc.xz", "x.parquet.gz", "x.jsonl.bz2", "x"])
def test_refuses_files_of_unknown_types(tmp_path: Path, name: str) -> None:
    make(tmp_path, name)
    (problem,) = problems(tmp_path / name)
    assert problem.startswith(f"{tmp_path / name}: unknown type of file; expected .warc, ")
    assert ".parquet; rename or convert it" in problem


def test_a_folder_gives_what_is_below_it(tmp_path: Path) -> None:
    make(tmp_path, "b.jsonl", "a/x y.json", "a/é=1/%25.warc.gz", "a/new\nline.jsonl", "notes.txt", "a/new\nline")
    make(tmp_path, "_SUCCESS", ".hidden.jsonl", "_tmp/c.jsonl", "a/.git/d.jsonl", "a/_delta.jsonl")
    inputs = find_files([str(tmp_path)])
    names = ["a/new\nline.jsonl", "a/x y.json", "a/é=1/%25.warc.gz", "b.jsonl"]
    assert [file.url for file in inputs.files] == [f"{tmp_path}/{name}" for name in names]
    assert inputs.skipped == (f"{tmp_path}/a/new\\nline", f"{tmp_path}/notes.txt")


def test_a_hidden_folder_may_be_named(tmp_path: Path) -> None:
    make(tmp_path, "_in/.x/a.jsonl", "_in/b.jsonl")
    assert found(tmp_path / "_in") == [f"{tmp_path}/_in/b.jsonl"]
    assert found(tmp_path / "_in" / ".x" / "a.jsonl") == [f"{tmp_path}/_in/.x/a.jsonl"]


def test_patterns_match_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a1.jsonl", "a2.jsonl", "a3.txt", "ad/x.jsonl", "_a.jsonl", "_d/y.jsonl", "b.jsonl", "[x].jsonl")
    monkeypatch.chdir(tmp_path)
    inputs = find_files(["a*"])
    assert [file.url for file in inputs.files] == [f"{tmp_path}/{n}" for n in ("a1.jsonl", "a2.jsonl", "ad/x.jsonl")]
    assert inputs.skipped == (f"{tmp_path}/a3.txt",)
    assert found("web=[ab]*.jsonl") == [f"{tmp_path}/{n}" for n in ("a1.jsonl", "a2.jsonl", "b.jsonl")]
    assert found("[x].jsonl") == [f"{tmp_path}/[x].jsonl"]
    assert found("*/*.jsonl") == [f"{tmp_path}/ad/x.jsonl"]
    assert found("_*/*.jsonl") == [f"{tmp_path}/_d/y.jsonl"]
    assert found(f"{tmp_path}/**/x.jsonl") == [f"{tmp_path}/ad/x.jsonl"]
    assert found("./a?.jsonl") == [f"{tmp_path}/a1.jsonl", f"{tmp_path}/a2.jsonl"]


def test_a_file_counts_once_under_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "in/b.jsonl")
    (tmp_path / "in" / "a.jsonl").symlink_to(tmp_path / "in" / "b.jsonl")
    (tmp_path / "linked").symlink_to(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    real = f"{os.path.realpath(tmp_path)}/in/b.jsonl"
    ways = ["in/a.jsonl", "in/b.jsonl", "in", "linked", "./in/*.jsonl", (tmp_path / "in" / "b.jsonl").as_uri()]
    assert found(*ways) == found(*reversed(ways)) == [real]
    assert found("linked") == [f"{tmp_path}/linked/b.jsonl"] or found("linked") == [f"{tmp_path}/linked/a.jsonl"]


def test_a_file_has_one_source(tmp_path: Path) -> None:
    make(tmp_path, "x/a.jsonl", "x/b.jsonl", "y/c.jsonl")
    (problem,) = problems(f"web={tmp_path}/x", f"books={tmp_path}/x/b.jsonl", f"books={tmp_path}/x")
    assert problem.startswith(f"{tmp_path}/x/a.jsonl and 1 more: named under two sources, books and web;")


def test_files_are_in_the_order_of_source_and_url(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl", "b.jsonl", "c.jsonl")
    inputs = find_files([f"web={tmp_path}/a.jsonl", f"{tmp_path}/c.jsonl", f"books={tmp_path}/b.jsonl"])
    assert [file.source for file in inputs.files] == ["books", "default", "web"]


def test_all_problems_come_at_once_a_line_each(tmp_path: Path) -> None:
    make(tmp_path, "corpus.jsonl", "x.txt", "two\nlines.txt", "good.jsonl")
    make(tmp_path, "empty.parquet", content=b"")
    (tmp_path / "void").mkdir()
    (tmp_path / "broken.jsonl").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.jsonl")
    names = ["corpsu.jsonl", "good.jsonl", "x.txt", "two\nlines.txt", "empty.parquet", "void", "broken.jsonl"]
    said = problems(*(tmp_path / name for name in [*names, "pipe.jsonl", "*.nothing"]), "web=")
    assert len(said) == 9
    assert f"corpsu.jsonl: does not exist (did you mean {tmp_path}/corpus.jsonl?)" in said[0]
    assert "x.txt: unknown type" in said[1]
    assert f"{tmp_path}/two\\nlines.txt: unknown type" in said[2]
    assert "empty.parquet: is empty" in said[3]
    assert "void: holds no file" in said[4]
    assert "broken.jsonl: cannot be read (no such file or directory)" in said[5]
    assert "pipe.jsonl: cannot be read (is not a regular file)" in said[6]
    assert "*.nothing: matches nothing" in said[7]
    assert said[8] == "web=: no path behind the name; expected NAME=PATH"
    assert "no input is named" in problems()[0]


def test_a_folder_in_which_nothing_can_be_read_says_what_it_skipped(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number:02}.txt" for number in range(12)))
    for path in (tmp_path, tmp_path / "*.txt"):
        (problem,) = problems(path)
        assert "nothing here can be read, skipped: " in problem
        assert f"{tmp_path}/09.txt and 2 more; expected files of the types .warc" in problem
        assert "10.txt" not in problem


def test_a_broken_file_in_a_folder_is_not_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl")
    (tmp_path / "b.jsonl").symlink_to(tmp_path / "nothing")
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"{tmp_path}/b.jsonl: cannot be read")


def test_what_may_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.jsonl", "closed/b.jsonl")
    scan = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    # The superuser, as whom tests may run, may read everything.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(os, "scandir", refuse)
    assert problems(tmp_path / "a.jsonl", tmp_path) == [
        f"{tmp_path}/a.jsonl: cannot be read (may not be read by this user); make it readable or leave it out",
        f"{tmp_path}/closed: cannot be read (permission denied); make it readable or leave it out",
    ]


@pytest.mark.parametrize("argument", ["", "*", "table", "table/*", "table/*.parquet", "**/*.parquet"])
def test_a_delta_table_is_not_loose_parquet(tmp_path: Path, argument: str) -> None:
    make(tmp_path, "table/_delta_log/0.json", "table/a.parquet", "table/b.parquet", "other/c.parquet")
    (problem,) = problems(f"{tmp_path}/{argument}")
    assert problem.startswith(f"{tmp_path}/table: is a Delta table")
    assert problem.endswith(f"name it as a table, delta:{tmp_path}/table")


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.jsonl"
    try:
        Path(os.fsdecode(path)).touch()
    except OSError:
        pytest.skip("this file system takes no such names")
    for argument in (str(tmp_path), os.fsdecode(path)):
        (problem,) = problems(argument)
        assert problem == f"{tmp_path}/\\udcff.jsonl: its name is not UTF-8 and cannot stand in a table; rename it"


def test_empty_files_hold_no_record_but_count(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl", "b.warc.gz", "c.jsonl.zst", content=b"")
    inputs = find_files([str(tmp_path)])
    splits = plan_splits(inputs.files)
    assert [(split.number, split.begin, split.end) for split in splits] == [(0, 0, 0), (1, 0, 0), (2, 0, 0)]


sizes = st.integers(0, 100)
kinds = st.sampled_from([("jsonl", "none"), ("jsonl", "gzip"), ("jsonl", "zstd"), ("warc", "none"), ("warc", "gzip")])


@given(st.lists(st.tuples(sizes, kinds | st.just(("parquet", "none"))), max_size=6), st.integers(1, 40))
def test_splits_tile_each_file(described: list[tuple[int, tuple[str, str]]], max_bytes: int) -> None:
    inputs = [InputFile(f"/{n}", size, 0, "web", *kind) for n, (size, kind) in enumerate(described)]  # type: ignore[arg-type]
    splits = plan_splits(inputs, max_bytes)
    assert [split.number for split in splits] == list(range(len(splits)))
    assert [split.file.url for split in splits] == sorted(split.file.url for split in splits)
    for file in inputs:
        own = [split for split in splits if split.file == file]
        if file.format == "parquet":
            assert own == []
            continue
        assert [split.begin for split in own] == [0, *(split.end for split in own[:-1])]
        assert own[-1].end == file.size
        if (file.format, file.compression) in {("jsonl", "none"), ("warc", "gzip"), ("warc", "zstd")}:
            assert all(split.end - split.begin <= max_bytes for split in own)
        else:
            assert len(own) == 1


def test_refuses_splits_of_nothing() -> None:
    with pytest.raises(ValueError, match="max_split_bytes is 0, expected 1 or more"):
        plan_splits([], 0)


def test_other_schemes_are_found_like_folders() -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("a=1/x.jsonl", "_tmp/y.jsonl", "notes.txt", "z.warc.gz", "table/_delta_log/0.json", "table/t.parquet"):
        memory.pipe_file(f"/crawl/{name}", b"{}")
    try:
        (problem,) = problems("web=memory://crawl")
        assert "crawl/table: is a Delta table" in problem
        memory.rm("/crawl/table", recursive=True)
        inputs = find_files(["web=memory://crawl", "web=memory://crawl/*.warc.gz"])
        assert [file.url.partition("crawl/")[2] for file in inputs.files] == ["a=1/x.jsonl", "z.warc.gz"]
        assert [file.size for file in inputs.files] == [2, 2]
        assert [name.partition("crawl/")[2] for name in inputs.skipped] == ["notes.txt"]
        (missing,) = problems("memory://crawl/none.jsonl")
        assert "does not exist" in missing
    finally:
        memory.rm("/crawl", recursive=True)
