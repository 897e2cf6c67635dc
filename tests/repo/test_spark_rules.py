"""What imports cannot say: where Spark may be touched, and what must not be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

#: Not on Spark Connect, on serverless compute, or not the same from run to run.
NOWHERE = {
    "DeltaTable",
    "SparkContext",
    "configure_spark_with_delta_pip",
    "monotonically_increasing_id",
    "_jdf",
    "_jsc",
    "_jvm",
    "rdd",
    "sparkContext",
}

#: May import pyspark when they are imported. All others do so when they are called, or for types only.
SPARK_AT_IMPORT = ("interop", "report", "run", "runner", "session", "sinks", "store")
#: Know nothing of pyspark, at no time.
SPARK_NEVER = ("batch", "errors", "extras", "kernels", "recipe", "schema", "verdict")

ACTIONS = {
    "cache", "checkpoint", "collect", "first", "foreach", "foreachPartition", "isEmpty", "localCheckpoint", "persist",
    "show", "sql", "table", "toArrow", "toLocalIterator", "toPandas", "unpersist",
}  # fmt: skip
TABLES = {"read", "readStream", "write", "writeStream", "writeTo"}


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def walk_running_code(tree: ast.AST, into_functions: bool = True) -> Iterator[ast.AST]:
    """Every node that is not below `if TYPE_CHECKING`, and not in a function's body where that is not wanted."""
    for node in ast.iter_child_nodes(tree):
        if is_for_types_only(node):
            continue
        yield node
        if into_functions or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from walk_running_code(node, into_functions)


def find_imports(nodes: Iterator[ast.AST]) -> Iterator[tuple[str, str]]:
    """(module, name or nothing) of each import; `importlib.import_module("x")` is one."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from ((arg.value, "") for arg in node.args if isinstance(arg, ast.Constant))


def imports_spark(tree: ast.Module, into_functions: bool) -> bool:
    imports = find_imports(walk_running_code(tree, into_functions))
    return any(module.split(".")[0] in {"pyspark", "delta", "py4j"} for module, _ in imports)


def imports_native(tree: ast.Module) -> bool:
    imports = find_imports(ast.walk(tree))
    return any(module.endswith("_native") or name == "_native" for module, name in imports)


def find_forbidden_names(tree: ast.Module) -> list[str]:
    """Names, attributes and imports that occur nowhere in the package."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in NOWHERE:
            found.append(f"line {node.lineno}: .{node.attr}")
        elif isinstance(node, ast.Name) and node.id in NOWHERE:
            found.append(f"line {node.lineno}: {node.id}")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found += [f"line {node.lineno}: import {a.name}" for a in node.names if a.name in NOWHERE]
    return found


def is_action(call: ast.Call, modules: set[str]) -> bool:
    """Whether this may be an action of a DataFrame or an access to a table; functions of imported modules are not."""
    if not isinstance(call.func, ast.Attribute) or ast.unparse(call.func.value) in modules:
        return False
    name, arguments = call.func.attr, call.args
    if name == "count":  # text.count("#") counts in a text
        return not arguments
    if name in {"head", "tail", "take"}:  # array.take(indices) is Arrow's
        return all(isinstance(a, ast.Constant) for a in arguments)
    return name in ACTIONS


def find_actions(tree: ast.Module) -> list[str]:
    """Calls of actions, and accesses to readers and writers, that a stage leaves to its context."""
    modules = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in TABLES:
            found.append(f"line {node.lineno}: .{node.attr}")
        elif isinstance(node, ast.Call) and is_action(node, modules):
            found.append(f"line {node.lineno}: {ast.unparse(node.func)}()")
    return found


def leave_out(tree: ast.Module, name: str) -> ast.Module:
    """A module without one of its classes."""
    return ast.Module([n for n in tree.body if not (isinstance(n, ast.ClassDef) and n.name == name)], [])


#: Asks how many tasks have finished; only to look, and only where the session is a classic one.
PROGRESS = "spark_llmdata.runner.tasks_done"


