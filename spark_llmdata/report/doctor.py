"""Checks of what a run needs, each tried for real: a session, a Delta write and MERGE, the native module everywhere."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

import spark_llmdata
from spark_llmdata.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Check = dict[str, Any]


def examine(make_session: Callable[[], SparkSession]) -> list[Check]:
    """Run all checks that can be run; one that fails says what to do and ends those that need it."""
    checks = [
        _try("python", _python, "use Python 3.10 or newer"),
        _try("native module", _native, "install a wheel of spark-llmdata, or from source: make setup"),
        _try("java", _java, "install a JDK 17 or newer and set JAVA_HOME"),
        _try("memory", _memory, "Spark needs a machine with 2 GiB of memory or more"),
    ]
    held: list[SparkSession] = []

    def start() -> str:
        held.append(make_session())
        return f"Spark {held[0].version}, master {held[0].conf.get('spark.master', 'unknown')}"

    if next(c for c in checks if c["check"] == "java")["ok"]:
        checks.append(_try("spark", start, "see the message; `pip install 'spark-llmdata[local]'` on a single machine"))
    else:
        checks.append({"check": "spark", "ok": False, "found": "not tried: it needs Java", "remedy": None})
    if held:
        spark = held[0]
        remedy = "the Delta jar must fit this Spark: io.delta:delta-spark_4.1_2.13:4.4.0 for Spark 4.1; see conf/spark/"
        checks.append(_try("delta write and MERGE", lambda: _delta(spark), remedy))
        remedy = "install the same wheel of spark-llmdata on the executors (cluster library, --archives env.tar.gz)"
        checks.append(_try("native module on executors", lambda: _executors(spark), remedy))
    return checks


def _try(name: str, probe: Callable[[], str], remedy: str) -> Check:
    try:
        return {"check": name, "ok": True, "found": probe(), "remedy": None}
    except Exception as problem:  # noqa: BLE001 - whatever goes wrong is what the user wants to know
        lines = str(problem).strip().splitlines() or [type(problem).__name__]
        return {"check": name, "ok": False, "found": lines[0][:300], "remedy": remedy}


def _python() -> str:
    return f"Python {platform.python_version()}, pyarrow {pa.__version__}, spark_llmdata {spark_llmdata.__version__}"


def _native() -> str:
    from spark_llmdata.kernels import native_version

    return f"spark_llmdata._native {native_version()}"


def _java() -> str:
    from spark_llmdata.session import find_java

    return f"Java {find_java()}"


def _memory() -> str:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    found = f"{total:.1f} GiB of memory, {os.cpu_count()} cores"
    if total < 2:
        raise EnvironmentProblem(found)
    return found


def _delta(spark: SparkSession) -> str:
    # Delta writes checksums after a commit has returned: one that comes while the folder goes is no problem of Delta's.
    with tempfile.TemporaryDirectory(prefix="llmdata-doctor-", ignore_cleanup_errors=True) as folder:
        table = f"delta.`{folder}/t`"
        spark.range(10).write.format("delta").save(f"{folder}/t")
        spark.range(5, 15).createOrReplaceTempView("llmdata_doctor")
        merge = f"MERGE INTO {table} t USING llmdata_doctor s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *"
        spark.sql(merge).collect()
        spark.catalog.dropTempView("llmdata_doctor")
        count = spark.read.format("delta").load(f"{folder}/t").count()
    if count != 15:
        raise EnvironmentProblem(f"a MERGE that should leave 15 rows left {count}")
    return "a table was written and merged"


def _executors(spark: SparkSession) -> str:
    rows = spark.range(0, 8, 1, 8).mapInArrow(probe_executor, "host string, version string").distinct().collect()
    versions = {r.version for r in rows}
    if versions != {spark_llmdata.__version__}:
        raise EnvironmentProblem(
            f"executors have version {', '.join(sorted(versions))}, the driver {spark_llmdata.__version__}"
        )
    hosts = sorted({r.host for r in rows})
    return f"version {versions.pop()} on {len(hosts)} host{'s' if len(hosts) > 1 else ''}"


def probe_executor(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Say which native version a Python worker of this executor has."""
    from spark_llmdata.kernels import native_version

    for _ in batches:
        yield pa.RecordBatch.from_pydict({"host": [platform.node()], "version": [native_version()]})
