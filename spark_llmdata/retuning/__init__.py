"""What a run would have kept with other thresholds, from its stored scores."""

from spark_llmdata.retuning.answer import Retuned
from spark_llmdata.retuning.api import retune

__all__ = ["Retuned", "retune"]
