"""Pages out of web archives by another reader; run by a Python that has it: fastwarc|warcio ARCHIVE...

Prints one JSON object: how many pages, their bytes, the SHA-256 of all, and the mean CPU-seconds of one pass.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MIN_CPU_S = 3.0


def by_fastwarc(path: str) -> Iterator[bytes]:
    """The body of each response."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with Path(path).open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            yield record.reader.read()


def by_warcio(path: str) -> Iterator[bytes]:
    """The body of each response, codings undone."""
    from warcio.archiveiterator import ArchiveIterator

    with Path(path).open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                yield record.content_stream().read()


read = {"fastwarc": by_fastwarc, "warcio": by_warcio}[sys.argv[1]]
paths = sys.argv[2:]
digest = hashlib.sha256()
pages = size = 0
for path in paths:
    for page in read(path):
        pages += 1
        size += len(page)
        digest.update(page)
begin, passes = time.process_time(), 0
while time.process_time() - begin < MIN_CPU_S:
    for path in paths:
        for page in read(path):
            len(page)
    passes += 1
seconds = (time.process_time() - begin) / passes
print(json.dumps({"pages": pages, "bytes": size, "sha256": digest.hexdigest(), "cpu_s": seconds}))
