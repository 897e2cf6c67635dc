"""Personal data: what is found against the plain-Python twin, what replaces it, and texts made to be slow."""

from __future__ import annotations

import ipaddress
import sys

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_llmdata.kernels import pii, reference_pii
from spark_llmdata.kernels.reference_pii import FINDERS


def places(text: str, kinds: list[str], rules: str = "checked") -> list[tuple[str, str]]:
    """Kind and value of what is found; the values are cut out by bytes."""
    found = pii.find(pa.array([text]), kinds, rules).to_pylist()
    return [(pii.KINDS[f["kind"]], text.encode()[f["begin"] : f["end"]].decode()) for f in found]


PIECES = {
    "email": [
        *"ab.@-+'_é系ß9#=/[]: ",
        "a@b.de",
        "x.y@",
        "@c.d-e.fr",
        "b.2",
        "xn--",
        "a@[1.2.3.4]",
        "@[1.2.3.x:]",
        "-" * 70,
        "a@[IPv6:2606:4700::1]",
        "@[ipv6:8.8.8.8]",
        "example.com",
    ],
    "ipv4": [*"0123456789.", "..", "255", "256", "199", "08", "1.2.3.4", "10.0.0.1", "8.8.8.8", "a", "-", "é", " "],
    "ipv6": [
        *"0af19:.",
        "::",
        "2606:4700::",
        "fe80::1",
        "2001:db8::1",
        "1.2.3.4",
        "6e40:4041:c617:e898:",
        "[IPv6:",
        "[ipv6:2606:4700::1]",
        "g",
        " ",
        "é",
    ],
    "ssn": [*"0123456789-", "460-89-9847", "000", "666", "-00-", "-0000", " ", "a", "."],
    "card": [*"0123456789 -", "4111 1111 1111 1111", "378282246310005", "3782 822463 10005", "4111-", "5018", "a", "."],
    "iban": [
        *"0123456789 DEGB",
        "DE89370400440532013000",
        "GB82 WEST 1234 5698 7654 32",
        "DE89 3704 ",
        "de89370400440532013000",
        "gb82 west 1234 5698 7654 32",
        "gb82west12345698765432",
        "NO93",
        "a",
        ".",
    ],
    "key": [
        *"aA1-_ \n",
        "AKIA",
        "234567890123ABCD",
        "ghp_",
        "a1" * 18,
        "sk-",
        "sk-ant-",
        "sk-proj-",
        "sk-or-v1-",
        "hf_",
        "gho_",
        "npm_",
        "abcdefghiJkl" * 3,
        "abcdefghijklmnopq" * 2,
        "xY" * 18,
        "0a" * 32,
        "-----BEGIN PRIVATE KEY-----",
        "-----END X-----",
    ],
    "phone": [
        *"0123456789 -.()+/x",
        "905-674-3793",
        "+41 (0)96 471 07 95",
        "tel. ",
        "(602)",
        " ext. 1",
        "001-",
        "555-01",
        "a\n",
    ],
}


@pytest.mark.parametrize(("kind", "rules"), FINDERS)
def test_finds_what_the_twin_finds(kind: str, rules: str) -> None:
    @given(st.lists(st.sampled_from(PIECES[kind]), max_size=12).map("".join))
    @example("".join(PIECES[kind]))
    @example(" ".join(PIECES[kind]))
    def check(text: str) -> None:
        expected = [(kind, text[begin:end]) for begin, end in FINDERS[kind, rules](text)]
        assert places(text, [kind], rules) == expected

    check()


@pytest.mark.parametrize("kind", PIECES)
def test_the_pieces_hold_something_to_find(kind: str) -> None:
    assert places(" ".join(PIECES[kind]), [kind])


@given(st.text(st.sampled_from("a1é@.:-_ \n系\u0301"), max_size=60), st.sampled_from(list(FINDERS)))
def test_any_text(text: str, finder: tuple[str, str]) -> None:
    kind, rules = finder
    assert places(text, [kind], rules) == [(kind, text[begin:end]) for begin, end in FINDERS[finder](text)]


