"""FineWeb's stages up to near-duplicates by datatrove, one worker; run by its own Python: OUTPUT FOLDER MODEL (WARC).

Extraction does not remove repeated passages and has all the time it wants, since both make its result depend on what
else the process does. The language model is the file MODEL. Writes OUTPUT/fates.jsonl: for each page that was read its
URL, the stage that removed it (or null), why, and the SHA-256 of the text at its end. Prints one JSON object: pages,
and CPU-seconds of this process and of its child, which extracts.
"""

import hashlib
import json
import resource
import sys
from pathlib import Path

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.pipeline.readers import WarcReader
from datatrove.utils import lid

output, folder, model = sys.argv[1:4]
lid.cached_asset_path_or_download = lambda *given, **named: model
fates = {}


def note(stage):
    """A step that lets every document through and remembers that it came as far as behind `stage`."""

    def step(documents, rank=0, world_size=1):
        for document in documents:
            fates[document.metadata["url"]] = [stage, hashlib.sha256(document.text.encode()).hexdigest()]
            yield document

    return step


class Reasons:
    """In the place of a writer of removed documents: keeps why they went."""

    def __init__(self):
        self.found = {}

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        return None

    def __deepcopy__(self, memo):
        return self  # the executor copies its steps

    def write(self, document, rank=0):
        """Remember why a document goes."""
        self.found[document.metadata["url"]] = document.metadata.get("filter_reason")


reasons = Reasons()
steps = [
    ("read", WarcReader(folder, glob_pattern="*.warc*")),
    ("extract", Trafilatura(favour_precision=True, deduplicate=False, timeout=3600)),
    ("language", LanguageFilter("en", exclusion_writer=reasons)),
    ("gopher_repetition", GopherRepetitionFilter(exclusion_writer=reasons)),
    ("gopher_quality", GopherQualityFilter(exclusion_writer=reasons)),
    ("c4", C4QualityFilter(filter_no_terminal_punct=False, exclusion_writer=reasons)),
    ("fineweb", FineWebQualityFilter(exclusion_writer=reasons)),
    ("pii", PIIFormatter()),
]
pipeline = [part for name, step in steps for part in (step, note(name))]
LocalPipelineExecutor(pipeline, tasks=1, workers=1, logging_dir=f"{output}/logs", skip_completed=False).run()
names = [name for name, _ in steps]
with Path(output, "fates.jsonl").open("w") as lines:
    for url, (last, digest) in fates.items():
        gone = None if last == names[-1] else names[names.index(last) + 1]
        why = reasons.found.get(url)
        print(json.dumps({"url": url, "stage": gone, "reason": why, "sha256": digest}), file=lines)
own, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
seconds = {name: used.ru_utime + used.ru_stime for name, used in (("self", own), ("child", child))}
print(json.dumps({"pages": len(fates), "cpu_s": seconds}))
