"""JSON lines against Python's own parser, and dates against its calendar."""

from __future__ import annotations

import json
import re
import string
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_llmdata.kernels.jsonl import LineParser, LongLine
from spark_llmdata.schema import RECORD

LIMITS = {"max_record_bytes": 1 << 20, "batch_rows": 10_000, "batch_bytes": 1 << 24}
NAMES = ("id", "url", "text", "date", "lang", "source", "html")


def parse(data: bytes, columns: dict[str, str] | None = None, **limits: int) -> list[dict[str, Any]]:
    """All rows of `data`, through as many batches as the limits make."""
    parser = LineParser(columns or {}, "web", **{**LIMITS, **limits})
    rows: list[dict[str, Any]] = []
    start = 0
    while start < len(data):
        batch, following = parser.parse(data, start, 1000)
        assert start < following <= len(data)
        assert batch.num_rows <= {**LIMITS, **limits}["batch_rows"]
        rows += batch.to_pylist()
        start = following
    return rows


def parse_one(line: bytes, columns: dict[str, str] | None = None) -> dict[str, Any]:
    (row,) = parse(line, columns)
    return row


def test_gives_the_columns_of_a_record_in_their_order_and_types() -> None:
    batch, _ = LineParser({}, "web", **LIMITS).parse(b'{"id":1,"when":"x"}', 0, 0)
    assert batch.schema.names == [name for name in RECORD.names if name not in ("file", "ordinal")]
    for name in batch.schema.names:
        assert batch.schema.field(name).type == RECORD.field(name).type, name
        assert batch.schema.field(name).nullable == RECORD.field(name).nullable, name
    batch.validate(full=True)


def test_refuses_names_that_are_no_column() -> None:
    with pytest.raises(ValueError, match="`body` is no column of a document; the columns are id, url, text"):
        LineParser({"body": "text"}, "web", **LIMITS)


def test_refuses_a_start_behind_the_end() -> None:
    with pytest.raises(ValueError, match="from byte 3 on"):
        LineParser({}, "web", **LIMITS).parse(b"{}", 3, 0)


# Python's json as oracle

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))
keys = st.sampled_from([*NAMES, "", "Text", "crawl"]) | texts


def judge(found: Any, column: str) -> str | None:
    """The name of a type that the column cannot hold."""
    if found is None or isinstance(found, str) or column == "date":
        return None
    if isinstance(found, bool):
        return "boolean"
    if isinstance(found, (int, float)):
        return None if column == "id" else "number"
    return "array" if isinstance(found, list) else "object"


@given(
    record=st.dictionaries(keys, values, max_size=8),
    plain=st.booleans(),
    spaced=st.sampled_from([(",", ":"), (" , ", " : ")]),
)
@example(record={"text": "a\0b", "id": 0, "x": "\0"}, plain=False, spaced=(",", ":"))
@example(record={"date": "2024-02-29T12:00:00+01:00"}, plain=True, spaced=(",", ":"))
def test_reads_what_python_wrote(record: dict[str, Any], plain: bool, spaced: tuple[str, str]) -> None:
    line = json.dumps(record, ensure_ascii=plain, separators=spaced).encode()
    row = parse_one(line)
    misfits = [(name, judge(record[name], name)) for name in NAMES[:6] if name in record]
    wrong = next(((name, found) for name, found in misfits if found), None)
    if wrong:
        assert (row["rejected"], row["defect"], row["payload"]) == (True, "bad_field", line)
        evidence = json.loads(row["evidence"])
        assert (evidence["field"], evidence["key"], evidence["found"]) == (wrong[0], wrong[0], wrong[1])
        return
    assert (row["rejected"], row["defect"], row["evidence"], row["payload"]) == (False, None, None, None)
    for name in ("url", "text", "lang"):
        assert row[name] == record.get(name)
    assert row["source"] == (record.get("source") or "web")
    identity = record.get("id")
    assert row["id"] == (identity if identity is None or isinstance(identity, str) else json.dumps(identity))
    rest = {key: value for key, value in record.items() if key not in NAMES[:6] and value is not None}
    if row["date"] is None and record.get("date") is not None:
        rest["date"] = record["date"]
    found = dict(row["meta"])
    assert len(found) == len(row["meta"])
    assert found.keys() == rest.keys()
    for key, value in rest.items():
        if isinstance(value, str):
            assert found[key] == value
        else:
            assert json.loads(found[key]) == value
            assert found[key] == json.dumps(value, ensure_ascii=plain, separators=(",", ":"))


