"""Versions that stand PENDING without a task get one, and nothing else is touched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.delivery import deliver
from tests.support.deployment import EAST, ROLE, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata

from farshore.metadata.store import StoreUnavailable
from farshore.model.replication import ReplicationTask, TaskKind
from farshore.replication.reconcile import Reconciler
from farshore.service.deployment import Region
from farshore.service.exposition import RECONCILED


async def rules(deployed: Deployed, *destinations: str) -> None:
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
    await deployed.s3("PutBucketReplication", Bucket="source", ReplicationConfiguration=document)


async def source(deployed: Deployed, *destinations: str) -> None:
    await deployed.bucket("source")
    for destination in destinations:
        await deployed.bucket(destination, WEST)
    await rules(deployed, *destinations)


def tasks(deployed: Deployed) -> list[ReplicationTask]:
    return deployed.stores[EAST].metadata.reader.pending_tasks(0, 100)


async def lose(deployed: Deployed, *destinations: str) -> None:
    """The tasks to these destinations vanish; nothing else changes."""
    ids = [task.id for task in tasks(deployed) if task.destination in destinations]
    assert ids
    await deployed.write(lambda tx: tx.remove_tasks(ids))


async def reconciled(deployed: Deployed) -> int:
    return await Reconciler(deployed.deployment, deployed.stores[EAST]).reconcile(asyncio.Event())


async def status(deployed: Deployed, key: str) -> str:
    return (await deployed.s3("HeadObject", Bucket="source", Key=key))["ReplicationStatus"]


def test_a_lost_task_is_made_anew_once_and_counted_and_the_version_arrives(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await source(deployed, "there")
        await deployed.put("source", "settled")
        await deliver(deployed)
        await deployed.put("source", "lost")
        await lose(deployed, "there")
        await deployed.put("source", "waits")
        assert await reconciled(deployed) == 1
        assert sorted(task.key for task in tasks(deployed)) == ["lost", "waits"]
        assert await reconciled(deployed) == 0
        assert deployed.deployment.counters.read()[RECONCILED, EAST][0] == 1
        await deliver(deployed)
        assert [await status(deployed, key) for key in ("settled", "lost", "waits")] == ["COMPLETED"] * 3
        await deployed.s3("HeadObject", Bucket="there", Key="lost", region=WEST)

    in_deployment(tmp_path, test)


def test_what_was_made_anew_before_the_store_failed_is_counted(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await source(deployed, "there")
        for key in ("first", "second"):
            await deployed.put("source", key)
        await lose(deployed, "there")
        store = FaultyMetadata(deployed.stores[EAST].metadata)
        region = Region(EAST, store, deployed.stores[EAST].blobs)
        deployment = deployed.deployment_of({**deployed.stores, EAST: region})

        def fail_now() -> None:
            store.unavailable = True

        store.after_write = fail_now
        with pytest.raises(StoreUnavailable):
            await Reconciler(deployment, region, span_rows=1).reconcile(asyncio.Event())
        assert [task.key for task in tasks(deployed)] == ["first"]
        assert deployment.counters.read()[RECONCILED, EAST][0] == 1

    in_deployment(tmp_path, test)


def test_of_several_destinations_the_one_whose_task_is_lost_gets_it(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await source(deployed, "one", "two", "three")
        await deployed.put("source", "k")
        await lose(deployed, "two")
        assert await reconciled(deployed) == 1
        assert sorted(task.destination for task in tasks(deployed)) == ["one", "three", "two"]

    in_deployment(tmp_path, test)


def test_it_is_found_behind_another_destination_that_failed(tmp_path: Path) -> None:
    """Such a version stands FAILED, though it is PENDING at one destination."""

    async def test(deployed: Deployed) -> None:
        await source(deployed, "one", "two")
        suspended = {"Status": "Suspended"}
        await deployed.s3("PutBucketVersioning", Bucket="one", region=WEST, VersioningConfiguration=suspended)
        await deployed.put("source", "k")
        held = [task for task in tasks(deployed) if task.destination == "two"]
        await lose(deployed, "two")
        await deliver(deployed)
        assert (await status(deployed, "k"), held[0].kind) == ("FAILED", TaskKind.OBJECT)
        assert await reconciled(deployed) == 1
        (task,) = tasks(deployed)
        assert task.destination == "two"

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("what", ["a delete marker", "tags"])
def test_what_is_brought_is_what_was_on_its_way(tmp_path: Path, what: str) -> None:
    async def test(deployed: Deployed) -> None:
        await source(deployed, "there")
        await deployed.put("source", "k")
        await deliver(deployed)
        if what == "tags":
            tagging = {"TagSet": [{"Key": "team", "Value": "red"}]}
            await deployed.s3("PutObjectTagging", Bucket="source", Key="k", Tagging=tagging)
        else:
            await deployed.s3("DeleteObject", Bucket="source", Key="k")
        (before,) = tasks(deployed)
        await lose(deployed, "there")
        assert await reconciled(deployed) == 1
        (after,) = tasks(deployed)
        assert (after.kind, after.version_id, after.rule_id) == (before.kind, before.version_id, before.rule_id)
        await deliver(deployed)
        reader = deployed.stores[WEST].metadata.reader
        bucket = reader.bucket("there")
        assert bucket is not None
        replica = reader.version(bucket.id, "k", after.version_id)
        assert replica is not None
        assert (replica.delete_marker, replica.tags) == ((True, {}) if what != "tags" else (False, {"team": "red"}))

    in_deployment(tmp_path, test)


def test_every_span_of_rows_is_walked_and_a_stop_ends_it(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await source(deployed, "there")
        for number in range(7):
            await deployed.put("source", str(number))
        await lose(deployed, "there")
        stopped = asyncio.Event()
        stopped.set()
        reconciler = Reconciler(deployed.deployment, deployed.stores[EAST], span_rows=2)
        assert await reconciler.reconcile(stopped) == 0
        assert await reconciler.reconcile(asyncio.Event()) == 7

    in_deployment(tmp_path, test)
