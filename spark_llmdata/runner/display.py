"""Where a run's progress is shown: a terminal, a notebook, a log, or nowhere."""

from __future__ import annotations

import html
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from spark_llmdata.runner.progress import Snapshot, Watch
from spark_llmdata.runner.tasks_done import looking

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: A log gets a sign of life this often, in seconds.
LOG_INTERVAL_S = 60.0


class Display:
    """Takes what a run says, sentence by sentence, and may show how far it is; this one shows nothing."""

    #: Seconds between two looks at Spark; None: never.
    interval_s: float | None = None

    def __call__(self, line: str) -> None:
        """Take a sentence; one that is not indented says what goes on from now."""

    def show(self, now: Snapshot) -> None:
        """Show how far the step is."""

    def close(self) -> None:
        """Show no more of it."""


class Lines(Display):
    """Sentences with the time since the beginning, and with `ticks` now and then how far the run is."""

    def __init__(self, stream: TextIO | None = None, *, ticks: bool = True) -> None:
        self._began = time.monotonic()
        self._stream = stream
        self.interval_s = LOG_INTERVAL_S if ticks else None

    def __call__(self, line: str) -> None:
        """Print it."""
        print(self._stamp(line), file=self._stream or sys.stderr, flush=True)

    def _stamp(self, line: str) -> str:
        return f"[{time.monotonic() - self._began:6.1f} s] {line}"

    def show(self, now: Snapshot) -> None:
        """Print a line."""
        told = now.tell()
        self(f"  still {now.doing}" + (f": {told}" if told else ""))


class Terminal(Lines):
    """Sentences, and below them a line that moves: the step, a bar where its end is known, what is done, time left."""

    def __init__(self, stream: TextIO | None = None) -> None:
        from rich.console import Console

        super().__init__(stream)
        self.interval_s = 0.5
        self._console = Console(file=stream, stderr=stream is None)
        self._live: Any = None
        self._lock = threading.RLock()  # sentences come from one thread, looks at the work from another

    def __call__(self, line: str) -> None:
        """Print it above the moving line."""
        with self._lock:
            if self._live is None:
                super().__call__(line)
            else:
                self._console.print(self._stamp(line), markup=False, highlight=False, soft_wrap=True)

    def show(self, now: Snapshot) -> None:
        """Draw the moving line."""
        from rich.live import Live

        with self._lock:
            if self._live is None:
                self._live = Live(console=self._console, transient=True, auto_refresh=False)
                self._live.start()
            self._live.update(self._draw(now), refresh=True)

    @staticmethod
    def _draw(now: Snapshot) -> Any:
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        line = Table.grid(padding=(0, 1), expand=False)
        bar = Spinner("line") if now.share is None else _bar(now.share)
        line.add_row(bar, Text(f"{now.doing}: {now.tell()}" if now.tell() else now.doing, overflow="ellipsis"))
        line.columns[1].no_wrap = True
        return line

    def close(self) -> None:
        """Take the moving line away; sentences stay."""
        with self._lock:
            live, self._live = self._live, None
            if live is not None:
                live.stop()


def _bar(share: float) -> Any:
    from rich.progress_bar import ProgressBar

    return ProgressBar(total=1.0, completed=share, width=24, complete_style="cyan", finished_style="cyan")


class Notebook(Display):
    """One output of a cell, drawn anew: a bar where the end of the step is known, and the last sentences."""

    shown_lines = 12

    def __init__(self) -> None:
        self.interval_s = 1.0
        self._lines: list[str] = []
        self._now: Snapshot | None = None
        self._handle: Any = None
        self._is_broken = False
        self._began = time.monotonic()
        self._lock = threading.RLock()  # as in a terminal

    def __call__(self, line: str) -> None:
        """Put it below the others."""
        with self._lock:
            self._lines.append(f"[{time.monotonic() - self._began:6.1f} s] {line}")
            self._draw()

    def show(self, now: Snapshot) -> None:
        """Draw the bar."""
        with self._lock:
            self._now = now
            self._draw()

    def close(self) -> None:
        """Leave the sentences."""
        with self._lock:
            self._now = None
            self._draw()

    def _draw(self) -> None:
        from IPython.display import HTML, display

        left_out = len(self._lines) - self.shown_lines
        head = [f"... {left_out:,} lines before"] if left_out > 0 else []
        text = html.escape("\n".join([*head, *self._lines[-self.shown_lines :]]))
        drawn = f'<pre style="margin:0;font-size:85%;line-height:1.3">{text}</pre>'
        if self._now is not None:
            share = self._now.share
            value = "" if share is None else f' value="{share:.3f}"'
            told = html.escape(f"{self._now.doing}: {self._now.tell()}".removesuffix(": "))
            drawn += f'<progress max="1"{value} style="width:16em"></progress> <small>{told}</small>'
        if self._is_broken:
            return
        try:
            if self._handle is None:
                self._handle = display(HTML(drawn), display_id=True)  # type: ignore[no-untyped-call]
            else:
                self._handle.update(HTML(drawn))  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - a front end that cannot show a run must not end it
            self._is_broken = True


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def choose(wanted: bool | None = None) -> Display:
    """The display that fits: a notebook's, a terminal's, else lines where they are wanted and nothing by itself."""
    if wanted is False:
        return Display()
    if is_notebook():
        return Notebook()
    if sys.stderr.isatty():
        return Terminal()
    return Lines() if wanted else Display()


@contextmanager
def following(spark: SparkSession, watch: Watch, say: Callable[[str], None]) -> Iterator[None]:
    """In here a display shows how far the run is, from a thread of its own; anything else but a display does nothing.

    Whatever goes wrong with looking or showing ends the showing and nothing else.
    """
    if not isinstance(say, Display) or say.interval_s is None:
        yield
        return
    display, over, showing = say, threading.Event(), threading.Lock()

    def follow() -> None:
        try:
            with looking(spark) as look:
                while not over.wait(display.interval_s):
                    now = watch.snapshot(look())
                    with showing:
                        if not over.is_set():  # a look that took long must not open again what is closed
                            display.show(now)
        except Exception:  # noqa: BLE001 - see above; a lost gateway, for one, is told by the run itself
            return

    thread = threading.Thread(target=follow, name="llmdata-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2.0)  # one that waits for a lost gateway is left behind
        with showing:
            display.close()


@contextmanager
def narrating(spark: SparkSession, display: Display) -> Iterator[Callable[[str], None]]:
    """Give what takes sentences for work that is no run: each that is not indented begins a step, which is followed."""
    watch = Watch()

    def say(line: str) -> None:
        display(line)
        if not line.startswith(" "):
            watch.begin(line)

    with following(spark, watch, display):
        yield say
