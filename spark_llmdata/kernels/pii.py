"""Personal data with a fixed form: where it stands in texts, and what is put in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["KINDS", "RULES", "find", "is_global", "replace"]

#: Raised by whoever changes what is found or which replacement is chosen.
REVISION = 2

#: What can be found, by number; where two meet, the earlier one wins. `key`: private keys in PEM blocks, access keys
#: with the prefix of their issuer. `card`: by issuer, length and Luhn's digit. `iban`: by country, length and the check
#: by 97. `ssn`: US social security numbers.
KINDS: tuple[str, ...] = tuple(_native.PII_KINDS)
#: Where addresses begin and end. `checked`: whole addresses that can exist. `datatrove`: what the expressions of
#: datatrove 0.10.1 match (FineWeb); they concern `email` and `ipv4` alone.
RULES: tuple[str, ...] = tuple(_native.PII_RULES)


def find(text: pa.Array, kinds: Sequence[str], rules: str = "checked") -> pa.RecordBatch:
    """Find personal data of some kinds: a row for each place, in order, none of which meet.

    Columns: `row` of the text (int64), `kind` (int8, see `KINDS`), `begin` and `end` in bytes of UTF-8 (int64). A null
    text holds nothing. Linear time on every text.

    Raises:
        ValueError: a kind or the rules are unknown, or the column is no text.
    """
    return pa.record_batch(_native.find_pii(text, list(kinds), rules))


def replace(
    text: pa.Array, doc_id: pa.Array, spans: pa.RecordBatch, replacements: Mapping[str, Sequence[str]]
) -> tuple[pa.Array, pa.Array]:
    """Replace what `find` found: the texts (null where nothing changes), and for each span the bytes there now (int64).

    Of several replacements for a kind, one is chosen by a hash of the document's id (null counts as empty) and the
    value that goes: neither order nor place matters.

    Raises:
        ValueError: a kind that was found has no replacement, or the spans are not those of these texts.
    """
    choices = [list(replacements.get(kind, ())) for kind in KINDS]
    edited, lengths = _native.replace_pii(text, doc_id, spans, choices)
    return pa.array(edited), pa.array(lengths)


def is_global(address: str) -> bool | None:
    """Whether an IP address is globally reachable by IANA's special-purpose registries of 2025-10-09.

    None where it is no address. Addresses that the registries do not list are reachable, multicast included.
    """
    return _native.is_global_address(address)
