"""Findings are merged and bounded, and a build is read once; no Spark."""

from __future__ import annotations

from types import SimpleNamespace

from spark_llmdata.delta_log import Folder
from spark_llmdata.upkeep import contents
from spark_llmdata.upkeep.contents import ContentCheck
from spark_llmdata.upkeep.findings import Examination
from spark_llmdata.upkeep.folders import MAX_TOLD, FolderCheck
from spark_llmdata.upkeep.manifests import Manifest
from tests.test_delta_log import add, commit, note


def test_the_same_finding_gathers_its_runs():
    found = Examination("store")
    found.note("file", "segments/a/x", "is missing", ["r2"], "do")
    found.note("rows", "segments/b", "is odd", ["r3"], "do")
    found.note("file", "segments/a/x", "is missing", ["r1"], "do")
    assert [(f.place, f.runs) for f in found.findings] == [("segments/a/x", ("r1", "r2")), ("segments/b", ("r3",))]
    unreadable = {p for p in ("segments/a/x", "segments/a", "segments/ab", "segments/b") if found.is_unreadable(p)}
    assert unreadable == {"segments/a/x", "segments/a"}


def test_many_lost_files_are_told_by_their_number(tmp_path):
    n = MAX_TOLD + 5
    for version in range(n):
        commit(tmp_path, version, note(run=f"r{version}", key=f"p{version}"), add(f"part-{version:04}.parquet"))
    found = Examination("store")
    folder = Folder.look(str(tmp_path))
    check = FolderCheck(None, folder, "segments/s", found, ("r0",), lambda key: (f"r{key[1:]}",), lambda *_: "do")
    check.check()
    assert len(found.findings) == MAX_TOLD + 1
    rest = found.findings[-1]
    assert (rest.place, rest.problem) == (
        "segments/s",
        "5 more files are missing or not of the size that was committed",
    )
    assert set(rest.runs) == {f"r{i}" for i in range(MAX_TOLD, n)}
    assert found.is_unreadable("segments/s")


def test_a_build_that_runs_share_is_read_once(monkeypatch):
    read = []
    table = SimpleNamespace(read=lambda version: read.append(version) or version)
    store = SimpleNamespace(root="store", builds=lambda name: table)
    monkeypatch.setattr(contents, "content_hash", lambda version, scores: f"hash of {version}")
    monkeypatch.setattr(contents, "count_repeated", lambda version: 2 if version == 1 else 0)
    facts = [(0, "hash of 0"), (0, "hash of 0"), (1, "hash of 1"), (0, "another")]
    manifests = [Manifest(f"r{i}", version=v, facts={"content_hash": h}) for i, (v, h) in enumerate(facts)]
    found = Examination("store")
    ContentCheck(store, manifests, found).check_builds()
    assert read == [0, 1]
    assert [(f.problem, f.runs) for f in found.findings] == [
        ("2 doc_ids are there more than once", ("r2",)),
        ("its content is hash of 0, another was built", ("r3",)),
    ]
