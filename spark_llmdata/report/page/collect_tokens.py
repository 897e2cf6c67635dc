"""Tokens of the kept documents by source, counted where the texts are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from spark_llmdata import extras
from spark_llmdata.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Characters that are tokenized at once: what a tokenizer makes of a text is many times its size.
_SLICE_CHARS = 1 << 20

#: How many texts and tokens a task found in a source.
COUNTED = pa.schema([pa.field("source", pa.string()), pa.field("tokens", pa.int64())])


@dataclass(frozen=True)
class CountTokens:
    """Counts tokens of batches (source, text), without those that a tokenizer puts around a text."""

    tokenizer: str = field(repr=False)  # as the file holds it: JSON

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give `COUNTED` once at the end, one row for each source."""
        os.environ["TOKENIZERS_PARALLELISM"] = "false"  # Spark runs as many tasks as there are cores
        tokenizer = _load(self.tokenizer)
        found: dict[str, int] = {}
        for batch in batches:
            sources = batch.column("source").to_pylist()
            for at, texts in _slices(batch.column("text")):
                for number, encoding in enumerate(tokenizer.encode_batch_fast(texts, add_special_tokens=False), at):
                    found[sources[number]] = found.get(sources[number], 0) + len(encoding.ids)
        columns = [
            pa.array(list(values), kind) for values, kind in ((found, pa.string()), (found.values(), pa.int64()))
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=COUNTED)


def _slices(texts: pa.Array) -> Iterator[tuple[int, list[str]]]:
    """Consecutive texts of bounded size, each slice with the number of its first."""
    held: list[str] = []
    size = 0
    for number, text in enumerate(texts):
        held.append(text.as_py())
        size += len(held[-1])
        if size >= _SLICE_CHARS:
            yield number + 1 - len(held), held
            held, size = [], 0
    if held:
        yield len(texts) - len(held), held


def read_tokenizer(path: str | Path) -> str:
    """The content of a tokenizer's file.

    Raises:
        UsageError: it cannot be read, or the library cannot make a tokenizer of it.
        MissingExtra: the library is not installed.
    """
    try:
        content = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(
            f"--tokenizer {path}: {problem}; expected a tokenizer.json of the tokenizers library"
        ) from None
    try:
        _load(content)
    except MissingExtra:
        raise
    except Exception as problem:  # noqa: BLE001 - the library raises Exception itself
        raise UsageError(
            f"--tokenizer {path}: no tokenizer ({str(problem)[:200]}); expected a tokenizer.json of the tokenizers "
            "library"
        ) from None
    return content


def _load(content: str):  # type: ignore[no-untyped-def]  # the class belongs to an optional package
    module = extras.require("tokenizers", extra="tokens", needed_by="llmdata report --tokenizer")
    tokenizer = module.Tokenizer.from_str(content)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def count_tokens(corpus: DataFrame, tokenizer: str) -> dict[str, int]:
    """Tokens by source of a build of the corpus."""
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    lines = corpus.select("source", "text").mapInArrow(CountTokens(tokenizer), from_arrow_schema(COUNTED))
    return {
        row.source: int(row.tokens) for row in lines.groupBy("source").agg(F.sum("tokens").alias("tokens")).collect()
    }
