"""The plain-Python twin of `url_rules`: slow, obvious, and the oracle of its tests.

Hosts are exact for ASCII names without `xn--`; the public suffixes are given, as a set of names.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from spark_llmdata.kernels.reference_urls import normalize


def measure(
    url: str,
    *,
    suffixes: Collection[str],
    domains: Collection[str] = (),
    urls: Collection[str] = (),
    words: Mapping[str, Sequence[str]],
    domain_match: str = "registered",
    url_form: str = "c4",
    spelling: str = "alphanumeric",
    ignore_case: bool = True,
) -> dict[str, Any]:
    """What of the address is listed; `words` are by `hard`, `soft`, `strict`, `allowed`, `excluded`."""
    host = find_host(url)
    names = set(domains) if ignore_case or host in url else set()
    domain, listed_host = _look_up(host, names, suffixes, domain_match)
    form = bring(url, url_form)
    found = _split(url if not ignore_case else url.lower(), spelling)
    hard, soft = ({_spell(w, spelling) for w in words.get(kind, ())} - {""} for kind in ("hard", "soft"))
    in_order = list(dict.fromkeys(w for w in found if w in soft))
    return {
        "listed_domain": domain,
        "listed_host": listed_host,
        "listed_url": form if form in {bring(u.strip(), url_form) for u in urls} - {""} else None,
        "hard_word": next((w for w in found if w in hard), None),
        "soft_words": " ".join(in_order) or None,
        "strict_word": _find_strict(url, words.get("strict", ()), spelling),
        "excluded_domain": next((n for n in _parents(host) if n in words.get("excluded", ())), None),
        "allowed_domain": next((n for n in _parents(host) if n in words.get("allowed", ())), None),
        "n_soft_words": len(in_order),
        "names_host": host != "",
    }


def bring(url: str, form: str) -> str:
    """The address as it is looked up."""
    return normalize(url, "c4").lower() if form == "c4" else url


def find_host(url: str) -> str:
    """The host in lower case; empty for none."""
    behind = re.match(r"(?:[A-Za-z0-9+.-]+:)?//(.*)", url, re.DOTALL)
    rest = behind.group(1) if behind else url
    name = re.split(r"[/?#]", rest)[0].rpartition("@")[2].partition(":")[0].strip().lower()
    is_page = re.match(r"https?://", url, re.IGNORECASE)
    if re.search(r"\s", name) or not (is_page or "." in name):
        return ""
    name = name.rstrip(".")
    return name if len(name) <= 253 else ""


def find_domain(host: str, suffixes: Collection[str]) -> str | None:
    """The name one label longer than the longest public suffix; None where there is no such."""
    names = list(_parents(host))
    for longer, name in itertools.pairwise(names):
        if name in suffixes:
            return None if longer in suffixes or longer.startswith(".") else longer
    return None


def _parents(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))] if host else []


def _look_up(
    host: str, listed: set[str], suffixes: Collection[str], domain_match: str
) -> tuple[str | None, str | None]:
    if domain_match == "host":
        name = host.removeprefix("www.")
        return None, name if name and name in listed else None
    domain = find_domain(host, suffixes)
    if domain is None:
        return None, host if domain_match != "datatrove" and host in listed else None
    above = [name for name in _parents(host) if len(name) > len(domain)]
    wanted = above if domain_match == "parents" else above[:1]
    return domain if domain in listed else None, next((name for name in wanted if name in listed), None)


def _split(url: str, spelling: str) -> list[str]:
    return re.findall("[A-Za-z0-9]+" if spelling == "alphanumeric" else r"\w+", url)


def _spell(word: str, spelling: str) -> str:
    return "".join(_split(word, spelling)).lower()


def _squeeze(text: str, spelling: str) -> str:
    if spelling == "alphanumeric":
        return re.sub("[^A-Za-z0-9]+", "", text).lower()
    return re.sub("[.-]", "", text).lower()


def _find_strict(url: str, words: Sequence[str], spelling: str) -> str | None:
    squeezed = _squeeze(url, spelling)
    wanted = {_squeeze(word, spelling) for word in words} - {""}
    places = [(squeezed.find(word) + len(word), -len(word), word) for word in wanted if word in squeezed]
    return min(places)[2] if places else None
