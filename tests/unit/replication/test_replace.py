"""A damaged replica is made anew in its place, in one transaction: repeated, interrupted or out of place, safely."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.delivery import deliver, find, only_state, put_rule, stored
from tests.support.deployment import EAST, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata
from tests.support.verifying import run_verification

from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.objects import NULL_VERSION, Version
from farshore.model.replication import FailureCode, ReplicationStatus
from farshore.replication.region_transport import RegionTransport
from farshore.service.deployment import Region
from farshore.service.outbox import plan_batch
from farshore.service.replicas import as_replica
from farshore.transports.transport import Change

LARGE = 200 * 1024


def damage(tx: Any, key: str, version_id: str) -> None:
    """Another ETag, with all else as it was."""
    version = tx.version(tx.bucket("there").id, key, version_id)
    body = tx.body(version.row) if version.inline else None
    tx.remove_version(version)
    tx.insert_version(msgspec.structs.replace(version, etag="damaged"), body)


class Damaged:
    """A version whose replica has another ETag."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.version_id = ""

    async def make(self, size: int = 100) -> None:
        await self.deployed.bucket("source")
        await self.deployed.bucket("there", WEST)
        await put_rule(self.deployed, "source", "there")
        self.version_id = await self.deployed.put("source", "k", os.urandom(size))
        await deliver(self.deployed)
        await self.deployed.stores[WEST].metadata.write(lambda tx: damage(tx, "k", self.version_id))

    async def repair(self) -> None:
        result, (found,) = await run_verification(
            self.deployed.deployment, "source", "there", permitted=lambda _key, _version_id: True
        )
        assert (found.fields, result.counts.repaired) == (("ETAG",), 1)

    @property
    def source(self) -> Version:
        return stored(self.deployed, EAST, "source", "k", self.version_id)

    @property
    def replica(self) -> Version:
        return stored(self.deployed, WEST, "there", "k", self.version_id)

    async def is_mended(self) -> None:
        state = only_state(self.source)
        assert (state.status, state.replace) == (ReplicationStatus.COMPLETED, False)
        assert self.replica.etag == self.source.etag
        result, found = await run_verification(self.deployed.deployment, "source", "there", deep=True)
        assert (found, result.counts.equal) == ([], 1)


@pytest.mark.parametrize("size", [0, 100, LARGE])
def test_it_takes_the_place_of_the_damaged_one_whose_bytes_become_garbage(tmp_path: Path, size: int) -> None:
    async def test(deployed: Deployed) -> None:
        damaged = Damaged(deployed)
        await damaged.make(size)
        before = damaged.replica
        await damaged.repair()
        assert (only_state(damaged.source).status, only_state(damaged.source).replace) == ("PENDING", True)
        assert damaged.replica == before, "it stays until its successor is there"
        await deliver(deployed)
        await damaged.is_mended()
        garbage = await deployed.stores[WEST].metadata.write(lambda tx: tx.garbage(2**60, 10))
        assert garbage == list(before.blobs)
        assert not set(garbage) & set(damaged.replica.blobs)

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("size", [100, LARGE])
def test_a_repeat_changes_nothing_that_is_seen(tmp_path: Path, size: int) -> None:
    async def test(deployed: Deployed) -> None:
        damaged = Damaged(deployed)
        await damaged.make(size)
        rule = deployed.deployment.configurations.get(
            deployed.stores[EAST].metadata.reader, deployed.stores[EAST].metadata.reader.bucket("source")
        ).rules[0]
        there = deployed.stores[WEST].metadata.reader.bucket("there")
        assert there is not None
        transport = RegionTransport(deployed.deployment, deployed.stores[WEST])
        replica = as_replica(damaged.source, rule)
        for _ in range(3):
            if size == LARGE:
                refused = await transport.put_streamed(there, replica, deployed.stores[EAST].blobs, replace=True)
            else:
                body = deployed.stores[EAST].metadata.reader.body(damaged.source.row)
                (refused,) = await transport.put_many(there, [Change(version=replica, body=body, replace=True)])
            assert refused is None
            await damaged.is_mended()

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("size", [100, LARGE])
def test_when_the_destination_fails_in_between_the_damaged_one_stays_and_it_comes_again(
    tmp_path: Path, size: int
) -> None:
    async def test(deployed: Deployed) -> None:
        damaged = Damaged(deployed)
        await damaged.make(size)
        before = damaged.replica
        await damaged.repair()
        west = deployed.stores[WEST]
        sick = FaultyMetadata(west.metadata)
        sick.faults["insert_version"] = lambda *_args, **_more: StoreUnavailable("no space")
        await deliver(deployed, deployed.deployment_of({**deployed.stores, WEST: Region(WEST, sick, west.blobs)}))
        assert damaged.replica == before
        assert only_state(damaged.source).replace
        deployed.clock.move(3600)
        await deliver(deployed)
        await damaged.is_mended()

    in_deployment(tmp_path, test)


