"""Listing and removing, on the disk and by fsspec: nothing but what was named, and never half of a folder."""

from __future__ import annotations

import os

import pytest

from spark_llmdata.sources import files


@pytest.fixture(params=["disk", "memory"])
def root(request, tmp_path):
    if request.param == "disk":
        yield str(tmp_path / "root")
        return
    fsspec = pytest.importorskip("fsspec")
    yield "memory://removal"
    fsspec.filesystem("memory").rm("/removal", recursive=True)


def write(url: str, data: bytes = b"xy") -> None:
    if files.is_remote(url):
        import fsspec

        with fsspec.open(url, "wb") as handle:
            handle.write(data)
    else:
        os.makedirs(os.path.dirname(url), exist_ok=True)  # noqa: PTH103, PTH120
        with open(url, "wb") as handle:  # noqa: PTH123
            handle.write(data)


def test_measure_and_remove(root):
    assert files.measure_folder(root) == {}
    assert files.list_names(root) == []
    for name in ("a/_delta_log/0.json", "a/.x.crc", "a/x", "b/y"):
        write(f"{root}/{name}", name.encode())
    sizes = {name: size for name, (size, _) in files.measure_folder(root).items()}
    assert sizes == {name: len(name) for name in ("a/_delta_log/0.json", "a/.x.crc", "a/x", "b/y")}
    assert files.list_names(root) == ["a", "b"]
    files.remove_files([f"{root}/a/x", f"{root}/a/never"])
    assert "a/x" not in files.measure_folder(root)
    files.remove_folder(f"{root}/a", ".removed-a")
    assert set(files.measure_folder(root)) == {"b/y"}


def test_a_folder_is_hidden_before_it_is_removed(tmp_path, monkeypatch):
    write(str(tmp_path / "t/_delta_log/0.json"))
    write(str(tmp_path / ".removed-t/old"))  # of a gc that was killed before
    seen = []
    rmtree = files.shutil.rmtree

    def die(path):
        seen.append(sorted(p.name for p in tmp_path.iterdir()))
        if len(seen) == 2:
            raise KeyboardInterrupt
        rmtree(path)

    monkeypatch.setattr(files.shutil, "rmtree", die)
    with pytest.raises(KeyboardInterrupt):
        files.remove_folder(str(tmp_path / "t"), ".removed-t")
    assert seen == [[".removed-t", "t"], [".removed-t"]]
    assert (tmp_path / ".removed-t/_delta_log/0.json").exists()
    monkeypatch.undo()
    files.remove_folder(str(tmp_path / ".removed-t"), ".removed-t")
    assert list(tmp_path.iterdir()) == []


def test_a_remote_table_goes_from_its_end(monkeypatch):
    """Whoever is killed in between leaves an older version of the table, or files that no log names."""
    pytest.importorskip("fsspec")
    commits = [f"t/_delta_log/{version:020d}.json" for version in range(12)]
    tells = ["t/_delta_log/00000000000000000010.checkpoint.parquet", "t/_delta_log/00000000000000000011.crc"]
    last = "t/_delta_log/_last_checkpoint"
    data = ["t/part-0.parquet", "t/.part-0.parquet.crc"]
    for name in (*data, *commits, last, *tells):
        write(f"memory://order/{name}")
    removed = []
    monkeypatch.setattr(files, "remove_files", removed.extend)
    files.remove_folder("memory://order/t", ".removed-t")
    names = [url.removeprefix("memory://order/") for url in removed]
    assert names == [last, *sorted(tells, reverse=True), *reversed(commits), *sorted(data, reverse=True)]
    monkeypatch.undo()
    files.remove_folder("memory://order", ".removed-order")
    assert files.measure_folder("memory://order") == {}


def test_links_are_not_followed(tmp_path):
    write(str(tmp_path / "other/precious"))
    (tmp_path / "t").mkdir()
    (tmp_path / "t/link").symlink_to(tmp_path / "other")
    assert set(files.measure_folder(str(tmp_path / "t"))) == {"link"}
    files.remove_files([str(tmp_path / "t/link")])
    files.remove_folder(str(tmp_path / "t"), ".removed-t")
    assert (tmp_path / "other/precious").exists()
