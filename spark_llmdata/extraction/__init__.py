"""Libraries that take the text out of a page, each behind one contract: typed settings, and a page to its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from spark_llmdata.extraction.engine import Engine
from spark_llmdata.extraction.justext import Justext
from spark_llmdata.extraction.readability import Readability
from spark_llmdata.extraction.resiliparse import Resiliparse
from spark_llmdata.extraction.strip import Strip
from spark_llmdata.extraction.trafilatura import Trafilatura

__all__ = ["ENGINES", "Engine", "EngineName", "Justext", "Readability", "Resiliparse", "Strip", "Trafilatura"]

EngineName = Literal["resiliparse", "trafilatura", "justext", "readability", "strip"]

#: The settings of each engine, by its name in recipes.
ENGINES: Mapping[EngineName, type[Engine]] = {
    "resiliparse": Resiliparse,
    "trafilatura": Trafilatura,
    "justext": Justext,
    "readability": Readability,
    "strip": Strip,
}
