"""Edits of tags and ACLs on replicas travel back, never loop, and edits on both sides come to be alike.

Source: S3 User Guide, "Replicating metadata changes with replica modification sync". Which of two edits at the same
time stands is our reading: the later one.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.support.delivery import deliver, find, only_state, put_rule, set_ownership, stored
from tests.support.deployment import EAST, WEST, Deployed, in_deployment

from farshore.model.access_control import ObjectOwnership
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationStatus, TaskKind
from farshore.semantics.metadata_sync import METADATA, is_later
from farshore.service.access_control_lists import put_object_acl
from farshore.service.object_tagging import put_object_tagging

SYNC = {"SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}}}
SIDES = ((EAST, "one"), (WEST, "two"))
ACLS = ("private", "bucket-owner-read", "authenticated-read", "bucket-owner-full-control")


class Pair:
    """Two buckets with ACLs in force, each replicating to the other."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed

    async def prepare(self, there: dict[str, Any] | None = None, back: dict[str, Any] | None = None) -> None:
        """there, back: more members of the two rules; None leaves the rule back out."""
        for region, name in SIDES:
            bucket = await self.deployed.bucket(name, region)
            await set_ownership(self.deployed, region, bucket, ObjectOwnership.OBJECT_WRITER)
        await put_rule(self.deployed, "one", "two", region=EAST, **dict(there or {}))
        if back is not None:
            await put_rule(self.deployed, "two", "one", region=WEST, **dict(back))

    async def put(self, key: str = "key", side: int = 0) -> str:
        region, bucket = SIDES[side]
        return await self.deployed.put(bucket, key, region=region)

    async def tag(self, side: int, key: str, version_id: str, tags: dict[str, str], now_us: int | None = None) -> None:
        tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
        tagging = {"TagSet": tag_set}
        await self._edit(put_object_tagging, "PutObjectTagging", side, key, version_id, now_us, Tagging=tagging)

    async def set_acl(self, side: int, key: str, version_id: str, acl: str, now_us: int | None = None) -> None:
        await self._edit(put_object_acl, "PutObjectAcl", side, key, version_id, now_us, ACL=acl)

    def version(self, side: int, version_id: str, key: str = "key") -> Version:
        region, bucket = SIDES[side]
        return stored(self.deployed, region, bucket, key, version_id)

    async def _edit(
        self, handler: Any, operation: str, side: int, key: str, version_id: str, now_us: int | None, **params: Any
    ) -> None:
        region, bucket = SIDES[side]
        names = {"Bucket": bucket, "Key": key, "VersionId": version_id}
        request = self.deployed.request(operation, region=region, **names, **params)
        request.now_us = now_us or request.now_us
        await handler(request)


def test_an_edit_of_a_replica_travels_back_and_no_further(tmp_path: Path) -> None:
    """The replica's status goes REPLICA, PENDING, REPLICA; the source's does not move."""

    async def test(deployed: Deployed) -> None:
        pair = Pair(deployed)
        await pair.prepare(SYNC, SYNC)
        version_id = await pair.put()
        await deliver(deployed)
        assert pair.version(1, version_id).replication_status is ReplicationStatus.REPLICA
        await pair.tag(1, "key", version_id, {"edited": "there"})
        await pair.set_acl(1, "key", version_id, "bucket-owner-read")
        replica = pair.version(1, version_id)
        assert (replica.replication_status, replica.is_replica) == (ReplicationStatus.PENDING, True)
        before = only_state(pair.version(0, version_id))
        await deliver(deployed)
        source, replica = pair.version(0, version_id), pair.version(1, version_id)
        assert source.tags == replica.tags == {"edited": "there"} and source.acl == replica.acl is not None
        assert replica.replication_status is ReplicationStatus.REPLICA
        assert source.replication_status is ReplicationStatus.COMPLETED and only_state(source) == before
        assert all(not region.metadata.reader.pending_tasks(0, 10) for region in deployed.stores.values())

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("back", [None, {}], ids=["no rule back", "switched off"])
def test_without_the_switch_an_edit_of_a_replica_stays_there(tmp_path: Path, back: dict[str, Any] | None) -> None:
    """And the source's next edit replaces it, however the clocks stand."""

    async def test(deployed: Deployed) -> None:
        pair = Pair(deployed)
        await pair.prepare({}, back)
        version_id = await pair.put()
        await deliver(deployed)
        await pair.tag(1, "key", version_id, {"edited": "there"}, now_us=deployed.clock.now_us() + 10**12)
        await deliver(deployed)
        assert pair.version(1, version_id).replication_status is ReplicationStatus.REPLICA
        assert pair.version(0, version_id).tags == {}
        await pair.tag(0, "key", version_id, {"edited": "here"})
        await deliver(deployed)
        assert pair.version(1, version_id).tags == {"edited": "here"}

    in_deployment(tmp_path, test)


