"""The delivery of events: at least once, in order per key, bounded, whatever the destination does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.deployment import EAST, START_US, Deployed, in_deployment

from farshore.maintenance.event_delivery import PAGE, EventDelivery, Retention
from farshore.metadata.store import Transaction
from farshore.model.events import Event, EventName, EventOrigin, Refusal
from farshore.service.deployment import Region
from farshore.transports.event_file import FileTarget
from farshore.transports.event_target import Message, Rejected, Unreachable

ARN = "arn:aws:sqs:us-east-1:111122223333:queue"
ORIGIN = EventOrigin(
    name=EventName.PUT, region=EAST, bucket="bucket", bucket_owner="111122223333", configuration_id="c"
)


class Target:
    """A destination that the test rules. faults: raised one after another, for whole deliveries."""

    def __init__(self, events_max: int = 3, messages_max: int = 2) -> None:
        self.events_max = events_max
        self.messages_max = messages_max
        self.faults: list[Exception] = []
        self.refuses: Callable[[str], bool] = lambda _key: False
        self.calls = 0
        self.lost = False
        self.taken: list[tuple[str, int]] = []
        self.changed = asyncio.Event()

    async def deliver(self, messages: Sequence[Message]) -> None:
        assert 1 <= len(messages) <= self.messages_max
        self.calls += 1
        self.changed.set()
        if self.faults:
            raise self.faults.pop(0)
        found = [entry for message in messages for entry in contents(message)]
        if any(self.refuses(key) for key, _ in found):
            raise Rejected("no")
        self.taken += found

    async def close(self) -> None:
        """Nothing to close."""

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                self.changed.clear()
                await self.changed.wait()


class Paged:
    """A metadata store that keeps from which places the events were read."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.read_after: list[int] = []

    @property
    def reader(self) -> Any:
        events = self._inner.reader.events
        return SimpleNamespace(events=SimpleNamespace(page=self._page, backlogs=events.backlogs))

    async def until(self, count: int) -> None:
        await until(lambda: len(self.read_after) >= count)

    def _page(self, destination: str, after_id: int, limit: int) -> Any:
        self.read_after.append(after_id)
        return self._inner.reader.events.page(destination, after_id, limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def contents(message: Message) -> list[tuple[str, int]]:
    records = json.loads(message.content)["Records"]
    assert records and message.first_id + len(records) - 1 <= message.last_id
    return [(record["s3"]["object"]["key"], record["s3"]["object"]["size"]) for record in records]


def event(key: str, size: int, *, at_us: int = START_US, destination: str = ARN) -> tuple[str, Event]:
    """An event on its way to a destination."""
    return destination, Event(at_us=at_us, request_id="r", key=key, size=size, etag="e")


@contextlib.asynccontextmanager
async def delivering(deployed: Deployed, target: Target, **retention: Any) -> AsyncIterator[EventDelivery]:
    """A delivery that runs; ended by a clean stop."""
    store = deployed.stores[EAST]
    delivery = EventDelivery(
        deployed.deployment, store, {ARN: target}, retention=Retention(**retention), jitter=lambda: 0.0
    )
    stop = asyncio.Event()
    running = asyncio.create_task(delivery.run(stop))
    try:
        yield delivery
    finally:
        stop.set()
        delivery.bell.set()
        async with asyncio.timeout(30):
            await running


async def add(deployed: Deployed, *events: tuple[str, Event]) -> None:
    """In one command, and so as one group."""

    def command(tx: Transaction) -> None:
        for destination, each in events:
            tx.events.add(destination, ORIGIN, each)

    await deployed.write(command)


def waiting(deployed: Deployed) -> int:
    backlogs = deployed.stores[EAST].metadata.reader.events.backlogs()
    return sum(backlog.events for backlog in backlogs)


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop's other tasks run until something holds: for what a store says, which rings no bell."""
    async with asyncio.timeout(30):
        while not holds():
            await _turn()


async def _turn() -> None:
    await asyncio.sleep(0)


async def delivered(deployed: Deployed) -> None:
    """Wait until nothing waits any more."""
    await until(lambda: not waiting(deployed))


def test_events_go_in_order_in_messages_that_are_not_too_large(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        target = Target()
        await add(deployed, *(event(f"k{number % 3}", number) for number in range(20)))
        async with delivering(deployed, target):
            await delivered(deployed)
        assert target.taken == [(f"k{number % 3}", number) for number in range(20)]
        assert target.calls == 4, "six events in a delivery"
        (backlog,) = deployed.stores[EAST].metadata.reader.events.backlogs()
        assert (backlog.delivered, backlog.dropped, backlog.oldest_us, backlog.last_error) == (20, 0, None, "")

    in_deployment(tmp_path, test)


def test_what_was_on_its_way_when_all_died_comes_again(tmp_path: Path) -> None:
    """At least once: a delivery whose end nobody wrote down is repeated by the next process."""

    async def first(deployed: Deployed) -> None:
        await add(deployed, event("a", 1), event("b", 2))

    async def second(deployed: Deployed) -> None:
        target = Target()
        async with delivering(deployed, target):
            await delivered(deployed)
        assert target.taken == [("a", 1), ("b", 2)]

    in_deployment(tmp_path, first)
    in_deployment(tmp_path, second)


def test_what_ended_may_be_run_again(tmp_path: Path) -> None:
    """As its supervisor does after a defect."""

    async def test(deployed: Deployed) -> None:
        target, store = Target(), deployed.stores[EAST]
        delivery = EventDelivery(deployed.deployment, store, {ARN: target}, retention=Retention(), jitter=lambda: 0.0)
        for number in range(2):
            stop = asyncio.Event()
            await add(deployed, event("a", number))
            running = asyncio.create_task(delivery.run(stop))
            await delivered(deployed)
            stop.set()
            await running
        assert target.taken == [("a", 0), ("a", 1)]

    in_deployment(tmp_path, test)


def test_order_of_each_key_holds_whatever_the_destination_refuses(tmp_path: Path) -> None:
    """Random refusals and outages: every event arrives, and those of a key in their order."""
    seed = random.randrange(2**32)
    print("seed", seed)
    draw = random.Random(seed)

    async def test(deployed: Deployed) -> None:
        target = Target(events_max=draw.randrange(1, 5), messages_max=draw.randrange(1, 4))
        bad = {f"k{number}" for number in draw.sample(range(8), 3)}
        target.refuses = lambda key: key in bad
        expected = [(f"k{draw.randrange(8)}", number) for number in range(100)]
        await add(deployed, *(event(key, size) for key, size in expected))
        good = [entry for entry in expected if entry[0] not in bad]
        async with delivering(deployed, target) as delivery:
            await target.until(lambda: len(target.taken) == len(good))
            assert target.taken == good, "nothing but the keys that are refused is held up"
            target.refuses = lambda _key: False
            deployed.clock.move(3600)
            delivery.bell.set()
            await delivered(deployed)
        for key in {key for key, _ in expected}:
            assert [entry for entry in target.taken if entry[0] == key] == [
                entry for entry in expected if entry[0] == key
            ]
        assert sorted(set(target.taken)) == sorted(expected)

    in_deployment(tmp_path, test)


def test_what_became_of_a_refused_message_is_written_once_not_by_event(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        target = Target(events_max=50, messages_max=1)
        target.refuses = lambda key: key in ("k7", "k31")
        await add(deployed, *(event(f"k{number}", number) for number in range(50)))
        store = deployed.stores[EAST]
        before = store.metadata.flushes()
        async with delivering(deployed, target):
            await until(lambda: waiting(deployed) == 2)
        # Now, since a flush is counted after others may see what it wrote.
        assert store.metadata.flushes() == before + 1
        assert len(target.taken) == 48
        (backlog,) = store.metadata.reader.events.backlogs()
        assert (backlog.delivered, backlog.failed_attempts, backlog.last_error) == (48, 2, "no")

    in_deployment(tmp_path, test)


async def _refused_once(deployed: Deployed, count: int) -> None:
    """Events of one group, each of which goes by itself from now on, and is due."""
    await add(deployed, *(event(f"k{number}", number) for number in range(count)))

    def refuse(tx: Transaction) -> None:
        tx.events.refused(ARN, [Refusal(stored.id, START_US, "no") for stored in tx.events.page(ARN, 0, count)])

    await deployed.write(refuse)


@pytest.mark.parametrize(("takes_s", "writes"), [(0.0, 1), (0.11, 2), (0.3, 5), (1.0, 20)])
def test_deliveries_of_single_events_are_written_down_together_but_at_least_each_second(
    tmp_path: Path, takes_s: float, writes: int
) -> None:
    async def test(deployed: Deployed) -> None:
        target, store = Target(messages_max=1), deployed.stores[EAST]

        def takes(_key: str) -> bool:
            deployed.clock.move(takes_s)
            return False

        target.refuses = takes
        await _refused_once(deployed, 20)
        before = store.metadata.flushes()
        async with delivering(deployed, target):
            await delivered(deployed)
        # Now, since a flush is counted after others may see what it wrote.
        assert target.calls == 20
        assert store.metadata.flushes() == before + writes
        assert target.taken == [(f"k{number}", number) for number in range(20)]

    in_deployment(tmp_path, test)


def test_what_a_destination_took_before_it_was_lost_does_not_go_again(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        target = Target(messages_max=1)

        def lost(key: str) -> bool:
            if key == "k3" and not target.lost:
                target.lost = True
                raise Unreachable("connection reset")
            return False

        target.refuses = lost
        await _refused_once(deployed, 6)
        async with delivering(deployed, target):
            await delivered(deployed)
        assert target.taken == [(f"k{number}", number) for number in range(6)]

    in_deployment(tmp_path, test)


def test_many_that_are_put_off_are_not_read_again_before_the_first_is_due(tmp_path: Path) -> None:
    """What comes meanwhile goes, but for what is behind one of them."""

    async def test(deployed: Deployed) -> None:
        await add(deployed, *(event(f"k{number % PAGE}", number) for number in range(2 * PAGE + 10)))

        def put_off(tx: Transaction) -> None:
            ids = [stored.id for stored in tx.events.page(ARN, 0, 3 * PAGE)]
            tx.events.refused(ARN, [Refusal(id_, START_US + 60_000_000, "no") for id_ in ids[: 2 * PAGE]])

        await deployed.write(put_off)
        store = deployed.stores[EAST]
        paged = Paged(store.metadata)
        deployed.stores[EAST] = Region(store.name, paged, store.blobs)
        target = Target()
        async with delivering(deployed, target) as delivery:
            await paged.until(3)
            for number in range(3):
                await add(deployed, event("k0", 9_000 + number), event("new", number))
                delivery.bell.set()
                await target.until(lambda number=number: target.taken[number:] == [("new", number)])
            await paged.until(6)
            assert min(paged.read_after[3:]) > paged.read_after[2], "later passes read what is new alone"
            deployed.clock.move(60)
            delivery.bell.set()
            await delivered(deployed)
        taken = [size for key, size in target.taken if key == "k0"]
        assert taken == [0, PAGE, 2 * PAGE, 9_000, 9_001, 9_002]

    in_deployment(tmp_path, test)


def test_an_outage_is_noted_and_ends_by_itself(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        target = Target()
        target.faults = [Unreachable("connection refused")]
        await add(deployed, event("a", 1))
        store = deployed.stores[EAST]
        async with delivering(deployed, target):
            await target.until(lambda: target.calls == 1)
            await until(lambda: bool(store.metadata.reader.events.backlogs()[0].last_error))
            (backlog,) = store.metadata.reader.events.backlogs()
            assert (backlog.events, backlog.failed_attempts, backlog.last_error) == (1, 1, "connection refused")
            await delivered(deployed)
        assert store.metadata.reader.events.backlogs()[0].last_error == ""

    in_deployment(tmp_path, test)


def test_a_defect_in_a_driver_stops_no_other_destination(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        broken, target = Target(), Target()
        broken.faults = [ZeroDivisionError("a defect")] * 100
        other = ARN + "2"
        await add(deployed, event("a", 1, destination=other), event("b", 2))
        store = deployed.stores[EAST]
        delivery = EventDelivery(
            deployed.deployment, store, {ARN: target, other: broken}, retention=Retention(), jitter=lambda: 0.0
        )
        stop = asyncio.Event()
        running = asyncio.create_task(delivery.run(stop))
        await target.until(lambda: bool(target.taken))
        await broken.until(lambda: broken.calls >= 1)
        stop.set()
        await running
        assert target.taken == [("b", 2)]

    in_deployment(tmp_path, test)


def test_what_waits_too_long_or_is_too_much_is_given_up_oldest_first(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        store = deployed.stores[EAST]
        hour_us = 3600 * 1_000_000
        for number in range(10):
            await add(deployed, event("k", number, at_us=START_US - (10 - number) * hour_us))
        nobody = {}
        by_age = EventDelivery(deployed.deployment, store, nobody, retention=Retention(age_s=4.5 * 3600, events=100))
        await by_age.drop()
        left = [stored.event.size for stored in store.metadata.reader.events.page(ARN, 0, 100)]
        assert left == [6, 7, 8, 9]
        by_number = EventDelivery(deployed.deployment, store, nobody, retention=Retention(events=3))
        await by_number.drop()
        left = [stored.event.size for stored in store.metadata.reader.events.page(ARN, 0, 100)]
        assert left == [7, 8, 9]
        (backlog,) = store.metadata.reader.events.backlogs()
        assert (backlog.events, backlog.dropped, backlog.oldest_us) == (3, 7, START_US - 3 * hour_us)

    in_deployment(tmp_path, test)


def test_events_of_a_change_that_failed_are_not_told(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        def change(tx: Any) -> None:
            tx.events.add(ARN, ORIGIN, event("a", 1)[1])
            raise KeyError("the change fails")

        with pytest.raises(KeyError):
            await deployed.write(change)
        assert waiting(deployed) == 0

    in_deployment(tmp_path, test)


def test_a_file_gets_a_line_for_each_message_after_a_torn_one_too(tmp_path: Path) -> None:
    async def run() -> None:
        path = tmp_path / "events"
        path.write_bytes(b'{"torn": ')
        target = FileTarget(path)
        messages = [Message("r", number, number, b"{%d}" % number) for number in range(3)]
        await target.deliver(messages[:2])
        await target.deliver(messages[2:])
        assert path.read_bytes() == b'{"torn": \n{0}\n{1}\n{2}\n'
        with pytest.raises(Unreachable, match="Is a directory"):
            await FileTarget(tmp_path).deliver(messages)

    asyncio.run(run())
