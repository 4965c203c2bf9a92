"""What every floor may know of blobs: that they can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class BlobReader(Protocol):
    """Stored bytes by blob id; every blob store is one."""

    def read(self, blob: str, offset: int, length: int) -> AsyncIterator[bytes | memoryview]:
        """The range in order, in pieces of at most 1 MiB."""
        ...
