"""The command that prints the JSON Schema of recipes."""

from __future__ import annotations

import argparse
from typing import Any

SCHEMA = """\
Prints the JSON Schema of recipes. An editor that knows it completes stages and settings, shows what they mean and marks
what is wrong; VS Code (with the YAML extension), IntelliJ and Neovim find it by the first line of a recipe.

example
  llmdata schema > recipe.schema.json
  # first line of my.yaml, beside it:  # yaml-language-server: $schema=recipe.schema.json
"""


def schema(options: argparse.Namespace) -> tuple[Any, str]:
    """Print the schema."""
    from spark_llmdata.recipe.json_schema import make_schema, write_schema

    return make_schema(), write_schema().rstrip("\n")
