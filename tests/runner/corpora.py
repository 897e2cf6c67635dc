"""Small inputs made by us: pages that pass the rules, pages that do not, in every format."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

WORDS = "river stone lamp garden letter winter music train paper window harbor bread candle mirror forest wheel".split()


def good_text(seed: int, words: int = 80) -> str:
    """Prose-like text that passes the Gopher rules; different for every seed."""
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS) if i % 4 else draw.choice(["the", "and", "with", "of"]) for i in range(words))


def documents(n: int, start: int = 0) -> list[dict[str, Any]]:
    """Documents with id, url, text; every seventh is too short, every tenth a copy of the one before."""
    rows = []
    for i in range(start, start + n):
        text = good_text(i - 1 if i % 10 == 9 else i)
        rows.append({"id": f"d{i}", "url": f"https://a.example/{i}", "text": "too short" if i % 7 == 3 else text})
    return rows


def write_jsonl(path: Path, rows: Iterable[dict[str, Any] | str]) -> Path:
    """JSON lines; strings are written as they are. `.gz` compresses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join((r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in rows).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def write_warc(path: Path, pages: Iterable[tuple[str, str]], *, twice: str | None = None) -> Path:
    """A WARC with warcinfo, and request and response for each (url, text); `twice` repeats one response record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=path.suffix == ".gz", warc_version="1.1")
    writer.write_record(_record(writer, "warcinfo", "", b"software: tests", None, 0))
    for i, (url, text) in enumerate(pages, 1):
        body = f"<html><head><title>{i}</title></head><body><article><p>{text}</p></article></body></html>".encode()
        request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "a.example")], is_http_request=True)
        writer.write_record(_record(writer, "request", url, b"", request, 2 * i))
        for _ in range(2 if url == twice else 1):
            response = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            writer.write_record(_record(writer, "response", url, body, response, 2 * i + 1))
    path.write_bytes(out.getvalue())
    return path


def _record(writer: WARCWriter, kind: str, url: str, body: bytes, http: StatusAndHeaders | None, number: int) -> Any:
    headers = {
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{number:012d}>",
        "WARC-Date": f"2024-05-01T00:{number // 60 % 60:02d}:{number % 60:02d}Z",
    }
    payload = io.BytesIO(body)
    return writer.create_warc_record(url, kind, payload, len(body), http_headers=http, warc_headers_dict=headers)
