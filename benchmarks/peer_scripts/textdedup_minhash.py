"""text-dedup's MinHash with its check of candidates, one process; run by its own Python: OUTPUT FILE... (Parquet).

Prints one JSON object: how many documents are kept.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.ipc

output, files = Path(sys.argv[1]), sys.argv[2:]
output.mkdir(parents=True)
(output / "config.toml").write_text(
    f"""
[input]
input_type = "local_files"
file_type = "parquet"
read_arguments = {{ path = "parquet", data_files = {json.dumps(files)}, split = "train", cache_dir = "{output}/cache" }}
[algorithm]
algorithm_name = "minhash"
text_column = "text"
num_perm = 112
bands = 14
rows = 8
ngram_size = 5
threshold = 0.8
num_proc = 1
check_false_positive = true
[output]
output_dir = "{output}/kept"
[debug]
"""
)
quiet = os.environ | {"HF_HUB_OFFLINE": "1"}
command = [sys.executable, "-m", "text_dedup.minhash"]
subprocess.run(command, cwd=output, check=True, env=quiet, stdout=sys.stderr)
kept = sum(pyarrow.ipc.open_stream(p).read_all().num_rows for p in (output / "kept").glob("*.arrow"))
print(json.dumps({"kept": kept}))
