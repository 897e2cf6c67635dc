"""A server of bytes on this machine that answers as a test wants it to: late, wrongly, in part, or not at all."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Site:
    """What is served by path; `answers` are used up first, request by request.

    An answer is a status, "cut", "drop", "sleep"; of ranges "elsewhere" (that of the byte behind) or "untold".
    """

    files: dict[str, bytes]
    answers: list[int | str] = field(default_factory=list)
    always: int | str | None = None
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    """Answers as its site says."""

    site: Site

    def do_HEAD(self) -> None:
        """The head alone."""
        self.do_GET()

    def do_GET(self) -> None:
        """The next of the answers that are listed, or the file."""
        site = self.site
        site.asked.append(f"{self.command} {self.path}")
        answer = site.answers.pop(0) if site.answers else site.always
        if answer == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif answer == "sleep":
            time.sleep(0.6)
        elif isinstance(answer, int):
            self.send_error(answer)
        elif self.path not in site.files:
            self.send_error(404)
        else:
            self._give(site.files[self.path], answer)

    def _give(self, data: bytes, answer: int | str | None) -> None:
        status, said = 200, ""
        if self.site.ranges and "Range" in self.headers:
            begin, end = (int(edge) for edge in self.headers["Range"].removeprefix("bytes=").split("-"))
            if begin >= len(data):
                self.send_error(416)
                return
            begin += answer == "elsewhere"
            size, data = len(data), data[begin : end + 1]
            status, said = 206, f"bytes {begin}-{begin + len(data) - 1}/{size}"
        self.send_response(status)
        if said and answer != "untold":
            self.send_header("Content-Range", said)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data[: len(data) // 8] if answer == "cut" else data)

    def log_message(self, *args: Any) -> None:
        """Nothing is printed."""

    def finish(self) -> None:
        """A connection that was dropped on purpose is no error."""
        with suppress(OSError, ValueError):
            super().finish()


@contextmanager
def serve(**settings: Any) -> Iterator[Site]:
    """Serve while the test runs; the site says what was asked for."""
    site = Site(**settings)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OfSite", (Handler,), {"site": site}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
