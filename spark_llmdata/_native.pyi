"""Types of the native module; only `spark_llmdata.kernels` imports it."""

from typing import Any

__version__: str

# JSON lines

class LineParser:
    def __init__(
        self,
        columns: list[tuple[str, str]],
        source: str,
        *,
        max_record_bytes: int,
        batch_rows: int,
        batch_bytes: int,
    ) -> None: ...
    def parse(self, data: bytes, start: int, base_offset: int) -> tuple[Any, int]: ...

class LongLine:
    def __init__(self) -> None: ...
    def update(self, piece: bytes) -> None: ...
    def finish(self, ended: bool) -> tuple[int, bool, bytes, bytes]: ...

# WARC

class WarcParser:
    @property
    def members(self) -> int: ...
    @property
    def records(self) -> int: ...
    @property
    def rejects(self) -> int: ...
    @property
    def consumed(self) -> int: ...
    def __init__(self, gzip: bool, max_record_bytes: int, batch_rows: int, batch_bytes: int) -> None: ...
    def push(self, chunk: bytes, last: bool) -> Any: ...
