"""What rules, roles and owners decide of a replica is no difference, also where they decide otherwise by now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.delivery import deliver, put_configurations, put_rule, set_ownership
from tests.support.deployment import ACCOUNT, EAST, ROLE, WEST, Deployed, in_deployment
from tests.support.verifying import run_verification

from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import ConfigurationKind, VersioningStatus
from farshore.model.replication import FailureCode
from farshore.model.verification import Field
from farshore.replication.verified import Kind, Repair, Result, Why
from farshore.semantics.replication_role import RolePlan, bucket_policy
from farshore.service.bucket_access import StoredPolicy, encode_policy

OTHER = "444455556666"
OVERRIDE = {"Destination": {"Account": OTHER, "AccessControlTranslation": {"Owner": "Destination"}}}
ENFORCED, WRITER = ObjectOwnership.BUCKET_OWNER_ENFORCED, ObjectOwnership.OBJECT_WRITER
LET_IN = bucket_policy(RolePlan(source="source", destinations=("there",), owner_override=True), "there", ROLE)
WITHOUT_TAGS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObjectVersionTagging", "Resource": "*"},
    ],
}


async def pair(deployed: Deployed, **rule: Any) -> None:
    await deployed.bucket("source")
    await deployed.bucket("there", WEST)
    await put_rule(deployed, "source", "there", **rule)


async def put(deployed: Deployed, key: str = "k", **members: Any) -> str:
    version_id = await deployed.put("source", key, **members)
    await deliver(deployed)
    return version_id


async def lose(deployed: Deployed, region: str, bucket: str, key: str) -> None:
    """The current version vanishes from a store."""

    def remove(tx: Any) -> None:
        tx.remove_version(tx.current(tx.bucket(bucket).id, key))

    await deployed.stores[region].metadata.write(remove)


async def differences(deployed: Deployed, **asked: Any) -> list[tuple[str, tuple[Field, ...]]]:
    _, found = await run_verification(deployed.deployment, "source", "there", **asked)
    return [(each.kind, each.fields) for each in found]


async def is_equal(deployed: Deployed, expected: int = 1) -> Result:
    result, found = await run_verification(deployed.deployment, "source", "there")
    assert found == []
    assert (result.equal, result.counts.equal) == (True, expected)
    return result


@pytest.mark.parametrize("later", [WRITER, ENFORCED], ids=["owners stay", "the owner is enforced later"])
@pytest.mark.parametrize(
    ("ownership", "rule"), [(WRITER, {}), (WRITER, OVERRIDE), (ENFORCED, {}), (ENFORCED, OVERRIDE)]
)
def test_owners_and_acls_are_as_they_were_brought(
    tmp_path: Path, ownership: ObjectOwnership, rule: dict[str, Any], later: ObjectOwnership
) -> None:
    async def test(deployed: Deployed) -> None:
        source = await deployed.bucket("source")
        there = await deployed.bucket("there", WEST, owner=OTHER)
        await set_ownership(deployed, EAST, source, WRITER)
        await set_ownership(deployed, WEST, there, ownership)
        policy = {ConfigurationKind.POLICY: encode_policy(StoredPolicy(text=json.dumps(LET_IN)))}
        await put_configurations(deployed, WEST, there, policy)
        await put_rule(deployed, "source", "there", **rule)
        version_id = await put(deployed, ACL="public-read")
        await is_equal(deployed)
        names = {"Bucket": "source", "Key": "k", "VersionId": version_id}
        await deployed.s3("PutObjectAcl", **names, ACL="authenticated-read")
        await deliver(deployed)
        await is_equal(deployed)
        if later is ENFORCED:
            await set_ownership(deployed, WEST, there, later)
            await is_equal(deployed)

    in_deployment(tmp_path, test)


def test_a_storage_class_is_right_when_a_rule_says_or_said_so(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await pair(deployed, Destination={"StorageClass": "STANDARD_IA"})
        await put(deployed)
        await is_equal(deployed)
        await put_rule(deployed, "source", "there", Destination={"StorageClass": "GLACIER_IR"})
        await put(deployed, "k2")
        await is_equal(deployed, 2)
        await put_rule(deployed, "source", "there")
        await put(deployed, "k3", StorageClass="ONEZONE_IA")
        await is_equal(deployed, 3)

    in_deployment(tmp_path, test)


def test_tags_that_the_role_may_not_carry_are_not_missed_until_it_may(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        bound = f"arn:aws:iam::{ACCOUNT}:role/bound"
        await deployed.make_role(bound, WITHOUT_TAGS)
        await pair(deployed, role=bound)
        await put(deployed, Tagging="team=red")
        await is_equal(deployed)
        await put_rule(deployed, "source", "there")
        assert await differences(deployed) == [(Kind.DIFFERENT, (Field.TAGS,))]
        await differences(deployed, permitted=lambda _key, _version_id: True)
        await deliver(deployed)
        await is_equal(deployed)

    in_deployment(tmp_path, test)


def test_what_went_there_ought_to_be_there_also_when_no_rule_is_left(tmp_path: Path) -> None:
    """But it cannot be repaired then: the engine would not bring it."""

    async def test(deployed: Deployed) -> None:
        await pair(deployed)
        await put(deployed)
        await deployed.s3("DeleteBucketReplication", Bucket="source")
        await is_equal(deployed)
        await lose(deployed, WEST, "there", "k")
        _, (found,) = await run_verification(
            deployed.deployment, "source", "there", permitted=lambda _key, _version_id: True
        )
        assert (found.kind, found.repair) == (Kind.MISSING, Repair.LEFT)
        assert found.code is FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING

    in_deployment(tmp_path, test)


def test_what_was_refused_is_missing_with_the_reason_and_arrives_once_that_is_mended(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await pair(deployed)
        there = deployed.stores[WEST].metadata

        async def versioning(status: VersioningStatus) -> None:
            await there.write(lambda tx: tx.set_versioning(tx.bucket("there").id, status))

        await versioning(VersioningStatus.SUSPENDED)
        await put(deployed)
        _, (found,) = await run_verification(deployed.deployment, "source", "there")
        assert (found.kind, found.why, found.code) == (Kind.MISSING, Why.REFUSED, FailureCode.DST_BUCKET_UNVERSIONED)
        await versioning(VersioningStatus.ENABLED)
        await differences(deployed, permitted=lambda _key, _version_id: True)
        await deliver(deployed)
        await is_equal(deployed)

    in_deployment(tmp_path, test)


def test_delete_markers_ought_to_be_there_only_where_the_rule_takes_them(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await pair(deployed, DeleteMarkerReplication={"Status": "Disabled"})
        await put(deployed)
        await deployed.s3("DeleteObject", Bucket="source", Key="k")
        await deliver(deployed)
        assert (await is_equal(deployed)).counts.not_expected == 1
        await put_rule(deployed, "source", "there")
        await deployed.s3("DeleteObject", Bucket="source", Key="k")
        await deliver(deployed)
        assert (await is_equal(deployed, 2)).counts.not_expected == 1

    in_deployment(tmp_path, test)


def test_replicas_are_not_expected_further_on_nor_extra_on_the_way_back(tmp_path: Path) -> None:
    """Source and destination replicate to each other, and the destination to a third bucket."""

    async def test(deployed: Deployed) -> None:
        await pair(deployed)
        await deployed.bucket("third")
        await put_rule(deployed, "there", "source", region=WEST)
        await put(deployed)
        await deployed.put("there", "back", region=WEST)
        await deliver(deployed)
        await is_equal(deployed)
        back, found = await run_verification(deployed.deployment, "there", "source", (WEST, EAST))
        assert (found, back.counts.equal, back.counts.not_expected) == ([], 1, 1)
        await lose(deployed, EAST, "source", "back")
        await is_equal(deployed)
        _, (lost,) = await run_verification(deployed.deployment, "there", "source", (WEST, EAST))
        assert (lost.kind, lost.key) == (Kind.MISSING, "back"), "the direction that brought it tells"
        await put_rule(deployed, "there", "third", region=WEST)
        third, found = await run_verification(deployed.deployment, "there", "third", (WEST, EAST))
        assert (found, third.counts.equal, third.counts.not_expected) == ([], 0, 2)

    in_deployment(tmp_path, test)


def test_an_edit_of_a_replica_that_travels_back_is_on_its_way(tmp_path: Path) -> None:
    """And where both sides were edited apart by hand, repair lets the source's tags stand."""

    async def test(deployed: Deployed) -> None:
        both = {"SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}}}
        await pair(deployed, **both)
        await put_rule(deployed, "there", "source", region=WEST, **both)
        version_id = await put(deployed, Tagging="team=red")
        there = deployed.stores[WEST].metadata

        def by_hand(tx: Any) -> None:
            replica = tx.version(tx.bucket("there").id, "k", version_id)
            tx.set_tags(replica.row, {"team": "blue"}, replica.modified)

        await there.write(by_hand)
        assert await differences(deployed) == [(Kind.DIFFERENT, (Field.TAGS,))]
        await differences(deployed, permitted=lambda _key, _version_id: True)
        await deliver(deployed)
        await is_equal(deployed)

    in_deployment(tmp_path, test)


def test_of_an_original_whose_replica_was_edited_only_what_travels_back_is_compared(tmp_path: Path) -> None:
    """It is no replica, and is stored in its own class; the direction that brought the replica compares all of it."""

    async def test(deployed: Deployed) -> None:
        both = {"SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}}}
        await pair(deployed, Destination={"StorageClass": "STANDARD_IA"}, **both)
        await put_rule(deployed, "there", "source", region=WEST, **both)
        version_id = await put(deployed)

        async def back() -> list[tuple[str, tuple[Field, ...]]]:
            result, found = await run_verification(deployed.deployment, "there", "source", (WEST, EAST))
            assert result.equal is not bool(found)
            return [(each.kind, each.fields) for each in found]

        assert await back() == []
        tags = {"TagSet": [{"Key": "team", "Value": "red"}]}
        await deployed.s3("PutObjectTagging", region=WEST, Bucket="there", Key="k", Tagging=tags)
        await deliver(deployed)
        assert await back() == []
        await is_equal(deployed)

        def by_hand(tx: Any) -> None:
            original = tx.version(tx.bucket("source").id, "k", version_id)
            tx.set_tags(original.row, {"team": "blue"}, original.modified)

        await deployed.stores[EAST].metadata.write(by_hand)
        assert await back() == [(Kind.DIFFERENT, (Field.TAGS,))]
        assert await differences(deployed) == [(Kind.DIFFERENT, (Field.TAGS,))]

    in_deployment(tmp_path, test)
