"""What shows how far a run is: lines in a log, a line that moves in a terminal, one output in a notebook."""

from __future__ import annotations

import io
import re

from spark_llmdata.runner import display
from spark_llmdata.runner.display import Display, Lines, Notebook, Terminal, choose
from spark_llmdata.runner.progress import Snapshot


def test_a_log_gets_lines():
    stream = io.StringIO()
    lines = Lines(stream)
    lines("reading 1 files")
    lines.show(Snapshot("reading", 10.0, 0.5, None, (5_000_000, 10_000_000)))
    lines.close()
    plain = re.sub(r"\[ *[\d.]+ s\]", "[t]", stream.getvalue())
    assert plain == "[t] reading 1 files\n[t]   still reading: 50 %, 5.0 of 10.0 MB, 500 kB/s\n"


def test_a_terminal_draws_one_line_and_takes_it_away(monkeypatch):
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Tty()
    terminal = Terminal(stream)
    terminal("before [bold]it[/bold]")
    terminal.show(Snapshot("reading", 10.0, 0.5, None, (5_000_000, 10_000_000)))
    terminal("while")
    terminal.show(Snapshot("comparing", 10.0))
    drawn = stream.getvalue()
    terminal.close()
    assert "before [bold]it[/bold]\n" in drawn
    assert "reading: 50 %, 5.0 of 10.0 MB" in drawn
    assert "] while" in drawn
    assert "\x1b[?25l" in drawn  # the cursor is hidden
    assert stream.getvalue()[len(drawn) :].endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # and back, the line gone


def test_a_notebook_has_one_output(monkeypatch):
    from IPython import display as ipython

    outputs: list[str] = []

    class Handle:
        def update(self, shown) -> None:
            outputs[-1] = shown.data

    def put(shown, display_id):
        outputs.append(shown.data)
        return Handle()

    monkeypatch.setattr(ipython, "display", put)
    notebook = Notebook()
    for number in range(20):
        notebook(f"step <{number}>")
    notebook.show(Snapshot("reading", 10.0, 0.5))
    assert len(outputs) == 1
    assert '<progress max="1" value="0.500"' in outputs[0]
    assert "reading: 50 %" in outputs[0]
    notebook.close()
    assert "<progress" not in outputs[0]
    assert "step &lt;19&gt;" in outputs[0]
    assert "step &lt;2&gt;" not in outputs[0]
    assert "8 lines before" in outputs[0]


def test_a_notebook_that_cannot_show_anything_does_not_end_the_run(monkeypatch):
    from IPython import display as ipython

    tried = []
    monkeypatch.setattr(ipython, "display", lambda *_, **__: tried.append(1) or 1 / 0)
    notebook = Notebook()
    notebook("one")
    notebook.show(Snapshot("reading", 1.0))
    notebook.close()
    assert tried == [1]


def test_what_is_chosen(monkeypatch):
    monkeypatch.setattr(display, "is_notebook", lambda: False)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert type(choose(False)) is type(choose(None)) is Display
    assert type(choose(True)) is Lines
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert (type(choose()), type(choose(False))) == (Terminal, Display)
    monkeypatch.setattr(display, "is_notebook", lambda: True)
    assert type(choose()) is Notebook