@given(
    pairs=st.lists(st.tuples(st.sampled_from(["id", "url", "text", "a", "b", "é"]), st.none() | texts), max_size=10),
)
def test_the_last_of_equal_keys_counts(pairs: list[tuple[str, str | None]]) -> None:
    line = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"
    expected = dict(pairs)
    row = parse_one(line.encode())
    assert {name: row[name] for name in ("id", "url", "text")} == {n: expected.get(n) for n in ("id", "url", "text")}
    assert dict(row["meta"]) == {k: v for k, v in expected.items() if k in ("a", "b", "é") and v is not None}


def strictly(line: bytes) -> Any:
    """What JSON the line is, by Python's parser without its leniencies."""

    def refuse(literal: str) -> Any:
        raise ValueError(literal)

    value = json.loads(line.decode("utf-8"), parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair cannot be encoded
    return value


PIECES = (
    """{"text": "id" : 1 - 0.5 e3 " \\ \\ud83d\\ude00 \\ud800 \\u00 \\x { } [ ] , null tru true NaN é \x01 x""".split(
        " "
    )
)
pieces = st.sampled_from([*(piece.encode() for piece in PIECES), b" ", b"\r", b"\xff"])


@given(
    st.lists(pieces, min_size=1, max_size=14).map(b"".join)
    | st.binary(max_size=30).map(lambda b: b.replace(b"\n", b""))
)
@example(b'{"text":"\\ud800"}')
@example(b'{"a":{"\\udfff":1}}')
@example(b'{"a":["\\ud83d\\ude00"]}')
def test_agrees_with_python_on_what_is_json(line: bytes) -> None:
    if not line.strip():
        assert parse(line) == []
        return
    row = parse_one(line)
    try:
        value = strictly(line)
    except (ValueError, UnicodeError):
        value = None
    if isinstance(value, dict):
        assert row["defect"] in (None, "bad_field")
    else:
        assert (row["rejected"], row["defect"], row["payload"]) == (True, "bad_json", line)
        error = json.loads(row["evidence"])["error"]
        assert error.startswith("column ")
        assert "expected" in error


# lines and limits


@given(
    lines=st.lists(st.sampled_from([b"{}", b'{"id":1}', b"", b" \t", b"nonsense", b'{"text":5}']), max_size=12),
    ends=st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=12, max_size=12),
    open_end=st.booleans(),
    batch_rows=st.integers(1, 4),
    batch_bytes=st.integers(1, 30),
)
def test_each_line_is_a_row_wherever_a_batch_ends(
    lines: list[bytes], ends: list[bytes], open_end: bool, batch_rows: int, batch_bytes: int
) -> None:
    data = b""
    expected = []
    for line, end in zip(lines, ends[: len(lines)], strict=True):
        if line.strip():
            expected.append((1000 + len(data), line))
        data += line + end
    if open_end and lines:
        data = data.removesuffix(b"\n").removesuffix(b"\r")
    rows = parse(data, batch_rows=batch_rows, batch_bytes=batch_bytes)
    assert [row["offset"] for row in rows] == [offset for offset, _ in expected]
    for row, (_, line) in zip(rows, expected, strict=True):
        assert row["raw_hash"] == digest(line)
        assert row["source"] == "web"


def digest(line: bytes) -> bytes:
    whole = LongLine()
    whole.update(line)
    return whole.finish(False)[3]


