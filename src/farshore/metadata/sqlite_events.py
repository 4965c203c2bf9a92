"""The event outbox in a region's SQLite file: the port's `EventTransaction` over one connection.

The events of a group of commands to one destination are one row, written at the group's end. While they are delivered
in their order a number says how far; once some wait behind others (a refused one, and those of its key), what waits is
written anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing

import msgspec

from farshore.metadata import named_sql
from farshore.metadata.sqlite_rows import Row
from farshore.metadata.sqlite_session import Session, listed
from farshore.model.events import Event, EventBacklog, EventOrigin, Refusal, StoredEvent
from farshore.runtime.slices import slices

GROUP_EVENTS_MAX = 1000
_PLACE_BITS = 12
"""Of an event's id those that say its place in its group."""

_PLACES = (1 << _PLACE_BITS) - 1
assert GROUP_EVENTS_MAX <= _PLACES

_SQL = named_sql.load("events")


class _Waiting(msgspec.Struct, frozen=True, array_like=True):
    """An event that waits by itself, in a group whose events do not wait in their order any more."""

    place: int
    origin: EventOrigin
    event: Event
    due_us: int = 0
    attempts: int = 0
    last_error: str = ""


class _Together(msgspec.Struct, frozen=True, array_like=True):
    """Events that wait in their order. origins: each once; origin_of: for each event, its place among these."""

    origins: list[EventOrigin]
    origin_of: list[int]
    events: Sequence[Event]


_encode = msgspec.msgpack.Encoder().encode
_decode_together = msgspec.msgpack.Decoder(_Together).decode
_decode_waiting = msgspec.msgpack.Decoder(list[_Waiting]).decode


