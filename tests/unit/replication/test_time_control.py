"""Replication Time Control: what is told of an operation that takes longer than 15 minutes, when, and how often.

Source: S3 User Guide, "Receiving replication failure events with Amazon S3 Event Notifications".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.delivery import put_rule
from tests.support.deployment import EAST, WEST
from tests.support.logs import captured_logs
from tests.support.ways import Ways, on_ways

from farshore.model.buckets import ConfigurationKind, VersioningStatus
from farshore.model.replication import FailureCode
from farshore.model.replication_record import AttemptOutcome
from farshore.replication.time_control import LOOK_EVERY_S, UNAVAILABLE_S, TimeControl
from farshore.runtime.iso_time import iso_time
from farshore.semantics.event_message import message
from farshore.service.configurations import encode_document

MINUTES_15 = 15 * 60
MISSED, AFTER, NOT_TRACKED, FAILED = (
    "Replication:OperationMissedThreshold",
    "Replication:OperationReplicatedAfterThreshold",
    "Replication:OperationNotTracked",
    "Replication:OperationFailedReplication",
)
QUEUE = "arn:aws:sqs:us-east-1:111122223333:queue"
TIMED = {
    "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
}

pytestmark = pytest.mark.timeout(60)


class Timed:
    """A source whose rule has Replication Time Control and whose events somebody listens to."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        self.control = TimeControl(ways.deployment, ways.deployment.regions[EAST])

    async def prepare(self, *, listening: bool = True, **destination: Any) -> None:
        await self.rule(**(destination or TIMED))
        if listening:
            await self.listen()

    async def rule(self, **destination: Any) -> None:
        await put_rule(self.ways.deployed, "source", "there", Destination=destination)

    async def listen(self) -> None:
        document = {"QueueConfigurations": [{"Id": "q", "QueueArn": QUEUE, "Events": ["s3:Replication:*"]}]}
        kind, content = ConfigurationKind.NOTIFICATION, encode_document(document)
        await self.ways.source.write(lambda tx: tx.put_configuration(1, kind, content))

    async def look(self) -> float:
        return await self.control.look(asyncio.Event())

    @property
    def records(self) -> list[dict[str, Any]]:
        page = self.ways.deployed.stores[EAST].metadata.reader.events.page(QUEUE, 0, 1000)
        return json.loads(message(page))["Records"] if page else []

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(found["eventName"], found["s3"]["object"]["key"]) for found in self.records]

    async def suspend_destination(self) -> None:
        await self.ways.there.write(lambda tx: tx.set_versioning(self.ways.there_id, VersioningStatus.SUSPENDED))


def timed(folder: Path, test: Callable[[Timed], Awaitable[None]], *, listening: bool = True, **rule: Any) -> None:
    async def run(ways: Ways) -> None:
        made = Timed(ways)
        await made.prepare(listening=listening, **rule)
        await test(made)

    on_ways(folder, run)


def test_it_is_told_at_the_threshold_once_and_what_comes_after(tmp_path: Path) -> None:
    """Nothing before; at the very threshold; nothing more while it waits; then that it was replicated after it."""

    async def test(t: Timed) -> None:
        (version,) = await t.ways.put("k")
        t.ways.clock.move(MINUTES_15 - 0.001)
        assert await t.look() == pytest.approx(0.001, abs=1e-4)
        assert t.told == []
        t.ways.clock.move(0.001)
        assert await t.look() == LOOK_EVERY_S
        assert t.told == [(MISSED, "k")]
        t.ways.clock.move(60)
        await t.look()
        assert t.told == [(MISSED, "k")]
        await t.ways.run()
        assert t.ways.arrived(version)
        await t.look()
        assert t.told == [(MISSED, "k"), (AFTER, "k")]

    timed(tmp_path, test)


