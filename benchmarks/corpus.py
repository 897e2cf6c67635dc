"""The documents that are measured: the corpus named by BENCH_ROOT, or one made of text that every Python carries."""

from __future__ import annotations

import ast
import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from pydoc_data.topics import topics

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: How many documents the sets of a made corpus have; `full` is set by the caller.
SIZES = {"s1k": 1_000, "s5k": 5_000, "s20k": 20_000}
SHARDS = 8
ROW_GROUP = 1_000


@dataclass(frozen=True)
class TextSet:
    """Documents as Parquet (`id`, `url`, `text`) and the same as JSON lines."""

    name: str
    parquet: tuple[Path, ...]
    jsonl: tuple[Path, ...]

    @cached_property
    def documents(self) -> int:
        """How many there are."""
        return sum(pq.ParquetFile(f).metadata.num_rows for f in self.parquet)

    @cached_property
    def megabytes(self) -> float:
        """MB (10^6 bytes) of text in UTF-8."""
        return sum(int(pc.sum(pc.binary_length(b.column(0))).as_py()) for b in self.batches()) / 1e6

    def batches(self, columns: Sequence[str] = ("text",), rows: int = 2_000) -> Iterator[pa.RecordBatch]:
        """The documents' columns, the texts alone by default, in batches."""
        for file in self.parquet:
            yield from pq.ParquetFile(file).iter_batches(rows, columns=list(columns))


@dataclass(frozen=True)
class Corpus:
    """Sets of documents, each the beginning of the next: s1k, s5k, s20k, full."""

    origin: str  # in words, for the report
    sets: dict[str, TextSet]


def find_corpus(made_in: Path, documents: int) -> Corpus:
    """The corpus that BENCH_ROOT names; without it one of `documents` documents, made once in `made_in`."""
    root = os.environ.get("BENCH_ROOT")
    if root:
        return _built(Path(root))
    folder = made_in / f"corpus-{documents}"
    if not (folder / "complete").exists():
        print(f"making a corpus of {documents:,} documents from the text in Python's library ...", flush=True)
        make_corpus(folder, documents)
    sets = {name: _text_set(name, folder / name) for name in (*SIZES, "full") if (folder / name).exists()}
    origin = f"{documents:,} documents of random paragraphs from Python {sys.version.split()[0]}'s own docstrings"
    return Corpus(origin, sets)


def _built(root: Path) -> Corpus:
    if not (root / "data" / "s5k" / "parquet").is_dir():
        raise SystemExit(
            f"BENCH_ROOT={root} holds no data/s5k/parquet; name a built corpus, or unset it to have one made"
        )
    sets = {
        name: TextSet(name, _files(root / "data" / name / "parquet"), _files(root / "data" / name / "jsonl4"))
        for name in SIZES
    }
    sets["full"] = TextSet("full", _files(root / "corpus" / "parquet"), _files(root / "corpus" / "jsonl"))
    return Corpus(f"{sets['full'].documents:,} pages of software documentation (BENCH_ROOT)", sets)


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(f for f in folder.iterdir() if f.suffix in (".parquet", ".jsonl")))


def _text_set(name: str, folder: Path) -> TextSet:
    return TextSet(name, _files(folder / "parquet"), _files(folder / "jsonl"))


def make_corpus(folder: Path, documents: int) -> None:
    """Write documents of random paragraphs; lengths as of web pages, one in a hundred a copy, always the same ones."""
    paragraphs = sorted(set(_paragraphs()))
    chosen = random.Random(0)
    records: list[dict[str, str]] = []
    for number in range(documents):
        if number % 100 == 99:
            text = records[chosen.randrange(len(records))]["text"]
        else:
            text = _page(paragraphs, chosen)
        records.append({"id": f"doc-{number:07d}", "url": f"https://docs.example/{number}", "text": text})
    for name, size in (SIZES | {"full": documents}).items():
        if size <= documents:
            _write(folder / name, records[:size], SHARDS if name == "full" else 1)
    (folder / "complete").write_text("")


def _page(paragraphs: list[str], chosen: random.Random) -> str:
    wanted = chosen.lognormvariate(8.0, 1.1)  # bytes: median 3,000, mean 5,500, as the built corpus has it
    parts: list[str] = []
    held = 0
    while held < wanted:
        parts.append(chosen.choice(paragraphs))
        held += len(parts[-1]) + 2
    return "\n\n".join(parts)


def _paragraphs() -> Iterator[str]:
    """Paragraphs of the standard library's docstrings and help topics, which depend on Python's version alone."""
    for topic in topics.values():
        yield from _cut(topic)
    library = Path(ast.__file__).parent
    for file in (f for f in sorted(library.rglob("*.py")) if "site-packages" not in f.parts):
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            continue  # some modules are there to test what a parser refuses
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _cut(ast.get_docstring(node) or "")


def _cut(text: str) -> Iterator[str]:
    return (p for p in text.split("\n\n") if 40 <= len(p) <= 2_000)


def _write(folder: Path, records: list[dict[str, str]], shards: int) -> None:
    for kind in ("parquet", "jsonl"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for shard in range(shards):
        part = records[shard * len(records) // shards : (shard + 1) * len(records) // shards]
        name = f"{shard:05d}"
        table = pa.Table.from_pylist(part)
        pq.write_table(table, folder / "parquet" / f"{name}.parquet", compression="zstd", row_group_size=ROW_GROUP)
        with (folder / "jsonl" / f"{name}.jsonl").open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(record) + "\n" for record in part)
