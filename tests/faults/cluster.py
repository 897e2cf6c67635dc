"""Runs on a cluster of two executors on this machine: executors that die, tasks that are run twice by speculation."""

from __future__ import annotations

import sys
from pathlib import Path

import pyspark

from tests.faults.injections import Finding, Undisturbed
from tests.faults.killing import Command, Moment, kill_executor

MASTER = "local-cluster[2,1,1024]"

SPECULATION = {
    "spark.speculation": "true",
    "spark.speculation.interval": "100ms",
    "spark.speculation.multiplier": "1.2",
    "spark.speculation.quantile": "0.2",
    "spark.speculation.minTaskRuntime": "500ms",
}
#: How much longer a straggling task takes, in seconds: long enough for its copy to overtake it on a busy machine.
STRAGGLE_S = 30


def start_on_cluster(it: Undisturbed, store: Path, *more: str) -> Command:
    """Start a run on a cluster of its own, whose executors write their logs into the scene's folder."""
    home = it.scene.folder / "spark-home"
    if not home.exists():
        home.mkdir()
        for its in Path(pyspark.__file__).parent.iterdir():
            (home / its.name).symlink_to(its)
    env = {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable}
    return it.scene.start(store, *more, master=MASTER, env=env)


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
    command = start_on_cluster(it, store, *settings, *conf)
    finding = Finding(what="task run twice", when="stages first, second", continued="by itself")
    it.finish(finding, command, store)
    finding.hit = (it.scene.marks / "again").exists()
    return finding
