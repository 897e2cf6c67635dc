"""A user's list of words: spelled out in a recipe, or one a line in a file."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from spark_llmdata import url_lists
from spark_llmdata.errors import EnvironmentProblem


def read(given: Any) -> Any:
    """The words of a file (`url_lists.read_words`: sorted, each once) where a path is given; else what is given.

    The words themselves become the setting, so that the same words are used wherever and whenever a run is repeated.

    Raises:
        ValueError: the file cannot be read.
    """
    if not isinstance(given, str):
        return given
    try:
        return url_lists.read_words(url_lists.identify([url_lists.absolute(given)]))
    except (OSError, ValueError, EnvironmentProblem) as error:
        raise ValueError(
            f"cannot read the words of {given!r}: {error}; expected a file in UTF-8 with one word a line, or the words"
        ) from error


#: Words, given as such or as the path of a file.
WordList = Annotated[tuple[str, ...], BeforeValidator(read)]
