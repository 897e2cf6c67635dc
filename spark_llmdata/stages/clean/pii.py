"""Personal data with a fixed form: e-mail and IP addresses as FineWeb does it, numbers and keys on request."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PositiveInt, field_validator, model_validator

from spark_llmdata.batch import Batch
from spark_llmdata.kernels import pii
from spark_llmdata.spans import Span
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import MAX_EVIDENCE, Judgement, Rule, as_float, list_changes

Kind = Literal["email", "ipv4", "ipv6", "phone", "card", "iban", "ssn", "key"]
Choices = Annotated[tuple[str, ...], Field(min_length=1)]

#: What nobody has and no network answers to: domains and addresses for documentation (RFC 2606, 5737, 3849), numbers
#: for fiction, numbers that no issuer gives out. The stage finds none of them, as they stand here, again.
NOBODYS: Mapping[str, tuple[str, ...]] = {
    "email": ("email@example.com", "firstname.lastname@example.org"),
    "ipv4": ("192.0.2.1", "192.0.2.77", "198.51.100.14", "198.51.100.203", "203.0.113.9", "203.0.113.178"),
    "ipv6": ("2001:db8::1", "2001:db8:85a3::8a2e:370:7334", "2001:db8:0:42::53"),
    "phone": ("202-555-0100", "303-555-0142", "415-555-0199"),
    "card": ("0000 0000 0000 0000",),
    "iban": ("XX00 0000 0000 0000 00",),
    "ssn": ("000-00-0000",),
    "key": ("KEY-REMOVED",),
}
TAGS: Mapping[str, tuple[str, ...]] = {
    kind: ("[IP]" if kind.startswith("ip") else f"[{kind.upper()}]",) for kind in NOBODYS
}
#: Addresses that did not answer when FineWeb chose them.
FINEWEB_IPS = (
    *("22.214.171.124", "126.96.36.199", "188.8.131.52"),
    *("184.108.40.206", "220.127.116.11", "18.104.22.168"),
)


class Pii(RowStage):
    """Replace personal data with a fixed form. Put it last: what is compared before should be the text as it came.

    A document keeps what was found as places without values (bytes of the text this stage saw), never the values. Of
    several replacements one is chosen by a hash of the document's id and the value, so the same value of a document
    becomes the same everywhere in it. The preset `fineweb` replaces what datatrove replaces: e-mail and public IPv4
    addresses.
    """

    kind = "clean.pii"
    kernels = (pii,)
    edits = frozenset({"text"})
    private = True
    reasons: ClassVar[Mapping[str, str]] = {"too_many": "more than `max_found` places with personal data"}
    scores: ClassVar[Mapping[str, str]] = {
        "n_email": "e-mail addresses",
        "n_ipv4": "IPv4 addresses",
        "n_ipv6": "IPv6 addresses",
        "n_phone": "telephone numbers",
        "n_card": "payment card numbers",
        "n_iban": "bank account numbers",
        "n_ssn": "US social security numbers",
        "n_key": "private keys and access keys",
    }
    retunable = frozenset({"max_found"})
    changes: ClassVar[Mapping[str, str]] = {
        "email": "an e-mail address",
        "ipv4": "an IPv4 address",
        "ipv6": "an IPv6 address",
        "phone": "a telephone number",
        "card": "a payment card number",
        "iban": "a bank account number",
        "ssn": "a US social security number",
        "key": "a private key or an access key",
    }
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "fineweb": {"types": ("email", "ipv4"), "rules": "datatrove", "replacements": {"ipv4": FINEWEB_IPS}}
    }

    preset: Literal["fineweb"] | None = Field(default=None, description="a published set of the settings below")
    types: Annotated[tuple[Kind, ...], Field(min_length=1)] = Field(
        default=("email", "ipv4", "ipv6"), description="what is replaced; addresses of networks only where public"
    )
    rules: Literal["checked", "datatrove"] = Field(
        default="checked",
        description="e-mail and IPv4 addresses: `checked`, whole ones that can exist and are no versions; `datatrove`, "
        "what its expressions match, as in `lodash@4.17.21` or 1.2.3.4567",
    )
    mode: Literal["replace", "tag"] = Field(
        default="replace", description="`replace`: by `replacements`; `tag`: by the type in brackets, as [EMAIL]"
    )
    replacements: dict[Kind, Choices] = Field(
        default={}, description="by type, instead of values that nobody has (email@example.com, 192.0.2.1, ...)"
    )
    max_found: PositiveInt | None = Field(default=None, description="places; a document with more is removed")

    @field_validator("types")
    @classmethod
    def _each_once(cls, types: tuple[Kind, ...]) -> tuple[Kind, ...]:
        twice = sorted({kind for kind in types if types.count(kind) > 1})
        if twice:
            raise ValueError(f"types names {', '.join(twice)} more than once; name each type once")
        return types

    @model_validator(mode="after")
    def _replacements_are_used(self) -> Pii:
        idle = [] if self.mode == "replace" or self.preset else sorted(self.replacements)
        if idle:
            raise ValueError(f"`mode: tag` writes tags, and `replacements` of {', '.join(idle)}; take one of them out")
        idle = [] if self.preset else sorted(set(self.replacements) - set(self.types))
        if idle:
            raise ValueError(
                f"`replacements` names {', '.join(idle)}, which `types` does not: add it there or take it out"
            )
        return self

    def judge(self, docs: Batch) -> Judgement:
        """Find and replace in one pass each, then count."""
        n = len(docs)
        spans = pii.find(docs.text, self.types, self.rules)
        chosen = {str(kind): choices for kind, choices in self.replacements.items()}
        replacements = TAGS if self.mode == "tag" else {**NOBODYS, **chosen}
        text, lengths = pii.replace(docs.text, docs["doc_id"], spans, replacements)
        row, kind = (np.asarray(spans.column(name)) for name in ("row", "kind"))
        measured = {}
        for name in self.scores:
            number = pii.KINDS.index(name.removeprefix("n_"))
            counts = pa.array(np.bincount(row[kind == number], minlength=n))
            measured[name] = counts if name[2:] in self.types else pa.nulls(n, pa.int64())
        judgement = self.decide_on(docs, measured)
        judgement.text, judgement.edits = text, np.bincount(row, minlength=n)
        if not judgement.keep.all():
            judgement.evidence = _describe(spans, ~judgement.keep)
        judgement.changes = list_changes(
            n, row, pa.array(pii.KINDS).take(spans.column("kind")), spans.column("begin"), spans.column("end"), lengths
        )
        return judgement

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        found = sum(as_float(pc.fill_null(counts, 0)) for counts in self.own_scores(docs).values())
        bound = math.inf if self.max_found is None else self.max_found
        return {"too_many": (pa.array(found), ">", bound)}

    def find_spans(self, docs: Batch, reason: str) -> list[Span]:
        """All that was found."""
        found = pii.find(docs.text, self.types, self.rules).to_pylist()
        return [Span(pii.KINDS[place["kind"]], place["begin"], place["end"]) for place in found]


def _describe(spans: pa.RecordBatch, wanted: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, Any]:
    """What was found in the rows wanted, without the values: numbers by type, and the places if there is room."""
    evidence = np.full(len(wanted), None, dtype=object)
    row, kind, begin, end = (np.asarray(column) for column in spans.columns)
    for i in np.flatnonzero(wanted):
        mine = slice(*np.searchsorted(row, [i, i + 1]))
        names = [pii.KINDS[k] for k in kind[mine]]
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        places = [list(place) for place in zip(names, begin[mine].tolist(), end[mine].tolist(), strict=True)]
        full = json.dumps({**counts, "spans": places})
        evidence[i] = full if len(full) <= MAX_EVIDENCE else json.dumps(counts)
    return evidence
