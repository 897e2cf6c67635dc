"""What can be wrong with a recipe that only Spark can tell, found before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spark_llmdata.errors import RecipeError
from spark_llmdata.plan import CorpusNode, Plan, SegmentNode
from spark_llmdata.schema import segment
from spark_llmdata.stage import CorpusStage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def needs_spark(plan: Plan) -> bool:
    """Whether a recipe has stages of which `check_stages` could complain."""
    return any(isinstance(n, CorpusNode) and type(n.stage).check is not CorpusStage.check for n in plan.nodes)


def check_stages(plan: Plan, spark: SparkSession) -> None:
    """Let each comparison look at the columns that it will see.

    Raises:
        RecipeError: settings do not fit them; all problems at once, each with file and line.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    problems = []
    columns = segment(())
    for node in plan.nodes:
        if isinstance(node, SegmentNode):
            columns = node.segment.schema
        else:
            problem = node.stage.check(spark.createDataFrame([], from_arrow_schema(columns)))
            if problem is not None:
                place = _place(plan, node)
                problems.append(f"{place}{node.stage.name}.{problem}")
    if problems:
        raise RecipeError(problems)


def _place(plan: Plan, node: CorpusNode) -> str:
    places, names = plan.recipe.places, [s.name for s in plan.recipe.stages]
    return f"{places[names.index(node.stage.name)]}: " if places else ""
