"""The contract of an engine: frozen settings that load a function from a page to its text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

#: From a decoded page to its text; "" where it finds none.
Extract = Callable[[str], str]


class Engine(BaseModel, ABC):
    """The settings of one engine; `libraries` are the distributions whose version decides about the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    libraries: ClassVar[tuple[str, ...]] = ()
    #: Tags, comments and declarations of a page that the engine takes in seconds, whatever they are.
    max_tags: ClassVar[int] = 1_000_000

    @abstractmethod
    def load(self, needed_by: str) -> Extract:
        """Import the library and bind the settings.

        The function takes NULs in a page for nothing, as browsers do, and raises an ordinary exception where the
        library fails on a page.

        Raises:
            MissingExtra: the library is not installed.
        """
