"""The log as files: commits, gaps, checksums, what is dead; no Spark."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.delta_log import LOG, Folder, History, LogDamaged, check_sums, parse_commit, read_history
from spark_llmdata.upkeep.findings import damaged_among
from spark_llmdata.upkeep.garbage import dead_files, foreign_files


def commit(folder: Path, version: int, *actions: dict) -> None:
    (folder / LOG).mkdir(parents=True, exist_ok=True)
    (folder / LOG / f"{version:020d}.json").write_text("\n".join(json.dumps(a) for a in actions))


def add(path: str, rows: int | None = 3, **more) -> dict:
    stats = {} if rows is None else {"stats": json.dumps({"numRecords": rows})}
    return {"add": {"path": path, "size": 7, **stats, **more}}


def note(**facts) -> dict:
    return {"commitInfo": {"userMetadata": json.dumps(facts)}}


def test_history_adds_up(tmp_path):
    commit(tmp_path, 0, note(run="r1", key="p1"), add("a%20b.parquet"))
    commit(tmp_path, 1, note(run="r2", key="p2"), add("c.parquet", None))
    commit(tmp_path, 2, note(removed=["p1"]), {"remove": {"path": "a%20b.parquet"}})
    commit(tmp_path, 3, {"commitInfo": {"userMetadata": "[not ours"}}, add("d.parquet"))
    history = read_history(Folder.look(str(tmp_path)))
    assert set(history.live) == {"c.parquet", "d.parquet"}
    assert history.live["c.parquet"].rows is None
    assert history.ever == {"a b.parquet", "c.parquet", "d.parquet"}
    assert history.writers == {"p2": "r2"}
    assert history.removed == {"p1": 1}
    assert not history.vectors


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("{", "Expecting property name"),
        ('{"unheard": 1}', "holds no action of Delta"),
        ('{"add": {"path": "a"}}', "size"),
        ("", "holds no action of Delta"),
    ],
)
def test_a_broken_commit_is_named(tmp_path, broken, words):
    commit(tmp_path, 0, add("a"))
    (tmp_path / LOG / f"{1:020d}.json").write_text(broken)
    with pytest.raises(LogDamaged, match=f"{1:020d}.json.*{words}"):
        read_history(Folder.look(str(tmp_path)))


def test_a_missing_version_is_seen(tmp_path):
    for version in (0, 1, 3):
        commit(tmp_path, version, add(f"{version}"))
    assert Folder.look(str(tmp_path)).gaps() == [2]
    (tmp_path / LOG / f"{5:020d}.crc").write_text("{}")  # the last commits are gone, what was beside one of them is not
    assert Folder.look(str(tmp_path)).gaps() == [2, 4, 5]
    (tmp_path / LOG / f".{9:020d}.json.0.tmp").write_text("")  # of a killed writer
    assert Folder.look(str(tmp_path)).gaps() == [2, 4, 5]
    with pytest.raises(LogDamaged, match="version 2 is missing"):
        read_history(Folder.look(str(tmp_path)))


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_one_flipped_bit_is_found(data, draw):
    step = 512
    sums = b"crc\0" + step.to_bytes(4, "big")
    sums += b"".join(zlib.crc32(data[i : i + step]).to_bytes(4, "big") for i in range(0, len(data), step))
    check_sums(data, sums)
    check_sums(data, None)
    at, bit = draw.draw(st.integers(0, len(data) - 1)), draw.draw(st.integers(0, 7))
    flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
    with pytest.raises(ValueError, match=f"at byte {at // step * step} "):
        check_sums(flipped, sums)
    if len(data) > 1:
        with pytest.raises(ValueError, match="differs"):
            check_sums(data[:-1], sums)


def dead(names: str, history: History, *, began: int = 10) -> list[str]:
    folder = Folder("x", dict.fromkeys(names.split(), (1, 5)))
    return dead_files(folder, history, frozenset(history.live), began)


def test_what_is_dead():
    history = History()
    history.take(parse_commit(0, json.dumps(add("a")).encode()))
    log = f"{LOG}{0:020d}.json {LOG}.{0:020d}.json.crc {LOG}_last_checkpoint"
    assert dead(f"a .a.crc {log}", history) == []
    b, c = "part-00000-0a1b-2c.c000.snappy.parquet", "part-1-c000.zstd.parquet"
    assert dead(f"a {b} .a.crc .{b}.crc .{c}.crc {log}", history) == [f".{b}.crc", f".{c}.crc", b]
    left = f"{LOG}.1.json.7.tmp {LOG}..1.json.7.tmp.crc deletion_vector_1.bin .deletion_vector_1.bin.crc"
    assert dead(f"a {left}", history) == sorted(left.split())
    young = {b: (1, 20), c: (1, 5)}
    assert dead_files(Folder("x", young), history, frozenset(), 10) == [c]


def test_other_peoples_files_are_no_garbage():
    """What other programs keep beside a table is told and stays; of a log only temporary files go."""
    history = History()
    history.take(parse_commit(0, json.dumps(add("strange name")).encode()))
    foreign = "README.md _change_data/cdc-1.snappy.parquet _symlink_format_manifest/manifest metadata/v1.metadata.json"
    foreign += " _other/part-0.parquet part-0.parquet.bak"
    mine = ["strange name", ".strange name.crc", "part-0.parquet", f"{LOG}notes.txt", f"{LOG}_sidecars/part-0.parquet"]
    files = dict.fromkeys((*foreign.split(), *mine), (1, 5))
    assert foreign_files(Folder("x", files), history) == sorted(foreign.split())
    assert dead_files(Folder("x", files), history, frozenset(history.live), 10) == ["part-0.parquet"]


def test_vectors_and_files_elsewhere_are_left_alone():
    history = History()
    history.take(parse_commit(0, json.dumps(add("a", deletionVector={"storageType": "u"})).encode()))
    assert dead("a part-b.parquet deletion_vector_1.bin", history) == ["part-b.parquet"]
    history.take(parse_commit(1, json.dumps(add("file:/other/c")).encode()))
    assert dead("a part-b.parquet", history) == []


@given(st.sets(st.integers(0, 40)), st.integers(1, 41))
def test_every_damaged_thing_is_named(damaged, n):
    names = [f"{i}" for i in range(n)]

    def read(group):
        for name in group:
            if int(name) in damaged:
                raise ValueError(f"bad {name}")

    found = dict(damaged_among(names, read, 100))
    assert found == {f"{i}": f"ValueError: bad {i}" for i in sorted(damaged) if i < n}
    assert len(list(damaged_among(names, read, 2))) == min(2, len(found))
