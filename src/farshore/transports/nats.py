"""Events to NATS JetStream, through its maintained client, which is installed with `farshore[nats]`.

Each message carries its name as `Nats-Msg-Id`, by which the stream drops what comes twice within its window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from farshore.transports.event_target import Message, Unreachable

if TYPE_CHECKING:
    from nats.aio.client import Client

TIMEOUT_S = 10


class NatsMissing(Exception):  # noqa: N818 - named for what is so.
    """The client library is not installed."""


class NatsTarget:
    """`EventTarget` that publishes to a subject of a stream, which must exist.

    Raises:
        NatsMissing: when it is made.
    """

    events_max = 1
    messages_max = 100

    def __init__(self, url: str, subject: str) -> None:
        try:
            import nats.aio.client
        except ImportError as error:
            raise NatsMissing("nats-py is not installed: pip install 'farshore[nats]'") from error
        self._make = nats.aio.client.Client
        self._url = url
        self._subject = subject
        self._client: Client | None = None

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Publish one after another, each once the stream has the one before: no failure changes their order."""
        from nats.errors import Error

        try:
            stream = (await self._connected()).jetstream(timeout=TIMEOUT_S)
            for message in messages:
                await stream.publish(self._subject, message.content, headers={"Nats-Msg-Id": message.name})
        except (Error, OSError, TimeoutError) as error:
            await self.close()
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connected(self) -> Client:
        if self._client is None or not self._client.is_connected:
            await self.close()
            client = self._make()
            await client.connect(
                self._url, allow_reconnect=False, connect_timeout=TIMEOUT_S, error_cb=_nothing, name="farshore"
            )
            self._client = client
        return self._client


async def _nothing(_error: Exception) -> None:
    """Errors reach whoever publishes; the connection is made anew then."""
