"""The port by which events reach a destination.

Contract, for every driver:
- A batch is taken whole or not: `deliver` returns when the destination has it for good.
- `Unreachable`: nothing can be said of the batch; it comes again, so a destination may get an event more than once.
- `Rejected`: the destination is there, and does not want this batch. It comes again, but does not hold up others.
- Batches of one target are given in the order of the changes, one after another.
- No method waits without a deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Unreachable(Exception):  # noqa: N818 - named for what is so.
    """The destination cannot be reached or is unavailable now; the text says how."""


class Rejected(Exception):  # noqa: N818
    """The destination refuses these events; the text says how."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message, encoded as AWS's JSON.

    first_id, last_id: of its events in the region's outbox: together with the region they name it for ever.
    """

    region: str
    first_id: int
    last_id: int
    content: bytes

    @property
    def name(self) -> str:
        """The same for the same message, whenever it is sent."""
        return f"{self.region}-{self.first_id}-{self.last_id}"


class EventTarget(Protocol):
    @property
    def events_max(self) -> int:
        """Events that it takes in one message."""
        ...

    @property
    def messages_max(self) -> int:
        """Messages that it takes at once."""
        ...

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Bring up to `messages_max` messages. Raises Unreachable, Rejected."""
        ...

    async def close(self) -> None: ...
