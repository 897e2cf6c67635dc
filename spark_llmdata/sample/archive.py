"""Records of web archives, each a gzip member of its own, and what damages them."""

from __future__ import annotations

import base64
import hashlib
import uuid
import zlib
from collections.abc import Mapping


def compress(data: bytes) -> bytes:
    """One gzip member, without a time or a name in its head."""
    packer = zlib.compressobj(level=6, wbits=31)
    return packer.compress(data) + packer.flush()


def damage(member: bytes) -> bytes:
    """A member whose compressed data makes no sense from its middle on; as long as before."""
    middle = len(member) // 2
    return member[:middle] + bytes(255 - b for b in member[middle : middle + 40]) + member[middle + 40 :]


def make_info(name: str) -> bytes:
    """The record that begins an archive."""
    return _make("warcinfo", name, _day(name), "application/warc-fields", b"software: llmdata sample\r\n", {})


def make_request(url: str) -> bytes:
    """What the crawler asked."""
    _, _, host, path = url.split("/", 3)
    block = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: llmdata-sample\r\nAccept: */*\r\n\r\n".encode()
    return _make("request", url, _day(url), "application/http; msgtype=request", block, {"WARC-Target-URI": url})


def make_response(url: str, body: bytes, day: str | None = None) -> bytes:
    """What the server answered: a page in HTML. Without a day (2023-03-01) it is one that the address decides."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Server: none\r\n\r\n"
    )
    fields = {"WARC-Target-URI": url, "WARC-Payload-Digest": _digest(body)}
    content_type = "application/http; msgtype=response"
    return _make("response", url, day or _day(url), content_type, head.encode() + body, fields)


def _make(kind: str, name: str, day: str, content_type: str, block: bytes, fields: Mapping[str, str]) -> bytes:
    head = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {name} {day}')}>",
        "WARC-Date": f"{day}T12:00:00Z",
        **fields,
        "WARC-Block-Digest": _digest(block),
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    lines = ["WARC/1.1", *(f"{field}: {value}" for field, value in head.items()), "", ""]
    return compress("\r\n".join(lines).encode() + block + b"\r\n\r\n")


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def _day(name: str) -> str:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return f"2023-{number % 12 + 1:02d}-{number // 12 % 28 + 1:02d}"
