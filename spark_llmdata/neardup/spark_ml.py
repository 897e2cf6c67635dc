"""The engine of Spark's own: MinHashLSH of pyspark.ml proposes pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.neardup.choice import decide
from spark_llmdata.neardup.comparison import Comparison
from spark_llmdata.neardup.sets import settle_sets

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark_llmdata.stage import Context

#: Numbers that shingles are hashed to; MinHashLSH takes no more than 2,038,074,743.
FEATURES = 1 << 30
#: How much less similar than the threshold pairs may look to Spark, whose features are not the shingles themselves.
SLACK = 0.05
SEED = 1


def find(docs: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    """Find the removed documents, as `comparison.FOUND`; values that are shared by too many are told.

    The tables of MinHashLSH are bands of one value each, any of which makes a candidate; see `choose_tables`. All pairs
    that share a value are made, and each carries both documents' features.

    Raises:
        EnvironmentProblem: this Spark Connect server has no pyspark.ml.
    """
    sets = settle_sets(docs, ctx, comparison)
    try:
        candidates = _propose(sets.leaders, ctx, comparison)
    except Exception as failure:
        if not type(ctx.spark).__module__.startswith("pyspark.sql.connect"):
            raise
        raise EnvironmentProblem(
            f"engine spark_ml needs pyspark.ml, which this Spark Connect session cannot use ({failure}); take the "
            "engine native, or a classic session"
        ) from failure
    return decide(candidates, sets, ctx, comparison)


def choose_tables(bands: int, rows: int, threshold: float) -> int:
    """How many tables of one value miss a pair at the threshold at most as often as bands of several rows do.

    That is the smallest t with `(1 - threshold)**t <= (1 - threshold**rows)**bands`; never more than `bands`. Less
    similar pairs are candidates far more often than by bands: it is the only thing that a table of one value can do.
    """
    if threshold == 1:
        return bands
    needed = bands * math.log1p(-(threshold**rows)) / math.log1p(-threshold)
    return max(1, math.ceil(needed - 1e-9))


def _propose(leaders: DataFrame, ctx: Context, comparison: Comparison) -> DataFrame:
    """Pairs of places that share a value, `first` before `second`."""
    from pyspark.ml.feature import HashingTF, MinHashLSH

    hashing = HashingTF(inputCol="shingles", outputCol="features", numFeatures=FEATURES, binary=True)
    features = hashing.transform(leaders).select("place", "features")
    tables = choose_tables(comparison.candidates.bands, comparison.candidates.rows, comparison.threshold)
    lsh = MinHashLSH(inputCol="features", outputCol="hashes", numHashTables=tables, seed=SEED)
    model = lsh.fit(features)
    hashed = model.transform(features)
    _tell_popular(hashed, ctx, comparison.max_block)
    # Containment says nothing about Spark's distance, of which 2 is more than any.
    distance = 1 - comparison.threshold + SLACK if comparison.similarity == "jaccard" else 2.0
    joined = model.approxSimilarityJoin(hashed, hashed, distance)
    return joined.selectExpr("datasetA.place AS first", "datasetB.place AS second").where("first < second")


def _tell_popular(hashed: DataFrame, ctx: Context, max_block: int) -> None:
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as F

    values = hashed.select(F.posexplode("hashes").alias("hash_table", "minimum"))
    numbers = values.select("hash_table", vector_to_array(F.col("minimum"))[0].cast("long").alias("minimum"))
    popular = numbers.groupBy("hash_table", "minimum").agg(F.count("*").alias("documents"))
    ctx.tell(
        popular.where(F.col("documents") > max_block),
        "popular",
        f"minimum values are shared by more than {max_block:,} documents (max_block); engine spark_ml makes all pairs "
        "of these, so its work grows with their square, unlike that of engine native",
    )
