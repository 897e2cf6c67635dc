"""The account of an input: bytes of a file, rows of a table, the first records; what does not add up is named."""

from __future__ import annotations

import pytest
from pyspark.sql import Row

from spark_llmdata.runner.covering import check_account
from spark_llmdata.sources.split import InputFile

FILE = InputFile("/a.jsonl", 100, 0, "web", "jsonl")
FIRST = InputFile("/a.jsonl", 100, 0, "web", "jsonl", first=7)
TABLE = InputFile("table:t@v1", 100, 0, "web", "table")


def split(begin: int, end: int, records: int, size: int = 100) -> Row:
    return Row(begin=begin, end=end, records=records, size=size)


@pytest.mark.parametrize(
    ("file", "splits", "held", "problem"),
    [
        (FILE, [split(40, 100, 3), split(0, 40, 2)], 5, None),
        (FILE, [split(0, 40, 5)], 5, "40 of 100 bytes are accounted for"),
        (FILE, [split(0, 40, 5), split(41, 100, 5)], 10, "bytes 40 to 41 were read by no split or by two"),
        (FILE, [split(0, 100, 5)], 4, "5 records were read, 4 rows were written"),
        (FIRST, [split(0, 40, 7, 40)], 7, None),
        (FIRST, [split(0, 40, 6, 40)], 6, "6 records were read of the first 7"),
        (FIRST, [split(0, 40, 7, 40)], 6, "7 records were read, 6 rows were written"),
        (TABLE, [split(0, 12, 12, 12)], 12, None),
        (TABLE, [split(0, 12, 12, 12)], 11, "12 records were read, 11 rows were written"),
    ],
)
def test_what_was_read_is_held_against_what_was_promised(file, splits, held, problem):
    found = check_account(file, splits, held)
    assert found is None if problem is None else problem in found
