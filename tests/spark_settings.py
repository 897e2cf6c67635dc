"""Settings of the tests' sessions."""

from __future__ import annotations

#: Thousands of small jobs: to compile their plans would cost more than running them. They change no result.
CHEAP = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.shuffle.partitions": "2",
}
