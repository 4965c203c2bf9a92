"""What every floor may know of blobs: that they can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """The disk that bodies are stored on."""

    total_bytes: int
    free_bytes: int


class BlobReader(Protocol):
    """Stored bytes by blob id; every blob store is one."""

    def read(self, blob: str, offset: int, length: int) -> AsyncIterator[bytes | memoryview]:
        """The range in order, in pieces of at most 1 MiB."""
        ...
