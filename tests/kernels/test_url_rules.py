"""Block lists: what is found against the twin, compiled tables, hostile addresses."""

from __future__ import annotations

import hashlib
import json
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference_url_rules as twin
from spark_llmdata.kernels.url_rules import REVISION, Rules, WordLists, compile_list

#: Those of the public suffix list that the labels below can make up.
SUFFIXES = {"com", "org", "uk", "co.uk", "co", "com.co"}
labels = st.sampled_from(["a", "b-c", "blocked", "www", "x1", "sub_domain", "com", "co", "uk", "example"])
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)
pieces = st.sampled_from(
    ["/", "-", "_", ".", "?", "#", "%20", "=", "sex", "SEX", "free", "win", "Win", "po", "ker", "é", "Ü"]
)
schemes = st.sampled_from(["http://", "HTTPS://", "https://www.", "//", "ftp://", "", "http://user@", "x y "])
addresses = st.builds(
    lambda scheme, host, port, path: scheme + host + port + path,
    schemes,
    hosts | hosts.map(str.upper),
    st.sampled_from(["", ".", ":80", ":"]),
    st.lists(pieces, max_size=8).map(lambda parts: "/" + "".join(parts)) | st.just(""),
)
WORDS = {
    "hard": ["sex", "Blocked-", "é"],
    "soft": ["FREE", "win", "x1", "ü", "sex"],
    "strict": ["poker", "ker", "wins", "z_k", ""],
    "allowed": ["blocked.com"],
    "excluded": ["example.org", "org"],
}


def rules(domains: list[str], urls: list[str], **settings: object) -> Rules:
    form = str(settings.get("url_form", "c4"))
    return Rules(
        compile_list([("list", "\n".join(domains).encode())])[0],
        compile_list([("list", "\n".join(urls).encode())], form)[0],
        WordLists(**WORDS),
        **settings,  # type: ignore[arg-type]
    )


@given(
    st.lists(addresses, min_size=1, max_size=6),
    st.lists(hosts, max_size=6),
    st.integers(0, 5),
    st.sampled_from(["registered", "host", "parents"]),
    st.sampled_from(["c4", "exact"]),
    st.sampled_from(["alphanumeric", "boundaries"]),
    st.booleans(),
)
def test_what_is_found_is_what_the_twin_finds(urls, domains, listed, domain_match, url_form, words, ignore_case):
    settings = {"domain_match": domain_match, "url_form": url_form, "ignore_case": ignore_case}
    found = rules(domains, urls[:listed], words=words, **settings).measure(pa.array(urls)).to_pylist()
    for url, row in zip(urls, found, strict=True):
        expected = twin.measure(
            url,
            suffixes=SUFFIXES,
            domains=domains,
            urls=urls[:listed],
            words=WORDS,
            spelling=words,
            **settings,
        )
        assert row == expected, url


def test_every_finding_occurs():
    """The property above is about something: addresses for which each column is filled."""
    urls = ["http://a.blocked.com/sex-free-win/poker", "http://a.example.org/"]
    rows = rules(["blocked.com", "a.blocked.com"], [urls[0]]).measure(pa.array([*urls, None])).to_pylist()
    assert rows[0] == {
        "listed_domain": "blocked.com",
        "listed_host": "a.blocked.com",
        "listed_url": "a.blocked.com/sex-free-win/poker",
        "hard_word": "blocked",
        "soft_words": "sex free win",
        "strict_word": "poker",
        "excluded_domain": None,
        "allowed_domain": "blocked.com",
        "n_soft_words": 3,
        "names_host": True,
    }
    assert rows[1]["excluded_domain"] == "example.org"
    assert set(rows[2].values()) == {None}


def test_entries_are_read_as_lists_are_written():
    lines = b"\xef\xbb\xbf# a comment\r\n\r\n *.Blocked.COM \r\n.dot.org.\nb\xfccher.de\nb\xc3\xbccher.de\nblocked.com"
    more = b"other.org # with a comment\r\nhttps://scheme.org/\n8.8.8.8\n2606:4700:0::1\n"
    table, unreadable = compile_list([("one", lines), ("two", more)])
    entries = sorted(e for e in table.column("text").to_pylist() if e)
    assert entries == sorted(
        [b"blocked.com", b"dot.org", b"other.org", b"xn--bcher-kva.de", b"scheme.org", b"8.8.8.8", b"[2606:4700::1]"]
    )
    assert unreadable == 1
    table, _ = compile_list([("urls", b"x.com/a#b # a comment\n#x\n")], "exact")
    assert [e for e in table.column("text").to_pylist() if e] == [b"x.com/a#b"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("x.com/path", "it has a path; whole addresses belong into `urls`"),
        ("x.com:8080", "it has a port"),
        ("0.0.0.0 x.com", "white space in it; expected one host a line"),
        ("||x.com^", "no host has such characters"),
    ],
)
def test_an_entry_that_could_match_nothing_is_refused(entry, why):
    expected = re.escape(f'lists/mine:3: "{entry}" is no domain: ') + ".*" + re.escape(why)
    with pytest.raises(ValueError, match=expected):
        compile_list([("lists/mine", f"# mine\na.com\n{entry} # no\n".encode())])
    for name in ("allowed", "excluded"):
        with pytest.raises(ValueError, match="is no domain: "):
            Rules(lists=WordLists(**{name: [entry]}))


