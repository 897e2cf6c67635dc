"""What can be told of a condition without Spark."""

from __future__ import annotations

import pytest

from spark_llmdata.condition import _patterns, check_words, references

GOOD = [
    "length(text) > 200 AND url NOT LIKE '%/tag/%' AND scores['gopher_quality_mean_word_length'] < 8",
    "extract(year FROM date) >= 2020",
    "trim(BOTH 'x' FROM text) != ''",
    "text NOT LIKE '%select now() from user%' -- rand()",
    "meta.user = 'x' AND meta['now'] IS NULL /* select */",
    "meta.`user` IS NULL",
    "CAST(meta['a'] AS INT) > 1 AND text LIKE '%$%'",
    "meta.version = '1' AND scores.secret IN (1, 2)",
    "date > DATE '2020-01-01'",
    "unix_timestamp(meta['at']) > 0",
    r"text RLIKE '\\d;'",
    "exists(split(text, ' '), word -> length(word) > 30)",
]
BAD = {
    "": "is empty",
    "-- nothing": "is empty",
    "true; DROP TABLE x": "';'",
    "text IN (SELECT text FROM other)": "query (SELECT)",
    "EXISTS (WITH x AS (SELECT 1) TABLE x)": "query (WITH)",
    "date < current_date": "uses current_date",
    "date < now()": "uses now",
    "user = 'me'": "uses user",
    "`user` = 'me'": "uses `user`",  # to Spark the same
    "`now`() > date": "uses `now`",
    "current_catalog() = 'x'": "uses current_catalog",
    "localtime() > TIME '12:00:00'": "uses localtime",
    "localtime > TIME '12:00:00'": "uses localtime",
    "aes_encrypt(text, 'k') = 'x'": "uses aes_encrypt",
    "builtin.length(text) > 1": "calls length by a name of several parts",
    "other.mine(text) > 1": "calls mine by a name of several parts",
    "IDENTIFIER('mine')(text) > 1": "IDENTIFIER",
    "length(text) > ${my.setting}": "'${'",
    "text = 'a${my.setting}'": "'${'",  # Spark puts values into strings too
    "length(text) > 3 AS long": "gives its value a name",
    "date < TIMESTAMP 'now'": "uses TIMESTAMP",
    "unix_timestamp() > 0": "uses unix_timestamp",
    "Reflect('java.util.UUID', 'randomUUID') = ''": "uses Reflect",
}


@pytest.mark.parametrize("sql", GOOD)
def test_plain_conditions_pass(sql):
    assert check_words(sql) == []


@pytest.mark.parametrize(("sql", "said"), BAD.items())
def test_what_cannot_be_reproduced_is_refused(sql, said):
    assert said in "; ".join(check_words(sql))


def test_keys_are_found_outside_of_strings_and_comments():
    sql = """scores['a_b'] > 1 OR Scores.c < 2 OR scores . `d e` IS NULL OR scores["a_b"] = 3
    OR text LIKE 'scores.x' /* scores.y */ OR meta.scores.z = '' -- scores.w"""
    assert references(sql, "scores") == ["a_b", "c", "d e"]
    assert references(sql, "meta") == ["scores"]


@pytest.mark.parametrize(
    ("sql", "patterns"),
    [
        ("text RLIKE 'a' OR url NOT REGEXP r'b'", ["'a'", "r'b'"]),
        ("regexp_like(concat(url, ','), 'a') AND rlike(text, 'b')", ["'a'", "'b'"]),
        ("size(split(text, '[', 2)) > 1", ["'['"]),
        ("regexp_replace(text, meta['p'], '(') = text", []),
        ("text RLIKE '(' || 'a)' AND text RLIKE lower('A') AND split(text, 'a' || 'b')[0] = '(' AND text LIKE '('", []),
    ],
)
def test_regular_expressions_that_are_written_out_are_found(sql, patterns):
    assert list(_patterns(sql)) == patterns
