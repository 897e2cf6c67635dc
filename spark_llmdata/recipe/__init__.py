"""Recipes: an ordered list of stages read from YAML, checked as a whole before anything runs."""

from spark_llmdata.recipe.loading import find_recipe, load_recipe
from spark_llmdata.recipe.model import Gates, Read, Recipe, Write

__all__ = ["Gates", "Read", "Recipe", "Write", "find_recipe", "load_recipe"]
