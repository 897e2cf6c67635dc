"""The kernels of `dedup.url` and `dedup.exact` by themselves: addresses and MB of text a CPU-second, in one thread."""

from __future__ import annotations

import pyarrow.compute as pc

from benchmarks.conditions import Conditions
from benchmarks.figures import Figure
from benchmarks.gopher_kernel import per_pass
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata.kernels import text_forms, urls

#: Addresses a CPU-second, for the form that is meant for all of a crawl's.
TARGET = 1e6


def measure(conditions: Conditions) -> list[Figure]:
    """Each form of addresses and of texts, taking turns."""
    texts = conditions.corpus.sets["s5k"]
    batches = list(texts.batches(("url", "text")))
    addresses = [batch.column("url") for batch in batches]
    size = sum(int(pc.sum(pc.binary_length(column)).as_py() or 0) for column in addresses)
    jobs: dict[str, Job] = {
        f"url {form}": lambda form=form: per_pass(lambda: [urls.normalize(a, form) for a in addresses])
        for form in urls.FORMS
    }
    jobs |= {
        f"text {form}": lambda form=form: per_pass(
            lambda: [text_forms.hash_forms(b.column("text"), form) for b in batches]
        )
        for form in text_forms.FORMS
    }
    jobs["text none, verify"] = lambda: per_pass(
        lambda: [text_forms.hash_forms(b.column("text"), "none", with_sha256=True) for b in batches]
    )
    cost = {name: middle(found) for name, found in take_turns(jobs, conditions.repeat).items()}
    figures = []
    for name, usage in cost.items():
        if name.startswith("url "):
            rate = texts.documents / usage.cpu_s
            target, met = ("≥ 1,000,000", rate >= TARGET) if name == "url c4" else ("", None)
            what = f"{name}, addresses of {size / texts.documents:.0f} bytes"
            figures.append(Figure("dedup kernels", what, f"{rate:,.0f} a CPU-second", target, met))
        else:
            rate = texts.megabytes / usage.cpu_s
            figures.append(Figure("dedup kernels", name, f"{rate:,.0f} MB of text a CPU-second"))
    return figures
