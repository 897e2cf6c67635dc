"""Block lists for addresses: the six rules of RefinedWeb (Penedo et al. 2023, arXiv 2306.01116, G.1)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, PrivateAttr, model_validator

from spark_llmdata import evidence, url_lists
from spark_llmdata.batch import Batch
from spark_llmdata.first_rule import FirstRule
from spark_llmdata.kernels import url_rules, urls
from spark_llmdata.stage import RowStage
from spark_llmdata.url_lists import Source
from spark_llmdata.verdict import Judgement

#: Absolute, so that the settings of a run name the same files wherever they are read again.
Paths = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, str) else given),
    AfterValidator(lambda paths: tuple(map(url_lists.absolute, paths))),
]

_TABLES = ("domains", "urls")
_WORDS = ("hard_words", "soft_words", "strict_words")

#: Reasons in the order of the rules, with the column that tells the entry; `soft_words` goes by a count.
_RULES: Mapping[str, str] = {
    "excluded_domain": "excluded_domain",
    "listed_domain": "listed_domain",
    "listed_host": "listed_host",
    "listed_url": "listed_url",
    "hard_word": "hard_word",
    "soft_words": "soft_words",
    "strict_word": "strict_word",
}


class FilterUrl(RowStage):
    """Remove documents by their address: listed domains, hosts and addresses, and words in the address.

    Lists are files with an entry a line (`#` begins a comment), also gzipped, or folders in the manner of UT1:
    `domains: ut1` takes `ut1/<category>/domains`, `urls: ut1` takes `ut1/<category>/urls`. No lists come with the
    package; without any, everything stays. Entries are compared in full: no document is removed by equal hashes.

    The rules in their order: registered domain; host; address; a hard word among the words of the address;
    `min_soft_words` different soft words; a strict word anywhere in the address written without what stands between
    words. A document without an address, or with one that names no host, is not removed for that (`no_host` counts
    them); words are looked for in whatever is there.

    `preset: refinedweb` ignores case everywhere. `datatrove` decides as datatrove 0.10.1, which finds hard and soft
    words, addresses and hosts only as they are listed, and addresses as the same text. `dclm` looks up the host alone,
    takes `_` for a letter, and looks for strict words in the address without `-` and `.`.
    """

    kind = "filter.url"
    kernels = (url_rules, urls)
    requires = frozenset({"url"})
    reasons: ClassVar[Mapping[str, str]] = {
        "excluded_domain": "the host is one of `exclude_domains`, or below one",
        "listed_domain": "the registered domain is in `domains`",
        "listed_host": "the host (with `domain_match: parents` also a name above it) is in `domains`",
        "listed_url": "the address is in `urls`",
        "hard_word": "a word of the address is in `hard_words`",
        "soft_words": "at least `min_soft_words` different words of the address are in `soft_words`",
        "strict_word": "the address, written together, contains one of `strict_words`",
    }
    scores: ClassVar[Mapping[str, str]] = {
        "n_soft_words": "different soft words in the address",
        "no_host": "1 where there is no address or it names no host, else 0",
    }
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "datatrove": {"ignore_case": False, "url_form": "exact", "domain_match": "datatrove"},
        "dclm": {"domain_match": "host", "words": "boundaries"},
    }

    preset: Literal["refinedweb", "datatrove", "dclm"] = Field(
        default="refinedweb", description="whose reading of the rules; single settings override it"
    )
    domains: Paths = Field(default=(), description="files or folders of domains and hosts")
    urls: Paths = Field(default=(), description="files or folders of addresses")
    hard_words: Paths = Field(default=(), description="files of words of which one is enough")
    soft_words: Paths = Field(default=(), description="files of words that are counted")
    strict_words: Paths = Field(default=(), description="files of words that count anywhere, as parts of words too")
    categories: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="of the folders in `domains` and `urls`; null: all"
    )
    min_soft_words: PositiveInt = Field(default=2, description="different soft words")
    allow_domains: tuple[str, ...] = Field(
        default=(), description="hosts that stay with all below them, whatever is listed"
    )
    exclude_domains: tuple[str, ...] = Field(default=(), description="hosts that go with all below them")
    domain_match: Literal["registered", "host", "parents", "datatrove"] = Field(
        default="registered",
        description="look up the registered domain and the host; the host without `www.`; these and all names between; "
        "as `registered`, but no IP address",
    )
    url_form: Literal["c4", "exact"] = Field(
        default="c4", description="addresses are equal in C4's form and lower case, or as the same text"
    )
    words: Literal["alphanumeric", "boundaries"] = Field(
        default="alphanumeric", description="words are runs of a-z and 0-9; of letters, digits and `_` of any script"
    )
    ignore_case: bool = Field(default=True, description="find what is not written in lower case; strict words always")

    _sources: dict[str, tuple[Source, ...]] = PrivateAttr(default_factory=dict)
    _entries: dict[str, tuple[str, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _settings_fit(self) -> FilterUrl:
        if not self.ignore_case and self.url_form == "c4":
            raise ValueError(
                "`ignore_case: false` and `url_form: c4` contradict each other, since C4's form is compared in lower "
                "case; take `url_form: exact`, or leave `ignore_case` out"
            )
        for name in ("allow_domains", "exclude_domains"):
            try:
                url_rules.Rules(lists=url_rules.WordLists(allowed=getattr(self, name)))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        return self

    @model_validator(mode="after")
    def _find_lists(self) -> FilterUrl:
        """Find the lists where the recipe is loaded, and know them by their content from here on."""
        for name in (*_TABLES, *_WORDS):
            found: list[str] = []
            for path in getattr(self, name):
                try:
                    found += url_lists.find_files(path, name, self.categories if name in _TABLES else None)
                except OSError as error:
                    raise ValueError(f"{name}: {path!r} cannot be read: {error}") from error
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from error
            self._sources[name] = url_lists.identify(found)
        for name in _WORDS:
            self._entries[name] = url_lists.read_words(self._sources[name])
        return self

    def fingerprint(self) -> dict[str, Any]:
        """Lists count by their content, wherever they lie."""
        facts = super().fingerprint()
        settings = facts["settings"]
        for name in (*_TABLES, *_WORDS):
            settings[name] = sorted({source.sha256 for source in self._sources[name]})
        del settings["categories"]
        return facts

    def artifacts(self) -> tuple[tuple[str, str], ...]:
        return tuple((source.url, source.sha256) for found in self._sources.values() for source in found)

    def judge(self, docs: Batch) -> Judgement:
        """Let the kernel say what is listed; the first rule that finds something decides."""
        found = self._rules().measure(docs["url"])
        n_soft = found.column("n_soft_words")
        enough = pc.greater_equal(n_soft, self.min_soft_words)
        entries = {rule: found.column(column) for rule, column in _RULES.items()}
        entries["soft_words"] = pc.if_else(enough, entries["soft_words"], None)
        may_go = found.column("allowed_domain").is_null()
        judgement = FirstRule(len(docs))
        for rule, entry in entries.items():
            counted = {"measured": n_soft, "threshold": self.min_soft_words} if rule == "soft_words" else {}
            judgement.remove(pc.and_(entry.is_valid(), may_go), rule, partial(_show, entry), **counted)
        no_host = pc.invert(pc.fill_null(found.column("names_host"), False)).cast(pa.int64())
        return judgement.finish({"n_soft_words": pc.fill_null(n_soft, 0), "no_host": no_host})

    def _rules(self) -> url_rules.Rules:
        return _make_rules(
            tuple(self._sources[name] for name in _TABLES),
            tuple(self._entries[name] for name in _WORDS),
            (self.allow_domains, self.exclude_domains),
            (self.domain_match, self.url_form, self.words, self.ignore_case),
        )


def _show(entries: pa.Array, row: int) -> str:
    return evidence.say(entry=entries[row].as_py())


@functools.lru_cache(maxsize=8)
def _make_rules(
    tables: tuple[tuple[Source, ...], ...],
    words: tuple[tuple[str, ...], ...],
    hosts: tuple[tuple[str, ...], ...],
    settings: tuple[str, str, str, bool],
) -> url_rules.Rules:
    """The rules with their tables mapped, once in a process."""
    domain_match, url_form, spelling, ignore_case = settings
    domains, listed = tables
    return url_rules.Rules(
        url_lists.open_table(domains) if domains else None,
        url_lists.open_table(listed, url_form) if listed else None,
        url_rules.WordLists(*words, *hosts),
        domain_match=domain_match,
        url_form=url_form,
        words=spelling,
        ignore_case=ignore_case,
    )