def test_the_messages_say_the_threshold_and_how_long_it_took(tmp_path: Path) -> None:
    """In texts, as AWS's SDK for Java reads them."""

    async def test(t: Timed) -> None:
        await t.ways.put("k")
        t.ways.clock.move(MINUTES_15)
        await t.look()
        t.ways.clock.move(121.5)
        await t.ways.run()
        missed, after = (found["replicationEventData"] for found in t.records)
        assert missed == {
            "replicationRuleId": "to-there",
            "destinationBucket": "arn:aws:s3:::there",
            "s3Operation": "OBJECT_PUT",
            "requestTime": missed["requestTime"],
            "threshold": "900",
        }
        assert after == {**missed, "replicationTime": "1021.5"}
        assert t.records[0]["eventVersion"] == "2.2"

    timed(tmp_path, test)


def test_what_arrives_in_time_is_not_told(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        (version,) = await t.ways.put("k")
        t.ways.clock.move(MINUTES_15 - 1)
        await t.ways.run()
        assert t.ways.arrived(version)
        t.ways.clock.move(3600)
        assert await t.look() == LOOK_EVERY_S
        assert t.told == []

    timed(tmp_path, test)


@pytest.mark.parametrize("listening", [False, True])
@pytest.mark.parametrize(
    ("after_s", "looked", "loses_time_control", "remembered"),
    [
        (MINUTES_15 - 1, False, False, []),
        (MINUTES_15, False, False, [AttemptOutcome.DELIVERED_LATE]),
        (MINUTES_15, True, False, [AttemptOutcome.DELIVERED_LATE]),
        (MINUTES_15, False, True, []),
        (MINUTES_15, True, True, []),
    ],
)
def test_a_late_arrival_is_remembered_of_the_version_whoever_listens(
    tmp_path: Path, listening: bool, after_s: int, looked: bool, loses_time_control: bool, remembered: list[Any]
) -> None:
    async def test(t: Timed) -> None:
        (version,) = await t.ways.put("k")
        if loses_time_control:
            await t.rule()
        t.ways.clock.move(after_s)
        if looked:
            await t.look()
        t.ways.clock.move(0.5)
        await t.ways.run()
        assert t.ways.arrived(version)
        attempts = t.ways.deployed.stores[EAST].metadata.reader.records.attempts(version.row)
        assert [each.outcome for each in attempts] == remembered
        for each in attempts:
            assert each.last_us == t.ways.clock.now_us()
            assert each.detail == f"it ought to have arrived by {iso_time(version.created_us + MINUTES_15 * 10**6)}"

    timed(tmp_path, test, listening=listening)


@pytest.mark.parametrize("metrics", [{}, {"Metrics": {"Status": "Enabled"}}])
def test_without_time_control_there_is_no_threshold(tmp_path: Path, metrics: dict[str, Any]) -> None:
    async def test(t: Timed) -> None:
        await t.rule(**metrics)
        (version,) = await t.ways.put("k")
        t.ways.clock.move(3600)
        assert await t.look() == LOOK_EVERY_S
        await t.ways.run()
        assert t.ways.arrived(version)
        assert t.told == []

    timed(tmp_path, test)


def test_delete_markers_are_not_under_time_control(tmp_path: Path) -> None:
    """S3 User Guide: "S3 RTC does not apply to delete marker replication"."""

    async def test(t: Timed) -> None:
        await t.ways.put("k")
        await t.ways.run()
        await t.ways.deployed.s3("DeleteObject", Bucket="source", Key="k")
        t.ways.clock.move(3600)
        await t.look()
        await t.ways.run()
        assert t.told == []

    timed(tmp_path, test)


def test_changes_of_tags_are_under_time_control(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        await t.ways.put("k")
        await t.ways.run()
        tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
        await t.ways.deployed.s3("PutObjectTagging", Bucket="source", Key="k", Tagging=tags)
        t.ways.clock.move(MINUTES_15)
        await t.look()
        assert [found["replicationEventData"]["s3Operation"] for found in t.records] == ["OBJECT_TAGGING"]

    timed(tmp_path, test)


def test_what_passed_while_nobody_looked_is_told_before_what_came_of_it(tmp_path: Path) -> None:
    """After a restart the delivery may come first: it tells of both, and the look after it of nothing."""

    async def test(t: Timed) -> None:
        await t.ways.put("k")
        t.ways.clock.move(3 * 3600)
        await t.ways.run()
        await t.look()
        assert t.told == [(MISSED, "k"), (AFTER, "k")]

    timed(tmp_path, test)


@pytest.mark.parametrize("listening", [False, True])
@pytest.mark.parametrize("looked", [False, True])
def test_a_late_failure_has_missed_the_threshold_too_and_that_is_remembered_of_it(
    tmp_path: Path, looked: bool, listening: bool
) -> None:
    async def test(t: Timed) -> None:
        (version,) = await t.ways.put("k")
        await t.suspend_destination()
        t.ways.clock.move(MINUTES_15)
        if looked:
            await t.look()
        await t.ways.run()
        await t.look()
        assert t.told == ([(MISSED, "k"), (FAILED, "k")] if listening else [])
        (attempt,) = t.ways.deployed.stores[EAST].metadata.reader.records.attempts(version.row)
        assert (attempt.outcome, attempt.code) == (AttemptOutcome.FAILED_LATE, FailureCode.DST_BUCKET_UNVERSIONED)
        assert attempt.detail == f"it ought to have arrived by {iso_time(version.created_us + MINUTES_15 * 10**6)}"

    timed(tmp_path, test, listening=listening)


@pytest.mark.parametrize(
    ("told_before", "outcome"), [(False, AttemptOutcome.FAILED), (True, AttemptOutcome.FAILED_LATE)]
)
def test_a_failure_whose_rule_is_gone_has_missed_the_threshold_when_that_was_told(
    tmp_path: Path, told_before: bool, outcome: AttemptOutcome
) -> None:
    async def test(t: Timed) -> None:
        (version,) = await t.ways.put("k")
        t.ways.clock.move(MINUTES_15)
        if told_before:
            await t.look()
        await put_rule(t.ways.deployed, "source", "there", Status="Disabled", Destination=TIMED)
        await t.ways.run()
        (attempt,) = t.ways.deployed.stores[EAST].metadata.reader.records.attempts(version.row)
        assert (attempt.outcome, attempt.code) == (outcome, FailureCode.SRC_OBJECT_NOT_ELIGIBLE)

    timed(tmp_path, test)


def test_a_failure_within_the_threshold_has_not_missed_it(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        (version,) = await t.ways.put("k")
        await t.suspend_destination()
        await t.ways.run()
        t.ways.clock.move(3600)
        await t.look()
        assert t.told == [(FAILED, "k")]
        (attempt,) = t.ways.deployed.stores[EAST].metadata.reader.records.attempts(version.row)
        assert attempt.outcome is AttemptOutcome.FAILED

    timed(tmp_path, test)


@pytest.mark.parametrize("ending", ["arrives", "fails"])
def test_an_operation_whose_rule_lost_time_control_is_not_tracked_and_told_so_once(tmp_path: Path, ending: str) -> None:
    async def test(t: Timed) -> None:
        await t.ways.put("k")
        await t.rule()
        if ending == "fails":
            await t.suspend_destination()
        t.ways.clock.move(MINUTES_15)
        assert await t.look() == LOOK_EVERY_S
        assert t.told == [(NOT_TRACKED, "k")]
        t.ways.clock.move(60)
        await t.ways.run()
        await t.look()
        assert t.told == [(NOT_TRACKED, "k")]

    timed(tmp_path, test)


def test_an_operation_that_missed_and_then_lost_its_rule_is_not_tracked_when_it_arrives(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        await t.ways.put("k")
        t.ways.clock.move(MINUTES_15)
        await t.look()
        await t.rule()
        await t.ways.run()
        assert t.told == [(MISSED, "k"), (NOT_TRACKED, "k")]

    timed(tmp_path, test)


def test_of_a_version_that_was_removed_nothing_is_told(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        (version,) = await t.ways.put("k")
        await t.ways.source.write(lambda tx: tx.remove_version(version))
        t.ways.clock.move(MINUTES_15)
        assert await t.look() == LOOK_EVERY_S
        assert t.told == []

    timed(tmp_path, test)


def test_a_claim_that_is_under_way_at_the_threshold_tells_no_second_time(tmp_path: Path) -> None:
    """The lane knows the task as it was when it claimed it."""

    async def test(t: Timed) -> None:
        await t.ways.put("k")
        t.ways.clock.move(MINUTES_15 - 1)
        reached, go_on = asyncio.Event(), asyncio.Event()

        async def before_write() -> None:
            reached.set()
            await go_on.wait()

        t.ways.there.before_write = before_write
        running = asyncio.create_task(t.ways.run())
        await reached.wait()
        t.ways.clock.move(2)
        await t.look()
        go_on.set()
        await running
        assert t.told == [(MISSED, "k"), (AFTER, "k")]

    timed(tmp_path, test)


def test_many_thresholds_are_told_in_order_and_the_next_one_decides_the_wait(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        await t.ways.put(*(f"k{number:03}" for number in range(250)))
        t.ways.clock.move(30)
        await t.ways.put("later")
        t.ways.clock.move(MINUTES_15 - 30)
        assert await t.look() == pytest.approx(30, abs=0.01)
        assert t.told == [(MISSED, f"k{number:03}") for number in range(250)]

    timed(tmp_path, test)


def test_it_wakes_by_itself_at_the_threshold(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        await t.ways.put("k")
        stop = asyncio.Event()
        running = asyncio.create_task(t.control.run(stop))
        for _ in range(15):
            await asyncio.sleep(0)
            t.ways.clock.move(60)
        await t.ways.source.until(lambda: t.told)
        assert t.told == [(MISSED, "k")]
        stop.set()
        await running

    timed(tmp_path, test)


def test_a_store_that_is_unavailable_is_asked_again_soon(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        await t.ways.put("k")
        t.ways.clock.move(MINUTES_15)
        t.ways.source.unavailable = True
        stop = asyncio.Event()
        running = asyncio.create_task(t.control.run(stop))
        await asyncio.sleep(0)
        t.ways.source.unavailable = False
        t.ways.clock.move(UNAVAILABLE_S)
        await t.ways.source.until(lambda: t.told)
        stop.set()
        await running

    with captured_logs() as logs:
        timed(tmp_path, test)
    assert "thresholds cannot be watched" in logs.events


def test_it_is_remembered_where_nobody_listens(tmp_path: Path) -> None:
    """Who begins to listen later is not told of the past, and of what arrives then is."""

    async def test(t: Timed) -> None:
        await t.ways.put("k")
        t.ways.clock.move(MINUTES_15)
        await t.look()
        assert t.told == []
        await t.listen()
        await t.look()
        assert t.told == []
        await t.ways.run()
        assert t.told == [(AFTER, "k")]

    timed(tmp_path, test, listening=False)


def test_each_destination_has_its_own_threshold(tmp_path: Path) -> None:
    async def test(t: Timed) -> None:
        await t.ways.deployed.bucket("other", WEST)
        rules = [
            {
                "ID": f"to-{name}",
                "Status": "Enabled",
                "Priority": priority,
                "Filter": {},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": f"arn:aws:s3:::{name}", **TIMED},
            }
            for priority, name in enumerate(("there", "other"))
        ]
        configuration = {"Role": "arn:aws:iam::111122223333:role/replication", "Rules": rules}
        await t.ways.deployed.s3("PutBucketReplication", Bucket="source", ReplicationConfiguration=configuration)
        await t.ways.put("k")
        await t.ways.run()
        t.ways.clock.move(MINUTES_15)
        await t.look()
        (found,) = t.records
        assert (found["eventName"], found["replicationEventData"]["replicationRuleId"]) == (MISSED, "to-other")

    timed(tmp_path, test)
