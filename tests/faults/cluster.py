"""Runs on a cluster of two executors on this machine: executors that die, tasks that are run twice by speculation."""

from __future__ import annotations

import sys
from pathlib import Path

import pyspark

from tests.faults.injections import Finding, Undisturbed
from tests.faults.killing import Command, Moment, kill_executor
from tests.faults.standalone import start_cluster

MASTER = "local-cluster[2,1,1024]"

SPECULATION = {
    "spark.speculation": "true",
    "spark.speculation.interval": "100ms",
    "spark.speculation.multiplier": "1.2",
    "spark.speculation.quantile": "0.2",
    "spark.speculation.minTaskRuntime": "500ms",
    # What a local master is given by the package.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.executor.memory": "900m",
}
#: How much longer a straggling task takes, in seconds: long enough for its copy to overtake it on a busy machine.
STRAGGLE_S = 30


def find_home(it: Undisturbed) -> Path:
    """Spark's folder as a folder of links, since executors of `local-cluster` write their logs into it."""
    home = it.scene.folder / "spark-home"
    if not home.exists():
        home.mkdir()
        for its in Path(pyspark.__file__).parent.iterdir():
            (home / its.name).symlink_to(its)
    return home


def start_on_cluster(it: Undisturbed, store: Path, *more: str, master: str = MASTER) -> Command:
    """Start a run on a cluster, by default one of its own."""
    env = {"SPARK_HOME": str(find_home(it)), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    return it.scene.start(store, *more, master=master, env=env)


def strike_executor(it: Undisturbed, where: str) -> Finding:
    """Kill the executor that works on something; the run has to go on by itself."""
    store = it.scene.new_store()
    moment = it.scene.at_work(where)
    return it.disturb(start_on_cluster(it, store), moment, lambda command: kill_executor(command, moment), store)


def strike_any_executor(it: Undisturbed, moment: Moment) -> Finding:
    """Kill an executor at a moment that no Python worker has a part in."""
    store = it.scene.new_store()
    return it.disturb(start_on_cluster(it, store), moment, kill_executor, store)


def speculate(it: Undisturbed) -> Finding:
    """A task that straggles in each slow stage, and Spark's speculation that starts a second one beside it."""
    store = it.scene.new_store()
    settings = [f"--set={stage}.straggle_s={STRAGGLE_S}" for stage in ("first", "second")]
    conf = [f"--conf={key}={value}" for key, value in SPECULATION.items()]
    finding = Finding(what="task run twice", when="stages first, second", continued="by itself")
    with start_cluster(find_home(it), it.scene.folder / "cluster") as master:
        command = start_on_cluster(it, store, *settings, *conf, master=master)
        it.finish(finding, command, store)
    finding.hit = (it.scene.marks / "again").exists()
    return finding
