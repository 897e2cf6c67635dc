"""Spark sessions for people without a cluster: local, with Delta, quiet; on a cluster the session is the platform's."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from spark_llmdata.errors import EnvironmentProblem, MissingExtra, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Delta's artifact for a Spark release; Delta is bound to Spark's minor version.
DELTA = {"4.0": "io.delta:delta-spark_2.13:4.0.0", "4.1": "io.delta:delta-spark_4.1_2.13:4.4.0"}
MIN_JAVA = 17
#: All cores, and four attempts for a task, as on a cluster: by itself Spark gives up after one in local mode, and a row
#: that kills its worker could not be found.
LOCAL_MASTER = "local[*,4]"
_MASTER = re.compile(
    r"local(\[(\d+|\*)(, *\d+)?\])?|local-cluster\[\d+, *\d+, *\d+\]|yarn|k8s://.+|spark://[^,]+:\d+(,[^,]+:\d+)*"
)
_LOCAL = re.compile(r"local(?:\[ *(?:\d+|\*) *(?:, *(\d+) *)?\])?")
_COMPLETE = "artifact.txt"  # names what the folder of jars holds; written last

#: What Delta needs; a session given to us must have these already.
DELTA_SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
_LOCAL_SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.databricks.delta.snapshotPartitions": "2",  # of 50: seconds for each commit of a small table
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}

#: In a run of a minute most of the CPU time is the JVM compiling Spark's code; its first compiler alone is done sooner.
#: It would have 48 MB for what it compiles, not 240: enough for one run, but who goes on in the session fills them.
BRIEF_SETTINGS = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"}


def local_session(
    master: str = LOCAL_MASTER,
    settings: Mapping[str, str] | None = None,
    *,
    verbose: bool = False,
    brief: bool = False,
) -> SparkSession:
    """Make (or get) a session that speaks Delta.

    `settings` win over ours. One for `brief` work is warm sooner, and would be slower at length. Without `verbose` what
    the JVM prints goes to a file, which is shown when the start fails.
    """
    pyspark = _find_pyspark()
    check_master(master)
    if master.startswith("local"):
        find_java()
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    chosen = dict(DELTA_SETTINGS)
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        chosen |= _LOCAL_SETTINGS | (BRIEF_SETTINGS if brief else {}) | {"spark.driver.memory": driver_memory()}
    artifact = delta_artifact(pyspark)
    jars = fetched_jars(artifact)
    if jars:
        chosen["spark.jars"] = ",".join(str(j) for j in jars)
    else:
        chosen["spark.jars.packages"] = artifact
    if not verbose:
        chosen["spark.log.level"] = "ERROR"
    builder = SparkSession.builder.master(master).appName("spark_llmdata")
    for key, value in (chosen | dict(settings or {})).items():
        builder = builder.config(key, value)
    with quiet_jvm(verbose):
        session = builder.getOrCreate()
    return session


def tries_once(spark: SparkSession) -> bool:
    """Whether Spark gives a task one attempt, as it does in local mode where the master names no other number."""
    found = _LOCAL.fullmatch(str(spark.conf.get("spark.master", "")))
    return found is not None and found[1] in (None, "1")


def check_master(master: str) -> None:
    """Refuse what Spark would refuse, with a page of its own code, some seconds later."""
    if not _MASTER.fullmatch(master):
        raise UsageError(
            f"--master {master}: Spark knows no such master; expected local[N], local[*], spark://HOST:PORT, yarn or "
            "k8s://HOST:PORT"
        )


def submitted_session(settings: Mapping[str, str] | None = None) -> SparkSession | None:
    """The session under spark-submit, or one that is already active (a notebook); None where there is neither."""
    _find_pyspark()
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None or "PYSPARK_GATEWAY_PORT" not in os.environ:
        return active
    builder = SparkSession.builder.appName("spark_llmdata")
    for key, value in (DELTA_SETTINGS | dict(settings or {})).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _find_pyspark() -> str:
    try:
        import pyspark
    except ImportError as missing:
        raise MissingExtra(
            "pyspark is not installed here; on a machine without a cluster: pip install 'spark-llmdata[local]'"
        ) from missing
    return str(pyspark.__version__)


def delta_artifact(pyspark: str) -> str:
    """The Delta artifact for a pyspark version."""
    minor = ".".join(pyspark.split(".")[:2])
    if minor not in DELTA:
        raise EnvironmentProblem(
            f"pyspark {pyspark} has no Delta release known here; expected one of {', '.join(sorted(DELTA))}: "
            "pip install 'spark-llmdata[local]'"
        )
    return DELTA[minor]


def find_java() -> str:
    """The version of the Java that Spark will use; says what to do when there is none or it is too old."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    remedy = "install a JDK 17 (Debian/Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17)"
    if java is None or not Path(java).exists():
        where = f"JAVA_HOME is {home}, which has no bin/java" if home else "no `java` on the PATH and no JAVA_HOME"
        raise EnvironmentProblem(f"Java is missing: {where}; {remedy}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)(?:\.(\d+))?', said.stderr + said.stdout)
    major = int(found.group(1)) if found else 0
    if major < MIN_JAVA:
        words = (said.stderr + said.stdout).strip().splitlines() or ["nothing"]
        raise EnvironmentProblem(f"{java} says {words[0]!r}; Spark 4 needs Java {MIN_JAVA} or newer: {remedy}")
    return str(major)


def driver_memory() -> str:
    """Half of the machine's memory, from 1 to 16 GiB: in local mode everything runs in the driver's JVM."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        total = 4 << 30
    return f"{max(1, min(16, (total >> 30) // 2))}g"


def jar_folder() -> Path:
    """Where `--fetch-jars` puts Delta's jars, so that later starts resolve nothing."""
    return Path(sys.prefix) / "share" / "spark_llmdata" / "jars"


def fetched_jars(artifact: str) -> list[Path]:
    """The jars of that artifact in the environment; none unless they are all there."""
    complete = jar_folder() / _COMPLETE
    if not complete.is_file() or complete.read_text("utf-8") != artifact:
        return []
    return sorted(jar_folder().glob("*.jar"))


#: Why Spark does not start: what it says, and what to do.
_REFUSALS = (
    (
        r"(System memory \d+ must be at least \d+|Executor memory \d+ must be at least \d+)",
        "give it at least 1g: --conf spark.driver.memory=1g",
    ),
    (
        (
            r"(Invalid maximum heap size[^\n]*|Could not reserve enough space[^\n]*|Cannot allocate memory|"
            r"insufficient memory[^\n]*|Size must be specified as bytes[^\n]*)"
        ),
        "expected a size that this machine has, such as --conf spark.driver.memory=4g",
    ),
    (
        r"(All masters are unresponsive|Failed to connect to master [^\s]+)",
        "nobody answers at --master; expected a Spark master that runs there and can be reached from here",
    ),
    (
        r"(unresolved dependenc[^\n]*|UNRESOLVED DEPENDENCIES|Server access [Ee]rror[^\n]*)",
        (
            "Delta's jars cannot be fetched; fetch them once where a Maven repository can be reached: "
            "python -m spark_llmdata.session --fetch-jars"
        ),
    ),
    (
        r"(No space left on device)",
        "the disk is full; free some of it, or give Spark another folder: --conf spark.local.dir=DIR",
    ),
)
_CAUSE = re.compile(r"^(?:: |Caused by: )?((?:[\w$]+\.)+\w*(?:Exception|Error): [^\n]+)$", re.MULTILINE)


def explain_start(said: str) -> str:
    """Why Spark did not start, of all that it and the connection to it said: one sentence, and what to do."""
    for sign, remedy in _REFUSALS:
        found = re.search(sign, said)
        if found:
            return f"Spark did not start: {found[1].strip()}; {remedy}"
    causes = _CAUSE.findall(said)
    why = causes[-1] if causes else next((line for line in said.splitlines() if line.strip()), "it said nothing")
    return f"Spark did not start: {why.strip()[:500]}; `llmdata doctor` checks what it needs"


@contextmanager
def quiet_jvm(verbose: bool) -> Iterator[None]:
    """Let the JVM, when it is started in here, inherit a log file for its outputs instead of the terminal.

    It keeps that file for life, so what Spark and Ivy say never mixes with ours; a failing start shows its end.
    """
    if verbose:
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with NamedTemporaryFile(prefix="llmdata-spark-", suffix=".log", delete=False) as log:
        try:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            yield
        except Exception as failure:
            said = f"{failure}\n{Path(log.name).read_text('utf-8', 'replace')}"
            raise EnvironmentProblem(f"{explain_start(said)}; all that it said is in {log.name}") from failure
        finally:
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            os.close(saved[0])
            os.close(saved[1])


def fetch_jars() -> list[Path]:
    """Fetch Delta's jars by Spark's own resolver into the environment; once for each version of Delta."""
    folder = jar_folder()
    artifact = delta_artifact(_find_pyspark())
    if jars := fetched_jars(artifact):
        return jars
    shutil.rmtree(folder, ignore_errors=True)
    from pyspark.sql import SparkSession

    find_java()
    builder = SparkSession.builder.master("local[1]").config("spark.jars.packages", artifact)
    for key, value in _LOCAL_SETTINGS.items():
        builder = builder.config(key, value)
    with quiet_jvm(False):
        session = builder.getOrCreate()
    listed = session.conf.get("spark.jars", "") or ""
    wanted = [Path(p.removeprefix("file:").replace("///", "/")) for p in listed.split(",")]
    session.stop()
    wanted = [p for p in wanted if p.name.startswith("io.delta")]
    if not wanted:
        raise EnvironmentProblem(f"{artifact} could not be fetched; is a Maven repository reachable?")
    folder.mkdir(parents=True, exist_ok=True)
    for jar in wanted:  # the rest of what it depends on comes with Spark itself
        shutil.copyfile(jar, folder / jar.name)
    (folder / _COMPLETE).write_text(artifact, "utf-8")
    return sorted(folder.glob("*.jar"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fetch-jars", action="store_true", help="fetch Delta's jars into this environment")
    if parser.parse_args().fetch_jars:
        found = fetch_jars()
        print(f"{len(found)} jars in {jar_folder()}")
