"""What the server said when the page was fetched: status, type, completeness, size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from spark_llmdata.batch import Batch
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import BoolArray, Judgement, as_float

MAX_SHOWN = 120  # characters of a header in the evidence


class FilterHttp(RowStage):
    """Keep pages that were fetched whole, with a good status and a type that holds text.

    It reads what the archive says: the status (`http_status` in `meta`), the mark of a payload that was cut off
    (`truncated` in `meta`), the content type, the size. What is not said removes nothing: records of JSON lines and
    tables pass, unless they bring such columns themselves. Content type and payload are there only where records are
    read, so the stage stands in front of any extraction.
    """

    kind = "filter.http"
    requires = frozenset({"meta", "content_type"})
    reads = frozenset({"text"})
    reasons: ClassVar[Mapping[str, str]] = {
        "bad_status": "a status that is not in `statuses`",
        "bad_content_type": "a content type that is not in `content_types`",
        "truncated": "the archive cut the payload off",
        "too_small": "fewer than `min_payload_bytes` bytes of payload",
        "too_large": "more than `max_payload_bytes` bytes of payload",
    }
    scores: ClassVar[Mapping[str, str]] = {
        "status": "HTTP status, null where there is none",
        "payload_bytes": "bytes of the page as it was read, null where there is none",
    }

    statuses: tuple[int, ...] | None = Field(default=(200,), description="HTTP statuses that stay; null: any")
    content_types: tuple[str, ...] | None = Field(
        default=("text/html", "application/xhtml+xml", "text/plain"),
        description="types that stay, without parameters; null: any",
    )
    truncated: bool = Field(default=False, description="keep pages that the archive cut off")
    min_payload_bytes: int | None = Field(default=None, ge=0, description="bytes of payload; null: any")
    max_payload_bytes: int | None = Field(default=None, ge=0, description="bytes of payload; null: any")

    def judge(self, docs: Batch) -> Judgement:
        """Compare each fact with its setting; the first that fails decides."""
        meta = docs.raw("meta")  # rows removed before are judged too, which is cheaper than taking them out of a map
        said = {name: pc.map_lookup(meta, name, "first") for name in ("http_status", "truncated")}
        mime = _mime(docs.raw("content_type"))
        status = _number(said["http_status"])
        size = _payload_bytes(docs)
        judgement = _Rules(len(docs))
        if self.statuses is not None:
            good = pc.is_in(status, pa.array(self.statuses, pa.int64()))
            bad = pc.and_(said["http_status"].is_valid(), pc.invert(good))
            judgement.remove(bad, "bad_status", said["http_status"], status)
        if self.content_types is not None:
            wanted = pa.array([name.lower() for name in self.content_types], pa.string())
            bad = pc.and_(mime.is_valid(), pc.invert(pc.is_in(mime, wanted)))
            judgement.remove(bad, "bad_content_type", mime)
        if not self.truncated:
            judgement.remove(said["truncated"].is_valid(), "truncated", said["truncated"])
        if self.min_payload_bytes is not None:
            bad = pc.less(size, self.min_payload_bytes)
            judgement.remove(bad, "too_small", None, size, self.min_payload_bytes)
        if self.max_payload_bytes is not None:
            bad = pc.greater(size, self.max_payload_bytes)
            judgement.remove(bad, "too_large", None, size, self.max_payload_bytes)
        return judgement.finish({"status": status, "payload_bytes": size})


class _Rules:
    """A judgement under construction; who is removed by a rule is not looked at by the next."""

    def __init__(self, n: int) -> None:
        self.keep = np.ones(n, dtype=bool)
        self.reason, self.evidence = np.full(n, None, dtype=object), np.full(n, None, dtype=object)
        self.score, self.threshold = np.full(n, np.nan), np.full(n, np.nan)

    def remove(
        self,
        bad: pa.Array,
        reason: str,
        shown: pa.Array | None,
        measured: pa.Array | None = None,
        threshold: float = np.nan,
    ) -> None:
        """Remove where `bad`, with the text that decided as evidence or the number as score."""
        gone: BoolArray = np.asarray(pc.fill_null(bad, False)) & self.keep
        self.keep &= ~gone
        self.reason[gone] = reason
        if measured is not None:
            self.score[gone] = as_float(measured)[gone]
            self.threshold[gone] = threshold
        if shown is not None:
            for i in np.flatnonzero(gone):
                self.evidence[i] = json.dumps({reason: shown[int(i)].as_py()[:MAX_SHOWN]}, ensure_ascii=False)

    def finish(self, scores: dict[str, pa.Array]) -> Judgement:
        """The judgement, with what was measured."""
        return Judgement(self.keep, self.reason, self.score, self.threshold, self.evidence, scores=scores)


def _mime(content_type: pa.Array) -> pa.Array:
    """The types without parameters, in lower case; null where there is none."""
    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(content_type, pattern="(?s)[;,].*", replacement=""))
    return pc.if_else(pc.equal(bare, ""), None, pc.utf8_lower(bare))


def _number(status: pa.Array) -> pa.Array:
    """Statuses as int64; null for what is no number of three digits."""
    digits = pc.match_substring_regex(status, pattern=r"^\d{3}$")
    return pc.if_else(pc.fill_null(digits, False), status, None).cast(pa.int64())


def _payload_bytes(docs: Batch) -> pa.Array:
    """Bytes of the page, or of the text where the page was plain text; null where a record has neither."""
    html, text = docs.raw("html"), docs.raw("text")
    sizes = [pc.binary_length(column).cast(pa.int64()) for column in (html, text)]
    return pc.coalesce(*sizes)