def test_hashes_as_xxh3_128_does() -> None:
    # Published test vectors of xxHash: the empty input with seed 0.
    assert digest(b"").hex() == "99aa06d3014798d86001c324468d497f"


@given(st.lists(st.binary(max_size=5) | st.just(b"\r"), max_size=6), st.booleans())
def test_a_long_line_is_what_its_pieces_make(parts: list[bytes], ended: bool) -> None:
    line = LongLine()
    for part in parts:
        line.update(part)
    record = b"".join(parts)
    record = record.removesuffix(b"\r") if ended else record
    assert line.finish(ended) == (len(record), not record.strip(), record, digest(record))
    assert line.finish(False)[:3] == (0, True, b"")


def test_a_record_of_just_the_limit_is_read_and_one_byte_more_is_not() -> None:
    line = json.dumps({"text": "x" * 200_000}).encode()
    assert parse_one(line + b"\r\n")["text"] == "x" * 200_000
    (sound,) = parse(line, max_record_bytes=len(line))
    assert sound["defect"] is None
    (row,) = parse(line + b"\r\n", max_record_bytes=len(line) - 1)
    assert (row["rejected"], row["defect"]) == (True, "too_large")
    assert json.loads(row["evidence"]) == {"bytes": len(line), "limit": len(line) - 1}
    assert row["payload"] == line[: 64 << 10]
    assert row["raw_hash"] == digest(line)


def test_deep_nesting_is_refused_at_any_depth() -> None:
    for levels in (128, 5_000, 400_000):
        row = parse_one(b'{"a":' + b"[" * levels + b"]" * levels + b"}")
        assert row["defect"] == "bad_json"
        assert "128 levels" in row["evidence"]
    assert parse_one(b'{"a":' + b"[" * 127 + b"]" * 127 + b"}")["defect"] is None


def test_many_keys_take_no_quadratic_time() -> None:
    record = {f"k{number % 50_000}": str(number) for number in range(100_000)}
    line = "{" + ",".join(f'"k{n % 50_000}":"{n}"' for n in range(100_000)) + "}"
    row = parse(line.encode(), max_record_bytes=1 << 24)[0]
    assert dict(row["meta"]) == record


# columns by name


def test_columns_take_other_keys() -> None:
    line = b'{"body":"t","page":"<p>","when":"2024-01-02","text":"other","date":"kept","no":7}'
    row = parse_one(line, {"text": "body", "html": "page", "date": "when", "id": "no"})
    assert (row["text"], row["html"], row["id"]) == ("t", b"<p>", "7")
    assert row["date"] == datetime(2024, 1, 2, tzinfo=timezone.utc)
    assert row["meta"] == [("date", "kept"), ("text", "other")]


def test_one_key_may_fill_two_columns() -> None:
    row = parse_one(b'{"url":"u","text":"t"}', {"id": "url"})
    assert (row["id"], row["url"]) == ("u", "u")
    wrong = parse_one(b'{"url":5,"text":"t"}', {"id": "url"})
    assert (wrong["id"], json.loads(wrong["evidence"])["field"]) == ("5", "url")


def test_html_takes_the_key_of_text() -> None:
    row = parse_one('{"text":"<p>é"}'.encode(), {"html": "text"})
    assert (row["text"], row["html"]) == (None, "<p>é".encode())


def test_html_is_meta_unless_it_is_mapped() -> None:
    assert parse_one(b'{"html":"<p>"}')["meta"] == [("html", "<p>")]
    assert parse_one(b'{"html":null}', {"html": "html"})["html"] is None
    assert parse_one(b'{"html":["<p>"]}', {"html": "html"})["defect"] == "bad_field"


def test_a_number_is_an_id_as_it_is_written() -> None:
    for literal in ("1", "-0", "1.50", "1E400", "123456789012345678901234567890"):
        assert parse_one(f'{{"id": {literal} }}'.encode())["id"] == literal


