"""What executors need besides the installed package: the code of a user's own stages."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from spark_llmdata.stage import Stage


def ship_code(stages: Iterable[Stage]) -> None:
    """Let the modules of users' own stages travel inside the tasks; executors need not be able to import them.

    Other modules which such a module imports do not travel: on a cluster they go with `--py-files`.
    """
    from pyspark import cloudpickle

    for stage in stages:
        name = type(stage).__module__
        if not stage.is_builtin() and name != "__main__":
            cloudpickle.register_pickle_by_value(sys.modules[name])  # type: ignore[no-untyped-call]
