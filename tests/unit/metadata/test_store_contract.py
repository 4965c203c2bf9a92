"""The sentences of the metadata port's contract about commands, groups, reads and refusals."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from tests.support.metadata import OWNER, OpenStore, version

from farshore.metadata.store import Reader, StoreUnavailable, Transaction
from farshore.model.buckets import ConfigurationKind


def create(name: str) -> Callable[[Transaction], int]:
    return lambda tx: tx.create_bucket(name, OWNER, 1).id


def names(store: OpenStore) -> list[str]:
    return [bucket.name for bucket in store.reader.buckets()]


def test_what_a_write_answered_is_there_when_the_store_is_opened_again(store: OpenStore) -> None:
    assert store.write(lambda tx: (tx.create_bucket("a", OWNER, 7).name, 5)) == ("a", 5)
    store.reopen()
    assert names(store) == ["a"]


def test_a_command_sees_every_change_of_the_commands_before_it(store: OpenStore) -> None:
    def command(tx: Transaction) -> list[str]:
        tx.create_bucket(f"b{len(tx.buckets())}", OWNER, 1)
        return [bucket.name for bucket in tx.buckets()]

    results = store.write_together(*[command] * 5)
    assert results == [[f"b{each}" for each in range(number)] for number in range(1, 6)]


def test_concurrent_commands_share_flushes(store: OpenStore) -> None:
    before = store.port.flushes()
    store.write_together(*(create(f"b{number:03}") for number in range(100)))
    assert 1 <= store.port.flushes() - before <= 20
    assert len(names(store)) == 100


def test_a_command_that_changes_nothing_is_answered_without_a_flush(store: OpenStore) -> None:
    before = store.port.flushes()
    assert store.write_together(*[lambda tx: tx.buckets()] * 10) == [[]] * 10
    assert store.port.flushes() == before


def change_then_raise(tx: Transaction) -> None:
    tx.create_bucket("undone", OWNER, 1)
    raise ZeroDivisionError


def raise_at_once(tx: Transaction) -> None:
    raise ZeroDivisionError


def change_then_break_an_invariant(tx: Transaction) -> None:
    tx.create_bucket("undone", OWNER, 1)
    tx.create_bucket("undone", OWNER, 1)


def change_then_stop_iteration(tx: Transaction) -> None:
    tx.create_bucket("undone", OWNER, 1)
    next(iter(()))


RAISING = [
    (raise_at_once, ZeroDivisionError),
    (change_then_raise, ZeroDivisionError),
    (change_then_break_an_invariant, AssertionError),
    (change_then_stop_iteration, RuntimeError),
]


@pytest.mark.parametrize(("raising", "error"), RAISING)
@pytest.mark.parametrize("place_in_group", [0, 2, 4])
def test_a_raising_command_leaves_nothing_and_the_others_of_its_group_stand(
    store: OpenStore, raising: Callable[[Transaction], None], error: type[Exception], place_in_group: int
) -> None:
    commands: list[Callable[[Transaction], object]] = [create(f"b{number}") for number in range(4)]
    commands.insert(place_in_group, raising)
    results = store.write_together(*commands)
    assert isinstance(results.pop(place_in_group), error)
    assert names(store) == ["b0", "b1", "b2", "b3"]
    assert [store.reader.bucket_by_id(result).name for result in results] == names(store)
    store.reopen()
    assert names(store) == ["b0", "b1", "b2", "b3"]


def test_several_raising_commands_of_a_group_each_get_their_own_error(store: OpenStore) -> None:
    def fails_with(error: Exception) -> Callable[[Transaction], None]:
        def command(tx: Transaction) -> None:
            tx.create_bucket("undone", OWNER, 1)
            raise error

        return command

    one, other = ValueError("one"), KeyError("other")
    results = store.write_together(create("a"), fails_with(one), create("b"), fails_with(other), create("c"))
    assert (results[1], results[3]) == (one, other)
    assert names(store) == ["a", "b", "c"]


def test_a_command_that_is_run_again_answers_what_its_last_run_found(store: OpenStore) -> None:
    """The command behind the raising one may not see what that one did, though it ran after it once."""
    seen: list[int] = []

    def look(tx: Transaction) -> int:
        seen.append(len(tx.buckets()))
        return seen[-1]

    results = store.write_together(create("a"), change_then_raise, look, create("b"))
    assert results[2] == seen[-1] == 1


def test_a_caller_that_gives_up_does_not_disturb_the_others(store: OpenStore) -> None:
    async def run() -> None:
        given_up = [asyncio.create_task(store.port.write(create(f"maybe{number}"))) for number in range(3)]
        kept = [asyncio.create_task(store.port.write(create(f"kept{number}"))) for number in range(3)]
        await asyncio.sleep(0)
        for task in given_up:
            task.cancel()
        assert not any(isinstance(result, BaseException) for result in await asyncio.gather(*kept))
        results = await asyncio.gather(*given_up, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)

    store.run(run)
    assert [name for name in names(store) if name.startswith("kept")] == ["kept0", "kept1", "kept2"]
    assert store.write(create("later"))


def test_the_reader_sees_committed_changes_only(store: OpenStore) -> None:
    def command(tx: Transaction) -> None:
        tx.create_bucket("a", OWNER, 1)
        assert tx.bucket("a") is not None
        assert store.reader.bucket("a") is None

    store.write(command)
    assert store.reader.bucket("a") is not None


def test_a_longer_read_sees_one_snapshot_while_writes_go_on(store: OpenStore) -> None:
    looked, written = threading.Event(), threading.Event()

    def query(reader: Reader) -> list[int]:
        before = len(reader.buckets())
        looked.set()
        assert written.wait(60)
        return [before, len(reader.buckets())]

    async def run() -> None:
        reading = asyncio.create_task(store.port.read(query))
        assert await asyncio.to_thread(looked.wait, 60)
        await store.port.write(create("b"))
        assert len(store.reader.buckets()) == 2
        written.set()
        assert await reading == [1, 1]

    store.write(create("a"))
    store.run(run)
    assert store.read(lambda reader: len(reader.buckets())) == 2


def test_longer_reads_run_side_by_side(store: OpenStore) -> None:
    """Each of two queries waits for the other."""
    meeting = threading.Barrier(2, timeout=60)

    async def run() -> None:
        await asyncio.gather(*(store.port.read(lambda _reader: meeting.wait()) for _ in range(2)))

    store.run(run)


def test_an_iterator_goes_on_over_the_snapshot_that_it_began_with(store: OpenStore) -> None:
    bucket = store.bucket()
    store.insert(*(version(bucket, key) for key in "bcd"))
    rows = store.reader.scan_current(bucket, b"", True)
    assert next(rows).key == "b"
    store.insert(version(bucket, "a"), version(bucket, "e"))
    assert [row.key for row in rows] == ["c", "d"]


def test_what_a_query_raises_reaches_its_caller_and_later_reads_go_on(store: OpenStore) -> None:
    def query(reader: Reader) -> None:
        next(reader.scan_current(1, b"", True), None)
        raise ZeroDivisionError

    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            store.read(query)
    assert store.read(lambda reader: reader.buckets()) == []


def test_a_disk_that_refuses_is_unavailable_stores_nothing_and_can_be_used_again(store: OpenStore) -> None:
    bucket = store.bucket()
    large = b"x" * 100_000

    def put(document: bytes) -> Callable[[Transaction], None]:
        return lambda tx: tx.put_configuration(bucket, ConfigurationKind.TAGGING, document)

    store.write(put(b"before"))
    with store.place.refusing():
        results = store.write_together(put(large), put(large), create("with-them"))
        assert [type(result) for result in results] == [StoreUnavailable] * 3
        assert store.reader.configuration(bucket, ConfigurationKind.TAGGING) == b"before"
    assert names(store) == ["bucket"]
    store.write(put(b"after" + large))
    store.reopen()
    assert store.reader.configuration(bucket, ConfigurationKind.TAGGING) == b"after" + large


def test_a_closed_store_finishes_what_it_accepted_and_takes_no_more(store: OpenStore) -> None:
    async def run() -> None:
        accepted = [asyncio.create_task(store.port.write(create(f"b{number}"))) for number in range(5)]
        await asyncio.sleep(0)
        await store.port.close()
        assert len(await asyncio.gather(*accepted)) == 5
        with pytest.raises(StoreUnavailable):
            await store.port.write(create("late"))
        with pytest.raises(StoreUnavailable):
            await store.port.read(lambda reader: reader.buckets())
        await store.port.close()

    store.run(run)
    store.reopen()
    assert names(store) == [f"b{number}" for number in range(5)]


def test_two_stores_of_one_place_see_each_others_changes(store: OpenStore) -> None:
    other = OpenStore(store.place)
    try:
        for number in range(6):
            (store, other)[number % 2].write(create(f"b{number}"))
        assert names(store) == names(other) == [f"b{number}" for number in range(6)]
        assert other.read(lambda reader: len(reader.buckets())) == 6
    finally:
        other.close()
