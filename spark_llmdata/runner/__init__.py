"""Runs: a recipe carried out against a store, commit by commit."""

from spark_llmdata.runner.api import run
from spark_llmdata.runner.result import RunResult

__all__ = ["RunResult", "run"]
