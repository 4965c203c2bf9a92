"""Answers that come line by line: signs of life, and an end when the client is gone or the lines break off."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable
from typing import Any

from aiohttp import web

from farshore.api.respond import RequestLabels, send_lines

Lines = Callable[[], AsyncGenerator[Any]]
SILENCE_S = 0.01


class Answering:
    """A server on the loopback that answers every request with lines."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.ended = asyncio.Event()
        self.raised: BaseException | None = None

    async def __aenter__(self) -> Answering:
        self._server = web.Server(self._handle)
        listening = socket.create_server(("127.0.0.1", 0))
        self._port = listening.getsockname()[1]
        self._listener = await asyncio.get_running_loop().create_server(self._server, sock=listening)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        await self._server.shutdown(1)

    async def ask(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await writer.drain()
        return reader, writer

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        labels = RequestLabels(request_id="ID", head=False, now_us=1)
        try:
            return await send_lines(http, self._lines(), labels, silence_s=SILENCE_S)
        except BaseException as error:
            self.raised = error
            raise ConnectionResetError from error
        finally:
            self.ended.set()


def run(test: Any) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())


def test_each_line_is_a_document_and_the_answer_has_an_end() -> None:
    async def lines() -> AsyncGenerator[Any]:
        yield {"a": 1}
        yield [2]

    async def test() -> None:
        async with Answering(lines) as answering:
            reader, writer = await answering.ask()
            answer = await reader.read()
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"application/x-ndjson" in head
        assert b'{"a":1}\n' in body
        assert b"[2]\n" in body
        assert body.endswith(b"0\r\n\r\n")

    run(test)


def test_while_no_line_comes_empty_ones_do_and_when_the_client_is_gone_the_lines_are_closed() -> None:
    closed = asyncio.Event()

    async def lines() -> AsyncGenerator[Any]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def test() -> None:
        async with Answering(lines) as answering:
            reader, writer = await answering.ask()
            await reader.readuntil(b'"first"\n')
            await reader.readuntil(b"\n\r\n1\r\n\n")
            writer.transport.abort()
            await answering.ended.wait()
            assert closed.is_set()
            assert isinstance(answering.raised, ConnectionError)

    run(test)


def test_what_breaks_off_has_no_end() -> None:
    class DefectError(Exception):
        pass

    async def lines() -> AsyncGenerator[Any]:
        yield "first"
        raise DefectError

    async def test() -> None:
        async with Answering(lines) as answering:
            reader, writer = await answering.ask()
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := await reader.read(1000):
                    answer += piece
            writer.close()
        assert not answer.endswith(b"0\r\n\r\n")
        assert isinstance(answering.raised, DefectError)

    run(test)
