"""`filter.url`: lists in settings, evidence, what enters the fingerprint, how it travels."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from spark_llmdata import url_lists
from spark_llmdata.errors import EnvironmentProblem, UsageError
from spark_llmdata.stages.filter.url import FilterUrl


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(url_lists.CACHE_VARIABLE, str(tmp_path / "cache"))


def write(path: Path, *entries: str) -> str:
    path.write_text("".join(f"{entry}\n" for entry in entries), "utf-8")
    return str(path)


def judged(stage: FilterUrl, *urls: str | None) -> list[tuple[str | None, str | None]]:
    """Reason and evidence for each address."""
    found = stage(pa.table({"url": pa.array(urls, pa.string())}))
    verdicts = found.column("verdict").to_pylist()
    return [(v and v["reason"], v and v["evidence"]) for v in verdicts]


def test_the_evidence_names_the_entry(tmp_path):
    stage = FilterUrl(
        domains=write(tmp_path / "domains", "blocked.com"),
        urls=write(tmp_path / "urls", "http://www.x.com/Page/"),
        soft_words=write(tmp_path / "soft", "free", "win"),
        strict_words=[write(tmp_path / "strict", "pokerroom"), write(tmp_path / "more", "spam")],
        exclude_domains=["wikipedia.example"],
    )
    found = judged(
        stage,
        "http://a.blocked.com/",
        "https://x.com/page",
        "http://y.com/win/a/free/win",
        "http://y.com/sp-am",
        "http://en.wikipedia.example/",
        None,
    )
    assert found == [
        ("url.listed_domain", '{"entry": "blocked.com"}'),
        ("url.listed_url", '{"entry": "x.com/page"}'),
        ("url.soft_words", '{"entry": "win free"}'),
        ("url.strict_word", '{"entry": "spam"}'),
        ("url.excluded_domain", '{"entry": "wikipedia.example"}'),
        (None, None),
    ]


def test_evidence_stays_within_its_bound(tmp_path):
    long = "http://x.com/" + '"é' * 500
    stage = FilterUrl(urls=write(tmp_path / "urls", long))
    ((reason, evidence),) = judged(stage, long)
    assert reason == "url.listed_url"
    assert len(evidence) <= 200
    assert json.loads(evidence)["entry"].startswith("x.com/")


def test_lists_count_by_their_content(tmp_path):
    one = FilterUrl(domains=write(tmp_path / "a", "blocked.com"), hard_words=write(tmp_path / "w", "sex"))
    moved = FilterUrl(domains=[write(tmp_path / "b", "blocked.com")], hard_words=write(tmp_path / "v", "sex"))
    other = FilterUrl(domains=[write(tmp_path / "c", "other.com")], hard_words=write(tmp_path / "v", "sex"))
    assert one.fingerprint() == moved.fingerprint() != other.fingerprint()
    assert str(tmp_path) not in json.dumps(one.fingerprint())
    assert FilterUrl(hard_words=write(tmp_path / "w2", "sx")).fingerprint() != FilterUrl().fingerprint()


def test_a_list_that_is_written_anew_is_another(tmp_path):
    path = write(tmp_path / "a", "blocked.com")
    before = FilterUrl(domains=path)
    judged(before, "http://blocked.com")
    write(tmp_path / "a", "other-one.com")
    after = FilterUrl(domains=path)
    assert before.fingerprint() != after.fingerprint()
    assert judged(before, "http://blocked.com")[0][0] == "url.listed_domain"
    assert judged(after, "http://blocked.com") == [(None, None)]


def test_it_travels_with_what_it_knows_of_its_lists(tmp_path):
    path = write(tmp_path / "a", "blocked.com")
    words = write(tmp_path / "w", "sex")
    sent = pickle.dumps(FilterUrl(domains=path, hard_words=words))
    Path(words).unlink()
    there = pickle.loads(sent)
    assert judged(there, "http://blocked.com", "http://x.com/sex")[1][0] == "url.hard_word"
    other = pickle.loads(pickle.dumps(FilterUrl(domains=write(tmp_path / "b", "never-compiled.com"))))
    (tmp_path / "b").unlink()
    with pytest.raises(EnvironmentProblem, match="cannot be read here"):
        judged(other, "http://blocked.com")


def test_paths_are_absolute_from_the_start(tmp_path, monkeypatch):
    write(tmp_path / "domains", "blocked.com")
    monkeypatch.chdir(tmp_path)
    stage = FilterUrl(domains="domains")
    monkeypatch.chdir("/")
    assert judged(stage, "http://blocked.com")[0][0] == "url.listed_domain"
    assert FilterUrl.model_validate(stage.settings()).fingerprint() == stage.fingerprint()


def test_presets_are_spelled_out_and_overridden():
    assert FilterUrl(preset="datatrove").settings()["ignore_case"] is False
    assert FilterUrl(preset="datatrove", ignore_case=True).url_form == "exact"
    assert FilterUrl(preset="dclm").domain_match == "host"
    assert FilterUrl().settings()["url_form"] == "c4"


def test_what_is_not_there_is_told_with_the_setting(tmp_path):
    with pytest.raises(UsageError, match=r"hard_words: .*nowhere' does not exist; expected a file of entries"):
        FilterUrl(hard_words=str(tmp_path / "nowhere"))
    write(tmp_path / "domains", "x.com")
    with pytest.raises(UsageError, match="domains: .* has no category 'adult'; it has domains"):
        FilterUrl(domains=str(tmp_path), categories=["adult"])


def test_the_lists_of_ut1_can_be_read(shared_data):
    folder = str(shared_data / "05_pii_tox_url" / "ut1" / "blacklists")
    stage = FilterUrl(domains=folder, urls=folder, categories=["warez", "games", "shortener", "dating"])
    domains = (Path(folder) / "warez" / "domains").read_text("utf-8").split()
    urls = (Path(folder) / "games" / "urls").read_text("utf-8").split()
    assert len(domains) > 1000
    exact = FilterUrl(domains=folder, urls=folder, categories=["warez", "games"], domain_match="host")
    named = [d for d in domains if not d.startswith("www.")]
    assert {reason for reason, _ in judged(exact, *(f"http://{d}/x" for d in named))} == {"url.listed_host"}
    assert {r for r, _ in judged(stage, *(f"https://www.{u}" for u in urls))} <= {"url.listed_url", "url.listed_domain"}
    assert judged(stage, "https://example.org/")[0][0] is None


@pytest.mark.spark
def test_workers_map_the_same_table(spark, tmp_path):
    """Workers of their own compile nothing again, and say the same for any partitioning."""
    stage = FilterUrl(domains=write(tmp_path / "a", "blocked.com"))
    rows = [(str(i), f"http://{'blocked' if i % 3 == 0 else 'good'}.com/{i}") for i in range(30)]
    for partitions in (1, 4):
        docs = spark.createDataFrame(rows, "id string, url string").repartition(partitions)
        gone = {row.id for row in stage(docs).where("NOT kept").collect()}
        assert gone == {str(i) for i in range(0, 30, 3)}
