"""A standalone cluster on this machine's loopback: a master and two workers, each with an address of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.killing import PATIENCE_S, kill_session

#: Spark starts no copy of a task on the host where the task runs, so two executors need two hosts.
HOSTS = ("127.0.0.1", "127.0.0.2")


@contextmanager
def start_cluster(home: Path, folder: Path) -> Iterator[str]:
    """Start it, with Spark from `home` and logs in `folder`; gives the URL of its master, ends all of it behind."""
    folder.mkdir(parents=True)
    port = find_port()
    url = f"spark://{HOSTS[0]}:{port}"
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        daemons.append(_start(home, folder, HOSTS[0], "master.Master", ["--port", str(port), "--webui-port", "0"]))
        _wait_for(HOSTS[0], port)
        for host in HOSTS:
            size = ["--cores", "1", "--memory", "1200m", "--webui-port", "0", "--work-dir", str(folder / host)]
            daemons.append(_start(home, folder, host, "worker.Worker", [*size, url]))
        yield url
    finally:
        for daemon in daemons:
            kill_session(daemon.pid)
            daemon.wait()


def find_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((HOSTS[0], 0))
        return int(probe.getsockname()[1])


def _start(home: Path, folder: Path, host: str, name: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    with (folder / f"{name}-{host}.log").open("wb") as log:
        return subprocess.Popen(
            [str(home / "bin/spark-class"), f"org.apache.spark.deploy.{name}", "--host", host, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={
                **os.environ,
                "SPARK_HOME": str(home),
                "SPARK_LOCAL_IP": host,
                "SPARK_DAEMON_MEMORY": "256m",
                "SPARK_DAEMON_JAVA_OPTS": "-Dspark.master.rest.enabled=false",
            },
            start_new_session=True,
        )


def _wait_for(host: str, port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection((host, port), 1.0).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