class SqliteEvents:
    """Reads on any connection; changes on the writer's, inside a command. `session` is the connection's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gathered = session.gathered

    def backlogs(self) -> list[EventBacklog]:
        self.write_gathered()
        return [_to_backlog(row) for row in self._session.all(_SQL["backlogs"])]

    def page(self, destination: str, after_id: int, limit: int) -> list[StoredEvent]:
        self.write_gathered()
        found: list[StoredEvent] = []
        with closing(self._session.iterate(_SQL["groups"], (destination, after_id >> _PLACE_BITS))) as rows:
            for row in rows:
                group = _stored(row)
                found += group if found else [stored for stored in group if stored.id > after_id]
                if len(found) >= limit:
                    break
        return found[:limit]

    def add(self, destination: str, origin: EventOrigin, event: Event) -> None:
        self._gathered.events.append((destination, origin, event))

    def delivered(self, destination: str, ids: Sequence[int]) -> None:
        if ids:
            before = self._count(destination)
            self._remove(ids)  # Some may be gone: given up while they were on their way.
            self._session.run(_SQL["count_delivered"], (destination, before - self._count(destination)))

    def refused(self, destination: str, refusals: Sequence[Refusal]) -> None:
        if refusals:
            again = {refusal.event_id: refusal for refusal in refusals}
            for group_id, places in _by_group(again).items():
                first_id = group_id << _PLACE_BITS
                self._change(group_id, again={place: again[first_id + place] for place in places})
            self._session.run(_SQL["count_failed"], (destination, len(refusals), refusals[-1].error))

    def unreachable(self, destination: str, error: str) -> None:
        self._session.run(_SQL["count_failed"], (destination, 1, error))

    def drop(self, destination: str, *, before_us: int, keep: int, limit: int) -> int:
        self.write_gathered()
        row = self._session.one(_SQL["waiting"], (destination,))
        beyond, oldest_us = (0, None) if row is None else (row[0] - keep, row[1])
        if oldest_us is None or (beyond <= 0 and oldest_us >= before_us):
            return 0
        oldest = enumerate(self.page(destination, 0, limit))
        dropped = [stored.id for number, stored in oldest if number < beyond or stored.enqueued_us < before_us]
        self._remove(dropped)
        self._session.run(_SQL["count_dropped"], (destination, len(dropped)))
        return len(dropped)

    def write_gathered(self) -> None:
        """Write what commands have left; done at the end of each group, and before anything is read."""
        if not self._gathered.events:
            return
        by_destination: dict[str, list[tuple[EventOrigin, Event]]] = {}
        for destination, origin, event in self._gathered.events:
            by_destination.setdefault(destination, []).append((origin, event))
        self._gathered.take_back()
        self._gathered.written = True
        for destination, events in by_destination.items():
            for group in slices(events, GROUP_EVENTS_MAX):
                self._add_group(destination, *zip(*group, strict=True))

    def _add_group(self, destination: str, origins: Sequence[EventOrigin], events: Sequence[Event]) -> None:
        content = _encode(_together(origins, events))
        self._session.run(_SQL["add_group"], (destination, events[0].at_us, len(events), content))

    def _count(self, destination: str) -> int:
        row = self._session.one(_SQL["waiting"], (destination,))
        return 0 if row is None else row[0]

    def _remove(self, ids: Sequence[int]) -> None:
        gone = set(ids)
        group_ids = {event_id >> _PLACE_BITS for event_id in gone}
        ended: list[int] = []
        for group_id, left, taken in self._session.all(_SQL["found_groups"], (listed(group_ids),)):
            first_id = (group_id << _PLACE_BITS) + (taken or 0)
            if taken is not None and gone.issuperset(range(first_id, first_id + left)):
                ended.append(group_id)
            else:
                self._remove_some(group_id, left, taken, gone)
        self._end(ended)

    def _remove_some(self, group_id: int, left: int, taken: int | None, gone: Collection[int]) -> None:
        first_id = group_id << _PLACE_BITS
        places = [place for place in range(GROUP_EVENTS_MAX) if first_id + place in gone]
        if taken is not None and places == list(range(taken, taken + len(places))):
            self._session.run(_SQL["advance"], (group_id, left - len(places), taken + len(places)))
        else:
            self._change(group_id, gone=places)

    def _change(self, group_id: int, *, gone: Collection[int] = (), again: Mapping[int, Refusal] = {}) -> None:
        """Write a group anew: without the events of some places, those of others put off."""
        waiting = [
            _put_off(each, again[each.place]) if each.place in again else each
            for each in self._waiting(group_id)
            if each.place not in gone
        ]
        if not waiting:
            self._end([group_id])
            return
        self._session.run(_SQL["replace"], (group_id, len(waiting), _encode(waiting)))

    def _waiting(self, group_id: int) -> list[_Waiting]:
        group = self._session.one(_SQL["group"], (group_id,))
        if group is None:
            return []
        taken, content = group
        if taken is None:
            return _decode_waiting(content)
        return [_Waiting(place, *told) for place, told in _told(content, taken)]

    def _end(self, group_ids: Sequence[int]) -> None:
        if group_ids:
            self._session.run(_SQL["remove_groups"], (listed(group_ids),))


def _by_group(ids: Iterable[int]) -> dict[int, list[int]]:
    """Group id -> the places within it, both ascending."""
    groups: dict[int, list[int]] = {}
    for event_id in sorted(set(ids)):
        groups.setdefault(event_id >> _PLACE_BITS, []).append(event_id & _PLACES)
    return groups


def _together(origins: Sequence[EventOrigin], events: Sequence[Event]) -> _Together:
    """Origins are told apart by where they are in memory: equal ones are mostly the same, and hashing costs more."""
    first = origins[0]
    if origins.count(first) == len(origins):  # As mostly.
        return _Together([first], [0] * len(origins), events)
    different = {id(origin): origin for origin in origins}
    places = {each: place for place, each in enumerate(different)}
    return _Together(list(different.values()), [places[id(origin)] for origin in origins], events)


def _put_off(waiting: _Waiting, refusal: Refusal) -> _Waiting:
    attempts = waiting.attempts + 1
    return msgspec.structs.replace(waiting, due_us=refusal.due_us, attempts=attempts, last_error=refusal.error)


def _stored(row: Row) -> list[StoredEvent]:
    """The events of a group that wait, in their order."""
    group_id, enqueued_us, taken, content = row
    first_id = group_id << _PLACE_BITS
    if taken is None:
        return [
            StoredEvent(
                first_id + each.place,
                each.origin,
                each.event,
                enqueued_us,
                each.due_us,
                each.attempts,
                each.last_error,
            )
            for each in _decode_waiting(content)
        ]
    told = _told(content, taken)
    return [StoredEvent(first_id + place, origin, event, enqueued_us) for place, (origin, event) in told]


def _told(content: bytes, taken: int) -> Iterator[tuple[int, tuple[EventOrigin, Event]]]:
    """Of a group of which none waits by itself, the events that wait, after their places."""
    together = _decode_together(content)
    origins = map(together.origins.__getitem__, together.origin_of[taken:])
    return enumerate(zip(origins, together.events[taken:], strict=True), taken)


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
