"""How far a run is: shares by finished tasks, rows by footers, words for both; displays never get in the way."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_llmdata.runner import tasks_done
from spark_llmdata.runner.display import Display, Lines, following, narrating
from spark_llmdata.runner.progress import Snapshot, Watch, tell_time
from spark_llmdata.runner.written import WrittenRows


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Watch:
    return Watch(clock)


def test_bytes_and_time_left_follow_the_finished_tasks(watch, clock):
    watch.begin("reading", counts=True)
    batches = watch.each([300, 100], lambda weight: weight)
    assert watch.snapshot({}).share == 0
    next(batches)
    clock.now += 10
    found = watch.snapshot({7: (2, 4), 8: (0, 1)})
    assert found.share == pytest.approx(0.375)
    assert found.bytes == (150, 400)
    assert found.tasks == (2, 4)
    assert found.left_s == pytest.approx(10 * 0.625 / 0.375)
    clock.now += 6
    assert watch.snapshot({7: (2, 4), 8: (0, 1)}).left_s == pytest.approx(10 * 0.625 / 0.375 - 6)
    clock.now += 50
    assert watch.snapshot({7: (2, 4), 8: (0, 1)}).left_s is None  # overdue: nobody knows
    assert watch.snapshot({9: (1, 2)}).share == pytest.approx(0.75)  # stage 7 is over, 9 only commits
    next(batches)
    assert watch.snapshot({}).share == pytest.approx(0.75)
    assert watch.snapshot({11: (1, 2)}).bytes == (350, 400)
    assert next(batches, None) is None
    done = watch.snapshot({})
    assert (done.share, done.left_s) == (1.0, None)
    clock.now += 100
    assert watch.snapshot({}).seconds == done.seconds  # what follows the last task slows no rate


def test_pieces_of_unknown_size_weigh_the_same(watch):
    """Data frames have no bytes to tell: they were done from the first moment on."""
    watch.begin("reading", counts=True)
    batches = watch.each(["a frame", "another"], lambda piece: 0)
    next(batches)
    found = watch.snapshot({7: (100, 400)})
    assert (found.share, found.bytes) == (pytest.approx(0.125), None)
    next(batches)
    assert watch.snapshot({}).share == pytest.approx(0.5)


def test_a_stage_that_prepares_is_not_the_work(watch, clock, tmp_path):
    watch.begin("judging", rows=9, folder=str(tmp_path), counts=True)
    next(watch.each(["part"], None))
    watch.snapshot({1: (0, 1)})
    clock.now += 5
    assert watch.snapshot({}).share == 0
    clock.now += 5
    assert watch.snapshot({2: (1, 4)}).left_s == pytest.approx(30)
    pq.write_table(pa.table({"n": list(range(9))}), tmp_path / "a.parquet")
    clock.now += 5
    done = watch.snapshot({})
    assert (done.share, done.seconds, done.rows) == (1.0, 15, (9, 9))


def test_nothing_to_do_is_done(watch):
    watch.begin("reading", counts=True)
    assert list(watch.each([], lambda weight: weight)) == []
    assert watch.snapshot({}).share == 1.0


def test_no_time_is_told_from_the_first_moments(watch, clock):
    watch.begin("judging", rows=5, counts=True)
    next(watch.each(["part"], None))
    clock.now += 1
    assert watch.snapshot({1: (1, 4)}).left_s is None
    clock.now += 1
    assert watch.snapshot({1: (1, 4)}).left_s == pytest.approx(2)
    assert watch.snapshot({1: (1, 4)}).bytes is None


def test_a_step_whose_end_is_not_known_tells_tasks(watch, clock):
    watch.begin("comparing by dedup.exact", rows=1234)
    found = watch.snapshot({3: (1, 8)})
    assert (found.share, found.left_s) == (None, None)
    assert found.tell() == "1,234 rows, 1 of 8 tasks"


def test_a_new_step_forgets_the_one_before(watch):
    watch.begin("one", rows=3, counts=True)
    watch.snapshot({1: (1, 2)})
    watch.begin("two")
    assert watch.snapshot({}).tell() == ""


@pytest.mark.parametrize(
    ("snapshot", "told"),
    [
        (Snapshot("x", 1.0), ""),
        (
            Snapshot("x", 10.0, 0.45, (9, 20), (1_215_000_000, 2_700_000_000), (5000, None), 100.0),
            "45 %, 1.2 of 2.7 GB, 122 MB/s, 5,000 rows, 500 rows/s, 1 min 40 s left",
        ),
        (Snapshot("x", 10.0, 0.0, None, (0, 6_400_000), (0, None)), "0 %, 0.0 of 6.4 MB"),
        (Snapshot("x", 10.0, 1.0, None, (0, 0), (7, 20)), "100 %, 7 of 20 rows, 1 rows/s, now counting and committing"),
        (Snapshot("x", 1.0, 0.5, None, (400, 800), (None, 20)), "50 %, 0.4 of 0.8 kB, 0.4 kB/s, 20 rows"),
    ],
)
def test_words(snapshot, told):
    assert snapshot.tell() == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.1, "1 s"), (59.6, "1 min 0 s"), (599, "9 min 59 s"), (601, "10 min"), (7290, "2 h 1 min")],
)
def test_times(seconds, told):
    assert tell_time(seconds) == told


def test_rows_are_counted_when_their_file_is_whole(tmp_path):
    def write(name: str, rows: int) -> None:
        pq.write_table(pa.table({"n": list(range(rows))}), tmp_path / name)

    write("before.parquet", 5)
    written = WrittenRows(str(tmp_path))
    assert written.count() == 0
    write("a.parquet", 3)
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-9])
    assert written.count() == 3
    write("b.parquet", 4)
    assert written.count() == 7
    assert written.count() == 7
    assert WrittenRows(str(tmp_path / "none")).count() == 0
    assert WrittenRows("s3a://bucket/table").count() is None


class Seen(Display):
    interval_s = 0.01

    def __init__(self) -> None:
        self.shown: list[Snapshot] = []
        self.is_closed = False
        self.was_shown = threading.Event()

    def show(self, now: Snapshot) -> None:
        self.shown.append(now)
        self.was_shown.set()

    def close(self) -> None:
        self.is_closed = True


class Classic:
    """A session that offers what a classic one does."""

    def __init__(self, stages: dict[int, tuple[int, int]]) -> None:
        self.sparkContext = self
        self.stages = stages

    def statusTracker(self) -> Classic:
        return self

    def getActiveStageIds(self) -> list[int]:
        return [*self.stages, 99]

    def getStageInfo(self, number: int) -> SimpleNamespace | None:
        if number == 99:
            return None  # it ended between the two questions
        done, total = self.stages[number]
        return SimpleNamespace(numTasks=total, numCompletedTasks=done)


def test_a_display_sees_the_tasks_of_a_classic_session(watch):
    watch.begin("judging", rows=5, counts=True)
    display = Seen()
    with following(Classic({4: (1, 4)}), watch, display):
        assert display.was_shown.wait(10)
    assert display.shown[0].tasks == (1, 4)
    assert display.is_closed


def test_each_sentence_of_other_work_begins_a_step():
    display = Seen()
    with narrating(Classic({4: (1, 4)}), display) as say:
        say("starting")
        say("writing the report")
        say("  of 5 documents")
        deadline = time.monotonic() + 10
        while not any(now.doing == "writing the report" for now in display.shown) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [now.doing for now in display.shown][-1] == "writing the report"
    assert display.shown[-1].tasks == (1, 4)
    assert display.is_closed


def test_a_stage_without_tasks_ends_no_display(watch):
    watch.begin("judging", rows=5, counts=True)
    display = Seen()
    with following(Classic({4: (0, 0)}), watch, display):
        assert display.was_shown.wait(10)
    assert (display.shown[0].share, display.shown[0].tasks) == (0.0, None)


def test_a_connect_session_reports_by_a_handler():
    handlers = []
    kind = type("SparkSession", (), {"__module__": "pyspark.sql.connect.session"})
    session = kind()
    session.registerProgressHandler, session.removeProgressHandler = handlers.append, handlers.remove
    stage = SimpleNamespace(stage_id=3, num_tasks=8, num_completed_tasks=2, num_bytes_read=0, done=False)
    with tasks_done.looking(session) as look:
        assert look() == {}
        nothing = SimpleNamespace(stage_id=4, num_tasks=0, num_completed_tasks=0, num_bytes_read=0, done=False)
        handlers[0]([stage, nothing], 2, "operation", False)
        assert look() == {3: (2, 8)}
        handlers[0](None, 0, "operation", True)
        assert look() == {}
    assert handlers == []


def test_a_display_that_fails_ends_and_the_run_goes_on(watch):
    display = Seen()
    display.show = lambda now: 1 / 0
    with following(Classic({}), watch, display):
        time.sleep(0.05)
    assert display.is_closed


def test_a_look_that_took_long_opens_nothing_again(watch, monkeypatch):
    display, looked = Seen(), threading.Event()

    @contextmanager
    def slow(spark):
        def look():
            looked.wait(5)
            return {}

        yield look

    monkeypatch.setattr("spark_llmdata.runner.display.looking", slow)
    monkeypatch.setattr(threading.Thread, "join", lambda self, timeout=None: None)
    with following(SimpleNamespace(), watch, display):
        time.sleep(0.05)
    thread = next(t for t in threading.enumerate() if t.name == "llmdata-progress")
    monkeypatch.undo()
    looked.set()
    thread.join(5)
    assert (display.is_closed, display.shown) == (True, [])


def test_a_session_that_cannot_be_asked_shows_nothing(watch):
    display = Seen()
    with following(SimpleNamespace(), watch, display):
        time.sleep(0.05)
    assert (display.shown, display.is_closed) == ([], True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_display_is_closed_when_the_run_ends_early(watch, error):
    display = Seen()
    with pytest.raises(error), following(Classic({}), watch, display):
        raise error
    assert display.is_closed
    assert "llmdata-progress" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("say", [print, Display(), Lines(ticks=False)])
def test_where_nothing_moves_no_thread_is_started(watch, say):
    with following(SimpleNamespace(), watch, say):
        assert "llmdata-progress" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.spark
def test_a_run_is_followed_and_gives_the_same(spark, tmp_path):
    import spark_llmdata as sl
    from tests.runner.corpora import documents, write_jsonl

    class Everything(Seen):
        def __call__(self, line: str) -> None:
            self.lines = [*getattr(self, "lines", []), line]

    write_jsonl(tmp_path / "a.jsonl", documents(30))
    seen = Everything()
    run = sl.run("quickstart", input=tmp_path / "a.jsonl", store=tmp_path / "s", spark=spark, progress=seen)
    assert {s.doing for s in seen.shown} >= {"reading", "judging", "writing fates"}
    assert (
        max(s.bytes[0] for s in seen.shown if s.doing == "reading" and s.bytes) == (tmp_path / "a.jsonl").stat().st_size
    )
    judged = [s.rows for s in seen.shown if s.doing == "judging"]
    assert judged[-1] == (30, 30)
    assert any(line.startswith("reading 1 file") for line in seen.lines)
    again = sl.run("quickstart", input=tmp_path / "a.jsonl", store=tmp_path / "t", spark=spark)
    assert again.content_hash == run.content_hash
    assert json.dumps(run.as_json())


def test_a_small_input_is_cut_for_all_cores():
    from spark_llmdata.sources import packing

    mib = 1 << 20
    assert packing._share_of(30 * mib, packing.SPLIT_BYTES) == 4 * mib
    assert packing._share_of(1024 * mib, packing.SPLIT_BYTES) == 16 * mib
    assert packing._share_of(1 << 50, packing.SPLIT_BYTES) == 64 * mib
