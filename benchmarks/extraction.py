"""Extraction: each engine's text held against edited article bodies, its speed, and what the stage adds to its cost."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean

import pyarrow as pa
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from benchmarks.conditions import REPOSITORY, Conditions
from benchmarks.figures import Figure, not_run
from benchmarks.gopher_kernel import per_pass
from benchmarks.turns import Job, middle, take_turns
from spark_llmdata.batch import Batch
from spark_llmdata.errors import MissingExtra
from spark_llmdata.extraction.engine import Extract
from spark_llmdata.stages.extract.html import ExtractHtml

NAME = "extraction"
ARTICLES = REPOSITORY.parent / "shared" / "data" / "02_html_extraction" / "article-extraction-benchmark"
#: What the stage may take on top of the bare engine.
TARGET = 1.10
#: The stages that are compared.
STAGES = {
    "resiliparse": {},
    "resiliparse, all of the page": {"resiliparse": {"main_content": False}},
    "trafilatura": {"engine": "trafilatura"},
    "trafilatura as FineWeb calls it": {"preset": "fineweb"},
    "trafilatura, fast": {"engine": "trafilatura", "trafilatura": {"fast": True}},
    "justext": {"engine": "justext"},
    "justext without stop words": {"engine": "justext", "justext": {"language": None}},
    "readability": {"engine": "readability"},
    "strip": {"engine": "strip"},
}
_WORD = re.compile(r"\w+")


def measure(conditions: Conditions) -> list[Figure]:
    """F1, precision and recall of each engine, pages per CPU-second bare and in the stage, taking turns."""
    if not ARTICLES.is_dir():
        return [not_run(NAME, "all of it", "there are no articles beside the repository")]
    truth = read_truth(ARTICLES)
    pages = {key: gzip.decompress((ARTICLES / "html" / f"{key}.html.gz").read_bytes()) for key in truth}
    figures: list[Figure] = []
    jobs: dict[str, Job] = {}
    scores = {}
    for name, settings in STAGES.items():
        stage = ExtractHtml.model_validate(settings)
        try:
            extract = getattr(stage, stage.engine).load(NAME)
        except MissingExtra as missing:
            figures.append(not_run(NAME, name, str(missing)))
            continue
        batch = to_batch(list(pages.values()))
        texts = stage.judge(batch).text
        scores[name] = score(dict(zip(truth, texts.to_pylist(), strict=True)), truth)
        decode = detect if stage.engine == "resiliparse" else decode_utf8
        jobs[f"bare {name}"] = partial(per_pass, partial(run_bare, extract, decode, pages))
        jobs[f"stage {name}"] = partial(per_pass, partial(stage.judge, batch))
    cost = {name: middle(found).cpu_s for name, found in take_turns(jobs, conditions.repeat).items()}
    for name, (f1, precision, recall) in scores.items():
        speed = len(pages) / cost[f"stage {name}"]
        more = cost[f"stage {name}"] / cost[f"bare {name}"]
        said = f"F1 {f1:.3f}, precision {precision:.3f}, recall {recall:.3f}; {speed:,.0f} pages a CPU-second"
        limit = "" if name == "strip" else f"≤ {TARGET:.2f}"
        figures.append(Figure(NAME, name, said))
        figures.append(
            Figure(NAME, f"{name}: stage / bare engine", f"{more:.3f}", limit, more <= TARGET if limit else None)
        )
    return figures


def read_truth(folder: Path) -> dict[str, str]:
    """Article bodies by the page's key."""
    entries = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    return {key: entry.get("articleBody", "") for key, entry in entries.items()}


def to_batch(pages: list[bytes]) -> Batch:
    """Pages as a reader gives them, without headers."""
    n = len(pages)
    meta = pa.nulls(n, pa.map_(pa.string(), pa.string()))
    none = pa.nulls(n, pa.string())
    return Batch({"html": pa.array(pages, pa.binary()), "text": none, "content_type": none, "meta": meta})


def decode_utf8(page: bytes) -> str:
    """What these pages are."""
    return page.decode("utf-8", "replace")


def detect(page: bytes) -> str:
    """The way resiliparse itself goes from bytes to a string."""
    return str(bytes_to_str(page, detect_encoding(page)))


def run_bare(extract: Extract, decode: Callable[[bytes], str], pages: dict[str, bytes]) -> list[str]:
    """The engine alone, from bytes to text."""
    return [extract(decode(page)) for page in pages.values()]


def score(found: dict[str, str | None], truth: dict[str, str]) -> tuple[float, float, float]:
    """F1, precision and recall by runs of four words, as the benchmark's own script counts them.

    Each page counts the same: precision and recall are means over pages, F1 is that of the means.
    """
    shared = [match(body, found[key] or "") for key, body in truth.items()]
    precision = mean(tp / (tp + fp) for tp, fp, _ in shared if tp + fp)
    recall = mean(tp / (tp + fn) for tp, _, fn in shared if tp + fn)
    return 2 * precision * recall / (precision + recall), precision, recall


def match(true: str, found: str) -> tuple[int, int, int]:
    """Runs of four words in both, in what was found alone, and in the truth alone, each as often as it occurs."""
    wanted, given = runs_of_four(true), runs_of_four(found)
    both = (wanted & given).total()
    return both, given.total() - both, wanted.total() - both


def runs_of_four(text: str) -> Counter[tuple[str, ...]]:
    """All runs of four words; a shorter text is one run."""
    words = _WORD.findall(text)
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)) if words)
