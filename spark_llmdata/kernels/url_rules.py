"""What block lists say of addresses: the six rules of RefinedWeb (Penedo et al. 2023, arXiv 2306.01116, G.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["Rules", "WordLists", "compile_list"]

#: Raised by whoever changes what is found of the same lists and addresses, or how a compiled list is laid out.
REVISION = 2


def compile_list(files: Iterable[tuple[str, bytes]], url_form: str | None = None) -> tuple[pa.RecordBatch, int]:
    """Make the lines of lists into the table that `Rules` looks entries up in; also gives the lines that are not UTF-8.

    `files` are names and contents. An entry is a line without white space around it; empty lines are none, nor is what
    `#` begins at a line's begin or behind white space. Without `url_form` entries are domains, kept in lower case
    (IDNA) without a scheme, and without dots or `*.` in front; `exact` and `c4` are forms of whole addresses, as
    `Rules` has them. The table holds each entry with its 64-bit hash and depends on nothing but which entries there
    are.

    Raises:
        ValueError: an entry can be no domain (the message names file and line), the entries have more than 2 GiB, or
            the form is unknown.
    """
    compiler = _native.UrlListCompiler(url_form)
    for name, lines in files:
        try:
            compiler.push(lines)
        except ValueError as error:
            raise ValueError(f"{name}:{error}") from error
    table, unreadable = compiler.finish()
    return pa.record_batch(table), unreadable


@dataclass(frozen=True)
class WordLists:
    """Words and hosts that are not looked up in tables."""

    hard: Sequence[str] = ()
    soft: Sequence[str] = ()
    strict: Sequence[str] = ()
    allowed: Sequence[str] = ()  # hosts, which stand for all below them
    excluded: Sequence[str] = ()


class Rules:
    """Lists and words, ready to be asked; tables are not copied, so they may lie in mapped memory.

    `domain_match`: `registered` looks up the registered domain (by the public suffix list) and the host; `datatrove`
    the same of hosts with a registered domain alone, so no IP address; `host` the host alone, without `www.`;
    `parents` the registered domain, the host and all names between.
    `url_form`: addresses are equal if they are the same text (`exact`), or in the form `c4` of `urls` and lower case.
    `words`: `alphanumeric` (runs of ASCII letters and digits; strict words are looked for in those written together) or
    `boundaries` (runs of letters, digits and `_`; strict words are looked for in the address without `-` and `.`).
    Without `ignore_case` words, addresses and hosts have to be written in lower case to be found; strict words are
    found always.

    Raises:
        ValueError: a setting is unknown, a host can be none, or a table is none that `compile_list` made.
    """

    def __init__(
        self,
        domains: pa.RecordBatch | None = None,
        urls: pa.RecordBatch | None = None,
        lists: WordLists | None = None,
        *,
        domain_match: str = "registered",
        url_form: str = "c4",
        words: str = "alphanumeric",
        ignore_case: bool = True,
    ) -> None:
        lists = lists or WordLists()
        given = tuple(list(w) for w in (lists.hard, lists.soft, lists.strict, lists.allowed, lists.excluded))
        self._rules = _native.UrlRules((domain_match, url_form, words, ignore_case), domains, urls, given)

    def measure(self, urls: pa.Array) -> pa.RecordBatch:
        """Say what of each address is listed; all is null for null.

        Columns of text (n,), null where nothing is found: `listed_domain`, `listed_host` and `listed_url` (the entry),
        `hard_word` (the first), `soft_words` (each once, in order, parted by a space), `strict_word` (that ends first,
        the longest of those), `excluded_domain` and `allowed_domain` (the longest). `n_soft_words` (int64),
        `names_host` (bool): whether there is a host to look up.

        Raises:
            ValueError: the column is no text.
        """
        return pa.record_batch(self._rules.measure(urls))
