"""Failures go again by themselves once their cause is gone: one ahead of the others, with growing pauses."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

from tests.support.delivery import deliver, put_rule
from tests.support.deployment import EAST, WEST, Deployed, in_deployment

from farshore.replication.auto_retry import FIRST_PAUSE_S, LONGEST_PAUSE_S, AutoRetry

WEST = WEST


async def versioning(deployed: Deployed, status: str) -> None:
    configuration = {"Status": status}
    await deployed.s3("PutBucketVersioning", Bucket="there", region=WEST, VersioningConfiguration=configuration)


async def failing(deployed: Deployed, *keys: str) -> int:
    """A bucket whose keys failed, since versioning is suspended at the destination; returns its id."""
    bucket_id = await deployed.bucket("source")
    await deployed.bucket("there", WEST)
    await put_rule(deployed, "source", "there")
    await versioning(deployed, "Suspended")
    for key in keys:
        deployed.clock.move(1)
        await deployed.put("source", key)
        await deliver(deployed)
    return bucket_id


async def statuses(deployed: Deployed, *keys: str) -> list[str]:
    return [(await deployed.s3("HeadObject", Bucket="source", Key=key))["ReplicationStatus"] for key in keys]


def retrier(deployed: Deployed, **more: int) -> AutoRetry:
    return AutoRetry(deployed.deployment, deployed.stores[EAST], **more)


async def cover(deployed: Deployed, prefix: str) -> None:
    """Let the rule take the keys with the prefix alone."""
    await put_rule(deployed, "source", "there", Filter={"Prefix": prefix})


async def look(deployed: Deployed, retry: AutoRetry) -> None:
    await retry.look(asyncio.Event())


def test_one_goes_ahead_and_when_it_arrives_all_go(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await failing(deployed, "a", "b", "c")
        retry = retrier(deployed)
        await versioning(deployed, "Enabled")
        await look(deployed, retry)
        assert await statuses(deployed, "a", "b", "c") == ["PENDING", "FAILED", "FAILED"]
        await look(deployed, retry)
        assert await statuses(deployed, "b", "c") == ["FAILED", "FAILED"], "the one ahead has not arrived yet"
        await deliver(deployed)
        await look(deployed, retry)
        assert await statuses(deployed, "a", "b", "c") == ["COMPLETED", "PENDING", "PENDING"]
        await deliver(deployed)
        await look(deployed, retry)
        assert await statuses(deployed, "a", "b", "c") == ["COMPLETED"] * 3

    in_deployment(tmp_path, test)


def test_while_the_cause_stands_one_at_a_time_fails_again_after_pauses_that_double(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        bucket_id = await failing(deployed, "a", "b")
        retry = retrier(deployed)
        store = deployed.stores[EAST]
        began_us = deployed.clock.now_us()
        tried: list[int] = []
        for _ in range(600):
            await look(deployed, retry)
            if store.metadata.reader.pending_tasks(0, 10):
                tried.append((deployed.clock.now_us() - began_us) // 1_000_000)
            await deliver(deployed)
            deployed.clock.move(15)
        pauses = [after - before for before, after in itertools.pairwise(tried)]
        assert FIRST_PAUSE_S <= pauses[0] <= FIRST_PAUSE_S + 45
        for before, after in itertools.pairwise(pauses):
            assert abs(after - min(2 * before, LONGEST_PAUSE_S)) <= 60, pauses
        assert await statuses(deployed, "a", "b") == ["FAILED", "FAILED"]
        assert store.metadata.reader.records.failure_causes(bucket_id)[0].count == 2

    in_deployment(tmp_path, test)


def test_causes_are_told_apart(tmp_path: Path) -> None:
    """That one destination is mended says nothing of another."""

    async def test(deployed: Deployed) -> None:
        await failing(deployed, "a", "b")
        await deployed.bucket("second", WEST)
        await deployed.bucket("other")
        await put_rule(
            deployed,
            "other",
            "second",
        )
        deployed.clock.move(1)
        await deployed.s3("DeleteBucket", Bucket="second", region=WEST)
        await deployed.put("other", "x")
        await deliver(deployed)
        await versioning(deployed, "Enabled")
        retry = retrier(deployed)
        for _ in range(3):
            await look(deployed, retry)
            await deliver(deployed)
        assert await statuses(deployed, "a", "b") == ["COMPLETED", "COMPLETED"]
        found: dict[str, Any] = await deployed.s3("HeadObject", Bucket="other", Key="x")
        assert found["ReplicationStatus"] == "FAILED"

    in_deployment(tmp_path, test)


def test_failures_that_no_rule_takes_any_more_hold_up_no_other(tmp_path: Path) -> None:
    """They are the oldest of their cause, and more than one look reads."""

    async def test(deployed: Deployed) -> None:
        old = [f"old/{number}" for number in range(5)]
        await failing(deployed, *old, "new/a", "new/b")
        await versioning(deployed, "Enabled")
        await cover(deployed, "new/")
        retry = retrier(deployed, looked_at_max=2)
        for _ in range(2):
            await look(deployed, retry)
            assert await statuses(deployed, "new/a", "new/b") == ["FAILED", "FAILED"], "those before it are looked at"
        await look(deployed, retry)
        assert await statuses(deployed, "new/a", "new/b") == ["PENDING", "FAILED"]
        await deliver(deployed)
        await look(deployed, retry)
        await deliver(deployed)
        assert await statuses(deployed, "new/a", "new/b") == ["COMPLETED", "COMPLETED"]
        assert await statuses(deployed, *old) == ["FAILED"] * 5

    in_deployment(tmp_path, test)


def test_a_cause_of_which_no_rule_takes_any_is_looked_at_after_pauses_that_double(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await failing(deployed, "old/a")
        await versioning(deployed, "Enabled")
        await cover(deployed, "new/")
        retry = retrier(deployed)
        for pause_s in (FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S):
            await cover(deployed, "new/")
            await look(deployed, retry)
            await cover(deployed, "")
            deployed.clock.move(pause_s - 1)
            await look(deployed, retry)
            assert await statuses(deployed, "old/a") == ["FAILED"], "it pauses"
            deployed.clock.move(1)
        await look(deployed, retry)
        assert await statuses(deployed, "old/a") == ["PENDING"]

    in_deployment(tmp_path, test)
