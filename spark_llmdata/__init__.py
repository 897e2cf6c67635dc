"""Verified, incremental, explainable, reversible LLM corpora on the Spark you already have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spark_llmdata.report.answers import Answer, duplicates, show, why
    from spark_llmdata.report.page.api import write_report
    from spark_llmdata.retuning import Retuned, retune
    from spark_llmdata.runner import RunResult, reproduce, run
    from spark_llmdata.stage import CorpusStage, RowStage
    from spark_llmdata.verdict import Judgement

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "CorpusStage",
    "Judgement",
    "Retuned",
    "RowStage",
    "RunResult",
    "duplicates",
    "reproduce",
    "retune",
    "run",
    "show",
    "why",
    "write_report",
]

_HOMES = {
    "run": "spark_llmdata.runner",
    "reproduce": "spark_llmdata.runner",
    "RunResult": "spark_llmdata.runner",
    "retune": "spark_llmdata.retuning",
    "Retuned": "spark_llmdata.retuning",
    "write_report": "spark_llmdata.report.page.api",
    "why": "spark_llmdata.report.answers",
    "show": "spark_llmdata.report.answers",
    "duplicates": "spark_llmdata.report.answers",
    "Answer": "spark_llmdata.report.answers",
    "RowStage": "spark_llmdata.stage",
    "CorpusStage": "spark_llmdata.stage",
    "Judgement": "spark_llmdata.verdict",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: executors need neither the runner nor Spark's Python side."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What there is to use, for tab completion."""
    return sorted([*__all__, "__version__"])
