"""Upkeep of a store: removing what no run names, and checking that what they name is whole."""

from spark_llmdata.upkeep.examination import check_store
from spark_llmdata.upkeep.sweep import collect_garbage

__all__ = ["check_store", "collect_garbage"]