def test_an_edit_that_joins_it_on_its_way_does_not_make_it_leave_the_damaged_one(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        damaged = Damaged(deployed)
        await damaged.make()
        await damaged.repair()
        tagging = {"TagSet": [{"Key": "team", "Value": "red"}]}
        await deployed.s3("PutObjectTagging", Bucket="source", Key="k", Tagging=tagging)
        assert len(deployed.stores[EAST].metadata.reader.pending_tasks(0, 10)) == 1
        await deliver(deployed)
        await damaged.is_mended()
        assert damaged.replica.tags == {"team": "red"}

    in_deployment(tmp_path, test)


def test_it_joins_an_edit_that_is_on_its_way(tmp_path: Path) -> None:
    """The edit's task brings all of the version: there is never a second one."""

    async def test(deployed: Deployed) -> None:
        damaged = Damaged(deployed)
        await damaged.make()
        tagging = {"TagSet": [{"Key": "team", "Value": "red"}]}
        await deployed.s3("PutObjectTagging", Bucket="source", Key="k", Tagging=tagging)
        _, (found,) = await run_verification(
            deployed.deployment, "source", "there", permitted=lambda _key, _version_id: True
        )
        assert found.fields == ("ETAG", "TAGS")
        assert len(deployed.stores[EAST].metadata.reader.pending_tasks(0, 10)) == 1
        await deliver(deployed)
        await damaged.is_mended()

    in_deployment(tmp_path, test)


def test_what_was_permanently_deleted_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        damaged = Damaged(deployed)
        await damaged.make()
        await damaged.repair()

        def delete(tx: Transaction) -> None:
            there = tx.bucket("there")
            assert there is not None
            tx.remove_version(damaged.replica)
            tx.remember_hard_deleted(there.id, "k", damaged.version_id)

        await deployed.stores[WEST].metadata.write(delete)
        await deliver(deployed)
        assert find(deployed, WEST, "there", "k", damaged.version_id) is None
        assert only_state(damaged.source).reason is FailureCode.DST_OBJECT_HARD_DELETED

    in_deployment(tmp_path, test)


def test_a_null_version_of_the_destinations_own_is_not_replaced(tmp_path: Path) -> None:
    """It has the id of a null replica, and is another version."""

    async def test(deployed: Deployed) -> None:
        await deployed.bucket("there", WEST)
        there = deployed.stores[WEST].metadata
        bucket = there.reader.bucket("there")
        assert bucket is not None
        own = Version(
            bucket_id=bucket.id, key="k", version_id=NULL_VERSION, created_us=9_000, owner=bucket.owner, etag="own"
        )
        await there.write(lambda tx: tx.insert_version(own, None))
        arriving = msgspec.structs.replace(
            own,
            created_us=5_000,
            etag="replica",
            attributes=msgspec.structs.replace(own.attributes, replica=True),
            replication_status=ReplicationStatus.REPLICA,
        )
        transport = RegionTransport(deployed.deployment, deployed.stores[WEST])
        assert await transport.put_many(bucket, [Change(version=arriving, replace=True)]) == [None]
        assert stored(deployed, WEST, "there", "k", NULL_VERSION).etag == "own"

    in_deployment(tmp_path, test)


def test_a_job_that_takes_up_a_repair_that_failed_repairs(tmp_path: Path) -> None:
    """Else it would find the damaged replica there, and be content."""

    async def test(deployed: Deployed) -> None:
        damaged = Damaged(deployed)
        await damaged.make()
        await damaged.repair()
        await deployed.s3("DeleteBucketReplication", Bucket="source")
        await deliver(deployed)
        failed = only_state(damaged.source)
        assert (failed.status, failed.replace) == (ReplicationStatus.FAILED, True)
        await put_rule(deployed, "source", "there")
        region = deployed.stores[EAST]
        bucket = region.metadata.reader.bucket("source")
        assert bucket is not None
        configuration = deployed.deployment.configurations.get(region.metadata.reader, bucket)
        assert configuration is not None
        planned = plan_batch(configuration, damaged.source, deployed.clock.tick())
        assert planned is not None

        def command(tx: Transaction) -> None:
            tx.set_replication(damaged.source.row, planned.status, planned.destinations)
            tx.add_tasks(planned.tasks)

        await region.metadata.write(command)
        await deliver(deployed)
        await damaged.is_mended()

    in_deployment(tmp_path, test)