def test_addresses_of_the_internet_protocol_are_hosts():
    urls = ["http://8.8.8.8/x", "http://[2606:4700::1]:80/", "http://0x8.8.8.8/", "8.8.8.8/x", "http://1.1.1.1/"]
    for domain_match in ("registered", "host", "parents", "datatrove"):
        found = rules(["8.8.8.8", "2606:4700::1"], [], domain_match=domain_match).measure(pa.array(urls))
        listed = [host is not None for host in found.column("listed_host").to_pylist()]
        assert listed == [domain_match != "datatrove"] * 4 + [False]


def test_allowed_hosts_are_read_as_lists_are():
    given = WordLists(allowed=["*.a.com", "https://b.com/"], excluded=["[::1]"])
    found = Rules(lists=given).measure(pa.array(["http://x.a.com/", "http://b.com/x", "http://[::1]/"]))
    assert found.column("allowed_domain").to_pylist() == ["a.com", "b.com", None]
    assert found.column("excluded_domain").to_pylist() == [None, None, "[::1]"]


def test_a_table_depends_on_the_entries_alone():
    one = compile_list([("1", b"a.com\nb.com\nc.com")])[0]
    assert one.equals(compile_list([("2", b"c.com\n"), ("3", b"b.com\na.com\na.com")])[0])
    assert not one.equals(compile_list([("4", b"a.com\nb.com")])[0])


def test_all_of_many_are_found_and_no_other():
    n = 20_000
    table, _ = compile_list([("list", "\n".join(f"d{i}.com" for i in range(n)).encode())])
    urls = pa.array([f"http://www.d{i}.com/" for i in range(2 * n)])
    found = Rules(table).measure(urls).column("listed_domain").to_pylist()
    assert found == [f"d{i}.com" if i < n else None for i in range(2 * n)]


def test_an_equal_hash_removes_nothing():
    """A table whose texts were exchanged under their hashes finds none of them."""
    table, _ = compile_list([("list", b"a.com")])
    forged = table.set_column(1, "text", pa.array([b"other.com"] * table.num_rows, pa.binary()))
    urls = pa.array(["http://a.com/"])
    assert Rules(table).measure(urls).column("listed_domain").to_pylist() == ["a.com"]
    assert Rules(forged).measure(urls).column("listed_domain").to_pylist() == [None]


@pytest.mark.parametrize(
    "url",
    [
        "http://" + "a." * 5_000_000 + "com/",
        "http://" + "ü." * 2_000_000 + "com/",
        "http://x.com/" + "free-win-" * 1_000_000,
        "http://x.com/" + "x" * 10_000_000,
        "a." * 5_000_000,
        "@" * 5_000_000 + "x.com",
        "http://u:" + "@" * 5_000_000,
        "//" * 3_000_000,
    ],
    ids=lambda url: url[:12],
)
def test_hostile_addresses_take_linear_time(url):
    """Work that grew with the square of their length would take hours."""
    for settings in ({"domain_match": "parents"}, {"words": "boundaries", "ignore_case": False, "url_form": "exact"}):
        (row,) = rules(["x.com"], ["http://x.com/"], **settings).measure(pa.array([url])).to_pylist()
        assert row["n_soft_words"] <= 2


def test_a_changed_finding_raises_the_revision():
    """Stored judgements are reused by revision: who changes what is found raises it, and writes both here."""
    urls = pa.array(
        ["http://A.b.co.uk/Sex-win", "https://blocked.com:80/a_sex?free-win", "po-ker", "//x.com", "", None]
    )
    found = [
        rules(["b.co.uk", "blocked.com"], ["blocked.com:80/a_sex?free-win"], **settings).measure(urls).to_pylist()
        for settings in (
            {},
            {"domain_match": "parents", "ignore_case": False},
            {"words": "boundaries", "url_form": "exact"},
        )
    ]
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]
    assert (REVISION, digest) == (2, "486388244c27cb14")


def test_errors_name_what_is_wrong():
    with pytest.raises(
        ValueError, match='unknown domain_match "domain"; expected one of: registered, host, parents, datatrove'
    ):
        Rules(domain_match="domain")
    with pytest.raises(ValueError, match='unknown form "surt"; expected one of: exact, c4'):
        compile_list([], "surt")
    with pytest.raises(ValueError, match="is no list of addresses"):
        Rules(pa.record_batch({"hash": [1], "text": ["a"]}))
    with pytest.raises(ValueError, match="column url is Int64; expected text"):
        Rules().measure(pa.array([1]))
