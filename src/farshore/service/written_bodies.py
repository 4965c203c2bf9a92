"""Bodies of objects that the server itself writes: `RequestBody` without a client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from farshore.model.errors import EntityTooLarge


class WrittenWhole:
    """A body that is there already; empty by default."""

    def __init__(self, content: bytes = b"") -> None:
        self._content = content

    @property
    def length(self) -> int | None:
        return len(self._content)

    async def read_all(self, limit: int) -> bytes:
        if len(self._content) > limit:
            raise EntityTooLarge(ProposedSize=len(self._content), MaxSizeAllowed=limit)
        return self._content

    async def pieces(self) -> AsyncIterator[bytes | memoryview]:
        if self._content:
            yield self._content

    def trailers(self) -> Mapping[str, str]:
        return {}


class WrittenStream:
    """A body whose pieces are made as they are read, and whose length nobody knows before."""

    length: int | None = None

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    async def read_all(self, limit: int) -> bytes:
        read = bytearray()
        async for piece in self._pieces:
            read += piece
            if len(read) > limit:
                raise EntityTooLarge(MaxSizeAllowed=limit)
        return bytes(read)

    async def pieces(self) -> AsyncIterator[bytes | memoryview]:
        async for piece in self._pieces:
            yield piece

    def trailers(self) -> Mapping[str, str]:
        return {}
