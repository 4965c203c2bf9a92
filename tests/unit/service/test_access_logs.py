"""What becomes of lines of server access logs when their target cannot take them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import ACCOUNT, EAST, START_US, Deployed, in_deployment
from tests.support.faults import FaultyMetadata
from tests.support.logs import captured_logs
from tests.support.people import allow, policy

from farshore.model.audit import AuditRecord, Verdict
from farshore.semantics.access_log import line
from farshore.service.access_logs import AccessLogs
from farshore.service.deployment import Region
from farshore.service.exposition import ACCESS_LOGS, ACCESS_LOGS_SLOTS

EVERY_S = 300.0
LET_IN = policy(
    {**allow("s3:PutObject", "arn:aws:s3:::target/*"), "Principal": {"Service": "logging.s3.amazonaws.com"}}
)


def record(name: str) -> AuditRecord:
    return AuditRecord(
        time="", request_id=name, host_id="", service="s3", operation="HeadBucket", method="HEAD", status=200,
        decision=Verdict.ALLOW,
    )  # fmt: skip


LINE_BYTES = len(line(record("A"), START_US, bucket_owner=ACCOUNT, bucket="logged"))


class Place:
    """A bucket that is logged, its target, and the logs of a process."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.store = FaultyMetadata(deployed.stores[EAST].metadata)
        region = Region(EAST, self.store, deployed.stores[EAST].blobs)
        self.deployment = deployed.deployment_of({EAST: region})
        self.logs = AccessLogs(self.deployment, every_s=EVERY_S)

    async def prepare(self, **more: Any) -> None:
        await self.deployed.bucket("logged")
        self.target = await self.deployed.bucket("target")
        await self.deployed.s3("PutBucketPolicy", Bucket="target", Policy=LET_IN)
        enabled = {"TargetBucket": "target", "TargetPrefix": "", **more}
        status = {"BucketLoggingStatus": {"LoggingEnabled": enabled}}
        await self.deployed.s3("PutBucketLogging", Bucket="logged", **status)

    def take(self, *names: str, at_us: int = START_US) -> None:
        logged = self.logs.named("logged")
        assert logged is not None
        for name in names:
            self.logs.take(logged, record(name), at_us)

    def delivered(self) -> list[list[str]]:
        """Request ids of the lines, object by object."""
        reader = self.deployed.stores[EAST].metadata.reader
        found: list[list[str]] = []
        for version in reader.scan_current(self.target, b"", True):
            body = reader.body(version.row)
            found.append([text.split(" ")[6] for text in body.decode().splitlines()])
        return found

    def counted(self) -> dict[str, int]:
        return dict(zip(ACCESS_LOGS_SLOTS, self.deployment.counters.read()[ACCESS_LOGS], strict=False))


def in_place(folder: Path, test: Callable[[Place], Awaitable[None]], **more: Any) -> None:
    async def run(deployed: Deployed) -> None:
        place = Place(deployed)
        await place.prepare(**more)
        await test(place)

    in_deployment(folder, run)


def test_lines_are_gathered_into_one_object(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        place.take("A", "B")
        assert place.delivered() == []
        await place.logs.deliver()
        place.take("C")
        await place.logs.deliver()
        await place.logs.deliver()
        assert sorted(place.delivered()) == [["A", "B"], ["C"]]
        assert place.counted() == {"delivered": 3, "lost": 0}

    in_place(tmp_path, test)


def test_days_are_apart_where_keys_hold_the_time_of_events(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        place.take("A")
        place.take("B", at_us=START_US + 86_400_000_000)
        await place.logs.deliver()
        assert sorted(place.delivered()) == [["A"], ["B"]]

    in_place(tmp_path, test, TargetObjectKeyFormat={"PartitionedPrefix": {}})


def test_what_a_store_cannot_take_now_comes_later_in_order(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        place.take("A")
        place.store.unavailable = True
        with captured_logs() as logs:
            await place.logs.deliver()
        assert logs.events == ["access log waits for its store"]
        place.store.unavailable = False
        place.take("B")
        await place.logs.deliver()
        assert place.delivered() == [["A", "B"]]
        assert place.counted() == {"delivered": 2, "lost": 0}

    in_place(tmp_path, test)


def test_a_request_is_none_the_worse_for_a_store_that_cannot_say_whether_it_is_logged(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        bucket = place.deployed.stores[EAST].metadata.reader.bucket("logged")
        assert bucket is not None
        place.store.unavailable = True
        assert place.logs.named("logged") is None and place.logs.of(EAST, bucket) is None
        place.store.unavailable = False
        assert place.logs.named("logged") == place.logs.of(EAST, bucket) is not None

    in_place(tmp_path, test)


def test_what_a_target_does_not_let_in_is_lost_and_told(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        closed = policy({**allow("s3:GetObject", "arn:aws:s3:::target/*"), "Principal": {"AWS": ACCOUNT}})
        await place.deployed.s3("PutBucketPolicy", Bucket="target", Policy=closed)
        place.take("A", "B")
        with captured_logs() as logs:
            await place.logs.deliver()
            await place.logs.deliver()
        assert logs.events == ["access denied", "access log could not be delivered"]
        assert place.delivered() == [] and place.counted() == {"delivered": 0, "lost": 2}

    in_place(tmp_path, test)


def test_a_defect_in_the_delivery_of_one_log_loses_none_of_another(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        await place.deployed.bucket("second")
        status = {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "target", "TargetPrefix": ""}}}
        await place.deployed.s3("PutBucketLogging", Bucket="second", **status)
        second = place.logs.named("second")
        assert second is not None
        place.take("A")
        place.logs.take(second, record("B"), START_US)
        place.store.faults["insert_version"] = lambda *_: ZeroDivisionError("a defect")
        with pytest.raises(ZeroDivisionError):
            await place.logs.deliver()
        place.store.faults.clear()
        await place.logs.deliver()
        assert place.delivered() == [["B"]]

    in_place(tmp_path, test)


def test_beyond_what_may_wait_lines_are_lost(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        place.logs = AccessLogs(place.deployment, every_s=EVERY_S, waiting_bytes_max=5 * LINE_BYTES)
        place.take(*"ABCDEFGH")
        assert place.counted()["lost"] == 3
        await place.logs.deliver()
        assert place.delivered() == [list("ABCDE")]
        place.take("I")
        assert place.counted()["lost"] == 3

    in_place(tmp_path, test)


def test_they_are_delivered_when_their_time_has_come_and_at_the_end(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        stop = asyncio.Event()
        running = asyncio.ensure_future(place.logs.run(stop))
        await asyncio.sleep(0)
        place.take("A")
        place.deployed.clock.move(EVERY_S)
        await place.store.until(place.delivered)
        assert place.delivered() == [["A"]]
        place.take("B")
        stop.set()
        await running
        assert sorted(place.delivered()) == [["A"], ["B"]]

    in_place(tmp_path, test)


def test_much_is_delivered_before_its_time(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        place.logs = AccessLogs(place.deployment, every_s=EVERY_S, object_bytes=3 * LINE_BYTES)
        stop = asyncio.Event()
        running = asyncio.ensure_future(place.logs.run(stop))
        await asyncio.sleep(0)
        place.take("A")
        await asyncio.sleep(0)
        assert place.delivered() == []
        place.take("B", "C")
        await place.store.until(place.delivered)
        assert place.delivered() == [["A", "B", "C"]]
        stop.set()
        await running

    in_place(tmp_path, test)
