"""The body of a request as it comes: whoever stalls, before its first byte or after, is not waited for for ever."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from tests.support.deployment import MovedLoop

from farshore.api.request_body import IDLE_S_MAX, HttpBody
from farshore.model.errors import IncompleteBody, RequestTimeout


async def arriving(length: int) -> tuple[StreamReader, asyncio.Task[bytes]]:
    """The stream that the connection feeds, and the reading of a body of this length from it."""
    loop = asyncio.get_running_loop()
    connection = BaseProtocol(loop)
    connection.connection_made(asyncio.Transport())
    stream = StreamReader(connection, 2**16, loop=loop)
    request: Any = SimpleNamespace(content=stream, headers={})
    reading = asyncio.create_task(HttpBody(request, length, None).read_all(length))
    await turns()
    return stream, reading


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("before", [b"", b"half"])
def test_a_client_that_stalls_is_told_so(before: bytes) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovedLoop)
        stream, reading = await arriving(8)
        if before:
            stream.feed_data(before)
            await turns()
        loop.move(IDLE_S_MAX - 1)
        await turns()
        assert not reading.done()
        loop.move(2)
        with pytest.raises(RequestTimeout):
            await reading

    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        runner.run(test())


def test_a_slow_client_is_waited_for_as_long_as_something_comes() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovedLoop)
        stream, reading = await arriving(3)
        for piece in (b"a", b"b", b"c"):
            loop.move(IDLE_S_MAX - 1)
            await turns()
            stream.feed_data(piece)
            await turns()
        stream.feed_eof()
        assert await reading == b"abc"

    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        runner.run(test())


def test_a_body_that_ends_early_is_incomplete() -> None:
    async def test() -> None:
        stream, reading = await arriving(8)
        stream.feed_data(b"half")
        stream.feed_eof()
        with pytest.raises(IncompleteBody):
            await reading

    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        runner.run(test())
