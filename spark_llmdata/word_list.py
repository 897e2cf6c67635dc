"""A user's list of words: spelled out in a recipe, or one a line in a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from spark_llmdata import url_lists
from spark_llmdata.errors import EnvironmentProblem

_LIKE_A_PATH = re.compile(r"[/.]")


def read(given: Any) -> Any:
    """The words of a file (`url_lists.read_words`: sorted, each once) where a path is given; else what is given.

    The words themselves become the setting, so that the same words are used wherever and whenever a run is repeated.

    Raises:
        ValueError: the file cannot be read, or stands in a list of words.
    """
    if isinstance(given, list | tuple):
        _check_words(given)
    if not isinstance(given, str):
        return given
    try:
        return url_lists.read_words(url_lists.identify([url_lists.absolute(given)]))
    except (OSError, ValueError, EnvironmentProblem) as error:
        raise ValueError(
            f"cannot read the words of {given!r}: {error}; expected a file in UTF-8 with one word a line, or the words"
        ) from error


def _check_words(given: Sequence[Any]) -> None:
    """Refuse a word that is the path of a file: in a list it would be taken for a word, and match nothing."""
    for word in given:
        if isinstance(word, str) and _LIKE_A_PATH.search(word) and Path(word).is_file():
            raise ValueError(
                f"{word!r} is a file, but in a list it is a word; name one file by its path alone, without the list"
            )


#: Words, given as such or as the path of a file.
WordList = Annotated[tuple[str, ...], BeforeValidator(read)]
