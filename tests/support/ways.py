"""From a bucket in one region to a bucket in another, over stores that fail when told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus, ReplicationTask
from farshore.replication.lane import Lane
from farshore.replication.replicate import Replicator
from farshore.service.deployment import Region
from tests.support.bodies import FaultyBlobs
from tests.support.delivery import find, only_state, put_rule, stored
from tests.support.deployment import EAST, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata

LARGE = b"large" * 100_000
"""Kept as a blob, and so streamed."""


class Ways:
    """A source in the east and a destination in the west, both with stores that fail when told to; one lane."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.clock = deployed.clock
        stores = deployed.stores
        self.source, self.there = (FaultyMetadata(stores[name].metadata) for name in (EAST, WEST))
        self.blobs = FaultyBlobs(stores[WEST].blobs)
        regions = {
            EAST: Region(EAST, self.source, stores[EAST].blobs),
            WEST: Region(WEST, self.there, self.blobs),
        }
        self.deployment = deployed.deployment_of(regions)
        self.stop = asyncio.Event()
        self.lane = Lane(Replicator(self.deployment), regions[EAST], 1, "there", clock=self.clock, random=lambda: 0.5)

    async def prepare(self) -> None:
        assert await self.deployed.bucket("source", EAST) == 1
        self.there_id = await self.deployed.bucket("there", WEST)
        await put_rule(self.deployed, "source", "there")

    async def put(self, *keys: str, body: bytes = b"body") -> list[Version]:
        return [
            stored(self.deployed, EAST, "source", key, await self.deployed.put("source", key, body)) for key in keys
        ]

    async def run(self) -> None:
        await self.lane.run(self.stop)

    def status(self, version: Version) -> ReplicationStatus:
        return only_state(stored(self.deployed, EAST, "source", version.key, version.version_id)).status

    def arrived(self, *versions: Version) -> bool:
        return all(self.status(each) is ReplicationStatus.COMPLETED for each in versions)

    def replica(self, version: Version) -> Version | None:
        return find(self.deployed, WEST, "there", version.key, version.version_id)

    def due_us(self) -> int | None:
        """When the lane's next task is due; None when it has none."""
        return next((due.due_us for due in self.deployed.stores[EAST].metadata.reader.due_lanes()), None)

    async def task(self, version: Version) -> ReplicationTask:
        """The task of a version, as it waits: claimed, and so changed."""
        assert self.due_us() is not None

        def command(tx: Any) -> Any:
            tasks = tx.claim_tasks(bucket_id=1, destination="there", now_us=2**62, lease_until_us=2**62, limit=1000)
            return next(task for task in tasks if (task.key, task.version_id) == (version.key, version.version_id))

        return await self.deployed.stores[EAST].metadata.write(command)

    def hold_streams(self, *, until: asyncio.Event) -> asyncio.Event:
        """Let what is streamed wait before its bytes are written; the event is set when one waits."""
        waiting = asyncio.Event()

        async def before(step: str, _data: Any) -> None:
            if step.startswith("write"):
                waiting.set()
                await until.wait()

        self.blobs.before = before
        return waiting


@asynccontextmanager
async def streaming(ways: Ways, *keys: str) -> AsyncGenerator[list[Version]]:
    """While the lane streams large versions of these keys, none of which gets further; at the end they arrive."""
    go_on = asyncio.Event()
    waiting = ways.hold_streams(until=go_on)
    large = await ways.put(*keys, body=LARGE)
    running = asyncio.create_task(ways.run())
    await waiting.wait()
    try:
        yield large
    finally:
        go_on.set()
        await running


def on_ways(folder: Path, test: Callable[[Ways], Awaitable[None]]) -> None:
    async def run(deployed: Deployed) -> None:
        ways = Ways(deployed)
        await ways.prepare()
        await test(ways)

    in_deployment(folder, run)


def of_row(row: int) -> Callable[..., Exception | None]:
    """A defect that shows where the status of this row is among those that are set."""

    def fault(changes: Sequence[tuple[int, Any, Any]]) -> Exception | None:
        return ZeroDivisionError("a defect") if row in [change[0] for change in changes] else None

    return fault


def of_key(key: str) -> Callable[..., Exception | None]:
    """A defect that shows where a version of this key is given, or named, also among others."""

    def shows(given: Any) -> bool:
        if isinstance(given, list | tuple):
            return any(shows(each) for each in given)  # pyright: ignore[reportUnknownVariableType]
        return given == key or (isinstance(given, Version) and given.key == key)

    def fault(*args: Any, **_: Any) -> Exception | None:
        return ZeroDivisionError("a defect") if shows(args) else None

    return fault
