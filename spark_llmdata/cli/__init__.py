"""The command line: `llmdata`."""

from spark_llmdata.cli.main import main

__all__ = ["main"]
