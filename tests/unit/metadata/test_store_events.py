"""The event outbox in the metadata port: order, progress, what waits behind what, that only what happened is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.support.metadata import OpenStore

from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.events import Event, EventBacklog, EventName, EventOrigin, Refusal, StoredEvent

HERE, THERE = "arn:aws:sqs:us-east-1:111122223333:here", "arn:aws:sqs:us-east-1:111122223333:there"


ORIGIN = EventOrigin(
    name=EventName.PUT, region="us-east-1", bucket="bucket", bucket_owner="111122223333", configuration_id="c"
)


def event(key: str, at_us: int = 1) -> Event:
    return Event(at_us=at_us, request_id="r", key=key)


def telling(*keys: str, destination: str = HERE, at_us: int = 1) -> Callable[[Transaction], None]:
    """A command that tells of keys."""

    def command(tx: Transaction) -> None:
        for key in keys:
            tx.events.add(destination, ORIGIN, event(key, at_us))

    return command


def page(store: OpenStore, destination: str = HERE, after_id: int = 0, limit: int = 10_000) -> list[StoredEvent]:
    return store.reader.events.page(destination, after_id, limit)


def keys(events: Sequence[StoredEvent]) -> list[str]:
    return [stored.event.key for stored in events]


def backlog(store: OpenStore, destination: str = HERE) -> EventBacklog:
    return next(each for each in store.reader.events.backlogs() if each.destination == destination)


def test_ids_ascend_in_the_order_of_the_changes_whatever_commands_share_a_flush(store: OpenStore) -> None:
    store.write_together(telling("a", "b"), telling("x", destination=THERE), telling("c"))
    store.write(telling("d"))
    store.reopen()
    found = page(store)
    assert keys(found) == ["a", "b", "c", "d"]
    ids = [stored.id for stored in found]
    assert ids == sorted(set(ids))
    assert keys(page(store, THERE)) == ["x"]


def test_pages_go_on_after_an_id_also_within_what_was_written_together(store: OpenStore) -> None:
    store.write_together(*(telling(f"a{number}") for number in range(5)))
    store.write_together(*(telling(f"b{number}") for number in range(5)))
    seen: list[str] = []
    after_id = 0
    while found := page(store, after_id=after_id, limit=3):
        assert len(found) <= 3
        seen += keys(found)
        after_id = found[-1].id
    assert seen == [f"{group}{number}" for group in "ab" for number in range(5)]


def test_more_events_than_one_row_takes_come_back_in_order(store: OpenStore) -> None:
    many = [f"{number:05}" for number in range(4100)]
    store.write_together(telling(*many[:2500]), telling(*many[2500:]))
    assert keys(page(store)) == many
    assert backlog(store).events == 4100


def test_delivered_events_are_gone_and_counted_and_what_waits_behind_them_stays(store: OpenStore) -> None:
    store.write_together(*(telling(key, at_us=5) for key in "abc"))
    store.write(telling("d", at_us=7))
    ids = [stored.id for stored in page(store)]
    store.write(lambda tx: tx.events.delivered(HERE, ids[:2]))
    store.reopen()
    assert keys(page(store)) == ["c", "d"]
    assert [stored.id for stored in page(store)] == ids[2:]
    assert (backlog(store).events, backlog(store).delivered, backlog(store).oldest_us) == (2, 2, 5)
    store.write(lambda tx: tx.events.delivered(HERE, ids[2:3]))
    assert (keys(page(store)), backlog(store).oldest_us) == (["d"], 7)
    store.write(lambda tx: tx.events.delivered(HERE, ids[3:]))
    assert (backlog(store).events, backlog(store).delivered, backlog(store).oldest_us) == (0, 4, None)


def test_an_event_that_is_put_off_keeps_its_place_and_remembers_why(store: OpenStore) -> None:
    store.write_together(*(telling(key) for key in "abcd"))
    a, b, c, _d = (stored.id for stored in page(store))
    store.write(lambda tx: tx.events.delivered(HERE, [a]))
    store.write(lambda tx: tx.events.refused(HERE, [Refusal(b, 700, "no")]))
    store.write(lambda tx: tx.events.delivered(HERE, [c]))
    store.write(lambda tx: tx.events.refused(HERE, [Refusal(b, 900, "still no")]))
    store.reopen()
    found = page(store)
    assert [(stored.event.key, stored.due_us, stored.attempts, stored.last_error) for stored in found] == [
        ("b", 900, 2, "still no"),
        ("d", 0, 0, ""),
    ]
    assert found[0].id == b
    assert (backlog(store).events, backlog(store).failed_attempts, backlog(store).last_error) == (2, 2, "still no")
    store.write(lambda tx: tx.events.delivered(HERE, [stored.id for stored in found]))
    assert backlog(store).events == 0


def test_delivered_twice_is_no_error(store: OpenStore) -> None:
    store.write_together(*(telling(key) for key in "abc"))
    ids = [stored.id for stored in page(store)]
    for _ in range(2):
        store.write(lambda tx: tx.events.delivered(HERE, ids[:1]))
        store.write(lambda tx: tx.events.refused(HERE, [Refusal(ids[0], 5, "late")]))
    assert keys(page(store)) == ["b", "c"]
    assert (backlog(store).events, backlog(store).delivered) == (2, 1)


def test_what_was_given_up_on_its_way_is_counted_as_that_alone(store: OpenStore) -> None:
    store.write_together(*(telling(key) for key in "abc"))
    ids = [stored.id for stored in page(store)]
    store.write(lambda tx: tx.events.drop(HERE, before_us=0, keep=2, limit=10))
    store.write(lambda tx: tx.events.delivered(HERE, ids))
    assert (backlog(store).events, backlog(store).delivered, backlog(store).dropped) == (0, 2, 1)


@pytest.mark.parametrize("changes", [False, True])
def test_of_a_command_that_raises_nothing_is_told_and_of_those_beside_it_everything(
    store: OpenStore, changes: bool
) -> None:
    """Whether or not it had changed anything else before."""

    def failing(tx: Transaction) -> None:
        if changes:
            tx.add_garbage(["blob"], 1)
        tx.events.add(HERE, ORIGIN, event("untold"))
        raise KeyError("a command that fails")

    results = store.write_together(telling("a"), failing, telling("b"), failing, telling("c"))
    assert [isinstance(result, KeyError) for result in results] == [False, True, False, True, False]
    assert keys(page(store)) == ["a", "b", "c"]
    assert backlog(store).events == 3


@pytest.mark.parametrize("raises", [False, True])
def test_a_command_sees_the_events_of_those_before_it(store: OpenStore, raises: bool) -> None:
    seen: list[str] = []

    def looking(tx: Transaction) -> None:
        tx.events.add(HERE, ORIGIN, event("own"))
        seen[:] = keys(tx.events.page(HERE, 0, 10))
        if raises:
            raise KeyError("a command that fails after it has looked")

    store.write_together(telling("a"), looking, telling("b"))
    assert seen == ["a", "own"]
    assert keys(page(store)) == (["a", "b"] if raises else ["a", "own", "b"])


def test_what_the_disk_refuses_is_not_told_by_a_later_command(store: OpenStore) -> None:
    def large(tx: Transaction) -> None:
        tx.events.add(HERE, ORIGIN, event("refused"))
        tx.add_garbage(["x" * 100_000], 1)

    with store.place.refusing():
        assert [type(result) for result in store.write_together(large)] == [StoreUnavailable]
    store.write(telling("later"))
    assert keys(page(store)) == ["later"]


def test_dropping_gives_up_the_oldest_also_within_what_was_written_together(store: OpenStore) -> None:
    store.write_together(*(telling(key, at_us=100) for key in "abcd"))
    store.write(telling("e", at_us=200))

    def drop(tx: Transaction, **asked: int) -> int:
        return tx.events.drop(HERE, **{"before_us": 0, "keep": 100, "limit": 100, **asked})  # pyright: ignore

    assert store.write(drop) == 0
    assert store.write(lambda tx: drop(tx, keep=3)) == 2
    assert keys(page(store)) == ["c", "d", "e"]
    assert store.write(lambda tx: drop(tx, before_us=200)) == 2
    assert keys(page(store)) == ["e"]
    assert (backlog(store).events, backlog(store).dropped) == (1, 4)
    assert store.write(lambda tx: tx.events.drop(THERE, before_us=1000, keep=0, limit=10)) == 0


def test_any_course_of_deliveries_leaves_what_a_list_would(store: OpenStore) -> None:
    """Random additions, deliveries, refusals and drops, with reopenings, beside a plain list."""
    seed = random.randrange(2**32)
    print("seed", seed)
    draw = random.Random(seed)
    expected: list[tuple[str, int, int]] = []
    number = 0
    for _ in range(150):
        match draw.randrange(5):
            case 0 | 1:
                told = [[f"{number + each}" for each in range(draw.randrange(1, 4))] for _ in range(draw.randrange(4))]
                told = [[f"{name}-{place}" for name in names] for place, names in enumerate(told)]
                number += 10
                store.write_together(*(telling(*names) for names in told))
                expected += [(name, 0, 0) for names in told for name in names]
            case 2:
                waiting = page(store)
                taken = draw.sample(waiting, draw.randrange(len(waiting) + 1))
                if draw.random() < 0.7:
                    taken = waiting[: len(taken)]
                gone = {stored.event.key for stored in taken}
                ids = [stored.id for stored in taken]
                store.write(lambda tx, ids=ids: tx.events.delivered(HERE, ids))
                expected = [each for each in expected if each[0] not in gone]
            case 3:
                waiting = page(store)
                refused = draw.sample(waiting, min(len(waiting), draw.randrange(3)))
                again = {stored.event.key: draw.randrange(1, 1000) for stored in refused}
                due = [Refusal(stored.id, again[stored.event.key], "no") for stored in refused]
                store.write(lambda tx, due=due: tx.events.refused(HERE, due))
                expected = [
                    (key, again.get(key, due_us), attempts + (key in again)) for key, due_us, attempts in expected
                ]
            case _:
                keep = draw.randrange(40)
                store.write(lambda tx, keep=keep: tx.events.drop(HERE, before_us=0, keep=keep, limit=1000))
                expected = expected[max(0, len(expected) - keep) :]
        if draw.random() < 0.1:
            store.reopen()
        found = page(store)
        assert [(stored.event.key, stored.due_us, stored.attempts) for stored in found] == expected
        counted: list[Any] = [each.events for each in store.reader.events.backlogs()]
        assert sum(counted) == len(expected)


def test_whoever_delivers_hears_of_events_once_they_are_stored_and_of_nothing_else(store: OpenStore) -> None:
    heard: list[int] = []
    store.port.watch_events(lambda: heard.append(len(page(store))))
    store.write(lambda tx: tx.add_garbage(["blob"], 1))
    assert heard == []
    store.write_together(telling("a"), telling("b"), telling("x", destination=THERE))
    assert heard == [2], "once for all of them, when they can be read"
    store.write(lambda tx: tx.events.delivered(HERE, [page(store)[0].id]))
    assert heard == [2]
    store.write(telling("c"))
    assert heard == [2, 2]