def leave_out_progress(tree: ast.Module) -> ast.Module:
    """A module without the one expression that asks the status tracker."""

    class Cut(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            return ast.Constant(None) if ast.unparse(node) == "spark.sparkContext.statusTracker()" else node

    return Cut().visit(ast.parse(ast.unparse(tree)))


def is_in(module: str, parts: tuple[str, ...]) -> bool:
    return module.removeprefix("spark_llmdata").removeprefix(".").split(".")[0] in parts


def test_nothing_uses_what_not_every_spark_has(modules: dict[str, ast.Module]) -> None:
    allowed = modules | {PROGRESS: leave_out_progress(modules[PROGRESS])}
    found = {name: names for name, tree in allowed.items() if (names := find_forbidden_names(tree))}
    assert not found


def test_one_place_asks_the_classic_session_how_far_it_is(modules: dict[str, ast.Module]) -> None:
    """The exception of docs/adr/0009: the status tracker, and nothing else of the context."""
    tree = modules[PROGRESS]
    assert find_forbidden_names(tree)
    assert not find_forbidden_names(leave_out_progress(tree))


def test_spark_is_imported_late(modules: dict[str, ast.Module]) -> None:
    early = [n for n, tree in modules.items() if not is_in(n, SPARK_AT_IMPORT) and imports_spark(tree, False)]
    assert not early, f"import pyspark inside the function that needs it: {early}"


def test_kernels_and_judging_know_nothing_of_spark(modules: dict[str, ast.Module]) -> None:
    checked = {name: tree for name, tree in modules.items() if is_in(name, SPARK_NEVER)}
    assert {"spark_llmdata.errors", "spark_llmdata.schema", "spark_llmdata.kernels"} <= checked.keys()
    assert not [name for name, tree in checked.items() if imports_spark(tree, True)]


def test_only_kernels_import_the_native_module(modules: dict[str, ast.Module]) -> None:
    importers = {name for name, tree in modules.items() if imports_native(tree)}
    assert not {name for name in importers if not is_in(name, ("kernels",))}


def test_stages_call_no_action_and_touch_no_table(modules: dict[str, ast.Module]) -> None:
    stages = {name: tree for name, tree in modules.items() if is_in(name, ("stages",))}
    assert stages
    found = {name: calls for name, tree in stages.items() if (calls := find_actions(tree))}
    assert not found, f"a stage gives its DataFrame to ctx.settle instead: {found}"


def test_only_the_context_of_a_stage_computes(modules: dict[str, ast.Module]) -> None:
    """What stages call is bound by the same rule; the context is the one exception."""
    engines = [name.removeprefix("spark_llmdata.") for name in modules if is_in(name, ("neardup",))]
    assert len(engines) > 3
    for name in ("batch", "graph", "segment", "verdict", *engines):
        assert not find_actions(modules[f"spark_llmdata.{name}"]), f"{name} gives its DataFrame to ctx.settle instead"
    stage = modules["spark_llmdata.stage"]
    assert find_actions(stage)
    assert not find_actions(leave_out(stage, "Context"))


@pytest.mark.parametrize(
    "code",
    [
        "docs.count()",
        "docs.select('id').collect()",
        "docs.groupBy('k').agg(F.count('*')).persist()",
        "ctx.spark.read.parquet('x')",
        "docs.write.save('x')",
        "docs.writeTo('x')",
        "spark.sql('select 1')",
        "spark.table('x')",
        "docs.take(5)",
        "docs.head()",
        "docs.toPandas()",
    ],
)
def test_an_action_is_recognized(code: str) -> None:
    assert find_actions(ast.parse("from pyspark.sql import functions as F\n" + code))


@pytest.mark.parametrize(
    "code",
    ["F.count('*')", "F.first('x')", "text.count('#')", "array.take(indices)", "pa.table({})", "ctx.settle(docs)"],
)
def test_what_is_no_action_is_not(code: str) -> None:
    assert not find_actions(ast.parse("import pyarrow as pa\nfrom pyspark.sql import functions as F\n" + code))


@pytest.mark.parametrize(
    "code",
    [
        "docs.rdd.map(f)",
        "spark.sparkContext",
        "spark._jvm.x()",
        "from delta.tables import DeltaTable",
        "F.monotonically_increasing_id()",
    ],
)
def test_a_forbidden_name_is_recognized(code: str) -> None:
    assert find_forbidden_names(ast.parse(code))


@pytest.mark.parametrize(
    ("code", "at_import", "ever"),
    [
        ("import pyspark.sql", True, True),
        ("try:\n    from pyspark import sql\nexcept ImportError:\n    pass", True, True),
        ("class A:\n    from pyspark import sql", True, True),
        ("def f():\n    from pyspark.sql import DataFrame", False, True),
        ("def f():\n    importlib.import_module('pyspark')", False, True),
        ("if TYPE_CHECKING:\n    from pyspark.sql import DataFrame", False, False),
    ],
)
def test_an_import_of_spark_is_recognized(code: str, at_import: bool, ever: bool) -> None:
    tree = ast.parse(code)
    assert (imports_spark(tree, False), imports_spark(tree, True)) == (at_import, ever)


@pytest.mark.parametrize(
    "code",
    [
        "from spark_llmdata import _native",
        "from spark_llmdata._native import words",
        "import spark_llmdata._native as n",
        "def f():\n    from . import _native",
    ],
)
def test_an_import_of_the_native_module_is_recognized(code: str) -> None:
    assert imports_native(ast.parse(code))
