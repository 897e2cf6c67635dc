"""datatrove's PIIFormatter over texts in Parquet; run by datatrove's own Python: REPLACED.json FILE...

Writes to REPLACED.json what it replaces: [document, begin, end, "email" or "ipv4"] in code points. Prints one JSON
object: documents, bytes, and the CPU-seconds of `format` alone.
"""

import json
import re
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.pipeline.formatters.pii import PIIFormatter

out, *files = sys.argv[1:]
texts: list[str] = []
for file in files:
    texts += pq.read_table(file, columns=["text"])["text"].to_pylist()
formatter = PIIFormatter()
begin = time.process_time()
for text in texts:
    formatter.format(text)
seconds = time.process_time() - begin
places: list[tuple[int, int, int, str]] = []
for number, text in enumerate(texts):
    # Addresses are looked for in the text without e-mail addresses; a blank in the place of each byte keeps the places.
    rest = text
    for kind, replacer in (("email", formatter.emails_replacer), ("ipv4", formatter.ip_replacer)):
        for match in re.finditer(replacer.regex, rest):
            if replacer.validator is None or replacer.validator(match.group(0)):
                places.append((number, match.start(), match.end(), kind))
        if kind == "email":
            rest = replacer.regex.sub(lambda match: "\0" * len(match.group(0)), rest)
Path(out).write_text(json.dumps(places))
size = sum(len(text.encode()) for text in texts)
print(json.dumps({"documents": len(texts), "bytes": size, "cpu_s": seconds}))
