"""NeMo Curator's heuristic filters over texts in Parquet, without Ray; run by Curator's own Python: FILE...

Prints one JSON object: bytes, and for its filters of quality, and for these with those of repetition, how many there
are, how many documents pass all of them, and the CPU-seconds.
"""

import inspect
import json
import sys
import time

import pandas as pd
import pyarrow.parquet as pq
from nemo_curator.stages.text.filters import ScoreFilter
from nemo_curator.stages.text.filters import heuristic as h
from nemo_curator.stages.text.filters.heuristic import repetition
from nemo_curator.tasks import DocumentBatch

QUALITY = [
    h.NonAlphaNumericFilter(),
    h.SymbolsToWordsFilter(),
    h.NumbersFilter(),
    h.UrlsFilter(),
    h.WhiteSpaceFilter(),
    h.ParenthesesFilter(),
    h.BoilerPlateStringFilter(),
    h.WordCountFilter(),
    h.MeanWordLengthFilter(),
    h.PunctuationFilter(),
    h.EllipsisFilter(),
    h.CommonEnglishWordsFilter(),
    h.WordsWithoutAlphabetsFilter(),
]
REPETITION = [kind() for name, kind in inspect.getmembers(repetition, inspect.isclass) if name.startswith("Repeat")]


def make_batch(texts: list[str]) -> DocumentBatch:
    """Documents as its stages take them."""
    known = inspect.signature(DocumentBatch).parameters
    extra = {"task_id": "0"} if "task_id" in known else {}
    return DocumentBatch(dataset_name="bench", data=pd.DataFrame({"text": texts}), **extra)


texts: list[str] = []
for file in sys.argv[1:]:
    texts += pq.read_table(file, columns=["text"])["text"].to_pylist()
facts: dict[str, object] = {"bytes": sum(len(text.encode()) for text in texts)}
for name, filters in {"quality": QUALITY, "repetition": [*QUALITY, *REPETITION]}.items():
    batch = make_batch(texts)
    begin = time.process_time()
    for one in filters:
        batch = ScoreFilter(one, text_field="text").process(batch) or batch
    facts[name] = {"filters": len(filters), "kept": batch.num_items, "cpu_s": time.process_time() - begin}
print(json.dumps(facts))
