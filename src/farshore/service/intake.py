"""Bytes on their way into a blob: gathered into buffers, each hashed and written at the same time, in threads.

The MD5 runs in a lane of its own beside the other digests: it alone takes longer than they do together.

At most `BUFFERS` buffers exist for one body, so memory stays flat and a slow disk holds back its client.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Self

from farshore.blobs.store import BlobStore, BlobWriter
from farshore.model.objects import Checksum
from farshore.runtime.threads import ThreadLane, ended
from farshore.semantics.checksums import ChecksumAccumulator

BUFFER_BYTES = 1024 * 1024
BUFFERS = 3


class Digests:
    """The MD5 and the checksums of one body, as it comes in.

    Args:
        algorithms: AWS's names; a repeat is computed once.
        md5: False where nobody will ask for the ETag: it is two thirds of the work.
    """

    __slots__ = ("_checksums", "_md5")

    def __init__(self, algorithms: Iterable[str], *, md5: bool = True) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self._checksums = {algorithm: ChecksumAccumulator(algorithm) for algorithm in algorithms}

    def update(self, data: bytes | bytearray | memoryview) -> None:
        for hashing in self.lanes():
            hashing(data)

    def lanes(self) -> tuple[Callable[[bytes | bytearray | memoryview], None], ...]:
        """The work of an update, in parts that may run at the same time."""
        return (self._update_checksums,) if self._md5 is None else (self._md5.update, self._update_checksums)

    def _update_checksums(self, data: bytes | bytearray | memoryview) -> None:
        for checksum in self._checksums.values():
            checksum.update(data)

    def md5(self) -> bytes:
        """The MD5 so far; empty when it is not computed."""
        return b"" if self._md5 is None else self._md5.digest()

    def checksum(self, algorithm: str) -> Checksum:
        """One of the checksums, so far."""
        return self._checksums[algorithm].checksum()


class Intake:
    """Takes a body of any length. Leaving its `async with` without `commit` leaves nothing behind.

    Args:
        announced: bytes to come, None if unknown: a small body gets a small buffer.
    """

    __slots__ = (
        "_blobs",
        "_buffer",
        "_filled",
        "_first_bytes",
        "_flying",
        "_hashing",
        "_writer",
        "_written",
        "size",
    )

    def __init__(self, blobs: BlobStore, digests: Digests, announced: int | None) -> None:
        self.size = 0
        self._blobs = blobs
        self._first_bytes = BUFFER_BYTES if announced is None else min(announced, BUFFER_BYTES)
        self._buffer: bytearray | None = None
        self._filled = 0
        self._flying: deque[tuple[bytearray, list[asyncio.Future[None]], asyncio.Task[None]]] = deque()
        self._hashing = [(ThreadLane(None), hashing) for hashing in digests.lanes()]
        self._written: asyncio.Task[None] | None = None
        self._writer: BlobWriter | None = None

    async def take(self, piece: bytes | memoryview) -> None:
        """Append; the piece is copied. Raises BlobsUnavailable, also for what was taken before."""
        view = memoryview(piece)
        while view:
            if self._buffer is None:
                self._buffer = await self._free_buffer()
            count = min(len(view), len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + count] = view[:count]
            self._filled += count
            self.size += count
            view = view[count:]
            if self._filled == len(self._buffer):
                await self._launch()

    async def finish(self) -> None:
        """The body has ended: wait until all of it is hashed and written. Raises BlobsUnavailable."""
        await self._launch()
        while self._flying:
            await self._land()

    def whole(self) -> bytes | None:
        """The body, not yet hashed, while all of it is still in the first buffer; then no blob was begun."""
        if self._writer is not None:
            return None
        return b"" if self._buffer is None else bytes(memoryview(self._buffer)[: self._filled])

    async def commit(self) -> str:
        """The id of the blob, which is durable. After `finish`, of a body that is not empty."""
        assert self._writer is not None and not self._flying
        return await self._writer.commit()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for _, _, written in self._flying:
            written.cancel()
        await ended([work for _, hashed, written in self._flying for work in (*hashed, written)])
        if self._writer is not None:
            await self._writer.abort()

    async def _launch(self) -> None:
        """Send the buffer off to be hashed and written."""
        if self._buffer is None or not self._filled:
            return
        if self._writer is None:
            self._writer = await self._blobs.create()
        view = memoryview(self._buffer)[: self._filled]
        hashed = [lane.submit(partial(hashing, view)) for lane, hashing in self._hashing]
        self._written = asyncio.create_task(_write_after(self._written, self._writer, view))
        self._flying.append((self._buffer, hashed, self._written))
        self._buffer = None
        self._filled = 0

    async def _free_buffer(self) -> bytearray:
        if len(self._flying) < BUFFERS:
            return bytearray(BUFFER_BYTES if self._flying else self._first_bytes)
        return await self._land()

    async def _land(self) -> bytearray:
        """Wait for the buffer that was sent off first."""
        buffer, hashed, written = self._flying[0]
        await asyncio.wait((*hashed, written))
        for part in hashed:
            part.result()
        written.result()
        self._flying.popleft()
        return buffer


async def _write_after(before: asyncio.Task[None] | None, writer: BlobWriter, view: memoryview) -> None:
    """Write a buffer when the one before it is written; fails as that one failed."""
    if before is not None:
        await before
    await writer.write(view)
