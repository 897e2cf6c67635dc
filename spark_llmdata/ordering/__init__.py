"""The order of stages that commute: measured on a sample, changed only where that pays."""

from spark_llmdata.ordering.arrangement import Arrangement, Pass, arrange, identify, rearrange
from spark_llmdata.ordering.sample import SAMPLE_ROWS

__all__ = ["SAMPLE_ROWS", "Arrangement", "Pass", "arrange", "identify", "rearrange"]
