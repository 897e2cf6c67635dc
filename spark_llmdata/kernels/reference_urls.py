"""The plain-Python twin of `urls`: slow, obvious, and the oracle of its tests.

The forms `strict` and `surt` are exact for addresses whose host is an ASCII name without `xn--`, or four decimal
numbers with points between; beyond, Rust tests hold the kernel against literal values.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TRACKING = frozenset(
    "_ga dclid fbclid feed gbraid gclid igshid jsessionid mc_cid mc_eid msclkid phpsessid ref sessionid twclid wbraid "
    "yclid ysclid".split()
)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SPACE_OR_CONTROL = "".join(map(chr, range(33)))
_FORBIDDEN_IN_HOST = frozenset(_SPACE_OR_CONTROL + "\x7f#%/:<>?@[\\]^|")
_ESCAPED_IN_QUERY = frozenset(" \"#<>'")
_ESCAPED_IN_PATH = frozenset(' "#<>?`{}')


class Page(NamedTuple):
    """The parts of an address that tell pages apart."""

    scheme: str
    host: str
    port: str  # with its colon, empty for the scheme's own
    path: str
    query: str  # with its question mark, or empty


def normalize(url: str, form: str) -> str:
    """The address in a form."""
    if form == "c4":
        return _normalize_c4(url)
    page = _read(url)
    if page is None:
        return url
    if form == "strict":
        return f"{page.scheme}://{page.host}{page.port}{page.path}{page.query}"
    assert form == "surt"
    is_name = not re.fullmatch(r"\d+\.\d+\.\d+\.\d+", page.host)
    host = ",".join(reversed(page.host.split("."))) if is_name else page.host
    return f"{host}{page.port}){page.path or '/'}{page.query}"


def _normalize_c4(url: str) -> str:
    before = None
    while url != before:
        before, url = url, re.sub(r"https?://(www\.)?", "", url)
    return re.split(r"\?(?:utm_|ref|feed)", url)[0].rstrip("/")


def _read(text: str) -> Page | None:
    begin = text.lstrip(_SPACE_OR_CONTROL)
    if not re.match(r"https?://", begin, re.IGNORECASE | re.ASCII):
        return None
    text = re.sub(r"[\t\n\r]", "", begin.rstrip(_SPACE_OR_CONTROL))
    scheme, _, rest = text.partition(":")
    scheme = scheme.lower()
    rest = rest.lstrip("/\\").partition("#")[0]
    authority = re.split(r"[/\\?]", rest)[0]
    path, _, query = rest[len(authority) :].partition("?")
    name, colon, port = authority.rpartition("@")[2].partition(":")
    host = _read_host(name)
    if host is None or (port and not re.fullmatch(r"[0-9]+", port)) or int(port or 0) > 65535:
        return None
    default = {"http": 80, "https": 443}[scheme]
    shown = f"{colon}{int(port)}" if port and int(port) != default else ""
    return Page(scheme, _shorten_host(host), shown, _read_path(path), _read_query(query))


def _read_host(name: str) -> str | None:
    """A name in lower case or a number of four parts; None for what neither is."""
    name = re.sub("%([0-9a-fA-F]{2})", lambda m: chr(int(m.group(1), 16)), name).lower()
    if not name or set(name) & _FORBIDDEN_IN_HOST:
        return None
    labels = name.split(".")
    last = labels[-2] if labels[-1] == "" and len(labels) > 1 else labels[-1]
    if not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last):
        return name
    numbers = [label for label in labels if label]
    fits = len(numbers) == 4 and all(re.fullmatch("0|[1-9][0-9]{0,2}", n) and int(n) < 256 for n in numbers)
    return ".".join(numbers) if fits else None


def _shorten_host(host: str) -> str:
    host = host[:-1] if re.search(r"[^.]\.$", host) else host
    while match := re.match(r"(?:www|m)\.(.*\..*)", host):
        host = match.group(1)
    return host


def _read_path(path: str) -> str:
    segments: list[str] = []
    written = path.replace("\\", "/").split("/")[1:]
    for i, segment in enumerate(written):
        dots = re.sub("%2e", ".", segment, flags=re.IGNORECASE)
        if dots == "..":
            segments = segments[:-1]
        elif dots != ".":
            segments.append(segment)
            continue
        if i == len(written) - 1:
            segments.append("")
    escaped = _escape("".join("/" + segment for segment in segments), _ESCAPED_IN_PATH)
    return _unescape(escaped.rstrip("/"))


def _read_query(query: str) -> str:
    parameters = [_unescape(_escape(p, _ESCAPED_IN_QUERY)) for p in query.split("&") if p]
    named = [(p.partition("=")[0], p) for p in parameters]
    kept = [p for name, p in sorted(named, key=lambda pair: pair[0]) if not _is_tracking(name.lower())]
    return "?" + "&".join(kept) if kept else ""


def _is_tracking(name: str) -> bool:
    return name.startswith("utm_") or name in _TRACKING


def _escape(part: str, escaped: frozenset[str]) -> str:
    """Escape what an address cannot hold there."""
    return "".join(
        c if " " <= c < "\x7f" and c not in escaped else "".join(f"%{byte:02X}" for byte in c.encode()) for c in part
    )


def _unescape(part: str) -> str:
    """Unescape letters, digits and `-._~`; other escapes in upper case, and a `%` that begins none escaped itself."""

    def write(match: re.Match[str]) -> str:
        if not match.group(1):
            return "%25"
        c = chr(int(match.group(1), 16))
        return c if c in _UNRESERVED else match.group().upper()

    return re.sub("%([0-9a-fA-F]{2})?", write, part)
