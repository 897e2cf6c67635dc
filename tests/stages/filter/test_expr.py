"""filter.expr: what Spark finds wrong is told in sentences; values that cannot be computed name their document."""

from __future__ import annotations

import json

import pytest

import spark_llmdata as sl
from spark_llmdata.cli import main
from spark_llmdata.errors import EnvironmentProblem, RecipeError, RunFailed, SettingsError
from spark_llmdata.runner.funnel import Removal
from spark_llmdata.runner.progress import Watch
from spark_llmdata.spark_settings import run_settings
from spark_llmdata.stages import BUILTIN
from tests.runner.corpora import write_jsonl

FilterExpr = BUILTIN["filter.expr"]


def test_the_condition_has_to_be_given():
    with pytest.raises(SettingsError, match=r"filter\.expr\.keep: it has to be given"):
        FilterExpr()
    with pytest.raises(SettingsError, match="undecided"):
        FilterExpr(keep="true", reason="undecided")
    with pytest.raises(SettingsError, match="holds a query"):
        FilterExpr(keep="text IN (SELECT 1)")


def test_scores_are_known_without_spark():
    stage = FilterExpr(keep="scores['gopher_quality_n_words'] > 1 AND scores.x < 2")
    assert stage.needed_scores() == {"gopher_quality_n_words", "x"}


@pytest.fixture(scope="module")
def docs(spark):
    rows = [
        ("a", "long enough", "https://x/1", {"year": "2001"}, (1.0,), "p"),
        ("b", "long enough", "https://x/2", {"year": "199x"}, (2.0,), "p"),
        ("c", "x", None, None, (None,), "p"),
    ]
    columns = "doc_id string, text string, url string, meta map<string,string>, scores struct<q: double>, part string"
    return spark.createDataFrame(rows, columns)


@pytest.fixture
def own(spark):
    """What only this session knows: functions, one of them by the name of Spark's own, and a variable."""
    spark.udf.register("own_function", len, "int")
    spark.udf.register("soundex", len, "int")
    spark.sql("CREATE OR REPLACE TEMPORARY FUNCTION twice(x INT) RETURNS INT RETURN 2 * x")
    spark.sql("DECLARE OR REPLACE VARIABLE least_length INT DEFAULT 5")
    yield
    spark.sql("DROP TEMPORARY VARIABLE least_length")
    spark.sql("DROP TEMPORARY FUNCTION twice")


@pytest.mark.spark
@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ("lenght(text) > 3", "no function 'lenght' in Spark SQL, did you mean 'length'?"),
        ("txt = 'a'", "no column 'txt', did you mean 'text'?; a document has doc_id"),
        ("scores['w'] > 1", "no score 'w'; there are q"),
        ("rand() > 0.5", "conv(substring(doc_id"),
        ("input_file_name() = ''", "where a row is read"),
        ("count(*) > 1", "aggregate or window"),
        ("row_number() OVER (ORDER BY text) = 1", "aggregate or window"),
        ("length(text)", "is INT; expected a condition"),
        ("text >", "Syntax error at or near end of input. (line 1, pos 6)"),
        ("_metadata.file_path = ''", "no column '_metadata.file_path'"),
        ("part = ''", "no column 'part'"),
        ("own_function(text) > 1", "own_function(), a function of this session"),
        ("`own_function`(text) > 1", "own_function(), a function of this session"),
        ("soundex(text) = ''", "soundex(), a function of this session"),
        ("twice(2) = 4", "twice(), a function of this session"),
        ("length(text) > least_length", "uses least_length, a variable of this session"),
        ("length(text) > session.Least_Length", "uses session.Least_Length, a variable"),
        ("length(text) > 3 long", "gives its value a name"),
        ("text NOT RLIKE '('", "'(' is no regular expression that Java can read"),
        ("regexp_like(lower(text), '[a') AND true", "'[a' is no regular expression that Java can read"),
    ],
)
def test_spark_complains_in_sentences(docs, own, keep, said, caplog, capfd):
    problem = FilterExpr(keep=keep).check(docs.limit(0))
    assert problem is not None
    assert said in problem
    assert "AnalysisException" not in capfd.readouterr().err  # PySpark logs what it raises
    assert not caplog.records


@pytest.mark.spark
def test_evidence_is_what_the_condition_looks_at(docs):
    stage = FilterExpr(keep="length(text) > 3 AND meta['year'] < '1999' AND scores.q < 9", reason="too_new", id="old")
    gone = {r.doc_id: r.verdict for r in stage(docs).where("NOT kept").collect()}
    assert gone["a"].reason == "old.too_new"
    told = {"characters": 11, "meta.year": "2001", "scores.q": 1.0, "keep": stage.keep}
    assert json.loads(gone["a"].evidence) == told
    assert gone["c"].reason == "old.too_new"  # false AND NULL is false
    assert all(len(v.evidence) <= 200 for v in gone.values())


