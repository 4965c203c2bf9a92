"""The client counts on what a measurement counts on, and shows anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from farshore.bench.client import Connection, Exchange, UnexpectedAnswer, connect

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def exchange_with(script: Script, exchange: Exchange) -> bytes:
    """Make one exchange with a server that follows the script; returns the kept body."""

    async def main() -> bytes:
        server = await asyncio.start_server(script, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def done(_connection: Connection, body: bytes) -> None:
            answer.set_result(body)

        connection = await connect("127.0.0.1", port, done, answer.set_exception)
        try:
            connection.start(exchange)
            async with asyncio.timeout(60):
                return await answer
        finally:
            connection.close()
            server.close()
            await server.wait_closed()

    return asyncio.run(main())


def answering(*pieces: bytes) -> Script:
    """Read a request's head, then send the pieces, each by itself, and close."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()

    return script


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",),
        (b"HTTP/1.1 200 OK\r\nconte", b"nt-length: 5\r\n\r", b"\nhel", b"lo"),
    ],
)
def test_an_answer_is_whole_however_it_is_cut(pieces: tuple[bytes, ...]) -> None:
    exchange = Exchange(head=b"GET / HTTP/1.1\r\n\r\n", answer_bytes=5, keep=True)
    assert exchange_with(answering(*pieces), exchange) == b"hello"


def test_the_answer_to_a_head_has_a_length_and_no_body() -> None:
    exchange = Exchange(head=b"HEAD / HTTP/1.1\r\n\r\n", answer_bytes=5)
    assert exchange_with(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), exchange) == b""


def test_an_answer_without_content_needs_no_length() -> None:
    exchange = Exchange(head=b"DELETE / HTTP/1.1\r\n\r\n", status=b"204")
    assert exchange_with(answering(b"HTTP/1.1 204 No Content\r\n\r\n"), exchange) == b""


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ((b"HTTP/1.1 503 Slow Down\r\nContent-Length: 6\r\n\r\nSlow", b"ly"), "GET / HTTP/1.1.*503.*Slowly"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour",), "four"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello you",), "hello you"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",), "chunked"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",), "closed"),
        ((), "closed"),
    ],
)
def test_any_other_answer_ends_the_measurement_and_is_shown(pieces: tuple[bytes, ...], shown: str) -> None:
    exchange = Exchange(head=b"GET / HTTP/1.1\r\n\r\n", answer_bytes=5)
    with pytest.raises(UnexpectedAnswer, match=f"(?s){shown}"):
        exchange_with(answering(*pieces), exchange)


def test_a_body_larger_than_its_block_is_the_block_again_and_again() -> None:
    received = bytearray()
    size = 5_000_001

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        received.extend(await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    block = bytes(range(256)) * 16
    exchange_with(script, Exchange(head=b"PUT / HTTP/1.1\r\n\r\n", block=block, body_bytes=size))
    assert bytes(received) == (block * (size // len(block) + 1))[:size]
