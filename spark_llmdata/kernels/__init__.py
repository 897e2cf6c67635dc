"""Kernels: Arrow in, Arrow out, no Spark. They measure and parse; stages decide."""

from spark_llmdata._native import __version__ as _NATIVE_VERSION
from spark_llmdata.errors import EnvironmentProblem


def native_version() -> str:
    """The version of the native module, which must be the package's own."""
    import spark_llmdata

    if spark_llmdata.__version__ != _NATIVE_VERSION:
        raise EnvironmentProblem(
            f"the native module has version {_NATIVE_VERSION}, the package {spark_llmdata.__version__}: "
            "reinstall the wheel"
        )
    return str(_NATIVE_VERSION)
