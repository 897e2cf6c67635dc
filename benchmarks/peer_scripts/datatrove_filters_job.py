"""datatrove's four text filters as a job, one worker; run by its own Python: OUTPUT FOLDER (Parquet).

Prints one JSON object: how many documents are kept.
"""

import json
import sys
from pathlib import Path

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers.jsonl import JsonlWriter

output, folder = sys.argv[1], sys.argv[2]


def removed(name):
    """Where a filter puts what it removes: ours keeps removed documents too."""
    return JsonlWriter(f"{output}/removed/{name}", compression=None)


LocalPipelineExecutor(
    [
        ParquetReader(folder),
        GopherRepetitionFilter(exclusion_writer=removed("repetition")),
        GopherQualityFilter(exclusion_writer=removed("quality")),
        C4QualityFilter(filter_no_terminal_punct=False, exclusion_writer=removed("c4")),
        FineWebQualityFilter(exclusion_writer=removed("fineweb")),
        JsonlWriter(f"{output}/kept", compression=None),
    ],
    tasks=1,
    workers=1,
    logging_dir=f"{output}/logs",
    skip_completed=False,
).run()
kept = 0
for file in Path(f"{output}/kept").rglob("*.jsonl"):
    with file.open("rb") as lines:
        kept += sum(1 for _ in lines)
print(json.dumps({"kept": kept}))
