"""The survivor order: what is refused, which columns it reads, and who wins."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timezone

import pytest
from pydantic import BaseModel, ValidationError

from spark_llmdata import survivor
from spark_llmdata.survivor import Keys, Priority


class Settings(BaseModel):
    survivor: Keys = ("longest",)
    priority: Priority = {}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["longst"], "no survivor key 'longst', did you mean 'longest'"),
        (["date"], "no survivor key 'date'; expected some of longest, newest"),
        (["score"], "did you mean 'score:NAME'"),
        (["score:"], "no survivor key 'score:'"),
        (["score:NAME"], "expected its name"),
        (["newest", "newest"], "'newest' stands twice"),
        (["doc_id", "longest"], "'longest' stands behind doc_id"),
    ],
)
def test_keys_that_make_no_order_are_refused(keys, words):
    with pytest.raises(ValueError, match=words):
        survivor.check(keys)
    with pytest.raises(ValidationError, match=words):
        Settings(survivor=keys)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"survivor": ["priority"]}, "needs numbers"),
        ({"priority": {"a": 1}}, "add it to `survivor`"),
        ({"survivor": ["priority"], "priority": {"a": math.inf}}, "not finite"),
    ],
)
def test_priorities_and_their_key_belong_together(settings, words):
    with pytest.raises(ValidationError, match=words) as error:
        Settings(**settings)
    assert error.value.errors()[0]["loc"] == ("priority",)


def test_settings_are_brought_to_one_form():
    assert Settings(survivor="newest").survivor == ("newest",)
    assert Settings(survivor=["newest", "doc_id"]) == Settings(survivor=["newest"])
    assert Settings(survivor=["doc_id"]).survivor == ()
    assert Settings(survivor=["priority"], priority={"a": 2}).priority == {"a": 2.0}


def test_the_columns_that_are_read():
    assert survivor.columns([]) == {"doc_id"}
    keys = ["longest", "oldest", "score:a_b", "score:c", "priority"]
    assert survivor.columns(keys) == {"doc_id", "bytes", "date", "scores", "source"}
    assert survivor.scores(keys) == {"a_b", "c"}


# doc_id, bytes, date (a day of May 2024), scores.q, source
ROWS = [
    ("e", 9, 3, 0.5, "web"),
    ("d", 9, 4, None, "books"),
    ("c", 2, None, 0.5, "books"),
    ("b", None, 4, math.nan, None),
    ("a", 2, 3, -0.0, "other"),
    ("f", 1, 1, 0.0, "other"),
]
ORDERS = {
    (): "abcdef",
    ("longest",): "deacfb",
    ("newest",): "bdaefc",
    ("oldest",): "faebdc",
    ("score:q",): "ceafbd",
    ("priority",): "cdbeaf",
    ("longest", "newest"): "deacfb",
    ("priority", "oldest", "longest"): "dcebfa",
}
PRIORITY = {"books": 2.5, "other": -1}


@pytest.mark.spark
def test_who_comes_before_whom(spark):
    from pyspark.sql import functions as F

    rows = [(i, n, day and datetime(2024, 5, day, tzinfo=timezone.utc), (q,), source) for i, n, day, q, source in ROWS]
    frame = spark.createDataFrame(
        rows, "doc_id string, bytes bigint, date timestamp, scores struct<q: double>, source string"
    )
    wins = frame.select(
        *(
            F.sort_array(F.collect_list(survivor.order(k, PRIORITY)))["doc_id"].alias(f"o{i}")
            for i, k in enumerate(ORDERS)
        ),
        *(F.min(survivor.order(k, PRIORITY))["doc_id"].alias(f"m{i}") for i, k in enumerate(ORDERS)),
    ).collect()[0]
    found = {keys: "".join(wins[f"o{i}"]) for i, keys in enumerate(ORDERS)}
    assert found == ORDERS
    assert [wins[f"m{i}"] for i in range(len(ORDERS))] == [ids[0] for ids in ORDERS.values()]


def test_every_key_is_tried():
    tried = {key.split(":")[0] for key in itertools.chain(*ORDERS)}
    assert tried == {key.split(":")[0] for key in survivor.KEYS} - {"doc_id"}
