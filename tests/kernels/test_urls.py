"""Addresses against a table of hand-made ones, and against the twin."""

from __future__ import annotations

import string

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_llmdata.kernels import reference_urls, urls


def normalize(url: str, form: str) -> str:
    (found,) = urls.normalize(pa.array([url]), form).to_pylist()
    return found


C4 = {
    "https://www.A.com/x/?utm_source=1": "A.com/x",
    "http://a.com": "a.com",
    "http://a.com/?id=1": "a.com/?id=1",
    "http://a.com/?id=2": "a.com/?id=2",
    "http://a.com/?referrer=2": "a.com",
    "http://a.com/x?feed&ref=2": "a.com/x",
    "http://a.com/x?a=1&ref=2": "a.com/x?a=1&ref=2",
    "http://a.com/x?a=1?ref=2": "a.com/x?a=1",
    "http://a.com/x#y///": "a.com/x#y",
    "HTTP://a.com/": "HTTP://a.com",
    "www.a.com/": "www.a.com",
    "http://www.www.a.com": "www.a.com",
    "https://archive.example/2020/http://www.a.com/": "archive.example/2020/a.com",
    "hthttp://tp://a.com": "a.com",
    "http:/http:///www.a.com": "a.com",
    "ftp://a.com/": "ftp://a.com",
    "?utm_": "",
    "//": "",
    "": "",
    "ünï/": "ünï",
}
STRICT = {
    "https://www.A.com/x/?utm_source=1": "https://a.com/x",
    "HTTP://Example.COM:80/": "http://example.com",
    "https://example.com:443/a": "https://example.com/a",
    "https://example.com:80/a": "https://example.com:80/a",
    "https://user:secret@example.com/a#part": "https://example.com/a",
    "https://m.www.example.com/": "https://example.com",
    "https://www.com/": "https://www.com",
    "https://www.com./": "https://www.com",
    "https://www.example.com./a": "https://example.com/a",
    "https://www.example.com../a": "https://example.com../a",  # no name of the web
    "http://1../": "http://1..",
    "https://wwww.example.com/": "https://wwww.example.com",
    "https://en.m.example.org/wiki": "https://en.m.example.org/wiki",
    "https://example.com/a/./b/../c//d/": "https://example.com/a/c//d",
    "https://example.com/a/%2e%2E/b/%2e": "https://example.com/b",
    "https://example.com/../../a": "https://example.com/a",
    "https://example.com/%41%7e%2d%c3%a4%2F%20": "https://example.com/A~-%C3%A4%2F%20",
    "https://example.com/%2%65%%zz%4": "https://example.com/%252e%25%25zz%254",
    "https://example.com/ä b": "https://example.com/%C3%A4%20b",
    "https://example.com/?b=2&a=1&&b=1&c": "https://example.com?a=1&b=2&b=1&c",
    "https://example.com/?GCLID=1&fbclid=2&UTM_x=3&x=4": "https://example.com?x=4",
    "https://example.com/?%75tm_x=1&ref=2&feed=rss": "https://example.com",
    "https://example.com/?reference=1&feeds=2&q=ref": "https://example.com?feeds=2&q=ref&reference=1",
    "https://example.com/?": "https://example.com",
    "https://example.com/?id=1": "https://example.com?id=1",
    "https://example.com/?id=2": "https://example.com?id=2",
    " \n https://example.com\\a\tb ": "https://example.com/ab",
    "https:///example.com//": "https://example.com",
    "http://10.0.0.1/": "http://10.0.0.1",
}
SURT = {
    "https://www.Example.com/path?q": "com,example)/path?q",
    "http://example.com": "com,example)/",
    "http://example.com:8080/?b&a": "com,example:8080)/?a&b",
    "https://a.b.c.example/X/": "example,c,b,a)/X",
    "http://10.0.0.1:81/a": "10.0.0.1:81)/a",
    "http://localhost/a": "localhost)/a",
    "http://http:80/": "http)/",
    "http://http:8080/x": "http:8080)/x",
}
NO_ADDRESS = [
    "", " ", "a", "example.com/a/", "//example.com/", "/a/../b", "ftp://Example.com/", "mailto:A@example.com",
    "http:example.com", "http:/example.com", "http://", "https://:80/", "http://a b/", "http://a.com:x/",
    "http://a.com:99999/", "http://[::1/", "http://256.0.0.1/", "http://a.com%2f/", "urn:ISBN:1", "ünï/",
]  # fmt: skip
TABLE = [(form, *pair) for form, table in [("c4", C4), ("strict", STRICT), ("surt", SURT)] for pair in table.items()]


@pytest.mark.parametrize(("form", "url", "expected"), TABLE)
def test_hand_made_addresses(form, url, expected):
    assert normalize(url, form) == expected
    assert reference_urls.normalize(url, form) == expected


@pytest.mark.parametrize("form", ["strict", "surt"])
@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_address_stays_as_it_is(form, url):
    assert normalize(url, form) == url
    assert reference_urls.normalize(url, form) == url


def test_the_forms_are_the_tables():
    assert urls.FORMS == ("c4", "strict", "surt")


SYNTAX = ["http://", "https://", "Http://", "www.", "m.", "/", "//", ".", "..", "?", "&", "=", "#", "%", "%2", "%2e"]
SYNTAX += ["%41", "%c3", "%2F", "utm_", "ref", "feed", "gclid=1", "htt", "p:/", "\\", "\t", "\n", " ", "ä", "é€😀", ";"]
tails = st.lists(st.sampled_from(SYNTAX) | st.text(max_size=4), max_size=12).map("".join)
labels = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=6).map(lambda s: s + "y")
hosts = st.one_of(
    st.lists(labels | st.sampled_from(["www", "m", "WWW"]), min_size=1, max_size=4).map(".".join),
    st.lists(st.integers(0, 300).map(str), min_size=4, max_size=4).map(".".join),
)
ports = st.sampled_from(["", "", ":", ":80", ":443", ":0080", ":8080", ":65536", ":x"])
users = st.sampled_from(["", "", "u@", "u:p@", "@", "a@b@"])
addresses = st.builds(
    lambda scheme, user, host, port, tail: f"{scheme}{user}{host}{port}{tail}",
    st.sampled_from(["http://", "https://", "HTTPS://", " http://", "http:///"]),
    users,
    hosts,
    ports,
    st.just("") | st.builds("{}{}".format, st.sampled_from("/?#\\"), tails),
)


@given(tails | addresses)
@example("http://www.http://www.a.com?ref")
@example("http://wwhttp://w.x")
def test_c4_is_its_twins(url):
    found = normalize(url, "c4")
    assert found == reference_urls.normalize(url, "c4")
    assert normalize(found, "c4") == found


@given(addresses, st.sampled_from(["strict", "surt"]))
def test_pages_are_their_twins(url, form):
    found = normalize(url, form)
    assert found == reference_urls.normalize(url, form)
    assert normalize(found, form) == found


@given(st.text() | tails.map("https://{}".format), st.sampled_from(urls.FORMS))
def test_any_text_has_a_form_that_is_its_own(text, form):
    found = normalize(text, form)
    assert normalize(found, form) == found


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_null_stays_null_in_every_layout(kind):
    rows = pa.array(["cut off", None, "http://a.com/"]).cast(kind).slice(1)
    assert urls.normalize(rows, "strict").to_pylist() == [None, "http://a.com"]


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match='unknown form "C4"; expected c4, strict or surt'):
        urls.normalize(pa.array(["a"]), "C4")
    with pytest.raises(ValueError, match="column url is Int64; expected text"):
        urls.normalize(pa.array([1]), "c4")
