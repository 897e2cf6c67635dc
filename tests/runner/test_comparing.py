"""What a corpus stage settles is written once, and found again by whoever goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from spark_llmdata.errors import RunFailed
from spark_llmdata.runner.comparing import compare
from spark_llmdata.stage import Context, CorpusStage
from spark_llmdata.store import Store
from spark_llmdata.upkeep.garbage import find_settled

pytestmark = pytest.mark.spark

SEEN: list[str] = []


class Killed(BaseException):
    """As if the process had gone."""


class Twin(CorpusStage):
    """Remove documents whose text an earlier one has; dies after it has settled its pairs, where it is asked to."""

    def apply(self, docs, ctx: Context):
        from pyspark.sql import functions as F

        first = docs.groupBy("text").agg(F.min("doc_id").alias("survivor"))
        pairs = ctx.settle(docs.join(first, "text").where("doc_id != survivor").select("doc_id", "survivor"), "pairs")
        SEEN.append(pairs.digest)
        if DEATHS:
            raise DEATHS.pop()
        settled = pairs.rows.withColumns({c: F.lit(None).cast("double") for c in ("score", "threshold")})
        return settled.withColumns({"reason": F.lit("twin"), "evidence": F.lit(None), "similarity": F.lit(1.0)})


DEATHS: list[Killed] = []


@dataclass
class Funnel:
    """What `compare` needs of a run: documents, and a place for verdicts."""

    docs: object
    found: list = field(default_factory=list)
    segments: tuple = ()
    removals: tuple = ()

    def alive(self):
        return self.docs

    def remove(self, stage, table, verdicts, keeps):
        assert keeps is None
        self.found.append((table, sorted((r.doc_id, r.survivor) for r in verdicts.collect())))


def docs(spark, texts: str):
    return spark.createDataFrame([(f"d{i}", text) for i, text in enumerate(texts)], "doc_id string, text string")


def commits(store, place: str) -> list[tuple[str, str]]:
    table = store.settled(*place.removeprefix("settled/").split("/"))
    return [(note["run"], note["key"]) for note in table.notes()]


def test_who_goes_on_finds_what_was_settled(spark, tmp_path):
    store, later = (Store(spark, str(tmp_path), run) for run in ("first", "later"))
    SEEN.clear()
    DEATHS.append(Killed())
    with pytest.raises(Killed):
        compare(store, Funnel(docs(spark, "abab")), Twin(), "rows")
    [(place, verdicts)] = find_settled(store)
    assert place == verdicts.replace("verdicts/", "settled/") + "/pairs"
    assert commits(store, place) == [("first", "pairs")]

    again = Funnel(docs(spark, "xyzw"))  # other documents would come to nothing: they are not looked at
    assert compare(later, again, Twin(), "rows") == (False, [])
    assert again.found == [(verdicts.removeprefix("verdicts/"), [("d2", "d0"), ("d3", "d1")])]
    assert len(SEEN) == 2
    assert len(set(SEEN)) == 1
    assert commits(store, place) == [("first", "pairs")]

    # Nothing is settled for verdicts that are there.
    assert compare(later, Funnel(docs(spark, "xyzw")), Twin(), "rows") == (True, [])
    assert len(SEEN) == 2


def test_what_an_older_form_of_the_stage_settled_is_refused(spark, tmp_path):
    store = Store(spark, str(tmp_path), "first")
    compare(store, Funnel(docs(spark, "aa")), Twin(), "rows")
    [(_, verdicts)] = find_settled(store)
    ctx = Context(spark, lambda rows, name: store.settled(verdicts.removeprefix("verdicts/"), name).read())
    with pytest.raises(RunFailed, match="'pairs' are the columns .*'survivor': 'string'.*raise its `revision`"):
        ctx.settle(docs(spark, "aa"), "pairs")
