"""Events to NATS JetStream, through its maintained client, the extra `nats` of the project.

Each message carries its name as `Nats-Msg-Id`, by which the stream drops what comes twice within its window.
"""

from __future__ import annotations

import sys
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
            raise NatsMissing(f"nats-py is not installed: {sys.executable} -m pip install nats-py") from error
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
            raise _unreachable(error) from error

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connected(self) -> Client:
        if self._client is None or not self._client.is_connected:
            await self.close()
            self._client = await self._connect()
        return self._client

    async def _connect(self) -> Client:
        """A connection, without trying on where there is none: who delivers has pauses of its own.

        Raises:
            Unreachable.
        """
        from nats.errors import NoServersError

        last: Exception | None = None

        async def note(error: Exception) -> None:
            # What goes wrong later reaches whoever publishes; the connection is made anew then.
            nonlocal last
            last = error

        client = self._make()
        try:
            # `allow_reconnect` is of connections that were there: one that never was is tried sixty times by default,
            # two seconds apart. 0 would be for ever.
            await client.connect(
                self._url,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=TIMEOUT_S,
                error_cb=note,
                name="farshore",
            )
        except NoServersError as error:
            raise _unreachable(last or error) from error
        return client


def _unreachable(error: Exception) -> Unreachable:
    return Unreachable(f"{type(error).__name__}: {error}")