def test_a_reject_keeps_what_identifies_it() -> None:
    row = parse_one(b'{"id":"i","url":"u","source":"books","lang":"en","text":["t"]}')
    assert (row["id"], row["url"], row["source"], row["lang"]) == ("i", "u", "books", "en")
    assert (row["text"], row["meta"], row["defect"]) == (None, None, "bad_field")


# dates


def read_date(text: str) -> datetime | None:
    row = parse_one(json.dumps({"date": text}).encode())
    assert (row["date"] is None) == (row["meta"] == [("date", text)])
    found: datetime | None = row["date"]
    return found


moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))
zones = st.integers(-23 * 60 - 59, 23 * 60 + 59)


@given(moments, zones, st.sampled_from(["T", " "]), st.sampled_from([":", ""]))
def test_reads_any_moment_in_any_zone(moment: datetime, minutes: int, between: str, colon: str) -> None:
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"
    text = f"{moment.isoformat(sep=between, timespec='microseconds')}{zone}"
    assert read_date(text) == moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))


@given(moments)
def test_reads_shorter_forms(moment: datetime) -> None:
    utc = moment.replace(microsecond=0, tzinfo=timezone.utc)
    stamp = f"{moment.year:04}" + moment.strftime("%m%d%H%M%S")
    assert read_date(stamp) == utc
    assert read_date(utc.isoformat().replace("+00:00", "Z")) == utc
    assert read_date(moment.isoformat(timespec="minutes")) == utc.replace(second=0)
    assert read_date(moment.date().isoformat()) == utc.replace(hour=0, minute=0, second=0)
    assert read_date(utc.isoformat().replace("+00:00", "-05")) == utc + timedelta(hours=5)


FORMS = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?)?"
    r"|(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)",
    re.ASCII,
)


def date_by_calendar(text: str) -> datetime | None:
    form = FORMS.fullmatch(text)
    if form is None:
        return None
    *clock, fraction, sign, hours, minutes = (part or "" for part in form.groups()[:10])
    if form[11]:
        clock, fraction = list(form.groups()[10:]), ""
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        if int(minutes or 0) > 59:
            return None
        found = datetime(*(int(part or 0) for part in clock), int(fraction[:6].ljust(6, "0")), timezone(ahead))
        return found.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


@given(st.from_regex(FORMS, fullmatch=True) | st.text(string.digits + "-:T Z+.", max_size=26))
@example("2023-02-29")
@example("0000-01-01")
@example("0001-01-01T00:00+00:01")
@example("9999-12-31T23:59-00:01")
@example("2024-01-01T24:00")
@example("2024-01-01T00:00:60")
@example("2024-01-01T00:00:00.")
@example("2024-01-01T00:00:00.1234567Z")
@example("2024-01-01t00:00z")
@example("20240101000000")
@example("2024010100000")
@example(" 2024-01-01")
def test_reads_dates_as_the_calendar_has_them(text: str) -> None:
    assert read_date(text) == date_by_calendar(text)


@given(st.tuples(*[st.integers(0, high) for high in (9999, 13, 32, 24, 60, 60)]), st.booleans())
def test_refuses_dates_that_do_not_exist(parts: tuple[int, ...], stamp: bool) -> None:
    text = "{:04}{:02}{:02}{:02}{:02}{:02}" if stamp else "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z"
    assert read_date(text.format(*parts)) == date_by_calendar(text.format(*parts))


def test_large_batches_keep_their_rows() -> None:
    data = b'{"id":1,"text":"abc"}\n' * 50_000
    batch, following = LineParser({}, "web", **{**LIMITS, "batch_rows": 1 << 20}).parse(data, 0, 0)
    assert (batch.num_rows, following) == (50_000, len(data))
    assert batch.column("text").unique().to_pylist() == ["abc"]
    assert pa.types.is_fixed_size_binary(batch.column("raw_hash").type)
