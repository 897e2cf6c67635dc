"""datatrove's four text filters over texts in Parquet, as FineWeb calls them; run by datatrove's own Python: FILE...

Prints one JSON object: bytes, the CPU-seconds of each filter alone, and of each filter one answer for each document:
true, or why it goes. C4's answers for documents kept are the hash of the edited text.
"""

import hashlib
import json
import sys
import time

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

FILTERS = {
    "gopher_quality": GopherQualityFilter(),
    "gopher_repetition": GopherRepetitionFilter(),
    "c4": C4QualityFilter(filter_no_terminal_punct=False),
    "fineweb": FineWebQualityFilter(),
}


def judge(name: str, text: str) -> object:
    """The filter's answer; an error it fails with is one too."""
    document = Document(text=text, id="")
    try:
        found = FILTERS[name].filter(document)
    except Exception as failure:  # noqa: BLE001
        return f"failed: {failure!r}"
    if found is not True:
        return found[1]
    return hashlib.sha256(document.text.encode()).hexdigest() if name == "c4" else True


texts: list[str] = []
for file in sys.argv[1:]:
    texts += pq.read_table(file, columns=["text"])["text"].to_pylist()
for name in FILTERS:
    judge(name, "Loads the tokenizer, which is start-up and not counted. " * 20)
cpu_s = dict.fromkeys(FILTERS, 0.0)
answers: dict[str, list[object]] = {name: [] for name in FILTERS}
for text in texts:
    # One document after the other, as in a pipeline: words found for one filter are found again for the next.
    for name in FILTERS:
        begin = time.process_time()
        answers[name].append(judge(name, text))
        cpu_s[name] += time.process_time() - begin
print(json.dumps({"bytes": sum(len(text.encode()) for text in texts), "cpu_s": cpu_s, "answers": answers}))
