"""Fixtures that every part of the suite may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.spark_settings import CHEAP

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

    chosen = CHEAP | {
        # Every test has tables of its own: Delta would keep the logs of 10,000 for an hour.
        "spark.databricks.delta.delta.log.cacheSize": "50",
        # Two suites run side by side, with commands of their own: half of the machine for each would be too much.
        "spark.driver.memory": "3g",
    }
    session = local_session("local[2,4]", chosen)
    yield session
    session.stop()
