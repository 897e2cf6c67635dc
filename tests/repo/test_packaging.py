"""What is installed: one version everywhere, every package, the recipes, and nothing that belongs to developers."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

LIST_OUTPUTS = """
import json
from setuptools.dist import Distribution

distribution = Distribution({"script_name": "setup.py"})
distribution.parse_config_files()
command = distribution.get_command_obj("build_py")
command.ensure_finalized()
command.build_lib = "."
print(json.dumps(command.get_outputs(include_bytecode=False)))
"""


@pytest.fixture(scope="module")
def wheel_files(repository: Path) -> set[str]:
    """The paths setuptools would put into a wheel, the native module aside; nothing is built."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_OUTPUTS], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {Path(path).as_posix() for path in json.loads(done.stdout.splitlines()[-1])}


def test_there_is_one_version(project: dict[str, Any], workspace: dict[str, Any]) -> None:
    import spark_llmdata
    from spark_llmdata import _native

    version = project["project"]["version"]
    assert workspace["workspace"]["package"]["version"] == version
    assert spark_llmdata.__version__ == version
    assert _native.__version__ == version


def test_every_package_is_listed(repository: Path, project: dict[str, Any]) -> None:
    folders = {file.parent for file in (repository / "spark_llmdata").rglob("*.py")}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").is_file()]
    found = {".".join(folder.relative_to(repository).parts) for folder in folders}
    listed = set(project["tool"]["setuptools"]["packages"])
    assert listed == found | {"spark_llmdata.recipes"}, "`packages` in pyproject.toml"


def test_the_wheel_has_every_module(repository: Path, wheel_files: set[str]) -> None:
    modules = {f.relative_to(repository).as_posix() for f in (repository / "spark_llmdata").rglob("*.py")}
    assert modules <= wheel_files
    assert {"spark_llmdata/py.typed", "spark_llmdata/_native.pyi"} <= wheel_files
    assert {f"spark_llmdata/report/page/page.{kind}" for kind in ("css", "js")} <= wheel_files


def test_the_wheel_has_the_recipes(repository: Path, wheel_files: set[str]) -> None:
    recipes = {f"spark_llmdata/recipes/{file.name}" for file in (repository / "conf" / "recipes").glob("*.yaml")}
    assert "spark_llmdata/recipes/quickstart.yaml" in recipes
    assert recipes <= wheel_files


def test_the_wheel_has_nothing_else(wheel_files: set[str]) -> None:
    assert {path.split("/")[0] for path in wheel_files} == {"spark_llmdata"}
    assert {Path(path).suffix for path in wheel_files} <= {".py", ".pyi", ".typed", ".yaml", ".css", ".js"}


def test_recipes_can_be_read_as_installed(repository: Path) -> None:
    recipe = files("spark_llmdata.recipes") / "quickstart.yaml"
    assert recipe.read_bytes() == (repository / "conf" / "recipes" / "quickstart.yaml").read_bytes()


def test_developers_get_what_users_get(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    assert not [r for r in project["project"]["dependencies"] if r.startswith(("pyspark", "delta", "pandas"))]
    assert any(requirement.startswith("spark-llmdata[local") for requirement in extras["dev"])