NETWORKS = [ipaddress.ip_network(n) for n in f"{reference_pii.REACHABLE} {reference_pii.UNREACHABLE}".split()]
#: Where Pythons differ from each other or from the registries: what the registries call N/A, and networks added lately.
DISPUTED = (
    *("::ffff:0:0/96", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100:0:0:1::/64"),
    *("2001::/23", "2002::/16", "3fff::/20", "5f00::/16"),
)


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_reachable_at_the_edges_of_networks(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    last = 2**network.max_prefixlen - 1
    kind = type(network.network_address)
    for number in (network.network_address, network.broadcast_address):
        for near in (int(number) - 1, int(number), int(number) + 1):
            if 0 <= near <= last:
                address = kind(near)
                assert pii.is_global(str(address)) == reference_pii.is_global(str(address)), address
                disputed = any(address in ipaddress.ip_network(n) for n in DISPUTED)
                if not disputed:
                    assert pii.is_global(str(address)) == address.is_global, (address, sys.version)


@given(st.ip_addresses())
def test_reachable_as_python_has_it(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if not any(address in ipaddress.ip_network(n) for n in DISPUTED):
        assert pii.is_global(str(address)) == address.is_global


def test_what_is_no_address_is_not_judged() -> None:
    assert [pii.is_global(text) for text in ("", "1.2.3", "08.8.8.8", "a", "::1::")] == [None] * 5


def test_an_earlier_kind_wins() -> None:
    text = "a@8.8.8.8 9.9.9.9 4111 1111 1111 1111"
    assert places(text, ["phone", "ipv4", "card", "email"], "datatrove") == [
        ("email", "a@8.8.8.8"),
        ("ipv4", "9.9.9.9"),
        ("card", "4111 1111 1111 1111"),
    ]


@given(
    st.lists(
        st.none() | st.lists(st.sampled_from([*"é x.", "a@b.de ", "c@d.fr ", "8.8.8.8 "])).map("".join), max_size=6
    )
)
def test_replaces_the_places_and_nothing_else(texts: list[str | None]) -> None:
    column = pa.array(texts, pa.string())
    ids = pa.array([str(i) for i in range(len(texts))], pa.string())
    spans = pii.find(column, ["email", "ipv4"])
    edited, lengths = pii.replace(column, ids, spans, {"email": ["<é>", "<mail>"], "ipv4": ["<ip>"]})
    expected = [None if t is None else t.encode() for t in texts]
    for span, length in reversed(list(zip(spans.to_pylist(), lengths.to_pylist(), strict=True))):
        before, after = expected[span["row"]], (edited[span["row"]].as_py() or "").encode()
        assert before is not None
        # From the end: what follows is in place already, so the replacement ends where the rest begins.
        rest = before[span["end"] :]
        put = after[len(after) - len(rest) - length : len(after) - len(rest)]
        assert put in ("<é>".encode(), b"<mail>", b"<ip>")
        expected[span["row"]] = before[: span["begin"]] + put + rest
    changed = set(spans.column("row").to_pylist())
    for i, text in enumerate(edited.to_pylist()):
        assert text == (expected[i].decode() if i in changed else None)


def test_the_choice_is_of_the_document_and_the_value() -> None:
    choices = {"email": [f"<{i}>" for i in range(1000)]}

    def chosen(doc_id: str | None, text: str) -> list[str]:
        column = pa.array(["z@z.de", text])
        edited, _ = pii.replace(column, pa.array(["z", doc_id], pa.string()), pii.find(column, ["email"]), choices)
        return edited[1].as_py().split()

    assert chosen("1", "a@b.de c@b.de") == chosen("1", "c@b.de a@b.de")[::-1]
    assert chosen("1", "a@b.de") != chosen("2", "a@b.de")
    assert chosen(None, "a@b.de") == chosen("", "a@b.de")


def test_errors_name_what_is_wrong() -> None:
    text = pa.array(["a@b.de"])
    with pytest.raises(ValueError, match='unknown kind "mail" of personal data; expected some of: key, email'):
        pii.find(text, ["mail"])
    with pytest.raises(ValueError, match='unknown rules "loose"; expected one of: checked, datatrove'):
        pii.find(text, ["email"], "loose")
    with pytest.raises(ValueError, match="kind 1 has no replacement"):
        pii.replace(text, text, pii.find(text, ["email"]), {})
    with pytest.raises(ValueError, match="expected the spans of find"):
        pii.replace(pa.array([""]), text, pii.find(text, ["email"]), {"email": ["x"]})
    with pytest.raises(ValueError, match="column text is Int64"):
        pii.find(pa.array([1]), ["email"])


@pytest.mark.parametrize(
    "piece", ["a@", "a.", "1.", "1.1.1.1.", "1:", ":", "-", "@", "0", "+1", "é", "1-", "a@b.de,", "A"]
)
@pytest.mark.parametrize("rules", pii.RULES)
def test_texts_made_to_be_slow(piece: str, rules: str) -> None:
    """Ten megabytes: with a look back to the begin or ahead to the end at every anchor, this would take days."""
    times = 10**7 // len(piece)
    found = pii.find(pa.array([piece * times]), pii.KINDS, rules)
    assert found.num_rows == {"a@b.de,": times}.get(piece, found.num_rows)
    assert found.num_rows <= times
