"""The worker: what wakes it, what it starts with, and that nothing of one lane stops another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.bodies import files_under
from tests.support.delivery import put_rule
from tests.support.deployment import EAST, ROLE, WEST, Deployed
from tests.support.logs import Logs, captured_logs
from tests.support.ways import LARGE, Ways, on_ways

from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus
from farshore.replication.lane import LEASE_S
from farshore.replication.worker import LOOK_EVERY_S, UNAVAILABLE_S, ReplicationWorker

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def logs() -> Iterator[Logs]:
    """What is logged: a traceback takes its time to be shown."""
    with captured_logs() as captured:
        yield captured


class Working:
    """A worker that runs beside a test."""

    def __init__(self, ways: Ways, **more: Any) -> None:
        self.ways = ways
        self.worker = ReplicationWorker(ways.deployment, jitter=lambda: 0.5, **more)
        self.stop = asyncio.Event()
        self.running = asyncio.create_task(self.worker.run(self.stop))

    async def put(self, key: str = "key", body: bytes = b"body", *, ring: bool = True) -> Version:
        (version,) = await self.ways.put(key, body=body)
        if ring:
            self.worker.ring(EAST)
        return version

    async def arrives(self, *versions: Version) -> None:
        await self.ways.source.until(lambda: self.ways.arrived(*versions))

    async def idle(self) -> None:
        """Deliver something, and wait until the worker has nothing to do."""
        await self.arrives(await self.put("first"))
        lanes = self.worker._regions[EAST]
        while lanes._running:
            await asyncio.wait(list(lanes._running.values()))
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.stop.set()
        await self.running


def working(folder: Path, test: Callable[[Working], Awaitable[None]], *, before: Any = None, **more: Any) -> None:
    """before: awaited with the ways, ahead of the worker's start. more: for the worker."""

    async def run(ways: Ways) -> None:
        if before is not None:
            await before(ways)
        work = Working(ways, **more)
        try:
            await test(work)
        finally:
            await work.end()

    on_ways(folder, run)


def test_a_ring_wakes_it(tmp_path: Path) -> None:
    """Without any time passing."""

    async def test(work: Working) -> None:
        await work.idle()
        await work.arrives(await work.put())

    working(tmp_path, test)


def test_a_ring_costs_by_what_is_new_and_not_by_all_lanes(tmp_path: Path) -> None:
    """All are looked at now and then, in a thread."""

    async def test(work: Working) -> None:
        await work.idle()
        work.ways.source.faults["due_lanes"] = lambda: AssertionError("it looks at all lanes")
        for key in ("one", "two"):
            await work.arrives(await work.put(key))

    working(tmp_path, test)


def test_lanes_beyond_the_bound_wait_for_their_turn(tmp_path: Path) -> None:
    async def test(work: Working) -> None:
        ways = work.ways
        home = await with_second_destination(ways.deployed)
        go_on = asyncio.Event()
        waiting = ways.hold_streams(until=go_on)
        large = await work.put("large", LARGE)
        await waiting.wait()
        small = await work.put("small")
        await ways.source.until(lambda: states(ways, small)["there"] == "COMPLETED")
        assert states(ways, large)["there"] == states(ways, small)[home] == "PENDING"
        go_on.set()
        for version in (large, small):
            await ways.source.until(lambda version=version: set(states(ways, version).values()) == {"COMPLETED"})

    working(tmp_path, test, lanes_max=1)


def test_a_ring_for_another_region_is_nobody_s_business(tmp_path: Path) -> None:
    async def test(work: Working) -> None:
        work.worker.ring("eu-central-1")
        await work.arrives(await work.put())

    working(tmp_path, test)


def test_a_lost_ring_is_made_good_by_looking_now_and_then(tmp_path: Path) -> None:
    async def test(work: Working) -> None:
        await work.idle()
        version = await work.put(ring=False)
        assert not work.ways.arrived(version)
        work.ways.clock.move(LOOK_EVERY_S)
        await work.arrives(version)

    working(tmp_path, test)


def test_what_waits_comes_when_it_is_due(tmp_path: Path) -> None:
    """Not before; and later than the next look, which is every few seconds."""

    async def test(work: Working) -> None:
        ways = work.ways
        await work.idle()
        ways.there.unavailable = True
        version = await work.put()
        due: list[int] = []
        for rest_s in (0.75, 1.25, 2.25, 4.25, 8.25):
            due_us = ways.clock.now_us() + int(rest_s * 1e6)
            await ways.source.until(lambda due_us=due_us: ways.due_us() == due_us)
            due.append(due_us)
            if rest_s == 8.25:
                ways.there.unavailable = False
            ways.clock.move(rest_s)
        await work.arrives(version)

    working(tmp_path, test)


def test_what_a_dead_worker_had_claimed_is_delivered_at_the_start(tmp_path: Path) -> None:
    """Without waiting for the end of its leases; and what waits after trouble is tried again, too."""
    versions: list[Version] = []

    async def before(ways: Ways) -> None:
        versions.extend(await ways.put("one", "two", "three"))
        now_us = ways.clock.now_us()
        lease_us = now_us + int(LEASE_S * 1e6)

        def claim(tx: Any) -> None:
            tasks = tx.claim_tasks(bucket_id=1, destination="there", now_us=now_us, lease_until_us=lease_us, limit=10)
            assert len(tasks) == 3
            tx.reschedule_tasks([(tasks[0].id, lease_us, "trouble")])

        await ways.deployed.stores[EAST].metadata.write(claim)

    async def test(work: Working) -> None:
        await work.arrives(*versions)

    working(tmp_path, test, before=before)


