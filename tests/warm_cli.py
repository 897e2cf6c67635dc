"""A `llmdata` that does not start Spark each time: commands of a shell are carried out by the process of the tests.

The command in PATH is a small client. It sends its arguments, its folder and its three streams over a socket, and ends
with the exit code it is told; everything between is the command line's own code.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CLIENT = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    socket.send_fds(line, [json.dumps({{"folder": os.getcwd(), "arguments": sys.argv[1:]}}).encode()], [0, 1, 2])
    sys.exit(int(line.recv(16) or b"70"))
"""


def run_shell(script: str, folder: Path, address: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run a script of bash in a folder; its `llmdata` is carried out here, in the session that is there already."""
    commands = address.parent / "bin"
    commands.mkdir(exist_ok=True)
    client = commands / "llmdata"
    client.write_text(CLIENT.format(python=sys.executable, address=str(address)))
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    path = os.pathsep.join([str(commands), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    files = address.parent / "said.txt", address.parent / "told.txt"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server, files[0].open("w+") as said, files[1].open("w+") as told:
        server.bind(str(address))
        server.listen()
        server.settimeout(0.05)
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=told,
        )
        try:
            _serve(server, shell)
            code = shell.wait(timeout_s)
        finally:
            shell.kill()
        said.seek(0)
        told.seek(0)
        return subprocess.CompletedProcess(script, code, said.read(), told.read())


def _serve(server: socket.socket, shell: subprocess.Popen[bytes]) -> None:
    while shell.poll() is None:
        try:
            line, _ = server.accept()
        except TimeoutError:
            continue
        with line:
            line.settimeout(None)
            message, streams, _, _ = socket.recv_fds(line, 1 << 20, 3)
            request = json.loads(message)
            with _in_its_place(request["folder"], streams):
                code = _main(request["arguments"])
            line.sendall(str(code).encode())


def _main(arguments: Sequence[str]) -> int:
    from spark_llmdata.cli import main

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return main(arguments)
    except SystemExit as end:  # argparse
        return end.code if isinstance(end.code, int) else 2
    finally:
        logging.disable(logging.NOTSET)
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def _in_its_place(folder: str, streams: Sequence[int]) -> Iterator[None]:
    """Work in the client's folder, with its streams."""
    before, ours = Path.cwd(), (sys.stdin, sys.stdout, sys.stderr)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(stream, mode, encoding="utf-8") for stream, mode in zip(streams, "rww", strict=True)
    )
    theirs = (sys.stdin, sys.stdout, sys.stderr)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.stdin, sys.stdout, sys.stderr = ours
        for stream in theirs:
            stream.close()
