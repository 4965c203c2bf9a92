"""Last uses: seen at once, written now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.identities import DirectoryForTests, directory_for_tests

from farshore.model.identity import LastUse
from farshore.service.last_uses import GRAIN_US, LastUses


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DirectoryForTests]:
    with directory_for_tests(tmp_path) as made:
        yield made


def test_a_use_is_seen_at_once_and_stored_only_when_it_is_written(store: DirectoryForTests) -> None:
    uses, elsewhere = LastUses(store.directory), LastUses(store.directory)
    generation = store.directory.generation()
    for at_us in range(1, 1000):
        uses.note("AKIA1", at_us, "s3", "eu-west-1")
    assert uses.of("AKIA1") == LastUse(at_us=999, service="s3", region="eu-west-1")
    assert elsewhere.of("AKIA1") is None
    assert store.directory.generation() == generation, "noting writes nothing"
    assert store.run(uses.write()) == 1
    assert elsewhere.of("AKIA1") == uses.of("AKIA1")


def test_a_use_that_is_little_later_than_what_is_stored_is_not_written(store: DirectoryForTests) -> None:
    uses = LastUses(store.directory)
    uses.note("AKIA1", GRAIN_US, "s3", "us-east-1")
    assert store.run(uses.write(grain_us=GRAIN_US)) == 1
    uses.note("AKIA1", 2 * GRAIN_US - 1, "s3", "us-east-1")
    assert store.run(uses.write(grain_us=GRAIN_US)) == 0
    uses.note("AKIA1", 2 * GRAIN_US, "s3", "us-east-1")
    assert store.run(uses.write(grain_us=GRAIN_US)) == 1
    assert store.run(uses.write()) == 0


def test_of_two_processes_the_later_use_counts(store: DirectoryForTests) -> None:
    early, late = LastUses(store.directory), LastUses(store.directory)
    early.note("AKIA1", 5, "iam", "us-east-1")
    late.note("AKIA1", 6, "s3", "us-east-1")
    store.run(late.write())
    store.run(early.write())
    for uses in (early, late):
        assert uses.of("AKIA1") == LastUse(at_us=6, service="s3", region="us-east-1")


def test_at_the_end_everything_is_written(store: DirectoryForTests) -> None:
    async def serve() -> None:
        uses, stop = LastUses(store.directory), asyncio.Event()
        running = asyncio.create_task(uses.run(stop))
        uses.note("AKIA1", 5, "s3", "us-east-1")
        stop.set()
        await running

    store.run(serve())
    assert LastUses(store.directory).of("AKIA1") == LastUse(at_us=5, service="s3", region="us-east-1")
