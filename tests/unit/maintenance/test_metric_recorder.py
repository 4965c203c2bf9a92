"""Replication metrics, from changes of the store to CloudWatch's points, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.delivery import METERED, deliver, put_rule
from tests.support.deployment import EAST, START_US, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata

from farshore.maintenance.metric_recorder import MetricRecorder
from farshore.metadata.store import Transaction
from farshore.model.metrics import MetricName, Point, Route
from farshore.model.replication import FailureCode, ReplicationTask, TaskKind
from farshore.semantics.metric_points import DAY_S

START_S = START_US // 1_000_000
FAILED, LATENCY = MetricName.OPERATIONS_FAILED, MetricName.LATENCY
PENDING, BYTES = MetricName.OPERATIONS_PENDING, MetricName.BYTES_PENDING


class Measured:
    """A metered route from `source` (us-east-1) to `there` (us-west-2), and its recorder."""

    def __init__(self, deployed: Deployed, source: int) -> None:
        self.deployed = deployed
        self.route = Route(source, "there", "rule")
        self.store = deployed.stores[EAST]
        self.recorder = MetricRecorder(deployed.deployment, self.store)

    @classmethod
    async def make(cls, deployed: Deployed, *, metered: bool = True) -> Measured:
        source = await deployed.bucket("source")
        await deployed.bucket("there", WEST)
        await put_rule(deployed, "source", "there", ID="rule", Destination=METERED if metered else {})
        made = cls(deployed, source)
        await made.recorder.record()
        return made

    async def next_minute(self) -> None:
        self.deployed.clock.move_to((self.deployed.clock.now_us() // 60_000_000 + 1) * 60_000_000)
        await self.recorder.record()

    def points(self, name: MetricName) -> list[tuple[int, float]]:
        """(minutes after the start, maximum), or of failures the sum."""
        # Each request comes a microsecond after the one before.
        return [
            ((point.at_s - START_S) // 60, point.total if name is FAILED else round(point.maximum, 3))
            for point in self.all_points(name)
        ]

    def all_points(self, name: MetricName) -> Sequence[Point]:
        metrics = self.store.metadata.reader.metrics
        found = [each for each in metrics.series() if each.route == self.route and each.name is name]
        return [point for series in found for point in metrics.points(series.id, 0, 2**40)]


def test_a_minute_says_the_most_that_waited_in_it_and_how_late_it_was(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        await deployed.put("source", "a", b"x" * 10)
        deployed.clock.move(5)
        await deployed.put("source", "b", b"x" * 20)
        deployed.clock.move(10)
        await deliver(deployed)
        await measured.next_minute()
        await measured.next_minute()
        assert measured.points(PENDING) == [(0, 2), (1, 0)]
        assert measured.points(BYTES) == [(0, 30), (1, 0)]
        assert measured.points(LATENCY) == [(0, 15), (1, 0)]
        assert measured.points(FAILED) == [(0, 0)], "published only where something was replicated"
        (point,) = measured.all_points(FAILED)
        assert point.samples == 2

    in_deployment(tmp_path, test)


def test_what_still_waits_counts_in_every_minute_with_its_age_so_far(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        deployed.clock.move(20)
        await deployed.put("source", "a")
        for _ in range(3):
            await measured.next_minute()
        assert measured.points(PENDING) == [(0, 1), (1, 1), (2, 1)]
        assert measured.points(LATENCY) == [(0, 40), (1, 100), (2, 160)]
        assert measured.points(FAILED) == []

    in_deployment(tmp_path, test)


def test_failures_are_a_share_of_all_operations(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        await deployed.put("source", "arrives")
        await deliver(deployed)
        suspended = {"Status": "Suspended"}
        await deployed.s3("PutBucketVersioning", Bucket="there", region=WEST, VersioningConfiguration=suspended)
        for number in range(3):
            await deployed.put("source", f"fails-{number}")
        await deliver(deployed)
        await measured.next_minute()
        (point,) = measured.all_points(FAILED)
        assert (point.total, point.samples, point.minimum, point.maximum) == (3, 4, 0, 1)
        tally = measured.store.metadata.reader.metrics.account(measured.route).tally
        assert tally.failed == {FailureCode.DST_BUCKET_UNVERSIONED: 3}
        assert tally.completed == 1
        assert sum(tally.latencies) == 1

    in_deployment(tmp_path, test)


def test_a_destination_that_is_deleted_ends_all_metrics_but_failures(tmp_path: Path) -> None:
    """S3 User Guide, "Monitoring progress with replication metrics"."""

    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        await deployed.s3("DeleteBucket", Bucket="there", region=WEST)
        await deployed.put("source", "a")
        await deliver(deployed)
        await measured.next_minute()
        assert measured.points(PENDING) == measured.points(BYTES) == measured.points(LATENCY) == []
        assert measured.points(FAILED) == [(0, 1)]

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("change", ["deleted", "replaced", "disabled", "unmeasured"])
def test_what_was_counted_in_a_minute_stays_when_the_rule_ceases_to_be_measured_in_it(
    tmp_path: Path, change: str
) -> None:
    """What comes of its operations later in that minute is not counted any more."""

    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        await deployed.put("source", "arrives", b"x" * 10)
        deployed.clock.move(5)
        await deliver(deployed)
        await deployed.put("source", "waits", b"x" * 20)
        match change:
            case "deleted":
                await deployed.s3("DeleteBucketReplication", Bucket="source")
            case "replaced":
                await put_rule(deployed, "source", "there", ID="another", Destination=METERED)
            case "disabled":
                await put_rule(deployed, "source", "there", ID="rule", Status="Disabled", Destination=METERED)
            case _:
                await put_rule(deployed, "source", "there", ID="rule", Destination={})
        deployed.clock.move(1)
        await deliver(deployed)
        for _ in range(2):
            assert measured.points(FAILED) == [(0, 0)]
            (point,) = measured.all_points(FAILED)
            assert point.samples == 1
            assert measured.points(BYTES) == [(0, 20)]
            assert measured.points(LATENCY) == [(0, 5)]
            await measured.next_minute()

    in_deployment(tmp_path, test)


def test_what_was_counted_before_a_rule_was_measured_is_in_no_point(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed, metered=False)
        await deployed.put("source", "before")
        deployed.clock.move(5)
        await deliver(deployed)
        await put_rule(deployed, "source", "there", ID="rule", Destination=METERED)
        await deployed.put("source", "after")
        await deliver(deployed)
        await measured.next_minute()
        (point,) = measured.all_points(FAILED)
        assert point.samples == 1
        assert measured.points(LATENCY) == [(0, 0)]

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("metered", [False, True])
def test_only_rules_with_metrics_have_points(tmp_path: Path, metered: bool) -> None:
    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed, metered=metered)
        await deployed.put("source", "a")
        await deliver(deployed)
        await measured.next_minute()
        assert bool(measured.store.metadata.reader.metrics.series()) is metered
        assert measured.store.metadata.reader.metrics.account(measured.route).tally.completed == 1

    in_deployment(tmp_path, test)


def test_minutes_without_a_server_have_no_points_and_the_minute_of_a_crash_is_kept(tmp_path: Path) -> None:
    async def before(deployed: Deployed) -> None:
        await Measured.make(deployed)
        await deployed.put("source", "a")

    async def after(deployed: Deployed) -> None:
        deployed.clock.move(3600)
        bucket = deployed.stores[EAST].metadata.reader.bucket("source")
        assert bucket is not None
        measured = Measured(deployed, bucket.id)
        await measured.recorder.record()
        await measured.next_minute()
        assert measured.points(PENDING) == [(0, 1), (60, 1)]
        assert measured.points(LATENCY) == [(0, 60), (60, 3660)]

    in_deployment(tmp_path, before)
    in_deployment(tmp_path, after)


def test_a_minute_that_is_closed_twice_counts_once(tmp_path: Path) -> None:
    """A crash between two routes leaves the minute under way: it is closed again for all of them."""

    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        await deployed.put("source", "a")
        await deliver(deployed)
        await measured.next_minute()
        first = {name: measured.all_points(name) for name in MetricName}
        await deployed.write(lambda tx: tx.metrics.begin_minute(START_S))
        await measured.recorder.record()
        again = {name: measured.all_points(name) for name in MetricName}
        assert again == first

    in_deployment(tmp_path, test)


def test_what_waits_is_counted_right_after_any_changes(tmp_path: Path) -> None:
    """The count of what waits is that of the tasks, after random changes, and after commands that fail."""
    seed = random.randrange(2**32)
    print("seed", seed)
    draw = random.Random(seed)

    async def test(deployed: Deployed) -> None:
        store = deployed.stores[EAST].metadata
        number = 0
        for _ in range(200):
            added = [task(number + each, draw) for each in range(draw.randrange(4))]
            number += len(added)
            waiting = store.reader.pending_tasks(0, 10_000)
            removed = [each.id for each in draw.sample(waiting, min(len(waiting), draw.randrange(4)))]
            breaks = draw.random() < 0.2

            def change(tx: Transaction, added=added, removed=removed, breaks=breaks) -> None:
                tx.add_tasks(added)
                tx.remove_tasks(removed)
                if breaks:
                    raise KeyError("a command that fails")

            results = await asyncio.gather(store.write(change), return_exceptions=True)
            assert isinstance(results[0], KeyError) is breaks
        expected: dict[Any, tuple[int, int, int]] = {}
        for each in store.reader.pending_tasks(0, 10_000):
            key = (each.bucket_id, each.destination, each.rule_id)
            count, size, oldest = expected.get(key, (0, 0, 2**62))
            expected[key] = (count + 1, size + each.size, min(oldest, each.enqueued_us))
        found = {
            (each.route.bucket_id, each.route.destination, each.route.rule_id): (
                each.operations,
                each.bytes,
                each.oldest_us,
            )
            for each in store.reader.metrics.pending()
            if each.operations
        }
        assert found == expected
        lanes = {(lane.bucket_id, lane.destination): lane.tasks for lane in store.reader.lanes()}
        assert sum(lanes.values()) == sum(count for count, _, _ in expected.values())

    in_deployment(tmp_path, test)


def task(number: int, draw: random.Random) -> ReplicationTask:
    return ReplicationTask(
        bucket_id=draw.randrange(2),
        key=f"k{number}",
        version_id="v",
        destination=draw.choice(("a", "b")),
        kind=TaskKind.OBJECT,
        enqueued_us=draw.randrange(1000),
        due_us=0,
        size=draw.randrange(100),
        rule_id=draw.choice(("one", "two")),
    )


def test_old_points_become_longer_ones_and_then_go(tmp_path: Path) -> None:
    """1 minute for 15 days, 5 minutes for 63, 1 hour for 455: nothing is lost of the sums on the way."""

    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        store = measured.store.metadata
        ages_days = (1, 20, 100, 500)

        def fill(tx: Transaction) -> None:
            series_id = tx.metrics.series_id(measured.route, PENDING, WEST)
            for days in ages_days:
                at_s = (START_S - days * DAY_S) // 3600 * 3600
                for minute in range(120):
                    tx.metrics.add_point(series_id, Point(at_s + minute * 60, 60, 1, minute, minute, minute))

        await store.write(fill)
        await measured.recorder.thin(START_S)
        await measured.recorder.thin(START_S)
        found: dict[int, list[Point]] = {}
        for point in measured.all_points(PENDING):
            found.setdefault(point.period_s, []).append(point)
        assert {period_s: len(points) for period_s, points in found.items()} == {60: 120, 300: 24, 3600: 2}
        for points in found.values():
            assert sum(point.samples for point in points) == 120
            assert sum(point.total for point in points) == sum(range(120))
            assert (min(point.minimum for point in points), max(point.maximum for point in points)) == (0, 119)

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("comes_back", [True, False])
def test_what_is_counted_of_a_rule_goes_with_it_unless_it_is_back(tmp_path: Path, comes_back: bool) -> None:
    """It is put again, and replicates, after the routes without a rule were looked up and before they are forgotten."""

    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        await deployed.put("source", "before")
        await deliver(deployed)
        await deployed.s3("DeleteBucketReplication", Bucket="source")
        # Without series to thin, the first write is the one that forgets.
        await deployed.write(lambda tx: tx.metrics.forget_bucket(measured.route.bucket_id))
        store = FaultyMetadata(measured.store.metadata)

        async def before_write() -> None:
            store.before_write = None
            await put_rule(deployed, "source", "there", ID="rule", Destination=METERED)
            await deployed.put("source", "again")
            await deliver(deployed)

        if comes_back:
            store.before_write = before_write
        await MetricRecorder(deployed.deployment, replace(measured.store, metadata=store)).thin(START_S)
        metrics = measured.store.metadata.reader.metrics
        assert [account.route for account in metrics.accounts()] == [measured.route] * comes_back
        assert [pending.route for pending in metrics.pending()] == [measured.route] * comes_back
        assert metrics.account(measured.route).minute_completed == int(comes_back)

    in_deployment(tmp_path, test)


def test_a_bucket_that_is_deleted_takes_its_series_along(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        measured = await Measured.make(deployed)
        await measured.next_minute()
        assert measured.points(PENDING)
        await deployed.s3("DeleteBucket", Bucket="source")
        assert measured.store.metadata.reader.metrics.series() == []
        await measured.recorder.thin(START_S)
        assert measured.store.metadata.reader.metrics.pending() == []

    in_deployment(tmp_path, test)