@pytest.mark.spark
def test_what_cannot_be_computed_names_the_document(docs):
    docs.sparkSession.conf.set("spark.sql.ansi.enabled", "true")
    with pytest.raises(RunFailed, match=r"for 1 document, such as b: The value '199x'.*try_cast"):
        FilterExpr(keep="CAST(meta['year'] AS INT) > 2000")(docs)
    with pytest.raises(RunFailed) as failed:
        FilterExpr(keep="CAST(repeat(text, 1000) AS INT) > 2000")(docs)
    assert len(str(failed.value)) < 1000  # a text may be long, and private
    rest = FilterExpr(keep="try_cast(meta['year'] AS INT) > 2000")(docs)
    assert {r.doc_id: r.verdict.reason for r in rest.where("NOT kept").collect()} == {
        "b": "expr.undecided",
        "c": "expr.undecided",
    }


@pytest.mark.spark
def test_a_condition_means_the_same_in_every_session(spark):
    odd = {"spark.sql.parser.escapedStringLiterals": "true", "spark.sql.ansi.doubleQuotedIdentifiers": "true"}
    condition = """id RLIKE "^\\\\d$" """.strip()  # in double quotes, backslashes doubled: text only by the defaults
    docs = spark.createDataFrame([("1",), ("x",)], "id string")
    try:
        for name, value in odd.items():
            spark.conf.set(name, value)
        with run_settings(spark):
            assert [r.id for r in docs.where(condition).collect()] == ["1"]
        assert all(spark.conf.get(name) == value for name, value in odd.items())
    finally:
        for name in odd:
            spark.conf.unset(name)


@pytest.mark.spark
def test_many_are_left_out_by_the_condition_itself(docs):
    """So that no text is shuffled; the verdicts are not even looked at."""
    stage = FilterExpr(keep="scores.q < 2")
    removal = Removal("filter.expr", "t", None, 2_000_000, 0, 0, keeps=stage.condition())
    assert [r.doc_id for r in removal.leave_out(docs).collect()] == ["a"]


RECIPE = """\
name: mine
stages:
  - filter.gopher_quality: {preset: gopher, min_words: 2}
  - filter.expr:
      keep: url NOT LIKE '%/tag/%' AND scores.gopher_quality_n_words < 1000
"""


@pytest.mark.spark
def test_a_run_tells_typos_before_it_reads(spark, tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"url": "https://x/tag/1", "text": "a b c"}])
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(RECIPE.replace("url NOT", "ulr NOT"))
    said = r"mine\.yaml:4: filter\.expr\.keep: .*no column 'ulr', did you mean 'url'\?"
    with pytest.raises(RecipeError, match=said):
        sl.run(recipe, input=tmp_path / "in.jsonl", store=tmp_path / "store", spark=spark)
    assert not (tmp_path / "store" / "segments").exists()


def test_a_score_with_a_typo_is_told_by_the_plan(tmp_path):
    from spark_llmdata.plan import make_plan
    from spark_llmdata.recipe import load_recipe

    recipe = tmp_path / "mine.yaml"
    recipe.write_text(RECIPE.replace("n_words <", "words <"))
    with pytest.raises(RecipeError, match=r"mine\.yaml:4: filter\.expr wants the score gopher_quality_words"):
        make_plan(load_recipe(str(recipe)))


@pytest.mark.spark
def test_documents_that_an_earlier_rule_removed_are_not_computed(spark, tmp_path, monkeypatch):
    """Spark would ask the second condition of all rows, and end the run at the one that is no number."""
    rows = [{"id": n, "text": f"text {n}", "n": n} for n in ("1", "x", "5")]
    write_jsonl(tmp_path / "a.jsonl", rows)
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "name: r\nstages:\n"
        "  - filter.expr: {id: filter.numbers, keep: \"meta['n'] RLIKE '^[0-9]+$'\"}\n"
        "  - filter.expr: {id: filter.large, keep: \"CAST(meta['n'] AS INT) > 2\"}\n"
        "gates: {max_removed: 1}\n"
    )
    begun, begin = [], Watch.begin
    monkeypatch.setattr(Watch, "begin", lambda self, name, **facts: (begun.append(name), begin(self, name, **facts))[1])
    run = sl.run(recipe, input=tmp_path / "a.jsonl", store=tmp_path / "store", spark=spark)
    assert [name for name in begun if " by " in name] == ["judging by filter.numbers", "judging by filter.large"]
    assert [row.id for row in run.corpus.select("id").collect()] == ["5"]
    assert {r["reason"]: r["documents"] for r in run.reasons} == {"numbers.unmet": 1, "large.unmet": 1}


@pytest.mark.spark
def test_a_plan_checks_conditions(spark, tmp_path, capsys):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(RECIPE)
    assert main(["plan", str(recipe), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["unchecked"] is None
    assert [(s["compares"], s["by_condition"]) for s in facts["steps"]] == [(False, False), (False, True)]
    recipe.write_text(RECIPE.replace("url NOT", "ulr NOT"))
    assert main(["plan", str(recipe)]) == 2
    assert "mine.yaml:4: filter.expr.keep: " in (said := capsys.readouterr().err)
    assert "no column 'ulr', did you mean 'url'?" in said


def test_a_plan_says_where_conditions_are_not_checked(tmp_path, capsys, monkeypatch):
    def session(*_, **__):
        raise EnvironmentProblem("Java is missing")

    monkeypatch.setattr("spark_llmdata.cli.spark.session", session)
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(RECIPE)
    assert main(["plan", str(recipe)]) == 0
    assert "conditions in SQL are not checked here: Java is missing" in capsys.readouterr().out
    assert main(["plan", "quickstart"]) == 0  # for which no session is wanted
