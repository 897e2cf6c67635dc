"""dolma's document deduplication by a Bloom filter; run by dolma's own Python: FOLDER OUTPUT.

FOLDER holds documents/*.jsonl.gz, as dolma wants them; its attributes are removed first. One process. Prints one JSON
object: documents, and how many are kept.
"""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

folder, output = Path(sys.argv[1]), Path(sys.argv[2])
output.mkdir(parents=True)
shutil.rmtree(folder / "attributes", ignore_errors=True)
settings = {
    "documents": [f"{folder}/documents/*.gz"],
    "dedupe": {
        "name": "copies",
        "skip_empty": True,
        "min_length": 0,
        "min_words": 0,
        "documents": {"key": "$.text", "attribute_name": "copy"},
    },
    "bloom_filter": {
        "file": f"{output}/filter.bin",
        "size_in_bytes": 1 << 27,
        "read_only": False,
        "estimated_doc_count": 20_000_000,
        "desired_false_positive_rate": 1e-6,
    },
    "processes": 1,
}
config = output / "config.json"
config.write_text(json.dumps(settings))
subprocess.run([Path(sys.executable).with_name("dolma"), "-c", config, "dedupe"], check=True, stdout=sys.stderr)
if len(sys.argv) > 3:  # counting is no part of what is measured
    documents = copies = 0
    for file in sorted((folder / "attributes" / "copies").glob("*.gz")):
        with gzip.open(file) as lines:
            for line in lines:
                documents += 1
                copies += any(span[2] for spans in json.loads(line)["attributes"].values() for span in spans)
    print(json.dumps({"documents": documents, "kept": documents - copies}))
