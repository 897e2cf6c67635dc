"""How many rows are in the files that tasks have finished, before anything of them is committed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class WrittenRows:
    """Counts the rows of Parquet files that come into a local folder; of a folder elsewhere it knows nothing."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._seen = self._list()
        self._rows = 0

    def count(self) -> int | None:
        """Rows of the files that were finished since the beginning; a file is finished when it has its footer."""
        if "://" in self._folder:
            return None
        for name in self._list() - self._seen:
            try:
                self._rows += pq.read_metadata(Path(self._folder, name)).num_rows
            except (pa.ArrowInvalid, OSError):
                continue  # it is being written, or was a failed attempt's and is gone
            self._seen.add(name)
        return self._rows

    def _list(self) -> set[str]:
        try:
            return {path.name for path in Path(self._folder).iterdir() if path.suffix == ".parquet"}
        except OSError:
            return set()
