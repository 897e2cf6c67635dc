"""datatrove's four stages of MinHash deduplication, one worker; run by its own Python: OUTPUT FOLDER (JSON lines).

Prints one JSON object: how many documents are kept.
"""

import json
import sys
from pathlib import Path

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.hashing import HashConfig

output, folder = sys.argv[1], sys.argv[2]
READERS = 4
config = MinhashConfig(
    n_grams=5, num_buckets=14, hashes_per_bucket=8, hash_config=HashConfig(precision=64, hash_fc="xxhash")
)


def run(name, steps, tasks):
    """Run one stage in this process."""
    LocalPipelineExecutor(
        steps, tasks=tasks, workers=1, logging_dir=f"{output}/logs/{name}", skip_completed=False
    ).run()


signatures = MinhashDedupSignature(output_folder=f"{output}/signatures", config=config, language="eng")
run("signatures", [JsonlReader(folder), signatures], READERS)
buckets = MinhashDedupBuckets(input_folder=f"{output}/signatures", output_folder=f"{output}/buckets", config=config)
run("buckets", [buckets], config.num_buckets)
clusters = MinhashDedupCluster(input_folder=f"{output}/buckets", output_folder=f"{output}/removed", config=config)
run("clusters", [clusters], 1)
chosen = MinhashDedupFilter(input_folder=f"{output}/removed")
run("filter", [JsonlReader(folder), chosen, JsonlWriter(f"{output}/kept", compression=None)], READERS)
kept = 0
for file in Path(f"{output}/kept").rglob("*.jsonl"):
    with file.open("rb") as lines:
        kept += sum(1 for _ in lines)
print(json.dumps({"kept": kept}))
