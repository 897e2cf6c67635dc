"""The catalogue: every stage that comes with the package, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from spark_llmdata.stage import Stage
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.dedup.minhash import DedupMinhash
from spark_llmdata.stages.dedup.url import DedupUrl
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.http import FilterHttp
from spark_llmdata.stages.filter.url import FilterUrl

BUILTIN: Mapping[str, type[Stage]] = {
    "extract.html": ExtractHtml,
    "filter.gopher_quality": GopherQuality,
    "filter.http": FilterHttp,
    "filter.url": FilterUrl,
    "clean.unicode": CleanUnicode,
    "dedup.exact": DedupExact,
    "dedup.url": DedupUrl,
    "dedup.minhash": DedupMinhash,
}
