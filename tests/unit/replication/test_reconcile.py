"""Versions that stand PENDING without a task get one, and nothing else is touched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.deployments import REGIONS, ROLE, World, in_world

from farshore.model.replication import ReplicationTask, TaskKind
from farshore.replication.reconcile import Reconciler
from farshore.service.exposition import RECONCILED

EAST, WEST = REGIONS


async def rules(world: World, *destinations: str) -> None:
    """Everything to each of the destinations."""
    document = {
        "Role": ROLE,
        "Rules": [
            {
                "ID": destination,
                "Status": "Enabled",
                "Priority": priority,
                "Filter": {},
                "DeleteMarkerReplication": {"Status": "Enabled"},
                "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
            }
            for priority, destination in enumerate(destinations)
        ],
    }
    await world.s3("PutBucketReplication", Bucket="source", ReplicationConfiguration=document)


async def source(world: World, *destinations: str) -> None:
    await world.bucket("source")
    for destination in destinations:
        await world.bucket(destination, WEST)
    await rules(world, *destinations)


def tasks(world: World) -> list[ReplicationTask]:
    return world.stores[EAST].metadata.reader.pending_tasks(0, 100)


async def lose(world: World, *destinations: str) -> None:
    """The tasks to these destinations vanish; nothing else changes."""
    ids = [task.id for task in tasks(world) if task.destination in destinations]
    assert ids
    await world.write(lambda tx: tx.remove_tasks(ids))


async def reconciled(world: World) -> int:
    return await Reconciler(world.deployment, world.stores[EAST]).reconcile(asyncio.Event())


async def status(world: World, key: str) -> str:
    return (await world.s3("HeadObject", Bucket="source", Key=key))["ReplicationStatus"]


def test_a_lost_task_is_made_anew_once_and_counted_and_the_version_arrives(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await source(world, "there")
        await world.put("source", "settled")
        await world.replicate()
        await world.put("source", "lost")
        await lose(world, "there")
        await world.put("source", "waits")
        assert await reconciled(world) == 1
        assert sorted(task.key for task in tasks(world)) == ["lost", "waits"]
        assert await reconciled(world) == 0
        assert world.deployment.counters.read()[RECONCILED, EAST][0] == 1
        await world.replicate()
        assert [await status(world, key) for key in ("settled", "lost", "waits")] == ["COMPLETED"] * 3
        await world.s3("HeadObject", Bucket="there", Key="lost", region=WEST)

    in_world(tmp_path, test)


def test_of_several_destinations_the_one_whose_task_is_lost_gets_it(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await source(world, "one", "two", "three")
        await world.put("source", "k")
        await lose(world, "two")
        assert await reconciled(world) == 1
        assert sorted(task.destination for task in tasks(world)) == ["one", "three", "two"]

    in_world(tmp_path, test)


def test_it_is_found_behind_another_destination_that_failed(tmp_path: Path) -> None:
    """Such a version stands FAILED, though it is PENDING at one destination."""

    async def test(world: World) -> None:
        await source(world, "one", "two")
        suspended = {"Status": "Suspended"}
        await world.s3("PutBucketVersioning", Bucket="one", region=WEST, VersioningConfiguration=suspended)
        await world.put("source", "k")
        held = [task for task in tasks(world) if task.destination == "two"]
        await lose(world, "two")
        await world.replicate()
        assert (await status(world, "k"), held[0].kind) == ("FAILED", TaskKind.OBJECT)
        assert await reconciled(world) == 1
        (task,) = tasks(world)
        assert task.destination == "two"

    in_world(tmp_path, test)


@pytest.mark.parametrize("what", ["a delete marker", "tags"])
def test_what_is_brought_is_what_was_on_its_way(tmp_path: Path, what: str) -> None:
    async def test(world: World) -> None:
        await source(world, "there")
        await world.put("source", "k")
        await world.replicate()
        if what == "tags":
            tagging = {"TagSet": [{"Key": "team", "Value": "red"}]}
            await world.s3("PutObjectTagging", Bucket="source", Key="k", Tagging=tagging)
        else:
            await world.s3("DeleteObject", Bucket="source", Key="k")
        (before,) = tasks(world)
        await lose(world, "there")
        assert await reconciled(world) == 1
        (after,) = tasks(world)
        assert (after.kind, after.version_id, after.rule_id) == (before.kind, before.version_id, before.rule_id)
        await world.replicate()
        reader = world.stores[WEST].metadata.reader
        bucket = reader.bucket("there")
        assert bucket is not None
        replica = reader.version(bucket.id, "k", after.version_id)
        assert replica is not None
        assert (replica.delete_marker, replica.tags) == ((True, {}) if what != "tags" else (False, {"team": "red"}))

    in_world(tmp_path, test)


def test_every_span_of_rows_is_walked_and_a_stop_ends_it(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await source(world, "there")
        for number in range(7):
            await world.put("source", str(number))
        await lose(world, "there")
        stopped = asyncio.Event()
        stopped.set()
        reconciler = Reconciler(world.deployment, world.stores[EAST], span_rows=2)
        assert await reconciler.reconcile(stopped) == 0
        assert await reconciler.reconcile(asyncio.Event()) == 7

    in_world(tmp_path, test)
