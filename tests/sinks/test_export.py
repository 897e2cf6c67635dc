"""Exports: the same files whatever the partitions, shards of the wanted size, splits that divide no cluster."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spark_llmdata as sl
from spark_llmdata.errors import UsageError
from spark_llmdata.sinks import export as sinks_export
from spark_llmdata.sinks import ratio
from spark_llmdata.sinks.export import export
from spark_llmdata.sinks.layout import Layout
from spark_llmdata.store import Store
from tests.runner.corpora import WORDS, write_jsonl

pytestmark = pytest.mark.spark

DATE = "2024-05-01T00:00:00.000000Z"
TRIPLES, OTHERS = 12, 1500
CREATED = {f"o{OTHERS - 1}": "9999-12-31T23:59:59.999999Z", f"o{OTHERS - 2}": "0002-01-01T00:00:00.000000Z"}
RECIPE = "name: near\nstages:\n  - dedup.minhash: {threshold: 0.6}\n"


def chain(seed: int) -> list[str]:
    """Two texts that are not alike, and a shorter one that is like both."""
    draw = random.Random(seed)
    words = [f"{draw.choice(WORDS)}{draw.randrange(10**6)}" for _ in range(200)]
    return [" ".join(words[:152]), " ".join(words[48:]), " ".join(words[28:172])]


@pytest.fixture(scope="module")
def built(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    rows = [{"url": f"https://c.example/{i}/{j}", "text": t} for i in range(TRIPLES) for j, t in enumerate(chain(i))]
    draw = random.Random(0)
    for i in range(OTHERS):
        text = " ".join(draw.choice(WORDS) + str(draw.randrange(999)) for _ in range(draw.randrange(20, 200)))
        rows.append({"id": f"o{i}", "url": f"https://o.example/{i}", "text": text, "date": "2024-05-01", "lang": "en"})
    rows[-1]["date"], rows[-2]["date"] = CREATED.values()
    rows[-1]["title"] = 'A title: "quoted", ümlaut\n'
    write_jsonl(folder / "a.jsonl", rows)
    (folder / "near.yaml").write_text(RECIPE)
    run = sl.run(folder / "near.yaml", input=folder / "a.jsonl", store=folder / "store", spark=spark)
    assert run.counts["removed"] == TRIPLES
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def lines(path: Path) -> list[dict]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.splitlines()]


def test_rows_of_shards_order_and_manifest(built, tmp_path):
    kept = built.counts["kept"]
    facts = export(built.store, "jsonl", str(tmp_path / "a"), layout=Layout(shard_rows=300))
    files = sorted((tmp_path / "a").glob("part-*"))
    assert [f.name for f in files] == [f"part-{i:05d}.jsonl" for i in range(6)]
    docs = [lines(f) for f in files]
    assert [len(d) for d in docs] == [300] * 5 + [kept - 1500]
    ids = [d["doc_id"] for shard in docs for d in shard]
    assert ids == sorted(ids)
    assert set(ids) == {r.doc_id for r in built.corpus.select("doc_id").collect()}
    told = json.loads((tmp_path / "a" / "_export.json").read_text())
    assert told == {k: v for k, v in facts.items() if k != "output"}
    assert (told["run"], told["content_hash"]) == (built.run, built.content_hash)
    for shard, file in zip(told["shards"], files, strict=True):
        data = file.read_bytes()
        assert shard["sha256"] == hashlib.sha256(data).hexdigest()
        assert (shard["file"], shard["bytes"]) == (file.name, len(data))
    assert (tmp_path / "a" / "_SUCCESS").read_bytes() == b""
    with pytest.raises(UsageError, match="is not empty"):
        export(built.store, "jsonl", str(tmp_path / "a"), layout=Layout(shard_rows=300))


def test_the_same_files_whatever_the_partitions(built, spark, tmp_path, monkeypatch):
    layout = Layout(
        shard_bytes=60_000, shuffle=True, seed=7, splits={"train": 0.8, "validation": 0.2}, compression="gzip"
    )
    export(built.store, "jsonl", str(tmp_path / "a"), layout=layout)
    read = type(built.store.corpus).read
    monkeypatch.setattr(type(built.store.corpus), "read", lambda self, version=None: read(self, version).repartition(5))
    spark.conf.set("spark.sql.shuffle.partitions", "5")
    try:
        export(built.store, "jsonl", str(tmp_path / "b"), layout=layout)
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", "2")
    first = contents(tmp_path / "a")
    assert first == contents(tmp_path / "b")
    assert "train/part-00001.jsonl.gz" in first
    order = [d["doc_id"] for f in sorted((tmp_path / "a/train").glob("part-*")) for d in lines(f)]
    assert order != sorted(order)
    export(built.store, "jsonl", str(tmp_path / "c"), layout=replace(layout, seed=8))
    other = [d["doc_id"] for f in sorted((tmp_path / "c/train").glob("part-*")) for d in lines(f)]
    assert other[:5] != order[:5]


def test_documents_of_parquet_and_their_dates_are_the_same_for_any_reader(built, tmp_path):
    """As INT96, Spark's default, pyarrow would read dates of other centuries than ours."""
    for name in "ab":
        export(built.store, "parquet", str(tmp_path / name), layout=Layout(shard_rows=700))
    first, second = (sorted((tmp_path / name).glob("*.parquet")) for name in "ab")
    assert len(first) == 3
    assert [pq.read_table(file) for file in first] == [pq.read_table(file) for file in second]
    found = pa.concat_tables(map(pq.read_table, first))
    assert found.schema.field("date").type == pa.timestamp("us", "UTC")
    dates = dict(zip(found["id"].to_pylist(), found["date"].to_pylist(), strict=True))
    ends = datetime.max.replace(tzinfo=timezone.utc), datetime(2, 1, 1, tzinfo=timezone.utc)
    assert tuple(dates[doc] for doc in CREATED) == ends


