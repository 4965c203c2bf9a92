"""One lane: what it delivers, what it leaves for later, and what holds up what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.bodies import files_under
from tests.support.delivery import only_state, stored
from tests.support.deployment import EAST, WEST
from tests.support.logs import Logs, captured_logs
from tests.support.ways import LARGE, Ways, of_key, of_row, on_ways, streaming

from farshore.metadata.store import StoreUnavailable
from farshore.model.replication import FailureCode, ReplicationStatus
from farshore.replication.lane import LEASE_S, RENEW_S, SETTLED_MAX
from farshore.replication.streams import STREAMS_MAX, STREAMS_WAITING_MAX

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def logs() -> Iterator[Logs]:
    """What is logged: a traceback takes its time to be shown."""
    with captured_logs() as captured:
        yield captured


def test_more_than_one_claim_and_one_settling_can_hold_is_delivered_in_one_run(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        versions = await ways.put(*(f"key-{number:03}" for number in range(4 * SETTLED_MAX + 10)))
        await ways.run()
        assert ways.arrived(*versions)
        assert ways.due_us() is None
        assert ways.lane.rests_until_us == 0

    on_ways(tmp_path, test)


def test_a_destination_that_is_unavailable_rests_longer_and_longer(tmp_path: Path) -> None:
    """What waits for it stays PENDING, says why, and arrives when the destination is back."""

    async def test(ways: Ways) -> None:
        (version,) = await ways.put("key")
        ways.there.unavailable = True
        rests_s: list[float] = []
        for _ in range(8):
            now_us = ways.clock.now_us()
            await ways.run()
            rest_us = ways.lane.rests_until_us - now_us
            assert ways.due_us() == now_us + rest_us, "the only task comes when the rest is over"
            rests_s.append(rest_us / 1e6)
            ways.clock.move(rests_s[-1])
        assert rests_s == [0.75, 1.25, 2.25, 4.25, 8.25, 16.25, 30.25, 30.25]
        assert ways.status(version) is ReplicationStatus.PENDING
        task = await ways.task(version)
        assert (task.attempts, task.last_error) == (9, f"metadata of {WEST}: the disk is gone")
        await ways.deployed.stores[EAST].metadata.write(lambda tx: tx.reschedule_tasks([(task.id, 1, "")]))
        ways.there.unavailable = False
        await ways.run()
        assert ways.arrived(version)

    on_ways(tmp_path, test)


def test_a_success_ends_the_growth_of_the_rests(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        await ways.put("key")
        ways.there.unavailable = True
        for _ in range(3):
            await ways.run()
            ways.clock.move(5)
        ways.there.unavailable = False
        await ways.run()
        await ways.put("other")
        ways.there.unavailable = True
        now_us = ways.clock.now_us()
        await ways.run()
        assert ways.lane.rests_until_us == now_us + 750_000

    on_ways(tmp_path, test)


def test_a_refused_bucket_fails_and_does_not_rest(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        versions = await ways.put("one", "two")
        home = ways.deployed.directory.bucket_home("there")
        assert home is not None
        await ways.deployed.directory.release_bucket(home)
        await ways.run()
        for version in versions:
            state = only_state(stored(ways.deployed, EAST, "source", version.key, version.version_id))
            assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.DST_BUCKET_NOT_FOUND)
        assert ways.due_us() is None
        assert ways.lane.rests_until_us == 0

    on_ways(tmp_path, test)


@pytest.mark.parametrize(
    ("place", "method", "body"),
    [
        ("there", "insert_version", b"body"),
        ("there", "insert_version", LARGE),
        ("source", "versions", b"body"),
        ("source", "versions", LARGE),
        ("source", "set_replications", b"body"),
        ("source", "set_replications", LARGE),
    ],
)
def test_a_defect_in_one_task_holds_up_no_other(tmp_path: Path, place: str, method: str, body: bytes) -> None:
    """Wherever it shows: in what the destination does, or when the source settles what has arrived. It is tried again
    by and by, and says of what kind it is."""

    async def test(ways: Ways) -> None:
        good = await ways.put(*(f"{number}" for number in range(40)))
        (bad,) = await ways.put("bad", body=body)
        good += await ways.put(*(f"{number}" for number in range(40, 80)))
        store = ways.there if place == "there" else ways.source
        store.faults[method] = of_row(bad.row) if method == "set_replications" else of_key("bad")
        await ways.run()
        assert ways.arrived(*good)
        assert ways.status(bad) is ReplicationStatus.PENDING
        assert ways.lane.rests_until_us == 0
        due_us = ways.due_us()
        assert due_us is not None
        assert ways.clock.now_us() < due_us < ways.clock.now_us() + 1_000_000
        more = await ways.put("more")
        await ways.run()
        assert ways.arrived(*more)
        ways.clock.move(1)
        store.faults.clear()
        await ways.run()
        assert ways.arrived(bad)
        assert ways.due_us() is None

    on_ways(tmp_path, test)


def test_a_defect_says_of_what_kind_it_is(tmp_path: Path, logs: Logs) -> None:
    async def test(ways: Ways) -> None:
        (bad,) = await ways.put("bad")
        ways.there.faults["insert_version"] = of_key("bad")
        await ways.run()
        assert (await ways.task(bad)).last_error == "internal error: ZeroDivisionError: a defect"
        (entry,) = logs.entries
        assert (entry["event"], entry["task"].key) == ("replication task failed", "bad")
        assert isinstance(entry["exc_info"], ZeroDivisionError)

    on_ways(tmp_path, test)


def test_a_defect_that_every_task_shows_rests(tmp_path: Path) -> None:
    """Else the whole backlog would be tried in vain, over and over."""

    async def test(ways: Ways) -> None:
        await ways.put("one", "two", "three")
        ways.there.faults["bucket"] = lambda *_: ZeroDivisionError("a defect")
        with pytest.raises(ZeroDivisionError):
            await ways.run()
        ways.lane.crashed()
        assert ways.lane.rests_until_us == ways.clock.now_us() + 750_000
        ways.there.faults = {"insert_version": lambda *_: ZeroDivisionError("a defect")}
        ways.clock.move(0.75)
        await ways.run()
        assert ways.lane.rests_until_us == ways.clock.now_us() + 1_250_000

    on_ways(tmp_path, test)


def test_what_was_claimed_when_the_source_became_unavailable_goes_on_at_once(tmp_path: Path) -> None:
    """It does not wait for its leases to end."""

    async def test(ways: Ways) -> None:
        versions = await ways.put("one", "two")
        ways.source.faults["remove_tasks"] = lambda *_: StoreUnavailable("the disk is gone")
        with pytest.raises(StoreUnavailable):
            await ways.run()
        assert not ways.arrived(*versions)
        due_us = ways.due_us()
        assert due_us is not None
        assert due_us > ways.clock.now_us() + 50_000_000
        assert ways.lane.due_us(due_us) == 0
        ways.source.faults.clear()
        await ways.run()
        assert ways.arrived(*versions)
        assert ways.due_us() is None
        assert ways.lane.due_us(7) == 7

    on_ways(tmp_path, test)


def test_a_source_that_becomes_unavailable_while_it_streams_ends_the_run(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        (version,) = await ways.put("large", body=LARGE)
        ways.source.faults["remove_tasks"] = lambda *_: StoreUnavailable("the disk is gone")
        with pytest.raises(StoreUnavailable):
            await ways.run()
        ways.source.faults.clear()
        await ways.run()
        assert ways.arrived(version)
        assert len(files_under(ways.deployed.blob_folder(WEST))) == 1, "it was not streamed again"

    on_ways(tmp_path, test)


def test_lost_bytes_of_the_source_end_failed(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        lost, good = await ways.put("lost", "good", body=LARGE)
        assert lost.blob is not None
        await ways.deployed.stores[EAST].blobs.delete([lost.blob])
        await ways.run()
        assert ways.status(lost) is ReplicationStatus.FAILED
        assert ways.arrived(good)

    on_ways(tmp_path, test)


def test_small_changes_go_on_while_versions_are_streamed(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        async with streaming(ways, *(f"large-{number}" for number in range(STREAMS_MAX + 2))) as large:
            small = await ways.put("small")
            ways.lane.wake()
            await ways.source.until(lambda: ways.arrived(*small))
            assert not any(map(ways.replica, large))
        assert ways.arrived(*large)

    on_ways(tmp_path, test)


def test_a_rest_ends_while_versions_are_streamed(tmp_path: Path) -> None:
    """Small changes do not wait for the end of what is streamed when the destination is back."""

    async def test(ways: Ways) -> None:
        async with streaming(ways, "large"):
            ways.there.unavailable = True
            (small,) = await ways.put("small")
            ways.lane.wake()
            await ways.source.until(lambda: ways.lane.rests_until_us and ways.due_us() == ways.lane.rests_until_us)
            ways.there.unavailable = False
            ways.clock.move(0.75)
            await ways.source.until(lambda: ways.arrived(small))

    on_ways(tmp_path, test)


def test_versions_that_fail_together_rest_as_one_that_fails(tmp_path: Path) -> None:
    """They tell of the same trouble: the next try comes as soon."""

    async def test(ways: Ways) -> None:
        large = await ways.put(*(f"large-{number}" for number in range(STREAMS_MAX + 2)), body=LARGE)
        go_on = asyncio.Event()
        waiting = ways.hold_streams(until=go_on)
        running = asyncio.create_task(ways.run())
        await waiting.wait()
        ways.blobs.fails = {"write 0"}
        go_on.set()
        await ways.source.until(lambda: ways.lane.rests_until_us)
        await running
        assert ways.lane.rests_until_us == ways.clock.now_us() + 750_000
        ways.blobs.fails = set()
        for _ in range(2):
            ways.clock.move(1)
            await ways.run()
        assert ways.arrived(*large)

    on_ways(tmp_path, test)


def test_leases_of_what_is_streamed_for_long_are_renewed(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        async with streaming(ways, "large") as large:
            for _ in range(5):
                ways.clock.move(RENEW_S)
                until_us = ways.clock.now_us() + int(LEASE_S * 1e6)
                await ways.source.until(lambda until_us=until_us: ways.due_us() == until_us)
        assert ways.arrived(*large)

    on_ways(tmp_path, test)


def test_a_lease_that_could_not_be_renewed_is_renewed_later(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        asked = asyncio.Event()

        async def before() -> None:
            asked.set()

        async with streaming(ways, "large") as large:
            ways.source.before_write, ways.source.unavailable = before, True
            ways.clock.move(RENEW_S)
            await asked.wait()
            ways.source.unavailable = False
            ways.clock.move(RENEW_S)
            until_us = ways.clock.now_us() + int(LEASE_S * 1e6)
            await ways.source.until(lambda: ways.due_us() == until_us)
        assert ways.arrived(*large)

    on_ways(tmp_path, test)


def test_a_defect_in_renewing_ends_the_run(tmp_path: Path) -> None:
    """Else leases would end unnoticed."""

    async def test(ways: Ways) -> None:
        asked = asyncio.Event()

        def defect(*_: object) -> Exception:
            asked.set()
            return ZeroDivisionError("a defect")

        ways.source.faults["renew_tasks"] = defect
        with pytest.raises(ZeroDivisionError):
            async with streaming(ways, "large") as large:
                ways.clock.move(RENEW_S)
                await asked.wait()
        assert ways.arrived(*large)

    on_ways(tmp_path, test)


@pytest.mark.parametrize("count", [1, STREAMS_MAX + 1, STREAMS_WAITING_MAX + 3])
def test_told_to_stop_it_leaves_what_is_streamed_to_be_claimed_again(tmp_path: Path, count: int) -> None:
    """It does not wait for the bytes, and leaves none behind."""

    async def test(ways: Ways) -> None:
        waiting = ways.hold_streams(until=asyncio.Event())
        large = await ways.put(*(f"large-{number}" for number in range(count)), body=LARGE)
        running = asyncio.create_task(ways.run())
        await waiting.wait()
        ways.stop.set()
        await running
        assert files_under(ways.deployed.blob_folder(WEST)) == []
        assert all(ways.status(each) is ReplicationStatus.PENDING for each in large)
        ways.blobs.before = None
        again = Ways(ways.deployed)
        ways.clock.move(LEASE_S)
        await again.run()
        assert ways.arrived(*large)

    on_ways(tmp_path, test)


def test_told_to_stop_it_settles_what_it_is_delivering(tmp_path: Path) -> None:
    async def test(ways: Ways) -> None:
        versions = await ways.put("one", "two")

        async def stop() -> None:
            ways.stop.set()

        ways.there.before_write = stop
        await ways.run()
        assert ways.arrived(*versions)
        more = await ways.put("more")
        await ways.run()
        assert not ways.arrived(*more)

    on_ways(tmp_path, test)


def test_a_version_changed_while_it_is_streamed_goes_again(tmp_path: Path) -> None:
    """What was delivered is not the latest, so it is not settled: the replica has the new tags in the end."""

    async def test(ways: Ways) -> None:
        async with streaming(ways, "large") as (large,):
            names = {"Bucket": "source", "Key": "large", "VersionId": large.version_id}
            tagging = {"TagSet": [{"Key": "a", "Value": "b"}]}
            await ways.deployed.s3("PutObjectTagging", **names, Tagging=tagging)
        assert ways.arrived(large)
        replica = ways.replica(large)
        assert replica is not None
        assert replica.tags == {"a": "b"}
        assert len(files_under(ways.deployed.blob_folder(WEST))) == 1

    on_ways(tmp_path, test)


def test_bytes_that_are_damaged_at_the_source_do_not_travel(tmp_path: Path) -> None:
    """Those kept beside their version, and those in blobs."""

    async def test(ways: Ways) -> None:
        bodies = {"small": b"body", "gone": b"body", "large": LARGE, "sound": b"body"}
        (small,), (gone,), (large,), (sound,) = [await ways.put(key, body=body) for key, body in bodies.items()]
        store = ways.deployed.stores[EAST].metadata
        await store.write(lambda tx: tx._run("UPDATE payload SET body = ? WHERE row = ?", (b"lost", small.row)))
        await store.write(lambda tx: tx._run("DELETE FROM payload WHERE row = ?", (gone.row,)))
        (blob,) = large.blobs
        (file,) = (path for path in files_under(ways.deployed.blob_folder(EAST)) if path.name == blob)
        file.write_bytes(bytes(len(LARGE)))
        await ways.run()
        for version in (small, gone, large):
            state = only_state(stored(ways.deployed, EAST, "source", version.key, version.version_id))
            assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.SRC_OBJECT_NOT_FOUND)
            assert "damaged" in state.detail
            assert ways.replica(version) is None
        assert ways.arrived(sound)

    on_ways(tmp_path, test)


def test_what_a_jump_of_the_clock_frees_is_not_claimed_twice(tmp_path: Path) -> None:
    """A machine that slept, or a clock that was set: leases end of what is still being streamed."""

    async def test(ways: Ways) -> None:
        streaming, go_on = asyncio.Event(), asyncio.Event()
        begun: list[str] = []

        async def before(step: str, _data: object) -> None:
            if step == "write 0":
                begun.append(step)
                streaming.set()
                await go_on.wait()

        ways.blobs.before = before
        (large,) = await ways.put("large", body=LARGE)
        running = asyncio.create_task(ways.run())
        await streaming.wait()
        ways.clock._now_us += int((LEASE_S + 10) * 1e6)
        (small,) = await ways.put("small")
        ways.lane.wake()
        await ways.source.until(lambda: ways.arrived(small))
        go_on.set()
        await running
        assert ways.arrived(large, small)
        assert len(begun) == 1

    on_ways(tmp_path, test)
