"""The plain-Python twin of `pii`: the same rules as regular expressions, with the checks beside them."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator

from spark_llmdata.kernels import reference_pii_numbers as numbers
from spark_llmdata.kernels.reference_pii_numbers import Place

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
_DATATROVE_EMAIL = re.compile(
    rf"\b{_ATOM}+(?:\.{_ATOM}+)*@"
    rf"(?:(?:{_LABEL}\.)+{_LABEL}|\[(?:{_OCTET}\.){{3}}(?:{_OCTET}|[A-Za-z0-9-]*[A-Za-z0-9]:)\])"
)
_DATATROVE_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_IPV4 = re.compile(r"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_]\.)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![A-Za-z0-9_]|\.[0-9])")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+")
_SSN = re.compile(r"(?<![A-Za-z0-9_])(?<![0-9][-./])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![A-Za-z0-9_]|[-./][0-9])")


def is_letter(c: str) -> bool:
    """A letter of the European alphabets outside of ASCII."""
    return "\xc0" <= c < "\u0590" and unicodedata.category(c)[0] == "L"


def find_email(text: str) -> Iterator[Place]:
    """Whole e-mail addresses, `@` by `@`."""
    done = 0
    for match in re.finditer("@", text):
        at = match.start()
        if at < done:
            continue
        begin, end = _local_begin(text, at, done), _domain_end(text, at + 1)
        if begin is not None and end is not None:
            yield begin, end
            done = end


def _local_begin(text: str, at: int, done: int) -> int | None:
    begin = at
    while begin > done:
        c = text[begin - 1]
        if not (re.fullmatch("[A-Za-z0-9_+'-]", c) or is_letter(c) or (c == "." and begin < at and text[begin] != ".")):
            break
        begin -= 1
    while begin < at and not (text[begin].isalnum() or text[begin] == "_"):
        begin += 1
    return begin if 0 < len(text[begin:at].encode()) <= 64 else None


def _domain_end(text: str, begin: int) -> int | None:
    literal = re.compile(r"\[(ipv6:)?([^]\n]*)\]", re.I).match(text, begin)
    if literal is not None:
        try:
            address = ipaddress.ip_address(literal[2])
        except ValueError:
            return None
        fits = address.version == (6 if literal[1] else 4)
        return literal.end() if fits and is_global(literal[2]) else None
    run = begin
    while run < len(text) and (re.fullmatch(r"[A-Za-z0-9.-]", text[run]) or is_letter(text[run])):
        run += 1
    end, at = None, begin
    for place, label in enumerate(text[begin:run].split(".")):
        whole = label.rstrip("-")
        if not whole or label.startswith("-") or len(text[begin : at + len(whole)].encode()) > 253:
            break
        alphabetic = all(c.isalpha() for c in whole) or whole.lower().startswith("xn--")
        if place and alphabetic and len(whole) > 1:
            end = at + len(whole)
        if whole != label:
            break
        at += len(label) + 1
    if end is None:
        return None
    domain = "." + text[begin:end].lower()
    nobodys = "example.com example.net example.org test example invalid localhost png jpg jpeg gif svg webp"
    return None if domain.endswith(tuple(f".{name}" for name in nobodys.split())) else end


def find_email_datatrove(text: str) -> Iterator[Place]:
    """What the expression of datatrove 0.10.1 matches."""
    return (match.span() for match in _DATATROVE_EMAIL.finditer(text))


def _no_zero_in_front(quad: str) -> bool:
    return all(octet == str(int(octet)) for octet in quad.split("."))


def find_ipv4_datatrove(text: str) -> Iterator[Place]:
    """What the expression of datatrove 0.10.1 matches and is public."""
    for match in _DATATROVE_IPV4.finditer(text):
        if _no_zero_in_front(match.group()) and is_global(match.group()):
            yield match.span()


_NUMBERED = re.compile(
    r"[0-9]:\Z|\xc2\xa0\Z|(?:^|[^a-z])(?:versions?|ver|v|since|section|sec|chapter|clause|release|library|kernel)[^a-z0-9\n]*\Z",
    re.I,
)
_HEADING = re.compile(r"\.?[ \t\xa0](?:[A-Za-z]|[^\x00-\x7f])")


def is_numbering(text: str, begin: int, end: int) -> bool:
    """Whether what stands around a quad makes it the number of a version or section."""
    before = text[:begin].encode()[-16:].decode("latin-1")  # byte by byte, as characters may be cut
    if _NUMBERED.search(before):
        return True
    line_begins = "\n" in before or len(before) == len(text[:begin].encode())
    blank = re.search(r"[A-Za-z0-9]", before.rpartition("\n")[2]) is None
    return line_begins and blank and _HEADING.match(text, end) is not None


def find_ipv4(text: str) -> Iterator[Place]:
    """Whole quads that are public, no multicast, and no number of something."""
    for match in _IPV4.finditer(text):
        quad = match.group()
        octets = [int(octet) for octet in quad.split(".")]
        hyphens = re.search(r"[A-Za-z0-9_]-\Z", text[: match.start()]) or re.match("-[0-9]", text[match.end() :])
        if max(octets) < 32 and (hyphens or is_numbering(text, *match.span())):
            continue
        if max(octets) < 256 and _no_zero_in_front(quad) and not 224 <= octets[0] < 240 and is_global(quad):
            yield match.span()


def find_ipv6(text: str) -> Iterator[Place]:
    """Public addresses; with few groups only where addresses are assigned."""
    for match in _IPV6.finditer(text):
        begin, end = match.span()
        if text[max(begin - 4, 0) : begin + 2].lower() == "[ipv6:":
            begin += 2
        around = text[max(begin - 1, 0) : begin] + text[end : end + 1]
        written = text[begin:end]
        if written.endswith(".") or (written.endswith(":") and not written.endswith("::")):
            written = written[:-1]
        if ":" not in written or len(written) > 45 or any(c.isascii() and (c.isalnum() or c == "_") for c in around):
            continue
        try:
            address = ipaddress.IPv6Address(written)
        except ValueError:
            continue
        full = "::" not in written and sum(c not in ":." for c in written) > 16
        assigned = int(address) >> 125 == 1
        if (assigned or full) and not address.is_multicast and is_global(written):
            yield begin, begin + len(written)


#: The special-purpose registries of 2025-10-09: what is reachable in them, and what is not or "N/A".
REACHABLE = """192.0.0.9/32 192.0.0.10/32 192.31.196.0/24 192.52.193.0/24 192.175.48.0/24 64:ff9b::/96 2001:1::1/128
    2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28 2620:4f:8000::/48"""
UNREACHABLE = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 ::/128 ::1/128 ::ffff:0:0/96
    64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10"""


def is_global(address: str) -> bool:
    """Whether an address is globally reachable by the registries."""
    found = ipaddress.ip_address(address)

    def listed(networks: str) -> bool:
        return any(found in ipaddress.ip_network(network) for network in networks.split())

    return listed(REACHABLE) or not listed(UNREACHABLE)


def find_ssn(text: str) -> Iterator[Place]:
    """US social security numbers that are given out."""
    for match in _SSN.finditer(text):
        area, group, serial = match.group().split("-")
        if area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000":
            yield match.span()


FINDERS: dict[tuple[str, str], Callable[[str], Iterator[Place]]] = {
    ("email", "checked"): find_email,
    ("email", "datatrove"): find_email_datatrove,
    ("ipv4", "checked"): find_ipv4,
    ("ipv4", "datatrove"): find_ipv4_datatrove,
    ("ipv6", "checked"): find_ipv6,
    ("ssn", "checked"): find_ssn,
    ("card", "checked"): numbers.find_card,
    ("iban", "checked"): numbers.find_iban,
    ("phone", "checked"): numbers.find_phone,
    ("key", "checked"): numbers.find_key,
}
