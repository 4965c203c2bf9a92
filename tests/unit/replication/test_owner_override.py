"""Who owns a replica, and whether its ACL follows the source's.

Source: S3 User Guide, "Changing the replica owner"; what a version was replicated under stays in force for it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.delivery import deliver, put_configurations, put_rule, set_ownership, stored
from tests.support.deployment import ACCOUNT, EAST, ROLE, WEST, Deployed, in_deployment

from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import ConfigurationKind
from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus
from farshore.semantics.replication_role import RolePlan, bucket_policy
from farshore.service.bucket_access import StoredPolicy, encode_policy

OTHER = "444455556666"
OVERRIDE = {"Destination": {"Account": OTHER, "AccessControlTranslation": {"Owner": "Destination"}}}
LET_IN = bucket_policy(
    RolePlan(source="source", destinations=("destination",), owner_override=True), "destination", ROLE
)
ENFORCED, WRITER = ObjectOwnership.BUCKET_OWNER_ENFORCED, ObjectOwnership.OBJECT_WRITER


class Accounts:
    """A source of one account, a destination of another."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed

    async def prepare(self, ownership: ObjectOwnership, owner: str = OTHER, **rule: Any) -> None:
        source = await self.deployed.bucket("source", EAST)
        destination = await self.deployed.bucket("destination", WEST, owner=owner)
        await set_ownership(self.deployed, EAST, source, WRITER)
        await set_ownership(self.deployed, WEST, destination, ownership)
        policy = {ConfigurationKind.POLICY: encode_policy(StoredPolicy(text=json.dumps(LET_IN)))}
        await put_configurations(self.deployed, WEST, destination, policy)
        await put_rule(self.deployed, "source", "destination", **rule)

    async def put(self, key: str, **members: Any) -> str:
        version_id = await self.deployed.put("source", key, **members)
        await deliver(self.deployed)
        return version_id

    async def change_acl(self, key: str, version_id: str, acl: str) -> None:
        names = {"Bucket": "source", "Key": key, "VersionId": version_id}
        await self.deployed.s3("PutObjectAcl", **names, ACL=acl)
        await deliver(self.deployed)

    def source(self, key: str, version_id: str) -> Version:
        return stored(self.deployed, EAST, "source", key, version_id)

    def replica(self, key: str, version_id: str) -> Version:
        return stored(self.deployed, WEST, "destination", key, version_id)


@pytest.mark.parametrize(
    ("ownership", "rule", "owner", "with_acl"),
    [
        (WRITER, {}, ACCOUNT, True),
        (WRITER, OVERRIDE, OTHER, False),
        (ENFORCED, {}, OTHER, False),
        (ENFORCED, OVERRIDE, OTHER, False),
        (ObjectOwnership.BUCKET_OWNER_PREFERRED, {}, ACCOUNT, True),
    ],
)
def test_the_owner_and_the_acl_of_a_replica(
    tmp_path: Path, ownership: ObjectOwnership, rule: dict[str, Any], owner: str, with_acl: bool
) -> None:
    """ACL: as of its creation and as of a later change; otherwise full control to the owner, and no more."""

    async def test(deployed: Deployed) -> None:
        accounts = Accounts(deployed)
        await accounts.prepare(ownership, **rule)
        version_id = await accounts.put("key", ACL="authenticated-read")
        for acl in (None, "bucket-owner-read"):
            if acl is not None:
                await accounts.change_acl("key", version_id, acl)
            source, replica = accounts.source("key", version_id), accounts.replica("key", version_id)
            assert source.acl is not None and source.owner == ACCOUNT
            assert (replica.owner, replica.acl) == (owner, source.acl if with_acl else None)
            assert source.replication_status is ReplicationStatus.COMPLETED

    in_deployment(tmp_path, test)


def test_the_override_stays_with_each_version(tmp_path: Path) -> None:
    """One from before it was switched on keeps its ACL in step; one from its time does not, after it is off again."""

    async def test(deployed: Deployed) -> None:
        accounts = Accounts(deployed)
        await accounts.prepare(WRITER)
        before = await accounts.put("before")
        await put_rule(deployed, "source", "destination", **OVERRIDE)
        under = await accounts.put("under")
        await accounts.change_acl("before", before, "authenticated-read")
        assert accounts.replica("before", before).acl == accounts.source("before", before).acl is not None
        await put_rule(deployed, "source", "destination")
        after = await accounts.put("after")
        for key, version_id in (("under", under), ("after", after)):
            await accounts.change_acl(key, version_id, "bucket-owner-read")
        assert accounts.replica("after", after).acl == accounts.source("after", after).acl is not None
        replica = accounts.replica("under", under)
        assert (replica.owner, replica.acl) == (OTHER, None)

    in_deployment(tmp_path, test)


def test_within_one_account_the_override_applies_as_well(tmp_path: Path) -> None:
    """AWS: "Amazon S3 doesn't check if the buckets are owned by the same or different accounts"."""
    rule = {"Destination": {"Account": ACCOUNT, "AccessControlTranslation": {"Owner": "Destination"}}}

    async def test(deployed: Deployed) -> None:
        accounts = Accounts(deployed)
        await accounts.prepare(WRITER, ACCOUNT, **rule)
        version_id = await accounts.put("key", ACL="authenticated-read")
        await accounts.change_acl("key", version_id, "bucket-owner-read")
        replica = accounts.replica("key", version_id)
        assert (replica.owner, replica.acl) == (ACCOUNT, None)

    in_deployment(tmp_path, test)
