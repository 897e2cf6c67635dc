"""A few rows that stand for many, chosen in Spark: by a hash, from as many sources as there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def choose(rows: DataFrame, by: Sequence[str], order: Sequence[str], shown: int) -> DataFrame:
    """`shown` rows of each group, all of a smaller one: first one of each source, then a second, by `order`.

    `order` is of columns that tell the rows of a group apart, so that the choice is the same again. Tasks hand on
    `shown` rows of each group and source, however many they hold. The result is sorted by group and choice.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    within = F.row_number().over(Window.partitionBy(*by, "source").orderBy(*order))
    among = F.row_number().over(Window.partitionBy(*by).orderBy("within", *order))
    few = rows.withColumn("within", within).where(F.col("within") <= shown)
    return few.withColumn("among", among).where(F.col("among") <= shown).orderBy(*by, "among")
