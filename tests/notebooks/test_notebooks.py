"""The notebooks run, each in a kernel of this very Python; what they showed when they were written is not in them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_llmdata.session import BRIEF_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

#: What a reader must have seen, by notebook: marks of displays, in the outputs of its cells.
SHOWN = {
    "01_first_corpus": ["of recipe quickstart: read 82", "gopher_quality.too_few_words", "read.bad_json"],
    "02_why_was_it_removed": [
        "https://docs.example/empty: removed",
        "minhash.near_duplicate",
        "<del",
        "nameless",
    ],
    "03_tune_a_threshold": ["too_few_words", "documents kept", "where it removes", "where it keeps"],
}


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} == set(SHOWN)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs_are_committed(path):
    notebook = load(path)
    assert [cell["id"] for cell in code_cells(notebook) if cell["outputs"] or cell["execution_count"]] == []
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_place_of_one_machine_is_named(path):
    assert not re.search(r"""["'(\s](/(home|root|tmp|work|Users|mnt|data)\b|[A-Z]:\\\\)""", path.read_text("utf-8"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    text = "".join(line for cell in load(path)["cells"] for line in cell["source"])
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert [link for link in links if not (path.parent / link).exists()] == []


def run_notebook(path: Path, folder: Path) -> list[dict[str, Any]]:
    """The code cells with their outputs; the kernel is this interpreter, whatever kernels are installed."""
    import nbformat
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import run_sync
    from nbclient import NotebookClient

    class OwnPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name=kernel_name, language="python")

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import sys\nprint(sys.executable)"))
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=OwnPython())
    try:
        NotebookClient(notebook, km=manager, timeout=400, resources={"metadata": {"path": str(folder)}}).execute()
    finally:  # nbclient ends only kernels of its own, and this one holds a JVM of two gigabytes
        run_sync(manager.shutdown_kernel)(now=True)
    assert not run_sync(manager.is_alive)()
    return code_cells(notebook)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path, monkeypatch):
    # A minute of Spark is mostly the JVM compiling it; its first compiler alone is done sooner.
    monkeypatch.setenv("JDK_JAVA_OPTIONS", BRIEF_SETTINGS["spark.driver.extraJavaOptions"])
    first, *cells = run_notebook(path, tmp_path)
    assert first["outputs"][0]["text"].strip() == sys.executable
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "stream" and output["name"] == "stderr"] == []
    shown = "".join(output["data"].get("text/html", "") for output in outputs if "data" in output)
    for words in SHOWN[path.stem]:
        assert words in shown
    assert "[   " in shown, "how far the run is was not shown"
    assert "<script" not in shown
