"""Delivers events from the outboxes to their destinations: at least once, and in the order of the changes of each key.

Each destination of a region has a loop of its own, so that one that is dead or slow holds up no other, and never a
write. A message that a destination refuses is tried by itself from then on: later events of its keys wait behind it,
others pass. What is not delivered within the retention is given up, and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.events import EventName, Refusal, StoredEvent
from farshore.runtime.slices import slices
from farshore.runtime.together import first_of
from farshore.semantics.event_message import message
from farshore.semantics.retry import backoff_s
from farshore.service.deployment import Deployment, Region
from farshore.transports.event_target import EventTarget, Message, Rejected, Unreachable

PAGE = 1000
"""Events that are read at once, on the loop: a millisecond. A thread would lose the interpreter's lock at every row and
win it back from a busy loop, which costs more than the reading."""

GATHER_S = 0.5
"""After a ring, so that under load many events share a message, a write and a flush. The first goes at once."""

SETTLE_EVERY_S = 1.0
"""What became of events is stored at least so often: each time may write groups of them anew."""

LOOK_EVERY_S = 10.0
DROP_EVERY_S = 60.0
_DROPPED_AT_ONCE = 500
_NEVER_US = 2**63
_TEST = EventName.TEST  # Looked up once: each look costs as much as the comparison.

log = structlog.get_logger()

_Key = tuple[str, str]
"""(bucket, key): events of one are delivered in order."""

_Together = Sequence[StoredEvent]
"""Events of one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long events wait, and how many for each destination of a region; the oldest are given up first."""

    age_s: float = 4 * 24 * 3600.0
    events: int = 1_000_000


class EventDelivery:
    """The deliveries of one region. `bell` wakes it.

    Args:
        targets: by ARN. Events for others wait until they are given up.
        jitter: draws from [0, 1).
    """

    def __init__(
        self,
        deployment: Deployment,
        region: Region,
        targets: Mapping[str, EventTarget],
        *,
        retention: Retention,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.bell = asyncio.Event()
        self._clock = deployment.clock
        self._region = region
        self._targets = targets
        self._retention = retention
        self._jitter = jitter
        self._loops: dict[str, _Destination] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what is on its way then is finished or comes again."""
        self._loops.clear()
        dropped_s = float("-inf")
        now_s = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                self.bell.clear()
                try:
                    self._wake_loops(group, stop)
                    if now_s() - dropped_s >= DROP_EVERY_S:
                        await self.drop()
                        dropped_s = now_s()
                except StoreUnavailable as error:
                    log.warning("events cannot be read", region=self._region.name, error=str(error))
                await first_of(self.bell, stop, within_s=LOOK_EVERY_S)
                await first_of(stop, within_s=GATHER_S)
            for loop in self._loops.values():
                loop.bell.set()

    async def drop(self) -> None:
        """Give up what is beyond the retention."""
        before_us = self._clock.now_us() - int(self._retention.age_s * 1e6)
        keep = self._retention.events
        for backlog in self._region.metadata.reader.events.backlogs():
            if not backlog.events:
                continue
            dropped = _DROPPED_AT_ONCE
            while dropped == _DROPPED_AT_ONCE:
                dropped = await self._region.metadata.write(
                    lambda tx, destination=backlog.destination: tx.events.drop(
                        destination, before_us=before_us, keep=keep, limit=_DROPPED_AT_ONCE
                    )
                )
                if dropped:
                    name = self._region.name
                    log.error("events were given up", region=name, destination=backlog.destination, events=dropped)

    def _wake_loops(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        """Ring the loop of each destination that events wait for, and begin it if need be."""
        for backlog in self._region.metadata.reader.events.backlogs():
            target = self._targets.get(backlog.destination)
            if not backlog.events or target is None:
                continue
            loop = self._loops.get(backlog.destination)
            if loop is None:
                loop = _Destination(self._region, backlog.destination, target, self._clock.now_us, self._jitter)
                self._loops[backlog.destination] = loop
                group.create_task(loop.run(stop))
            loop.bell.set()


@dataclass(slots=True)
class _Front:
    """The oldest events, up to one, of which none can go before a time: they are put off, or behind one of their key
    that is. Many may be, and are not read again until then.

    held: the keys of those that are put off.
    """

    after_id: int = 0
    due_us: int = _NEVER_US
    held: set[_Key] = field(default_factory=set[_Key])

    def put_off(self, stored: StoredEvent, due_us: int) -> None:
        self.held.add(_key(stored))
        self.due_us = min(self.due_us, due_us)


@dataclass(slots=True)
class _Came:
    """What became of events. taken: their ids."""

    taken: list[int] = field(default_factory=list[int])
    refused: list[Refusal] = field(default_factory=list[Refusal])

    def store(self, destination: str, tx: Transaction) -> None:
        tx.events.delivered(destination, self.taken)
        tx.events.refused(destination, self.refused)


class _Destination:
    """Delivers to one destination."""

    def __init__(
        self,
        region: Region,
        destination: str,
        target: EventTarget,
        now_us: Callable[[], int],
        jitter: Callable[[], float],
    ) -> None:
        self.bell = asyncio.Event()
        self._region = region
        self._destination = destination
        self._target = target
        self._now_us = now_us
        self._jitter = jitter
        self._failures = 0
        self._front = _Front()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set. A defect is logged here, and stops no other destination."""
        while not stop.is_set():
            self.bell.clear()
            rests_s, events = LOOK_EVERY_S, [stop]
            try:
                rests_s, events = await self._pass(stop), [stop, self.bell]
                self._failures = 0
            except Unreachable as error:
                self._failures += 1
                rests_s = backoff_s(self._failures, self._jitter)
                await self._note(str(error))
            except StoreUnavailable as error:
                log.warning("events cannot be delivered", region=self._region.name, error=str(error))
            except Exception:
                log.exception("event delivery failed", region=self._region.name, destination=self._destination)
            await first_of(*events, within_s=rests_s)

    async def _pass(self, stop: asyncio.Event) -> float:
        """Deliver all that is due, oldest first. Returns the seconds until the next that is put off is due.

        What comes meanwhile rings again, and gathers until then: a pass for each few would cost more than they do.
        """
        if self._front.due_us <= self._now_us():
            self._front = _Front()
        front, more = self._front, True
        while more:
            page = self._region.metadata.reader.events.page(self._destination, front.after_id, PAGE)
            more = len(page) == PAGE
            await self._deliver_all(self._batches(self._ready(page)), stop)
            if stop.is_set():
                return 0.0
            if page:
                front.after_id = page[-1].id
        return max(0.0, min(LOOK_EVERY_S, (front.due_us - self._now_us()) / 1e6))

    def _ready(self, page: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Those that are due, and behind none of their key that is not."""
        ready: list[StoredEvent] = []
        now_us = self._now_us()
        for stored in page:
            if stored.due_us > now_us:
                self._front.put_off(stored, stored.due_us)
            elif not self._front.held or _key(stored) not in self._front.held:
                ready.append(stored)
        return ready

    def _batches(self, ready: Sequence[StoredEvent]) -> list[Sequence[_Together]]:
        """Deliveries of messages of events. A test event is a message by itself, as is one that was refused."""
        messages: list[_Together] = []
        run: list[StoredEvent] = []
        for stored in ready:
            if stored.attempts or stored.origin.name is _TEST:
                messages += [*slices(run, self._target.events_max), [stored]]
                run = []
            else:
                run.append(stored)
        messages += slices(run, self._target.events_max)
        return list(slices(messages, self._target.messages_max))

    async def _deliver_all(self, batches: Sequence[Sequence[_Together]], stop: asyncio.Event) -> None:
        """Make deliveries, and store what became of their events: in one command, but not later than after
        `SETTLE_EVERY_S`. What a crash forgets goes again."""
        came, began_us = _Came(), self._now_us()
        try:
            for batch in batches:
                if stop.is_set():
                    return
                await self._deliver(batch, came)
                if self._now_us() - began_us >= SETTLE_EVERY_S * 1e6:
                    settled, came, began_us = came, _Came(), self._now_us()
                    await self._settle(settled)
        finally:
            await self._settle(came)

    async def _settle(self, came: _Came) -> None:
        if came.taken or came.refused:
            await self._region.metadata.write(partial(came.store, self._destination))

    async def _deliver(self, batch: Sequence[_Together], came: _Came) -> None:
        """Deliver messages, but for events of keys that are held up; of a refused message each event by itself."""
        held, passing = self._front.held, batch
        if held:
            passing = [[stored for stored in events if _key(stored) not in held] for events in batch]
            passing = [events for events in passing if events]
        if not passing:
            return
        try:
            await self._target.deliver(self._messages(passing))
        except Rejected as refused:
            if len(passing) > 1 or len(passing[0]) > 1:
                for events in passing:
                    for stored in events:
                        await self._deliver([[stored]], came)
                return
            [[stored]] = passing
            due_us = self._now_us() + int(backoff_s(stored.attempts + 1, self._jitter) * 1e6)
            came.refused.append(Refusal(stored.id, due_us, str(refused)))
            self._front.put_off(stored, due_us)
            return
        came.taken += [stored.id for events in passing for stored in events]

    def _messages(self, batch: Sequence[_Together]) -> list[Message]:
        region = self._region.name
        return [Message(region, events[0].id, events[-1].id, message(events)) for events in batch]

    async def _note(self, why: str) -> None:
        """Let status and metrics say that the destination is not reached."""
        log.warning("event destination unreachable", destination=self._destination, error=why)
        with contextlib.suppress(StoreUnavailable):
            await self._region.metadata.write(lambda tx: tx.events.unreachable(self._destination, why))


def _key(stored: StoredEvent) -> _Key:
    return stored.origin.bucket, stored.event.key
