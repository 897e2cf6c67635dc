"""datasketch's MinHash.bulk over word 5-grams; run by its own Python: DOCUMENTS FILE... (Parquet, column `text`).

One thread. Prints one JSON object: bytes of text, and CPU seconds with shingling and without; reading is not counted.
"""

import json
import re
import sys
import time

import pyarrow.parquet as pq
import xxhash
from datasketch import MinHash

most, files = int(sys.argv[1]), sys.argv[2:]
texts = []
for file in files:
    texts += pq.read_table(file, columns=["text"]).column(0).to_pylist()
texts = texts[:most]
runs = re.compile(r"\w+")

begin = time.process_time()
sets = []
for text in texts:
    words = runs.findall(text.lower())
    n = min(5, len(words))
    sets.append(list({" ".join(words[i : i + n]).encode() for i in range(len(words) - n + 1)}) if n else [])
shingled = time.process_time()
MinHash.bulk([s for s in sets if s], num_perm=112, hashfunc=xxhash.xxh32_intdigest)
end = time.process_time()
size = sum(len(t.encode()) for t in texts)
print(json.dumps({"bytes": size, "cpu_s": end - begin, "signatures_cpu_s": end - shingled}))
