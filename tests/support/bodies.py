"""Bodies that arrive, and a blob store that can be made to fail or to wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from farshore.blobs.store import BlobStore, BlobsUnavailable, BlobWriter
from farshore.model.blobs import Space
from farshore.model.errors import EntityTooLarge, IncompleteBody


def files_under(folder: Path) -> list[Path]:
    """Every file, staged ones included."""
    return [path for path in folder.rglob("*") if path.is_file()]


class Arriving:
    """A `RequestBody` whose bytes come from memory.

    Args:
        announced: what the client said it would send; None for nothing, so that its length is unknown.
        cut: ends the body after so many bytes, as a broken connection does.
        before_piece: awaited before each piece, with its number.
    """

    def __init__(
        self,
        data: bytes,
        announced: int | None = None,
        *,
        piece: int = 64 * 1024,
        trailers: Mapping[str, str] | None = None,
        cut: int | None = None,
        before_piece: Callable[[int], Awaitable[object]] | None = None,
    ) -> None:
        self._data = data
        self._announced = announced
        self._piece = piece
        self._trailers = trailers or {}
        self._cut = cut
        self._before_piece = before_piece
        self._ended = False

    @property
    def length(self) -> int | None:
        return self._announced

    async def read_all(self, limit: int) -> bytes:
        if len(self._data) > limit:
            raise EntityTooLarge()
        return b"".join([bytes(piece) async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes | memoryview]:
        for number, start in enumerate(range(0, len(self._data), self._piece)):
            if self._before_piece is not None:
                await self._before_piece(number)
            if self._cut is not None and start >= self._cut:
                raise IncompleteBody()
            yield memoryview(self._data)[start : start + self._piece]
        self._ended = True

    def trailers(self) -> Mapping[str, str]:
        assert self._ended, "trailers follow the body"
        return self._trailers


class FaultyBlobs:
    """A blob store around another, which fails or waits where the test says.

    fails: steps that raise BlobsUnavailable: `write 0`, `write 1`, …, `commit`.
    before: awaited before each step, with its name and the data of a write.
    """

    def __init__(self, inner: BlobStore) -> None:
        self._inner = inner
        self.fails: set[str] = set()
        self.before: Callable[[str, bytes | bytearray | memoryview], Awaitable[object]] | None = None

    async def create(self) -> BlobWriter:
        return _FaultyWriter(self, await self._inner.create())

    def read(self, blob: str, offset: int, length: int) -> AsyncIterator[bytes | memoryview]:
        return self._inner.read(blob, offset, length)

    async def delete(self, blobs: Sequence[str]) -> None:
        await self.step("delete")
        await self._inner.delete(blobs)

    async def committed_before(self, before_us: int, after: str, limit: int) -> list[str]:
        return await self._inner.committed_before(before_us, after, limit)

    async def remove_litter(self) -> int:
        return await self._inner.remove_litter()

    async def space(self) -> Space:
        return await self._inner.space()

    async def close(self) -> None:
        await self._inner.close()

    async def step(self, name: str, data: bytes | bytearray | memoryview = b"") -> None:
        if self.before is not None:
            await self.before(name, data)
        if name in self.fails:
            raise BlobsUnavailable(name)


class _FaultyWriter:
    def __init__(self, store: FaultyBlobs, inner: BlobWriter) -> None:
        self._store = store
        self._inner = inner
        self._writes = 0

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        self._writes += 1
        await self._store.step(f"write {self._writes - 1}", data)
        await self._inner.write(data)

    async def commit(self) -> str:
        await self._store.step("commit")
        return await self._inner.commit()

    async def abort(self) -> None:
        await self._inner.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.abort()
