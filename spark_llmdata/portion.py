"""The part of its input that a run looks at: a share chosen by hash, the first records, or all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_llmdata.errors import UsageError
from spark_llmdata.kernels import hashing
from spark_llmdata.verdict import BoolArray

#: The reason of a record that is in no sample; its verdict is the reader's.
NOT_SAMPLED = "not_sampled"

#: As the manifest holds it: `sample` and `seed`; `limit`, and `cut`, whether more was there; None: everything.
Portion = Mapping[str, Any] | None


@dataclass(frozen=True)
class Sampling:
    """The documents whose hash of (`seed`, "sample", doc_id) is below `share` of all hashes: 0.01 is within 0.1.

    They are the same ones in whatever files, parts and order they come.

    Raises:
        UsageError: the share is not above 0 and below 1.
    """

    share: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise UsageError(
                f"--sample {self.share:g}: expected a share of the documents above 0 and below 1, such as 0.01; leave "
                "it out to read all of them"
            )

    def takes(self, doc_ids: pa.Array, places: pa.Array) -> BoolArray:
        """Whether each of the records is in the sample; what has no doc_id (it was not read) by the hash of its place.

        Else all of it would be, and the sample's share of rejects would not be that of the whole.
        """
        known = pc.coalesce(doc_ids.cast(pa.string()), places)
        hashed = hashing.hash_bytes(pc.binary_join_element_wise(f"{self.seed}", "sample", known, "\0"))
        heads = np.frombuffer(b"".join(value[:8] for value in hashed.to_pylist()), dtype=">u8")
        taken: BoolArray = heads < np.uint64(min(round(self.share * 2**64), 2**64 - 1))
        return taken

    def as_json(self) -> dict[str, float | int]:
        """For the manifest."""
        return {"share": self.share, "seed": self.seed}


def describe_portion(sampling: Sampling | None, limit: int | None, cut: bool) -> Portion:
    """What a run reads, for its manifest; `cut` says whether it is less than there is."""
    facts: dict[str, Any] = {}
    if sampling is not None:
        facts |= {"sample": sampling.share, "seed": sampling.seed}
    if limit is not None:
        facts |= {"limit": limit, "cut": cut}
    return facts or None


def sampling_of(portion: Portion) -> Sampling | None:
    """The sample that a manifest tells of."""
    return Sampling(portion["sample"], portion["seed"]) if portion and "sample" in portion else None


def is_cut(portion: Portion) -> bool:
    """Whether records were left unread, so that the names of files decide about the corpus."""
    return bool(portion and portion.get("cut"))


def tell_portion(portion: Portion) -> str:
    """The same in a few words; nothing where all of the input was read."""
    if not portion:
        return ""
    words = []
    if "sample" in portion:
        seed = f" (seed {portion['seed']})" if portion["seed"] else ""
        words.append(f"a sample of {portion['sample'] * 100:g} %{seed}")
    if "limit" in portion:
        words.append(f"the first {portion['limit']:,} records" + ("" if portion["cut"] else " (there are no more)"))
    return " of ".join(words)
