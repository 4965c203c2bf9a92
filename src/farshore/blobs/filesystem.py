"""Blobs as files of one folder.

    <folder>/ab/cd/abcd…      a committed blob, named by its id of 32 hex digits
    <folder>/staging/abcd…    one in the making

A commit is: the file to disk, its rename, the folder to disk. All disk work runs in threads: one set for reads, one for
writes, so that a slow flush does not hold up readers. Several processes may use one folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from farshore.blobs.files import BlobFile, BlobFolders, StagedFile, list_committed
from farshore.model.blobs import Space
from farshore.runtime import ids
from farshore.runtime.threads import ended, in_thread

PIECE_BYTES = 1024 * 1024
"""What one read takes from disk."""

_READERS = 8
_WRITERS = 16


class FilesystemBlobStore:
    """`BlobStore` over a folder of a local or shared POSIX file system."""

    def __init__(self, folders: BlobFolders) -> None:
        self._folders = folders
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="blob-read")
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="blob-write")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Use this folder, made if need be. Blocks: for the start of a process.

        Raises:
            BlobsUnavailable: it cannot be made or written to.
        """
        return cls(BlobFolders.open(path))

    async def create(self) -> FileBlobWriter:
        return FileBlobWriter(StagedFile(self._folders, ids.blob_id()), self._writers)

    async def read(self, blob: str, offset: int, length: int) -> AsyncIterator[bytes | memoryview]:
        if length == 0:
            return
        file = BlobFile(self._folders.place(blob), offset, length)
        ahead: asyncio.Future[bytes] | None = None
        try:
            piece = await in_thread(self._readers, file.next, PIECE_BYTES)
            while file.left:
                # The next piece comes from disk while this one goes to the network.
                ahead = asyncio.get_running_loop().run_in_executor(self._readers, file.next, PIECE_BYTES)
                yield piece
                piece = await asyncio.shield(ahead)
            yield piece
        finally:
            if ahead is not None:
                await ended([ahead])
            if file.is_open:  # Abandoned. In the loop's own pool, which outlives the store's.
                await in_thread(None, file.close)

    async def delete(self, blobs: Sequence[str]) -> None:
        await in_thread(self._writers, self._folders.remove, blobs)

    async def committed_before(self, before_us: int, after: str, limit: int) -> list[str]:
        return await in_thread(self._readers, list_committed, self._folders, before_us, after, limit)

    async def space(self) -> Space:
        return await in_thread(self._readers, self._folders.space)

    async def remove_litter(self) -> int:
        return await in_thread(self._writers, self._folders.remove_litter)

    async def close(self) -> None:
        """Wait for the disk work that was begun, and end the threads."""
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._writers.shutdown)


class FileBlobWriter:
    """`BlobWriter` over a staged file. The file is made with the first bytes."""

    __slots__ = ("_file", "_finished", "_pool")

    def __init__(self, file: StagedFile, pool: ThreadPoolExecutor) -> None:
        self._file = file
        self._pool = pool
        self._finished = False

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self._finished, self._file.blob
        await in_thread(self._pool, self._file.append, data)

    async def commit(self) -> str:
        """Make the blob durable and visible; a cancellation meanwhile leaves it to `abort` to take it back."""
        assert not self._finished, self._file.blob
        await in_thread(self._pool, self._file.publish)
        self._finished = True
        return self._file.blob

    async def abort(self) -> None:
        if not self._finished:
            self._finished = True
            await in_thread(self._pool, self._file.discard)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.abort()
