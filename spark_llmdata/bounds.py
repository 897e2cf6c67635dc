"""Types of settings that are shares, and bounds that have to fit each other."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

#: A share of a whole.
Ratio = Annotated[float, Field(ge=0, le=1)]


def check_order(settings: Any, *pairs: tuple[str, str]) -> None:
    """Refuse a least value above the largest one; each pair names two settings, of which null asks for nothing.

    Raises:
        ValueError: nothing could meet both.
    """
    for least, most in pairs:
        low, high = getattr(settings, least), getattr(settings, most)
        if low is not None and high is not None and low > high:
            raise ValueError(
                f"`{least}: {low}` and `{most}: {high}` leave nothing; expected {least} to be {high} or less"
            )