def test_claims_that_cannot_be_released_stand_until_they_end(tmp_path: Path, logs: Logs) -> None:
    versions: list[Version] = []

    async def before(ways: Ways) -> None:
        versions.extend(await ways.put("one"))
        now_us = ways.clock.now_us()
        lease_us = now_us + int(LEASE_S * 1e6)
        await ways.deployed.stores[EAST].metadata.write(
            lambda tx: tx.claim_tasks(
                bucket_id=1, destination="there", now_us=now_us, lease_until_us=lease_us, limit=10
            )
        )
        ways.source.unavailable = True

    async def test(work: Working) -> None:
        await logs.seen("claims of an earlier run stand until they end")
        work.ways.source.unavailable = False
        work.ways.clock.move(UNAVAILABLE_S)
        await work.arrives(await work.put("two"))
        assert not work.ways.arrived(*versions)
        work.ways.clock.move(LEASE_S)
        await work.arrives(*versions)

    working(tmp_path, test, before=before)


def test_an_unavailable_destination_stops_no_other(tmp_path: Path) -> None:
    """Nor does one in which a defect shows."""

    async def test(work: Working) -> None:
        ways = work.ways
        home = await with_second_destination(ways.deployed)
        ways.there.unavailable = True
        version = await work.put()
        await ways.source.until(lambda: states(ways, version) == {home: "COMPLETED", "there": "PENDING"})
        ways.there.unavailable = False
        ways.there.faults["bucket"] = lambda *_: ZeroDivisionError("a defect")
        ways.clock.move(1)
        other = await work.put("other")
        await ways.source.until(lambda: states(ways, other) == {home: "COMPLETED", "there": "PENDING"})
        ways.there.faults.clear()
        ways.clock.move(LEASE_S)
        await ways.source.until(lambda: set(states(ways, other).values()) == {"COMPLETED"})

    working(tmp_path, test)


def test_a_defect_in_a_lane_is_logged_and_rests_that_lane(tmp_path: Path, logs: Logs) -> None:
    async def test(work: Working) -> None:
        ways = work.ways
        await work.idle()
        ways.there.faults["bucket"] = lambda *_: ZeroDivisionError("a defect")
        version = await work.put()
        await logs.seen("replication lane failed")
        assert not ways.arrived(version)
        ways.there.faults.clear()
        ways.clock.move(0.75)
        await work.arrives(version)

    working(tmp_path, test)


def test_a_store_that_cannot_be_read_is_looked_at_again(tmp_path: Path, logs: Logs) -> None:
    async def test(work: Working) -> None:
        ways = work.ways
        await work.idle()
        version = await work.put(ring=False)
        ways.source.unavailable = True
        work.worker.ring(EAST)
        await logs.seen("replication cannot read its tasks")
        ways.source.unavailable = False
        ways.clock.move(UNAVAILABLE_S)
        await work.arrives(version)

    working(tmp_path, test)


def test_every_region_is_worked_for(tmp_path: Path) -> None:
    async def test(work: Working) -> None:
        ways = work.ways
        await put_rule(ways.deployed, "there", "source", region=WEST)
        version_id = await ways.deployed.put("there", "back", region=WEST)
        work.worker.ring(WEST)
        reader = ways.deployed.stores[WEST].metadata.reader

        def status() -> Any:
            found = reader.version(ways.there_id, "back", version_id)
            return found is not None and found.replication_status

        await ways.there.until(lambda: status() is ReplicationStatus.COMPLETED)

    working(tmp_path, test)


def test_told_to_stop_it_ends_though_a_version_is_being_streamed(tmp_path: Path) -> None:
    async def test(work: Working) -> None:
        waiting = work.ways.hold_streams(until=asyncio.Event())
        version = await work.put(body=LARGE)
        await waiting.wait()
        await work.end()
        assert work.ways.status(version) is ReplicationStatus.PENDING
        assert files_under(work.ways.deployed.blob_folder(WEST)) == []

    working(tmp_path, test)


async def with_second_destination(deployed: Deployed) -> str:
    """A rule more, to another bucket of the source's own region."""

    await deployed.bucket("home", EAST)
    rules = [
        {
            "ID": f"to-{name}",
            "Status": "Enabled",
            "Priority": priority,
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{name}"},
        }
        for priority, name in enumerate(("there", "home"))
    ]
    configuration = {"Role": ROLE, "Rules": rules}
    await deployed.s3("PutBucketReplication", Bucket="source", ReplicationConfiguration=configuration)
    return "home"


def states(ways: Ways, version: Version) -> dict[str, str]:
    found = ways.deployed.stores[EAST].metadata.reader.version(1, version.key, version.version_id)
    assert found is not None
    return {state.bucket: state.status.value for state in found.destinations}
