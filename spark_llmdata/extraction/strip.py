"""Tag stripping: all text of a page, boilerplate too; the baseline, and what some sources want."""

from __future__ import annotations

from html import unescape

import pyarrow as pa

from spark_llmdata.extraction.engine import Engine, Extract
from spark_llmdata.kernels import pages


class Strip(Engine):
    """No settings: everything but scripts, styles, the head and the like, a line for each block."""

    def load(self, needed_by: str) -> Extract:
        """Nothing to load: the kernel comes with the package."""
        return strip


def strip(page: str) -> str:
    """The text of a page without tags, character references resolved."""
    text: str = pages.strip(pa.array([page], pa.large_string()))[0].as_py()
    return unescape(text.replace("\0", "")) if "&" in text or "\0" in text else text
