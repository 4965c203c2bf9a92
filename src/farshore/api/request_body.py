"""The body of an HTTP request as the services read it: payload bytes, freed of aws-chunked framing.

`100 Continue` is sent when the body is first read, so that a refused request need not send it. Every wait for the
client has a deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from time import perf_counter_ns

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, TransferEncodingError

from farshore.model.errors import EntityTooLarge, IncompleteBody, RequestTimeout
from farshore.wire.aws_chunked import AwsChunkedDecoder

IDLE_S_MAX = 60.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpBody:
    """`service.deployment.RequestBody` over an aiohttp request.

    Args:
        length: payload bytes announced (x-amz-decoded-content-length when chunked), None if unknown.
        decoder: takes the framing off, None for a plain body.
    Attributes:
        read_ns: when its last byte was read, by `perf_counter_ns`; 0 until then.
    """

    __slots__ = ("_continued", "_decoder", "_length", "_request", "_trailers", "read_ns")

    def __init__(self, request: web.BaseRequest, length: int | None, decoder: AwsChunkedDecoder | None) -> None:
        self._request = request
        self._length = length
        self._decoder = decoder
        self._trailers: Mapping[str, str] = {}
        self._continued = False
        self.read_ns = 0

    @property
    def length(self) -> int | None:
        return self._length

    def trailers(self) -> Mapping[str, str]:
        return self._trailers

    async def read_all(self, limit: int) -> bytes:
        if self._length is not None and self._length > limit:
            raise EntityTooLarge(ProposedSize=self._length, MaxSizeAllowed=limit)
        if self._length == 0 and self._decoder is None:
            return b""
        pieces: list[bytes | memoryview] = []
        size = 0
        async for piece in self.pieces():
            size += len(piece)
            if size > limit:
                raise EntityTooLarge(ProposedSize=size, MaxSizeAllowed=limit)
            pieces.append(piece)
        if len(pieces) == 1:
            return bytes(pieces[0])
        return b"".join(pieces)

    async def pieces(self) -> AsyncIterator[bytes | memoryview]:
        if self._decoder is None:
            async for data in self._plain():
                yield data
            return
        async for data in self._raw():
            for piece in self._decoder.feed(data):
                yield piece
        self._trailers = self._decoder.finish()

    async def _plain(self) -> AsyncIterator[bytes]:
        received = 0
        async for data in self._raw():
            received += len(data)
            yield data
        if self._length is not None and received != self._length:
            raise IncompleteBody(NumberBytesExpected=self._length, NumberBytesProvided=received)

    async def _raw(self) -> AsyncIterator[bytes]:
        await self.begin()
        content = self._request.content
        while not content.at_eof():
            try:
                data = content.read_nowait()
                if not data:
                    async with asyncio.timeout(IDLE_S_MAX):
                        data = await content.readany()
            except TimeoutError:
                raise RequestTimeout() from None
            except (BadHttpMessage, TransferEncodingError, ConnectionError, web.RequestPayloadError):
                raise IncompleteBody() from None
            if data:
                yield data
        self.read_ns = perf_counter_ns()

    async def begin(self) -> None:
        """Let the client send the body. Done by whatever reads it here."""
        if self._continued:
            return
        self._continued = True
        expects = self._request.headers.get("Expect")
        if expects is not None and expects.lower() == "100-continue":
            writer = self._request.writer
            await writer.write(_CONTINUE)
            writer.output_size = 0
