"""The port of a region's event outbox: what is to be told of changes, written in the transaction of each change.

Events of a destination are delivered in the order of their ids. The backlog of each destination is counted in the
transaction of every change, so that it is exact after a crash and costs the same however much waits.

Contract, as for the region's store: reads are synchronous and see the last committed state; changes are made inside
commands, which may be run more than once and leave nothing behind when they raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from farshore.model.events import Event, EventBacklog, EventOrigin, Refusal, StoredEvent


class EventReader(Protocol):
    def backlogs(self) -> list[EventBacklog]:
        """Of every destination that events were stored for, by ARN. Costs by destinations, not by events."""
        ...

    def page(self, destination: str, after_id: int, limit: int) -> list[StoredEvent]:
        """Events of a destination with ids > after_id, ascending, whether due or not."""
        ...


class EventTransaction(EventReader, Protocol):
    def add(self, destination: str, origin: EventOrigin, event: Event) -> None:
        """Store an event of a change; ids ascend in the order of the changes, whatever commands make them."""
        ...

    def delivered(self, destination: str, ids: Sequence[int]) -> None:
        """Remove events that the destination has taken."""
        ...

    def refused(self, destination: str, refusals: Sequence[Refusal]) -> None:
        """Put events off that the destination does not want. Counts the attempts, and remembers the last error."""
        ...

    def unreachable(self, destination: str, error: str) -> None:
        """Count an attempt at a destination that nothing reaches, and remember the error."""
        ...

    def drop(self, destination: str, *, before_us: int, keep: int, limit: int) -> int:
        """Give up the oldest events: those enqueued before a time, and those beyond the newest `keep`.

        Returns:
            How many were given up, at most `limit`.
        """
        ...
