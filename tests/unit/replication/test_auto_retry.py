"""Failures go again by themselves once their cause is gone: one ahead of the others, with growing pauses."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

from tests.support.deployments import REGIONS, ROLE, World, in_world

from farshore.replication.auto_retry import FIRST_PAUSE_S, LONGEST_PAUSE_S, AutoRetry

WEST = REGIONS[1]


async def versioning(world: World, status: str) -> None:
    configuration = {"Status": status}
    await world.s3("PutBucketVersioning", Bucket="there", region=WEST, VersioningConfiguration=configuration)


async def failing(world: World, *keys: str) -> int:
    """A bucket whose keys failed, since versioning is suspended at the destination; returns its id."""
    bucket_id = await world.bucket("source")
    await world.bucket("there", WEST)
    await world.rule("source", "there")
    await versioning(world, "Suspended")
    for key in keys:
        world.clock.forward(1)
        await world.put("source", key)
        await world.replicate()
    return bucket_id


async def statuses(world: World, *keys: str) -> list[str]:
    return [(await world.s3("HeadObject", Bucket="source", Key=key))["ReplicationStatus"] for key in keys]


def retrier(world: World, **more: int) -> AutoRetry:
    return AutoRetry(world.deployment, world.stores[REGIONS[0]], **more)


async def cover(world: World, prefix: str) -> None:
    """Let the rule take the keys with the prefix alone."""
    rule = {
        "ID": "rule",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": prefix},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": "arn:aws:s3:::there"},
    }
    await world.s3("PutBucketReplication", Bucket="source", ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})


async def look(world: World, retry: AutoRetry) -> None:
    await retry.look(asyncio.Event())


def test_one_goes_ahead_and_when_it_arrives_all_go(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await failing(world, "a", "b", "c")
        retry = retrier(world)
        await versioning(world, "Enabled")
        await look(world, retry)
        assert await statuses(world, "a", "b", "c") == ["PENDING", "FAILED", "FAILED"]
        await look(world, retry)
        assert await statuses(world, "b", "c") == ["FAILED", "FAILED"], "the one ahead has not arrived yet"
        await world.replicate()
        await look(world, retry)
        assert await statuses(world, "a", "b", "c") == ["COMPLETED", "PENDING", "PENDING"]
        await world.replicate()
        await look(world, retry)
        assert await statuses(world, "a", "b", "c") == ["COMPLETED"] * 3

    in_world(tmp_path, test)


def test_while_the_cause_stands_one_at_a_time_fails_again_after_pauses_that_double(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        bucket_id = await failing(world, "a", "b")
        retry = retrier(world)
        store = world.stores[REGIONS[0]]
        began_us = world.clock.us
        tried: list[int] = []
        for _ in range(600):
            await look(world, retry)
            if store.metadata.reader.pending_tasks(0, 10):
                tried.append((world.clock.us - began_us) // 1_000_000)
            await world.replicate()
            world.clock.forward(15)
        pauses = [after - before for before, after in itertools.pairwise(tried)]
        assert FIRST_PAUSE_S <= pauses[0] <= FIRST_PAUSE_S + 45
        for before, after in itertools.pairwise(pauses):
            assert abs(after - min(2 * before, LONGEST_PAUSE_S)) <= 60, pauses
        assert await statuses(world, "a", "b") == ["FAILED", "FAILED"]
        assert store.metadata.reader.records.failure_causes(bucket_id)[0].count == 2

    in_world(tmp_path, test)


def test_causes_are_told_apart(tmp_path: Path) -> None:
    """That one destination is mended says nothing of another."""

    async def test(world: World) -> None:
        await failing(world, "a", "b")
        await world.bucket("second", WEST)
        await world.bucket("other")
        await world.rule("other", "second", rule_id="to-second")
        world.clock.forward(1)
        await world.s3("DeleteBucket", Bucket="second", region=WEST)
        await world.put("other", "x")
        await world.replicate()
        await versioning(world, "Enabled")
        retry = retrier(world)
        for _ in range(3):
            await look(world, retry)
            await world.replicate()
        assert await statuses(world, "a", "b") == ["COMPLETED", "COMPLETED"]
        found: dict[str, Any] = await world.s3("HeadObject", Bucket="other", Key="x")
        assert found["ReplicationStatus"] == "FAILED"

    in_world(tmp_path, test)


def test_failures_that_no_rule_takes_any_more_hold_up_no_other(tmp_path: Path) -> None:
    """They are the oldest of their cause, and more than one look reads."""

    async def test(world: World) -> None:
        old = [f"old/{number}" for number in range(5)]
        await failing(world, *old, "new/a", "new/b")
        await versioning(world, "Enabled")
        await cover(world, "new/")
        retry = retrier(world, looked_at_max=2)
        for _ in range(2):
            await look(world, retry)
            assert await statuses(world, "new/a", "new/b") == ["FAILED", "FAILED"], "those before it are looked at"
        await look(world, retry)
        assert await statuses(world, "new/a", "new/b") == ["PENDING", "FAILED"]
        await world.replicate()
        await look(world, retry)
        await world.replicate()
        assert await statuses(world, "new/a", "new/b") == ["COMPLETED", "COMPLETED"]
        assert await statuses(world, *old) == ["FAILED"] * 5

    in_world(tmp_path, test)


def test_a_cause_of_which_no_rule_takes_any_is_looked_at_after_pauses_that_double(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await failing(world, "old/a")
        await versioning(world, "Enabled")
        await cover(world, "new/")
        retry = retrier(world)
        for pause_s in (FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S):
            await cover(world, "new/")
            await look(world, retry)
            await cover(world, "")
            world.clock.forward(pause_s - 1)
            await look(world, retry)
            assert await statuses(world, "old/a") == ["FAILED"], "it pauses"
            world.clock.forward(1)
        await look(world, retry)
        assert await statuses(world, "old/a") == ["PENDING"]

    in_world(tmp_path, test)
