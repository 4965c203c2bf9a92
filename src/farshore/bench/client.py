"""A minimal HTTP/1.1 client connection, many times cheaper than any server: requests are bytes, answers are counted.

It speaks to servers that keep connections open and announce the length of every answer, as S3 does; anything else is an
`UnexpectedAnswer`, which ends a measurement.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import cast

import msgspec

_READ_BYTES = 256 * 1024
_WRITE_BYTES_MAX = 1024 * 1024
_SHOWN_BYTES_MAX = 4096
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class UnexpectedAnswer(Exception):  # noqa: N818 - named for what is so.
    """The server did not answer what the measurement counts on; the message shows its answer."""


class Exchange(msgspec.Struct):
    """What to send, and what must come back.

    head, block, body_bytes: the request's head; then body_bytes of `block`, repeated.
    status: of every good answer.
    answer_bytes: length that the answer must announce, None for any.
    keep: hand the answer's body to `done` (else it is dropped, and `done` gets b"").
    """

    head: bytes
    block: bytes = b""
    body_bytes: int = 0
    status: bytes = b"200"
    answer_bytes: int | None = None
    keep: bool = False


Done = Callable[["Connection", bytes], None]
Failed = Callable[[Exception], None]


class Connection(asyncio.BufferedProtocol):
    """One connection; one exchange at a time.

    Args:
        done: called after each exchange with the connection (free for the next) and the body if it was kept.
        failed: called once when the connection is of no use any more, with the reason.
    """

    __slots__ = (
        "_answer_left", "_body_left", "_buffer", "_done", "_exchange", "_failed", "_head", "_kept", "_paused",
        "_refused", "_transport",
    )  # fmt: skip

    def __init__(self, done: Done, failed: Failed) -> None:
        self._done = done
        self._failed = failed
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._exchange: Exchange | None = None
        self._head = b""
        self._kept: list[bytes] = []
        self._answer_left = 0
        self._body_left = 0
        self._paused = False
        self._refused = b""
        self._transport: asyncio.Transport | None = None

    def start(self, exchange: Exchange) -> None:
        """Send a request; `done` or `failed` follows."""
        assert self._exchange is None, "an exchange is under way"
        assert self._transport is not None, "not connected"
        self._exchange = exchange
        self._body_left = exchange.body_bytes
        if exchange.body_bytes and exchange.body_bytes == len(exchange.block) and exchange.body_bytes <= _READ_BYTES:
            self._body_left = 0
            self._transport.write(exchange.head + exchange.block)
            return
        self._transport.write(exchange.head)
        if self._body_left:
            self._send_body()

    def close(self) -> None:
        self._failed = _ignore
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)  # uvloop's own is no subclass of it.
        stream.set_write_buffer_limits(high=_WRITE_BYTES_MAX)
        self._transport = stream

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        shown = (self._refused or self._head).decode("utf-8", "replace")
        self._fail(UnexpectedAnswer(shown or f"the server closed the connection ({exc or 'no error'})"))

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._send_body()

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._refused:
            self._take_refusal(bytes(self._buffer[:nbytes]))
        elif self._answer_left:
            self._take_body(nbytes)
        else:
            self._take_head(bytes(self._buffer[:nbytes]))

    def _send_body(self) -> None:
        exchange, transport = self._exchange, self._transport
        if exchange is None or transport is None:
            return
        block = exchange.block
        while self._body_left and not self._paused:
            size = min(self._body_left, len(block))
            self._body_left -= size
            transport.write(block if size == len(block) else memoryview(block)[:size])

    def _take_head(self, data: bytes) -> None:
        exchange = self._exchange
        if self._head:
            data = self._head + data
        end = data.find(_HEAD_END)
        if end < 0 and exchange is not None:
            self._head = data
            return
        self._head = b""
        if exchange is None or data[9:12] != exchange.status:
            self._take_refusal(data)
            return
        length = _LENGTH.search(data, 0, end)
        announced = 0 if length is None else int(length[1])
        expected = exchange.answer_bytes
        if (length is None and data[9:12] != b"204") or (expected is not None and announced != expected):
            self._take_refusal(data)
            return
        came = len(data) - end - 4
        left = 0 if exchange.head.startswith(b"HEAD ") else announced - came
        if left < 0:
            self._take_refusal(data)
            return
        if exchange.keep and came:
            self._kept.append(data[end + 4 :])
        self._answer_left = left
        if not left:
            self._finish()

    def _take_body(self, nbytes: int) -> None:
        assert self._exchange is not None
        if self._exchange.keep:
            self._kept.append(bytes(self._buffer[:nbytes]))
        self._answer_left -= nbytes
        if self._answer_left < 0:
            self._fail(UnexpectedAnswer("the answer is longer than announced"))
        elif not self._answer_left:
            self._finish()

    def _take_refusal(self, data: bytes) -> None:
        """Gather what an unexpected answer says, as far as it is there at once, then give up."""
        self._refused += data
        end = self._refused.find(_HEAD_END)
        length = _LENGTH.search(self._refused, 0, end) if end >= 0 else None
        whole = end + 4 + int(length[1]) if length is not None else 0
        if self._exchange is not None and self._exchange.head.startswith(b"HEAD "):
            whole = 0
        if len(self._refused) >= min(whole, _SHOWN_BYTES_MAX):
            request = b"" if self._exchange is None else self._exchange.head.partition(b"\r\n")[0]
            text = request + b"\n" + self._refused[:_SHOWN_BYTES_MAX]
            self._fail(UnexpectedAnswer(text.decode("utf-8", "replace")))

    def _finish(self) -> None:
        if self._body_left:
            self._fail(UnexpectedAnswer("the server answered before it had the whole body"))
            return
        self._exchange = None
        body = b""
        if self._kept:
            body = b"".join(self._kept)
            self._kept.clear()
        self._done(self, body)

    def _fail(self, reason: Exception) -> None:
        failed, self._failed = self._failed, _ignore
        self._exchange = None
        if self._transport is not None:
            self._transport.abort()
        failed(reason)


async def connect(host: str, port: int, done: Done, failed: Failed) -> Connection:
    """Open a connection. Raises OSError."""
    _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(done, failed), host, port)
    return connection


def _ignore(_reason: Exception) -> None:
    """The connection was closed on purpose, or has failed already."""