def test_an_edit_of_one_kind_leaves_the_other_kind_alone(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        pair = Pair(deployed)
        await pair.prepare()
        version_id = await pair.put()
        await deliver(deployed)
        await pair.set_acl(1, "key", version_id, "authenticated-read")
        own = pair.version(1, version_id).acl
        await pair.tag(0, "key", version_id, {"a": "1"})
        await deliver(deployed)
        replica = pair.version(1, version_id)
        assert (replica.tags, replica.acl) == ({"a": "1"}, own)

    in_deployment(tmp_path, test)


def test_an_edit_of_a_replica_whose_source_is_gone_fails(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        pair = Pair(deployed)
        await pair.prepare(SYNC, SYNC)
        version_id = await pair.put()
        await deliver(deployed)
        source = pair.version(0, version_id)
        await deployed.stores[EAST].metadata.write(lambda tx: tx.remove_version(source))
        await pair.tag(1, "key", version_id, {"edited": "there"})
        await deliver(deployed)
        replica = pair.version(1, version_id)
        assert replica.replication_status is ReplicationStatus.FAILED
        assert only_state(replica).reason is FailureCode.DST_VERSION_NOT_FOUND

    in_deployment(tmp_path, test)


def test_the_switch_turned_off_before_delivery_ends_the_edit(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        pair = Pair(deployed)
        await pair.prepare(SYNC, SYNC)
        version_id = await pair.put()
        await deliver(deployed)
        await pair.tag(1, "key", version_id, {"edited": "there"})
        await put_rule(deployed, "two", "one", region=WEST)
        await deliver(deployed)
        replica = pair.version(1, version_id)
        assert only_state(replica).reason is FailureCode.SRC_OBJECT_NOT_ELIGIBLE
        assert pair.version(0, version_id).tags == {}

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("back", [SYNC, {}], ids=["both switched on", "one switched on"])
@pytest.mark.parametrize("seed", range(8))
def test_random_edits_on_both_sides_come_to_be_alike(tmp_path: Path, seed: int, back: dict[str, Any]) -> None:
    """Of versions written on either side; edits at the same microsecond too; deliveries now and then.

    What stands in the end is the latest edit of each kind, by time and then by what it says.
    """
    draw = random.Random(seed)
    made: dict[tuple[str, TaskKind], Version] = {}

    async def test(deployed: Deployed) -> None:
        pair = Pair(deployed)
        await pair.prepare(SYNC, back)
        versions = [(key, await pair.put(key, side)) for side in (0, 1) for key in ("a", "b")]
        synced = versions if back else versions[2:]
        await deliver(deployed)
        for _ in range(60):
            key, version_id = draw.choice(synced)
            now_us = deployed.clock.now_us() if draw.random() < 0.7 else deployed.clock.tick()
            side = draw.randrange(2)
            if draw.random() < 0.5:
                tags = {name: draw.choice("xyz") for name in draw.sample("pqr", draw.randrange(4))}
                await pair.tag(side, key, version_id, tags, now_us)
            else:
                await pair.set_acl(side, key, version_id, draw.choice(ACLS), now_us)
            edit = pair.version(side, version_id, key)
            for kind in METADATA:
                latest = made.setdefault((version_id, kind), edit)
                if is_later(edit, latest, kind):
                    made[version_id, kind] = edit
            if draw.random() < 0.3:
                await deliver(deployed)
        await deliver(deployed)
        for key, version_id in versions:
            here, there = (find(deployed, region, bucket, key, version_id) for region, bucket in SIDES)
            assert here is not None and there is not None
            assert (here.tags, here.acl, here.modified) == (there.tags, there.acl, there.modified), seed
            for kind in METADATA if (key, version_id) in synced else ():
                latest = made[version_id, kind]
                assert not is_later(latest, here, kind) and not is_later(here, latest, kind), (seed, kind)
            statuses = {here.replication_status, there.replication_status}
            assert statuses == {ReplicationStatus.COMPLETED, ReplicationStatus.REPLICA}, seed
        assert all(not region.metadata.reader.pending_tasks(0, 10) for region in deployed.stores.values())

    in_deployment(tmp_path, test)
