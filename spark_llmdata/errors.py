"""The error tree: what is wrong with its value, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any


class LlmdataError(Exception):
    """Root of all errors this package raises on purpose. `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(LlmdataError, ValueError):
    """A command, a path or an argument that cannot work as given."""

    exit_code = 2


class RecipeError(UsageError):
    """Everything wrong with a recipe, all at once; `problems` holds one sentence each, with file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class SettingsError(UsageError):
    """Settings of a stage that do not fit; `problems` holds the place of each in the settings, and a sentence on it."""

    def __init__(self, stage: str, problems: Sequence[tuple[tuple[str | int, ...], str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{'.'.join(map(str, (stage, *at)))}: {what}" for at, what in problems))


class InputError(UsageError):
    """An input that is named directly and cannot be read, or a folder in which nothing can."""


class EnvironmentProblem(LlmdataError, RuntimeError):
    """Java, Spark, Delta, the native module or an optional package is missing or does not fit."""

    exit_code = 3


class MissingExtra(EnvironmentProblem, ImportError):
    """An optional package that a stage needs is not installed."""


class RunFailed(LlmdataError, RuntimeError):
    """A run that could not be finished; the corpus is as it was before. `facts` say which run and how far it came."""

    facts: Mapping[str, Any] = MappingProxyType({})


class StageStopped(RunFailed):
    """A run that was stopped behind a stage; its fates are written, with the outcome `pending` for what was alive."""


class GateStopped(StageStopped):
    """A loss gate was exceeded."""


class StageFailed(StageStopped):
    """A stage failed on every document it saw."""


class ProofFailed(RunFailed):
    """Records read, judged or written do not add up: a defect of the reader or the store, never of the user."""


class PartOfInput(UserWarning):
    """The newest corpus is asked for, and the store holds only runs over a part of their input; the newest is taken."""


class NotFound(LlmdataError, LookupError):
    """What was asked for is not in the store; the message says what was searched."""
