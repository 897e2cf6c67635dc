"""fastText's own prediction over texts in Parquet; run by a Python that has the package fasttext: MODEL FILE...

Prints one JSON object: the best label of each text, and the CPU-seconds of the prediction alone, all texts in one call.
"""

import json
import sys
import time

import fasttext
import pyarrow.parquet as pq

path, *files = sys.argv[1:]
model = fasttext.load_model(path)
texts: list[str] = []
for file in files:
    texts += pq.read_table(file, columns=["text"])["text"].to_pylist()
lines = [text.replace("\n", " ") for text in texts]
model.predict(lines[:100])
begin = time.process_time()
labels, _ = model.predict(lines)
seconds = time.process_time() - begin
print(json.dumps({"labels": [label for (label,) in labels], "cpu_s": seconds}))
