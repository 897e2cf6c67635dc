"""dolma's taggers of Gopher's and C4's rules over JSON lines; run by dolma's own Python: FILE...

Prints one JSON object: bytes, and the CPU-seconds of each tagger's `predict` alone. Taggers keep everything.
"""

import json
import sys
import time
from pathlib import Path

from dolma.core.data_types import Document
from dolma.core.registry import TaggerRegistry

texts: list[str] = []
for file in sys.argv[1:]:
    with Path(file).open(encoding="utf-8") as lines:
        texts += [json.loads(line)["text"] for line in lines]
facts: dict[str, object] = {"bytes": sum(len(text.encode()) for text in texts)}
for name in ("gopher_v2", "c4_v2"):
    tagger = TaggerRegistry.get(name)()
    documents = [Document(source="bench", id=str(number), text=text) for number, text in enumerate(texts)]
    begin = time.process_time()
    for document in documents:
        tagger.predict(document)
    facts[name] = time.process_time() - begin
print(json.dumps(facts))
