"""Near-duplicates of a data frame of documents: who is removed, for whom, and how similar the two truly are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from spark_llmdata.neardup import datasketch, native, spark_ml
from spark_llmdata.neardup.comparison import Comparison
from spark_llmdata.neardup.datasketch import MAX_DOCUMENTS
from spark_llmdata.neardup.native import connect

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark_llmdata.stage import Context

__all__ = ["ENGINES", "MAX_DOCUMENTS", "Comparison", "connect"]

#: How candidates are found; what is similar, and who stays, is the same for all. Each returns `comparison.FOUND`.
ENGINES: Mapping[str, Callable[[DataFrame, Context, Comparison], DataFrame]] = {
    "native": native.find,
    "spark_ml": spark_ml.find,
    "datasketch": datasketch.find,
}
