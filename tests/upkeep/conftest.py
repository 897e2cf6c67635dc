"""The store that all tests of upkeep begin with; each works on a copy."""

from __future__ import annotations

import pytest

from tests.upkeep import stores


@pytest.fixture(scope="session")
def built(spark, tmp_path_factory):
    """The folder of a store with two builds, and of its inputs."""
    folder = tmp_path_factory.mktemp("upkeep")
    stores.make(spark, folder)
    return folder
