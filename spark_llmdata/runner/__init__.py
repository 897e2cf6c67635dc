"""Runs: a recipe carried out against a store, commit by commit."""

from spark_llmdata.runner.api import reproduce, run
from spark_llmdata.runner.reproduction import Reproduction
from spark_llmdata.runner.result import RunResult

__all__ = ["Reproduction", "RunResult", "reproduce", "run"]
