"""The command line: `llmdata`."""

import warnings

from spark_llmdata.cli.main import main

# `python -m spark_llmdata.cli.main`: that this line has imported it before it runs is no danger, it keeps nothing.
warnings.filterwarnings("ignore", r"'spark_llmdata\.cli\.main' found in sys\.modules", RuntimeWarning, "runpy")

__all__ = ["main"]
