"""The settings of Spark under which inputs are read and documents judged, whatever session the user has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spark_llmdata.segment import BATCH_ROWS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Session settings that change results or memory, and are therefore the run's and not the user's.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
    "spark.sql.execution.arrow.maxBytesPerBatch": str(64 << 20),
    # What a condition in SQL means must not depend on the session.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.caseSensitive": "false",
    # Spark has no type for them; `sources.parquet` makes instants of the numbers.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    # By default INT96, which most readers take for nanoseconds: dates behind 2262 come round as others.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # A quarter of the default, which packs eight files of 32 MB into three tasks: one of two cores would stand idle.
    "spark.sql.files.maxPartitionBytes": str(32 << 20),
}


@contextmanager
def run_settings(spark: SparkSession) -> Iterator[None]:
    """In here the session has the settings a run needs, and whoever reads an input again; then those it had before."""
    before = {key: spark.conf.get(key, None) for key in _SETTINGS}
    try:
        for key, value in _SETTINGS.items():
            _set(spark, key, value)
        yield
    finally:
        for key, old in before.items():
            _set(spark, key, old)


def _set(spark: SparkSession, key: str, value: str | None) -> None:
    """Set or unset a setting; a serverless session refuses some, of which only the time zone decides about data."""
    from pyspark.errors import PySparkException

    try:
        if value is None:
            spark.conf.unset(key)
        else:
            spark.conf.set(key, value)
    except PySparkException:
        if key == "spark.sql.session.timeZone":
            raise
