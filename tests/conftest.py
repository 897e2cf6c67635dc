"""Fixtures that every part of the suite may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# No deadline per example: a busy machine is no defect. pytest-timeout watches over the test as a whole.
# The gate tries the same examples every time, so that it judges the change; the search for new ones goes on elsewhere.
settings.register_profile("repository", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("repository")


@pytest.fixture(scope="session", autouse=True)
def compiled_lists(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lists that tests compile do not stay in the user's cache."""
    os.environ["LLMDATA_CACHE_DIR"] = str(tmp_path_factory.mktemp("compiled_lists"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference data beside the checkout; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no reference data: {folder} does not exist")
    return folder


@pytest.fixture(scope="session")
def spark():
    """The one Spark session of the suite."""
    from spark_llmdata.session import local_session

    # Thousands of small jobs: to compile their plans would cost more than running them; what plans them is worth it.
    cheap = {
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.databricks.delta.snapshotPartitions": "1",
        # Every test has tables of its own: 10,000 of them would be kept for an hour, 2 GB by the end.
        "spark.databricks.delta.delta.log.cacheSize": "50",
        # Two suites run side by side, with commands of their own: half of the machine for each would be too much.
        "spark.driver.memory": "3g",
        "spark.sql.shuffle.partitions": "2",
    }
    session = local_session("local[2,4]", cheap)
    yield session
    session.stop()
