"""What the server said when the page was fetched: status, type, completeness, size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from spark_llmdata import evidence
from spark_llmdata.batch import Batch
from spark_llmdata.bounds import check_order
from spark_llmdata.first_rule import FirstRule
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement

MAX_SHOWN = 120  # characters of a header in the evidence


class FilterHttp(RowStage):
    """Keep pages that were fetched whole, with a good status and a type that holds text.

    It reads what the archive says: the status (`http_status` in `meta`), the mark of a payload that is not whole
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
        "truncated": "the payload is not whole: cut by the archive, sent in part, or shorter than it said",
        "too_small": "fewer than `min_payload_bytes` bytes of payload",
        "too_large": "more than `max_payload_bytes` bytes of payload",
    }
    scores: ClassVar[Mapping[str, str]] = {
        "status": "HTTP status, null where there is none",
        "payload_bytes": "bytes of the page as it was read, null where there is none",
    }

    statuses: tuple[Annotated[int, Field(ge=100, le=599)], ...] | None = Field(
        default=(200,), min_length=1, description="HTTP statuses that stay; null: any"
    )
    content_types: tuple[str, ...] | None = Field(
        default=("text/html", "application/xhtml+xml", "text/plain"),
        min_length=1,
        description="types that stay, without parameters; null: any",
    )
    truncated: bool = Field(default=False, description="keep pages whose payload is not whole")
    min_payload_bytes: int | None = Field(default=None, ge=0, description="bytes of payload; null: any")
    max_payload_bytes: int | None = Field(default=None, ge=0, description="bytes of payload; null: any")

    @model_validator(mode="after")
    def _bounds_fit(self) -> FilterHttp:
        check_order(self, ("min_payload_bytes", "max_payload_bytes"))
        return self

    def judge(self, docs: Batch) -> Judgement:
        """Compare each fact with its setting; the first that fails decides."""
        meta = docs.raw("meta")  # rows removed before are judged too, which is cheaper than taking them out of a map
        said = {name: pc.map_lookup(meta, name, "first") for name in ("http_status", "truncated")}
        mime = _mime(docs.raw("content_type"))
        status = _number(said["http_status"])
        size = _payload_bytes(docs)
        judgement = FirstRule(len(docs))

        def show(reason: str, header: pa.Array) -> Callable[[int], str]:
            return lambda row: evidence.say(**{reason: header[row].as_py()[:MAX_SHOWN]})

        if self.statuses is not None:
            good = pc.is_in(status, pa.array(self.statuses, pa.int64()))
            bad = pc.and_(said["http_status"].is_valid(), pc.invert(good))
            judgement.remove(bad, "bad_status", show("bad_status", said["http_status"]), status)
        if self.content_types is not None:
            wanted = pa.array([name.lower() for name in self.content_types], pa.string())
            bad = pc.and_(mime.is_valid(), pc.invert(pc.is_in(mime, wanted)))
            judgement.remove(bad, "bad_content_type", show("bad_content_type", mime))
        if not self.truncated:
            judgement.remove(said["truncated"].is_valid(), "truncated", show("truncated", said["truncated"]))
        if self.min_payload_bytes is not None:
            bad = pc.less(size, self.min_payload_bytes)
            judgement.remove(bad, "too_small", measured=size, threshold=self.min_payload_bytes)
        if self.max_payload_bytes is not None:
            bad = pc.greater(size, self.max_payload_bytes)
            judgement.remove(bad, "too_large", measured=size, threshold=self.max_payload_bytes)
        return judgement.finish({"status": status, "payload_bytes": size})


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
