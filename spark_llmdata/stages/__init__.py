"""The catalogue: every stage that comes with the package, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from spark_llmdata.stage import Stage
from spark_llmdata.stages.clean.pii import Pii
from spark_llmdata.stages.clean.refinedweb_lines import RefinedwebLines
from spark_llmdata.stages.clean.unicode import CleanUnicode
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.dedup.minhash import DedupMinhash
from spark_llmdata.stages.dedup.url import DedupUrl
from spark_llmdata.stages.extract.html import ExtractHtml
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.expr import FilterExpr
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition
from spark_llmdata.stages.filter.http import FilterHttp
from spark_llmdata.stages.filter.language import FilterLanguage
from spark_llmdata.stages.filter.url import FilterUrl
from spark_llmdata.stages.score.language import ScoreLanguage

BUILTIN: Mapping[str, type[Stage]] = {
    "extract.html": ExtractHtml,
    "clean.unicode": CleanUnicode,
    "clean.refinedweb_lines": RefinedwebLines,
    "clean.pii": Pii,
    "score.language": ScoreLanguage,
    "filter.url": FilterUrl,
    "filter.http": FilterHttp,
    "filter.language": FilterLanguage,
    "filter.expr": FilterExpr,
    "filter.gopher_quality": GopherQuality,
    "filter.gopher_repetition": GopherRepetition,
    "filter.c4": C4,
    "filter.fineweb": FineWeb,
    "dedup.exact": DedupExact,
    "dedup.url": DedupUrl,
    "dedup.minhash": DedupMinhash,
}
