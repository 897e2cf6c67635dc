"""Pages: text without tags and what pages say of themselves, against the twin."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata.kernels import pages
from spark_llmdata.kernels.reference_pages import read, strip

PIECES = [
    *("<p>", "</p>", "<P class=a>", "<br/>", "<b>", "</b>", "<td>", "<tr>", "<li", ">", "<", "</", "< b>", "</ >"),
    *("<head>", "</head>", "<title>", "</title>", "<meta charset=x>", "<body>", "<title", "</TITLE >"),
    *("<script>", "</script>", "<style>", "</style x>", "<textarea>", "</textarea>", "<iframe>", "</iframe>"),
    *("<svg>", "</svg>", "<noscript>", "</noscript>", "<template>", "</template", "<pre>", "</pre>", "<math/>"),
    *("<path/>", "<g>", "<g d='x'/>", "<g d=x/>", '<g d=x" e="/>', "</g>", "<div/>", "<foreignObject>", "<math>", "/>"),
    *("<!--", "-->", "--!>", "-", "->", "<!", "<!doctype html>", "<?php", "?>", "--"),
    *(" ", "\n", "\t ", "\r\n", "a", "bc", "é", "日", "&amp;", "1 < 2", "x='", "'", '"', "=", "/", "\0", "\xa0"),
    *(
        "<html lang=de>",
        "<html xml:lang='en' lang=fr>",
        "<link rel='Canonical x' href=/c>",
        "<time pubdate datetime=d>",
    ),
    *("<meta name=author content=Me>", "<meta property='og:title' content=\"T &lt;\">", "<meta content=d name=Date>"),
    *(
        "<meta itemprop=datePublished content=2020>",
        "<meta http-equiv=content-language content=sv>",
        "<meta name=date ",
    ),
    "<meta name=author content=' '>",
    *("<select>", "</select>", "<option>", "<option a b>", "<input>", "<html a>", "<body b c>", "</xmp>", "<xmp>"),
]
markup = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)


@given(st.lists(st.none() | markup, max_size=4))
def test_stripped_as_by_the_twin(rows):
    found = pages.strip(pa.array(rows, pa.large_string())).to_pylist()
    assert found == [None if row is None else strip(row) for row in rows]


@given(st.lists(st.none() | markup, max_size=4))
def test_read_as_by_the_twin(rows):
    found = pages.read(pa.array(rows, pa.string())).to_pylist()
    nothing = dict.fromkeys([*pages.FACTS, *pages.COUNTS])
    assert found == [nothing if row is None else read(row) for row in rows]


@given(st.lists(st.sampled_from(["word", "and", "<p>", "</p>", "<br>", "<b>", "</b>", " ", "\n"]), max_size=30))
def test_words_stay_in_their_order(parts):
    words = [part for part in " ".join(parts).split() if part.isalpha()]
    assert pages.strip(pa.array([" ".join(parts)]))[0].as_py().split() == words


def test_plain_text_is_a_fixed_point():
    once = pages.strip(pa.array(["<h1>Cats</h1><p>They  sleep,\nand purr.<p>All day."]))
    assert once.to_pylist() == ["Cats\nThey sleep, and purr.\nAll day."]
    wrapped = "".join(f"<p>{line}</p>" for line in once[0].as_py().split("\n"))
    assert pages.strip(pa.array([wrapped])).equals(once)


def test_long_values_are_no_facts():
    rows = [f"<title>{'é' * 512}</title>", f"<title>{'é' * 513}</title>"]
    assert [t is None for t in pages.read(pa.array(rows)).column("title").to_pylist()] == [False, True]


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="column pages is Int64; expected text"):
        pages.strip(pa.array([1]))
