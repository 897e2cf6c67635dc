"""Near-duplicates of a data frame of documents: who is removed, for whom, and how similar the two truly are."""

from spark_llmdata.neardup.comparison import Comparison
from spark_llmdata.neardup.native import find

__all__ = ["Comparison", "find"]
