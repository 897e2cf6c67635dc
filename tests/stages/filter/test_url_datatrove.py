"""`preset: datatrove` against datatrove itself, where that is installed: the same reason for every address."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pyarrow as pa
import pytest

from spark_llmdata import url_lists
from spark_llmdata.batch import Batch
from spark_llmdata.stages.filter.url import FilterUrl

HOSTS = (
    "blocked.com BLOCKED.com blocked.co.uk shop.example.org ads.news.de news.de someone.github.io a.blogspot.com "
    "xn--bcher-kva.de bücher.de 192.0.2.7 [::1] localhost co.uk unknown news.de:80 user@news.de news.de."
).split()
LISTS = {
    "domains": "blocked.com blocked.co.uk ads.news.de github.io xn--bcher-kva.de 192.0.2.7".split(),
    "urls": ["http://news.de/free", "news.de/win"],
    "hard_words": ["casino", "sex"],
    "soft_words": ["free", "win", "chat"],
    "strict_words": ["pokerroom", "exca"],
}
PARTS = "casino Casino essex sex free Free win chat poker room sex-cam a_b %20 é".split()
REASONS = {
    "listed_domain": "domain",
    "listed_host": "subdomain",
    "listed_url": "url",
    "hard_word": "hard_blacklisted",
    "soft_words": "soft_blacklisted",
    "strict_word": "blacklisted_subword",
}


def make_addresses(count: int) -> list[str]:
    rng = random.Random(5)
    starts = ["http://", "https://", "HTTP://", "//", "", "http://www.", "http://a.b."]
    return [
        rng.choice(starts)
        + rng.choice(HOSTS)
        + "".join(rng.choice("/-_.?&") + rng.choice(PARTS) for _ in range(rng.randint(0, 4)))
        for _ in range(count)
    ] + LISTS["urls"]


def test_every_reason_is_datatroves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS", "")  # its own list, not one that it would fetch
    filters = pytest.importorskip("datatrove.pipeline.filters.url_filter")
    data = pytest.importorskip("datatrove.data")
    for module in ("tldextract", "ahocorasick"):
        pytest.importorskip(module)
    words = {"banned_words": "hard_words", "soft_banned_words": "soft_words", "banned_subwords": "strict_words"}
    given = {name: LISTS[ours] for name, ours in words.items()}
    theirs = filters.URLFilter(
        extra_domains=LISTS["domains"], extra_urls=LISTS["urls"], use_integrated_lists=False, **given
    )
    monkeypatch.setenv(url_lists.CACHE_VARIABLE, str(tmp_path / "cache"))
    for name, entries in LISTS.items():
        (tmp_path / name).write_text("\n".join(entries), "utf-8")
    ours = FilterUrl(preset="datatrove", **{name: str(tmp_path / name) for name in LISTS})
    urls = make_addresses(20_000)
    found = ours.judge(Batch({"url": pa.array(urls)})).reason
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tldextract's word on a property that datatrove uses
        expected = [theirs.filter(data.Document(text="", id="", metadata={"url": url})) for url in urls]
    said = [(url, REASONS.get(reason)) for url, reason in zip(urls, found, strict=True)]
    assert said == [(url, None if e is True else e[1]) for url, e in zip(urls, expected, strict=True)]
    assert set(found) == {None, *REASONS}
