"""Waiters hear of commits of this process and of others, miss none, and cost nothing when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.service.commit_watch import CommitWatch, TooManyWait

LONG_S = 30.0


def with_stores(folder: Path, test: Callable[[SqliteMetadataStore, SqliteMetadataStore], Awaitable[None]]) -> None:
    """Two openings of one store, as two processes have them."""

    async def run() -> None:
        path = folder / "region.sqlite"
        one, other = (SqliteMetadataStore.open(path, "us-east-1") for _ in range(2))
        try:
            async with asyncio.timeout(60):
                await test(one, other)
        finally:
            await one.close()
            await other.close()

    asyncio.run(run())


async def add_bucket(store: SqliteMetadataStore, name: str) -> None:
    await store.write(lambda tx: tx.create_bucket(name, "111122223333", 1))


async def until_bucket(watch: CommitWatch, store: SqliteMetadataStore, name: str) -> None:
    while True:
        since = watch.wakings
        if store.reader.bucket(name) is not None:
            return
        await watch.changed(since, LONG_S)


@pytest.mark.parametrize("by_other", [False, True])
def test_a_waiter_hears_of_a_commit(tmp_path: Path, by_other: bool) -> None:
    async def test(one: SqliteMetadataStore, other: SqliteMetadataStore) -> None:
        waiting = asyncio.create_task(until_bucket(CommitWatch(one), one, "b"))
        await asyncio.sleep(0)
        await add_bucket(other if by_other else one, "b")
        await waiting

    with_stores(tmp_path, test)


@pytest.mark.parametrize("by_other", [False, True])
def test_no_commit_is_missed_whenever_it_comes(tmp_path: Path, by_other: bool) -> None:
    """Waiters begin at every turn of the loop around a commit; one that missed it would wait for half a minute."""

    async def test(one: SqliteMetadataStore, other: SqliteMetadataStore) -> None:
        watch = CommitWatch(one)
        waiting: list[asyncio.Task[None]] = []
        for number in range(40):
            name = f"bucket-{number}"
            waiting.append(asyncio.create_task(until_bucket(watch, one, name)))
            adding = asyncio.create_task(add_bucket(other if by_other else one, name))
            for _ in range(number % 10):
                await asyncio.sleep(0)
                waiting.append(asyncio.create_task(until_bucket(watch, one, name)))
            await adding
            await asyncio.gather(*waiting)

    with_stores(tmp_path, test)


def test_the_time_is_a_bound_and_so_is_the_number(tmp_path: Path) -> None:
    async def test(one: SqliteMetadataStore, _: SqliteMetadataStore) -> None:
        watch = CommitWatch(one, waiters_max=2)
        since = watch.wakings
        await watch.changed(since, 0)
        waiting = [asyncio.create_task(watch.changed(watch.wakings, 0.2)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyWait):
            await watch.changed(watch.wakings, 1)
        await asyncio.gather(*waiting)

    with_stores(tmp_path, test)


def test_the_end_wakes_all_for_good(tmp_path: Path) -> None:
    async def test(one: SqliteMetadataStore, _: SqliteMetadataStore) -> None:
        watch = CommitWatch(one)
        waiting = [asyncio.create_task(watch.changed(watch.wakings, LONG_S)) for _ in range(3)]
        await asyncio.sleep(0)
        watch.end()
        await asyncio.gather(*waiting)
        await watch.changed(watch.wakings, LONG_S)
        assert watch.ended

    with_stores(tmp_path, test)


def test_nothing_looks_when_nobody_waits(tmp_path: Path) -> None:
    async def test(one: SqliteMetadataStore, _: SqliteMetadataStore) -> None:
        watch = CommitWatch(one)
        before = asyncio.all_tasks()
        waiting = asyncio.create_task(until_bucket(watch, one, "b"))
        await asyncio.sleep(0)
        await add_bucket(one, "b")
        await waiting
        left = asyncio.all_tasks() - before
        await asyncio.gather(*left)
        assert asyncio.all_tasks() == before

    with_stores(tmp_path, test)
