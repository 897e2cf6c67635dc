"""The kernel of `filter.url` by itself: addresses a CPU-second with millions of domains, and what the list costs."""

from __future__ import annotations

import os
import random
import string
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from benchmarks.conditions import Conditions
from benchmarks.figures import Figure
from benchmarks.gopher_kernel import per_pass
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata import url_lists
from spark_llmdata.kernels.url_rules import Rules, WordLists
from spark_llmdata.segment import BATCH_ROWS

TARGET = 1e6
DOMAINS = 5_000_000
ADDRESSES = 200_000
#: Hard, soft and strict words, as many as in DCLM's lists.
WORDS = (176, 83, 117)

_LETTERS = string.ascii_lowercase
_SUFFIXES = ("com", "net", "org", "de", "co.uk", "ru", "info", "com.br", "io", "xyz")


def measure(conditions: Conditions) -> list[Figure]:
    """Compile the list, map it, and ask for the addresses of the small set and for made-up ones, taking turns."""
    rng = random.Random(7)
    listed = conditions.work / "domains"
    names = [make_domain(rng) for _ in range(DOMAINS)]
    listed.write_text("\n".join(names), "utf-8")
    os.environ[url_lists.CACHE_VARIABLE] = str(conditions.work / "cache")
    sources = url_lists.identify([str(listed)])
    compiled = seconds(lambda: url_lists.open_table(sources))
    mapped = seconds(lambda: url_lists.open_table(sources))
    size = sum(file.stat().st_size for file in Path(url_lists.cache_folder()).glob("*.arrow"))
    words = [[make_word(rng) for _ in range(count)] for count in WORDS]
    rules = Rules(url_lists.open_table(sources), None, WordLists(*words))
    pages = [batch.column("url") for batch in conditions.small.batches(("url",))]
    made = batches([make_address(rng, names if i % 100 == 0 else ()) for i in range(ADDRESSES)])
    jobs: dict[str, Job] = {
        "of the corpus": lambda: per_pass(lambda: [rules.measure(urls) for urls in pages]),
        "made up, 1 in 100 listed": lambda: per_pass(lambda: [rules.measure(urls) for urls in made]),
    }
    counts = {"of the corpus": sum(map(len, pages)), "made up, 1 in 100 listed": ADDRESSES}
    figures = []
    for name, found in take_turns(jobs, conditions.repeat).items():
        rate = counts[name] / middle(found).cpu_s
        what = f"addresses {name}"
        figures.append(Figure("url rules", what, f"{rate:,.0f} a CPU-second", "≥ 1,000,000", rate >= TARGET))
    what = f"{DOMAINS:,} domains: compiled once / mapped by each process / file"
    figures.append(Figure("url rules", what, f"{compiled:.1f} s / {mapped:.2f} s / {size / 1e6:.0f} MB"))
    return figures


def seconds(work: Callable[[], object]) -> float:
    """Seconds by the clock."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def make_word(rng: random.Random) -> str:
    """A word of 4 to 9 letters."""
    return "".join(rng.choices(_LETTERS, k=rng.randint(4, 9)))


def make_domain(rng: random.Random) -> str:
    """A registered domain with 5 to 16 letters in front of its suffix."""
    return f"{''.join(rng.choices(_LETTERS, k=rng.randint(5, 16)))}.{rng.choice(_SUFFIXES)}"


def make_address(rng: random.Random, domains: Sequence[str]) -> str:
    """An address of about 80 bytes, at one of the domains, or at one of its own where there are none."""
    domain = rng.choice(domains) if domains else make_domain(rng)
    path = "/".join("-".join(make_word(rng) for _ in range(rng.randint(1, 4))) for _ in range(rng.randint(1, 4)))
    return f"https://{rng.choice(['', 'www.', 'm.', 'blog.'])}{domain}/{path}?id={rng.randint(1, 99_999)}"


def batches(urls: Sequence[str]) -> list[pa.Array]:
    """Columns as long as a segment's batches."""
    return [pa.array(urls[i : i + BATCH_ROWS]) for i in range(0, len(urls), BATCH_ROWS)]
