"""The port of a region's blobs: immutable stored bytes, staged, then committed.

Contract, for every driver:
- A blob is visible under its id only after `BlobWriter.commit` returned, and is then on disk with its name. A crash
  before leaves staging litter, which `remove_litter` removes; a committed blob that no version refers to is an orphan,
  which maintenance removes after a grace period.
- `commit` and `abort` end the writer; leaving its `async with` without a commit aborts.
- `read` yields the range in order, in pieces of at most 1 MiB; it raises `BlobMissing` before the first piece when
  there is no such blob. A blob that is deleted while it is read is read to its end.
- `delete` of a blob that is not there is no error; a repeat is safe.
- No method blocks the event loop on disk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, Self

from farshore.model.blobs import Space


class BlobMissing(Exception):  # noqa: N818 - named for what is so, as S3 names its errors.
    """There is no such blob. Permanent: metadata refers to bytes that are lost, or were just deleted."""


class BlobsUnavailable(Exception):  # noqa: N818
    """The blob store cannot be read or written now (disk full, I/O error). Transient."""


class BlobWriter(Protocol):
    """One blob in the making. Used by one task at a time."""

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append; the buffer must not change until the call returns. Raises BlobsUnavailable."""
        ...

    async def commit(self) -> str:
        """Make the blob durable and visible; returns its id."""
        ...

    async def abort(self) -> None:
        """Throw it away; a repeat is safe."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...


class BlobStore(Protocol):
    async def create(self) -> BlobWriter: ...

    def read(self, blob: str, offset: int, length: int) -> AsyncIterator[bytes | memoryview]: ...

    async def delete(self, blobs: Sequence[str]) -> None: ...

    async def committed_before(self, before_us: int, after: str, limit: int) -> list[str]:
        """Ids of blobs committed before this time, ascending, from after `after` (for the collector of orphans)."""
        ...

    async def remove_litter(self) -> int:
        """Remove what writers of processes that died left in the making; returns how many blobs. Safe at any time."""
        ...

    async def space(self) -> Space:
        """The disk's size and what is free of it. Raises BlobsUnavailable."""
        ...

    async def close(self) -> None: ...
