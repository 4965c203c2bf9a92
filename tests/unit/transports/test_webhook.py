"""A webhook takes a message by the head of its answer; what is no answer, or one of trouble, lets it come again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from farshore.transports.event_target import Message, Rejected, Unreachable
from farshore.transports.webhook import WebhookTarget

PATIENCE_S = 20.0
"""Below the driver's own time-out: whoever waits for a body that does not come fails."""

HEAD = b"HTTP/1.1 200 OK\r\n"


class FixedClock:
    def now_us(self) -> int:
        return 1_000_000


class Receiver:
    """Answers every message with the same bytes, and then closes, or leaves the connection as it is."""

    def __init__(self, answer: bytes, *, closes: bool) -> None:
        self.connections = self.messages = 0
        self._answer, self._closes = answer, closes

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.messages += 1
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        await reader.readexactly(int(line.partition(b":")[2]))
                writer.write(self._answer)
                await writer.drain()
                if self._closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def with_receiver(
    answer: bytes, course: Callable[[WebhookTarget, Receiver], Awaitable[None]], *, closes: bool = False
) -> None:
    async def run() -> None:
        receiver = Receiver(answer, closes=closes)
        server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        target = WebhookTarget(f"http://127.0.0.1:{port}/", secret=None, clock=FixedClock())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await course(target, receiver)
        finally:
            await target.close()
            server.close()

    asyncio.run(run())


def message(number: int = 1) -> Message:
    return Message("us-east-1", number, number, b"{}")


@pytest.mark.parametrize(
    ("rest", "closes"),
    [
        pytest.param(b"Content-Length: 0\r\n\r\n", False, id="nothing"),
        pytest.param(b"Content-Length: 100\r\n\r\n", True, id="a body that breaks off"),
        pytest.param(b"Content-Length: 100\r\n\r\n", False, id="a body that does not come"),
        pytest.param(
            b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", False, id="a body of another encoding"
        ),
    ],
)
def test_a_message_is_taken_by_status_2xx_whatever_follows_it(rest: bytes, closes: bool) -> None:
    """A receiver that has it would else get it again for ever, and all that comes after it would wait."""

    async def course(target: WebhookTarget, receiver: Receiver) -> None:
        await target.deliver([message()])
        assert receiver.messages == 1

    with_receiver(HEAD + rest, course, closes=closes)


def test_messages_share_a_connection_when_answers_have_a_body_too() -> None:
    async def course(target: WebhookTarget, receiver: Receiver) -> None:
        for number in range(3):
            await target.deliver([message(number)])
        assert (receiver.messages, receiver.connections) == (3, 1)

    with_receiver(HEAD + b"Content-Length: 2\r\n\r\nok", course)


@pytest.mark.parametrize("status", [b"400 Bad", b"403 No", b"404 Not Found", b"413 Large", b"422 Odd"])
def test_a_message_is_refused_by_4xx_with_what_the_receiver_says(status: bytes) -> None:
    async def course(target: WebhookTarget, receiver: Receiver) -> None:
        with pytest.raises(Rejected, match=f"status {status[:3].decode()}: no such event"):
            await target.deliver([message()])
        assert receiver.messages == 1

    with_receiver(b"HTTP/1.1 " + status + b"\r\nContent-Length: 13\r\n\r\nno such event", course)


@pytest.mark.parametrize(
    ("answer", "closes"),
    [
        (b"HTTP/1.1 408 T\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 425 T\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 429 T\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 500 T\r\nContent-Length: 100\r\n\r\nbroken", True),
        (b"HTTP/1.1 503 T\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 302 T\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 307 T\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 20", True),
        (b"\x00\xff no HTTP\r\n\r\n", True),
        (b"", True),
    ],
)
def test_all_else_is_trouble_that_passes(answer: bytes, closes: bool) -> None:
    """The message is sent once, and to nobody else: the outbox says when it goes again."""

    async def course(target: WebhookTarget, receiver: Receiver) -> None:
        with pytest.raises(Unreachable):
            await target.deliver([message()])
        assert receiver.messages == 1

    with_receiver(answer, course, closes=closes)