@pytest.mark.parametrize(
    ("kind", "compression", "wanted", "allowed"),
    [("jsonl", "none", 300_000, 3000), ("jsonl", "gzip", 120_000, 6000), ("parquet", "zstd", 150_000, 9000)],
)
def test_shards_have_the_size_asked_for(built, tmp_path, kind, compression, wanted, allowed):
    """But for the last one: plain to a document, compressed to a few percent."""
    facts = export(built.store, kind, str(tmp_path), layout=Layout(shard_bytes=wanted, compression=compression))
    sizes = [s["bytes"] for s in facts["shards"]]
    assert len(sizes) >= 3, sizes
    assert all(abs(size - wanted) <= allowed for size in sizes[:-1]), sizes
    assert 0 < sizes[-1] <= wanted + allowed


def test_a_sample_of_large_documents_is_never_empty(built, tmp_path, monkeypatch):
    """Where by chance no document is in it, bytes were taken for stored ones, and shards were far too small."""
    measured = []
    monkeypatch.setattr(ratio, "SAMPLE_BYTES", 1)
    monkeypatch.setattr(
        sinks_export, "measure_ratio", lambda *given: measured.append(ratio.measure_ratio(*given)) or measured[-1]
    )
    export(built.store, "jsonl", str(tmp_path), layout=Layout(shard_bytes=120_000, compression="gzip"))
    assert 0 < measured[0] < 1, measured  # of the one document, which may be a short one


def test_a_split_divides_no_cluster_and_stays(built, tmp_path):
    shares = {"train": 0.5, "validation": 0.3, "test": 0.2}
    facts = export(built.store, "jsonl", str(tmp_path), layout=Layout(splits=shares))
    where = {
        d["url"]: d["doc_id"] + " " + split for split in shares for d in lines(tmp_path / split / "part-00000.jsonl")
    }
    split = {url: found.split()[1] for url, found in where.items()}
    for i in range(TRIPLES):
        assert split[f"https://c.example/{i}/0"] == split[f"https://c.example/{i}/1"]
        assert f"https://c.example/{i}/2" not in split  # removed, and what connects the two
    counts = Counter(split.values())
    assert sum(counts.values()) == built.counts["kept"]
    for name, share in shares.items():
        assert abs(counts[name] / built.counts["kept"] - share) < 0.07
    assert {s["file"] for s in facts["shards"]} == {f"{name}/part-00000.jsonl" for name in shares}
    assert all((tmp_path / name / "_SUCCESS").exists() for name in shares)


def test_a_later_build_keeps_documents_in_their_split(built, spark, tmp_path):
    """More documents, another store: who has no kept neighbor stays where it was."""
    folder = Path(built.store.root).parent
    more = [{"url": f"https://n.example/{i}", "text": f"news {i} {chain(900 + i)[0]}"} for i in range(40)]
    write_jsonl(tmp_path / "b.jsonl", more)
    inputs = [folder / "a.jsonl", tmp_path / "b.jsonl"]
    later = sl.run(folder / "near.yaml", input=inputs, store=tmp_path / "store", spark=spark)
    layout = Layout(splits={"train": 0.6, "validation": 0.4}, seed=3)
    found = []
    for run, place in ((built, "one"), (later, "two")):
        export(Store(spark, run.store.root), "jsonl", str(tmp_path / place), layout=layout)
        folders = {name: tmp_path / place / name for name in layout.splits}
        found.append({d["doc_id"]: name for name, f in folders.items() for d in lines(f / "part-00000.jsonl")})
    assert len(found[1]) == len(found[0]) + 40
    assert {i: found[1][i] for i in found[0]} == found[0]


def test_an_empty_split_is_a_folder_with_a_mark(built, tmp_path):
    facts = export(built.store, "jsonl", str(tmp_path), layout=Layout(splits={"train": 1 - 1e-12, "validation": 1e-12}))
    assert sum(s["documents"] for s in facts["shards"] if s["split"] == "train") == built.counts["kept"]
    assert (tmp_path / "validation" / "_SUCCESS").exists()


def test_fields_of_dolma_and_datatrove(built, tmp_path):
    kept = {r.doc_id: r for r in built.corpus.collect()}
    export(built.store, "jsonl-dolma", str(tmp_path / "dolma"), layout=Layout(shard_rows=10**6, compression="gzip"))
    for doc in lines(tmp_path / "dolma" / "part-00000.jsonl.gz"):
        row = kept[doc["id"]]
        assert (doc["text"], doc["source"], doc["metadata"]["url"]) == (row.text, "default", row.url)
        assert doc["added"].endswith("Z")
        if row.id is not None:
            assert doc["created"] == CREATED.get(row.id, DATE)
            assert (doc["metadata"]["id"], doc["metadata"]["lang"]) == (row.id, "en")
    export(built.store, "jsonl-datatrove", str(tmp_path / "datatrove"), layout=Layout(shard_rows=10**6))
    docs = {d["metadata"].get("id"): d for d in lines(tmp_path / "datatrove" / "part-00000.jsonl")}
    assert set(docs[f"o{OTHERS - 1}"]) == {"text", "id", "metadata"}
    assert docs[f"o{OTHERS - 1}"]["metadata"] == {
        "id": f"o{OTHERS - 1}",
        "url": f"https://o.example/{OTHERS - 1}",
        "lang": "en",
        "date": CREATED[f"o{OTHERS - 1}"],
        "source": "default",
        "title": 'A title: "quoted", ümlaut\n',
    }
