"""The event outbox in a region's SQLite file: the port's `EventTransaction` over one connection."""

from __future__ import annotations

import array
from collections.abc import Sequence

import apsw
import msgspec

from farshore.metadata import named_sql
from farshore.metadata.sqlite_rows import Row
from farshore.metadata.sqlite_session import Session
from farshore.model.events import Event, EventBacklog, StoredEvent

_SQL = named_sql.load("events")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Event).decode


class SqliteEvents:
    """Reads on any connection; changes on the writer's, inside a command. `session` is the connection's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def backlogs(self) -> list[EventBacklog]:
        return [_to_backlog(row) for row in self._session.all(_SQL["backlogs"])]

    def page(self, destination: str, after_id: int, limit: int) -> list[StoredEvent]:
        return [_to_event(row) for row in self._session.all(_SQL["page"], (destination, after_id, limit))]

    def add(self, events: Sequence[StoredEvent]) -> None:
        for event in events:  # Mostly one: running one statement costs less than preparing to run many.
            self._session.run(_SQL["add"], _event_row(event))

    def delivered(self, destination: str, ids: Sequence[int]) -> None:
        if ids:
            self._remove(ids)
            self._session.run(_SQL["count_delivered"], (destination, len(ids)))

    def failed(self, destination: str, again: Sequence[tuple[int, int]], error: str) -> None:
        self._session.run_many(_SQL["reschedule"], [(event_id, due_us, error) for event_id, due_us in again])
        self._session.run(_SQL["count_failed"], (destination, error))

    def drop(self, destination: str, *, before_us: int, keep: int, limit: int) -> int:
        row = self._session.one(_SQL["waiting"], (destination,))
        beyond = 0 if row is None else row[0] - keep
        oldest = self._session.all(_SQL["oldest"], (destination, limit))
        dropped = [row[0] for number, row in enumerate(oldest) if number < beyond or row[1] < before_us]
        if dropped:
            self._remove(dropped)
            self._session.run(_SQL["count_dropped"], (destination, len(dropped)))
        return len(dropped)

    def _remove(self, ids: Sequence[int]) -> None:
        self._session.run(_SQL["remove"], (apsw.carray(array.array("q", ids)),))


def _to_backlog(row: Row) -> EventBacklog:
    destination, events, oldest_us, delivered, dropped, failed_attempts, last_error = row
    return EventBacklog(
        destination=destination,
        events=events,
        oldest_us=oldest_us,
        delivered=delivered,
        dropped=dropped,
        failed_attempts=failed_attempts,
        last_error=last_error,
    )


def _to_event(row: Row) -> StoredEvent:
    event_id, destination, enqueued_us, due_us, attempts, last_error, event = row
    return StoredEvent(
        id=event_id,
        destination=destination,
        enqueued_us=enqueued_us,
        due_us=due_us,
        attempts=attempts,
        last_error=last_error,
        event=_decode(event),
    )


def _event_row(stored: StoredEvent) -> Row:
    return (
        stored.destination,
        stored.enqueued_us,
        stored.due_us,
        stored.attempts,
        stored.last_error,
        _encode(stored.event),
    )
