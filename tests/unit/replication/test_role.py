"""What the replication role may not do is not done: each missing permission has its failure code.

Source of the codes: S3 User Guide, "Amazon S3 replication failure reasons".
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.delivery import deliver, find, only_state, put_configurations, put_rule, set_ownership, stored
from tests.support.deployment import ACCOUNT, EAST, ROLE, WEST, Deployed, in_deployment

from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.identity import InlinePolicy
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationStatus, TaskKind
from farshore.replication.role import Permissions, Roles
from farshore.semantics.replication_role import Document, RolePlan, bucket_policy, role_policy
from farshore.service.access_control_lists import put_object_acl
from farshore.service.bucket_access import StoredPolicy, encode_policy
from farshore.service.deployment import Region
from farshore.service.multipart import complete_multipart_upload, create_multipart_upload
from farshore.service.object_tagging import put_object_tagging
from farshore.service.upload_part import upload_part

OTHER = "444455556666"
NAME = ROLE.rpartition("/")[2]
PLAN = RolePlan(source="source", destinations=("destination",), owner_override=True)
EVERYTHING = role_policy(PLAN)

Test = Callable[["Place"], Awaitable[None]]


class Place:
    """A source in the east, a destination in the west, both with ACLs in force; a role with a policy of its own."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed

    async def prepare(self, *, destination_owner: str = ACCOUNT, **rule: Any) -> None:
        source = await self.deployed.bucket("source", EAST)
        destination = await self.deployed.bucket("destination", WEST, owner=destination_owner)
        for region, bucket in ((EAST, source), (WEST, destination)):
            await set_ownership(self.deployed, region, bucket, ObjectOwnership.OBJECT_WRITER)
        self.destination_id = destination
        await self.allow(EVERYTHING)
        await put_rule(self.deployed, "source", "destination", **rule)

    async def allow(self, policy: Document) -> None:
        """The role's only policy from now on."""

        def command(tx: Any) -> None:
            role = tx.role(ACCOUNT, NAME)
            tx.put_inline_policy(role.id, InlinePolicy(name="replicate", document=json.dumps(policy)))

        await self.deployed.directory.write(command)

    async def let_in(self, policy: Document | None) -> None:
        """The destination's bucket policy from now on."""
        document = None if policy is None else encode_policy(StoredPolicy(text=json.dumps(policy)))
        await put_configurations(self.deployed, WEST, self.destination_id, {ConfigurationKind.POLICY: document})

    async def put(self, key: str = "key", **members: Any) -> Version:
        return self.source(key, await self.deployed.put("source", key, **members))

    async def change_tags(self, version: Version) -> None:
        tags = {"TagSet": [{"Key": "new", "Value": "tag"}]}
        await self._change(put_object_tagging, "PutObjectTagging", version, Tagging=tags)

    async def change_acl(self, version: Version) -> None:
        await self._change(put_object_acl, "PutObjectAcl", version, ACL="bucket-owner-read")

    async def delete(self, key: str = "key") -> Version:
        deleted = await self.deployed.s3("DeleteObject", Bucket="source", Key=key)
        return self.source(key, deleted["VersionId"])

    def source(self, key: str, version_id: str) -> Version:
        return stored(self.deployed, EAST, "source", key, version_id)

    def again(self, version: Version) -> Version:
        """The version as the source has it now."""
        return self.source(version.key, version.version_id)

    def replica(self, version: Version) -> Version | None:
        return find(self.deployed, WEST, "destination", version.key, version.version_id)

    async def _change(self, handler: Any, operation: str, version: Version, **params: Any) -> None:
        names = {"Bucket": "source", "Key": version.key, "VersionId": version.version_id}
        await self.deployed.ask(handler, operation, **names, **params)


def in_place(folder: Path, test: Test) -> None:
    async def run(deployed: Deployed) -> None:
        await test(Place(deployed))

    in_deployment(folder, run)


def without(policy: Document, action: str) -> Document:
    """The policy, where this one action is missing."""
    statements: list[Document] = []
    for statement in policy["Statement"]:
        listed = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        kept = [each for each in listed if each != action]
        if kept:
            statements.append({**statement, "Action": kept})
    assert statements != policy["Statement"], action
    return {**policy, "Statement": statements}


def denying(action: str, resource: str = "*") -> Document:
    deny = {"Sid": "NoMeansNo", "Effect": "Deny", "Action": action, "Resource": resource}
    return {**EVERYTHING, "Statement": [*EVERYTHING["Statement"], deny]}


async def bring_object(place: Place) -> Version:
    return await place.put()


async def bring_multipart(place: Place) -> Version:
    names = {"Bucket": "source", "Key": "key"}
    ask = place.deployed.ask
    upload = {**names, "UploadId": (await ask(create_multipart_upload, "CreateMultipartUpload", **names))["UploadId"]}
    part = await ask(upload_part, "UploadPart", body=b"part", **upload, PartNumber=1)
    listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = await ask(complete_multipart_upload, "CompleteMultipartUpload", **upload, MultipartUpload=listed)
    return place.source("key", done["VersionId"])


async def bring_marker(place: Place) -> Version:
    return await place.delete()


async def bring_tags(place: Place) -> Version:
    return await _bring_change(place, place.change_tags)


async def bring_acl(place: Place) -> Version:
    return await _bring_change(place, place.change_acl)


async def _bring_change(place: Place, change: Callable[[Version], Awaitable[None]]) -> Version:
    await place.allow(EVERYTHING)
    version = await place.put()
    await deliver(place.deployed)
    assert place.again(version).replication_status is ReplicationStatus.COMPLETED
    await change(version)
    return place.again(version)


REFUSED = [
    ("s3:GetReplicationConfiguration", bring_object, FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING),
    ("s3:GetReplicationConfiguration", bring_marker, FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING),
    ("s3:ListBucket", bring_marker, FailureCode.SRC_HEAD_OBJECT_NOT_PERMITTED),
    ("s3:GetObjectVersionForReplication", bring_object, FailureCode.SRC_GET_OBJECT_NOT_PERMITTED),
    ("s3:GetObjectVersionForReplication", bring_tags, FailureCode.SRC_HEAD_OBJECT_NOT_PERMITTED),
    ("s3:GetObjectVersionForReplication", bring_acl, FailureCode.SRC_HEAD_OBJECT_NOT_PERMITTED),
    ("s3:GetObjectVersionAcl", bring_object, FailureCode.SRC_GET_ACL_NOT_PERMITTED),
    ("s3:GetObjectVersionAcl", bring_acl, FailureCode.SRC_GET_ACL_NOT_PERMITTED),
    ("s3:GetObjectVersionTagging", bring_tags, FailureCode.SRC_GET_TAGGING_NOT_PERMITTED),
    ("s3:ReplicateObject", bring_object, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED),
    ("s3:ReplicateObject", bring_multipart, FailureCode.DST_MULTIPART_INIT_NOT_PERMITTED),
    ("s3:ReplicateObject", bring_tags, FailureCode.DST_PUT_TAGGING_NOT_PERMITTED),
    ("s3:ReplicateObject", bring_acl, FailureCode.DST_PUT_ACL_NOT_PERMITTED),
    ("s3:ReplicateDelete", bring_marker, FailureCode.DST_DEL_OBJ_NOT_PERMITTED),
]


@pytest.mark.parametrize(
    ("action", "bring", "code"), REFUSED, ids=[f"{action[3:]}-{bring.__name__}" for action, bring, _ in REFUSED]
)
def test_a_missing_permission_fails_with_its_code_and_giving_it_back_does_not_retry(
    tmp_path: Path, action: str, bring: Callable[[Place], Awaitable[Version]], code: FailureCode
) -> None:
    async def test(place: Place) -> None:
        await place.prepare()
        version = await bring(place)
        before = place.replica(version)
        await place.allow(without(EVERYTHING, action))
        await deliver(place.deployed)
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, code)
        assert state.detail.startswith(f"{action} is not allowed by any policy (role {ROLE}, bucket ")
        assert place.replica(version) == before
        await place.allow(EVERYTHING)
        place.deployed.clock.move(3600.0)
        await deliver(place.deployed)
        assert only_state(place.again(version)) == state and place.replica(version) == before

    in_place(tmp_path, test)


DENIED = [
    ("s3:GetObjectVersionForReplication", bring_object, FailureCode.SRC_GET_OBJECT_NOT_PERMITTED),
    ("s3:ReplicateObject", bring_object, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED),
    ("s3:ReplicateDelete", bring_marker, FailureCode.DST_DEL_OBJ_NOT_PERMITTED),
    ("s3:ReplicateTags", bring_tags, FailureCode.DST_PUT_TAGGING_NOT_PERMITTED),
]


@pytest.mark.parametrize(
    ("action", "bring", "code"), DENIED, ids=[f"{action[3:]}-{bring.__name__}" for action, bring, _ in DENIED]
)
def test_an_explicit_deny_is_named(
    tmp_path: Path, action: str, bring: Callable[[Place], Awaitable[Version]], code: FailureCode
) -> None:
    async def test(place: Place) -> None:
        await place.prepare()
        version = await bring(place)
        await place.allow(denying(action))
        await deliver(place.deployed)
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, code)
        assert f"{action} is denied by NoMeansNo of the inline policy replicate of role {NAME}" in state.detail

    in_place(tmp_path, test)


def test_a_role_that_is_not_there_cannot_be_assumed(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        await place.prepare(role=f"arn:aws:iam::{ACCOUNT}:role/nobody")
        version = await place.put()
        await deliver(place.deployed)
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.ASSUME_ROLE_NOT_PERMITTED)
        assert state.detail == f"arn:aws:iam::{ACCOUNT}:role/nobody does not exist."

    in_place(tmp_path, test)


def test_a_role_that_does_not_trust_s3_cannot_be_assumed(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        await place.prepare()

        def distrust(tx: Any) -> None:
            role = tx.role(ACCOUNT, NAME)
            trust = role.trust.replace("s3.amazonaws.com", "batchoperations.s3.amazonaws.com")
            tx.replace_role(msgspec.structs.replace(role, trust=trust))

        await place.deployed.directory.write(distrust)
        version = await place.put()
        await deliver(place.deployed)
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.ASSUME_ROLE_NOT_PERMITTED)
        assert state.detail.startswith(f"s3.amazonaws.com may not assume {ROLE}: ")

    in_place(tmp_path, test)


@pytest.mark.parametrize(
    "policy",
    [
        without(EVERYTHING, "s3:GetObjectVersionTagging"),
        denying("s3:GetObjectVersionTagging"),
        denying("s3:ReplicateTags"),
    ],
    ids=["may not read them", "denied to read them", "denied to write them"],
)
def test_an_object_goes_without_tags_that_may_not_be_replicated(tmp_path: Path, policy: Document) -> None:
    """Source: "Setting up permissions for live replication": "it replicates the objects, but not the object tags"."""

    async def test(place: Place) -> None:
        await place.prepare()
        await place.allow(policy)
        version = await place.put(Tagging="a=1")
        await deliver(place.deployed)
        replica = place.replica(version)
        assert replica is not None and replica.tags == {}
        assert place.again(version).replication_status is ReplicationStatus.COMPLETED
        assert place.again(version).tags == {"a": "1"}

    in_place(tmp_path, test)


def test_what_is_not_encrypted_with_kms_may_be_read_as_a_version_too(tmp_path: Path) -> None:
    reading = without(EVERYTHING, "s3:GetObjectVersionForReplication")
    also = {"Effect": "Allow", "Action": "s3:GetObjectVersion", "Resource": "arn:aws:s3:::source/*"}

    async def test(place: Place) -> None:
        await place.prepare()
        await place.allow({**reading, "Statement": [*reading["Statement"], also]})
        version = await place.put()
        await deliver(place.deployed)
        assert place.replica(version) is not None

    in_place(tmp_path, test)


OVERRIDE = {"Account": ACCOUNT, "AccessControlTranslation": {"Owner": "Destination"}}
GIVE_AWAY = "s3:ObjectOwnerOverrideToBucketOwner"


@pytest.mark.parametrize("ownership", list(ObjectOwnership))
def test_the_owner_override_needs_its_permission_unless_the_owner_is_enforced(
    tmp_path: Path, ownership: ObjectOwnership
) -> None:
    """Source: "Changing the replica owner"."""

    async def test(place: Place) -> None:
        await place.prepare(Destination=OVERRIDE)
        await set_ownership(place.deployed, WEST, place.destination_id, ownership)
        await place.allow(without(EVERYTHING, GIVE_AWAY))
        version = await place.put()
        await deliver(place.deployed)
        state = only_state(place.again(version))
        if ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED:
            assert state.status is ReplicationStatus.COMPLETED
        else:
            assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED)
            assert GIVE_AWAY in state.detail

    in_place(tmp_path, test)


ACROSS = {"Destination": {**OVERRIDE, "Account": OTHER}}
LET_IN = bucket_policy(PLAN, "destination", ROLE)


@pytest.mark.parametrize(
    ("policy", "bring", "code"),
    [
        (None, bring_object, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED),
        (None, bring_marker, FailureCode.DST_DEL_OBJ_NOT_PERMITTED),
        (without(LET_IN, "s3:ReplicateObject"), bring_object, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED),
        (without(LET_IN, "s3:ReplicateDelete"), bring_marker, FailureCode.DST_DEL_OBJ_NOT_PERMITTED),
        (without(LET_IN, GIVE_AWAY), bring_object, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED),
    ],
)
def test_a_destination_of_another_account_must_let_the_role_in(
    tmp_path: Path, policy: Document | None, bring: Callable[[Place], Awaitable[Version]], code: FailureCode
) -> None:
    async def test(place: Place) -> None:
        await place.prepare(destination_owner=OTHER, **ACROSS)
        await place.let_in(policy)
        version = await bring(place)
        await deliver(place.deployed)
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, code)
        assert "is not allowed to the caller by the resource, which another account owns" in state.detail
        await place.let_in(LET_IN)
        await deliver(place.deployed)
        assert only_state(place.again(version)) == state and place.replica(version) is None

    in_place(tmp_path, test)


@pytest.mark.parametrize("principal", [ROLE, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_let_in_as_the_role_or_as_its_account_it_replicates(tmp_path: Path, principal: str) -> None:
    """Source: "Granting permissions when source and destination buckets are owned by different AWS accounts"."""
    (statement,) = LET_IN["Statement"]

    async def test(place: Place) -> None:
        await place.prepare(destination_owner=OTHER, **ACROSS)
        await place.let_in({**LET_IN, "Statement": [{**statement, "Principal": {"AWS": principal}}]})
        version, marker = await place.put(), await place.delete()
        await deliver(place.deployed)
        replica = place.replica(version)
        assert replica is not None and replica.owner == OTHER and place.replica(marker) is not None

    in_place(tmp_path, test)


def test_a_destination_that_changed_hands_is_refused(tmp_path: Path) -> None:
    """The rule's Account is compared with the owner at every delivery, as when the rule was put."""

    async def test(place: Place) -> None:
        await place.prepare(Destination={"Account": ACCOUNT})
        deployed = place.deployed
        await deployed.stores[WEST].metadata.write(lambda tx: tx.delete_bucket(place.destination_id))
        home = deployed.directory.bucket_home("destination")
        assert home is not None
        await deployed.directory.release_bucket(home)
        place.destination_id = await deployed.bucket("destination", WEST, owner=OTHER)
        await place.let_in(LET_IN)
        version = await place.put()
        await deliver(deployed)
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED)
        assert state.detail == f"The rule names account {ACCOUNT}, but another owns the bucket destination."

    in_place(tmp_path, test)


async def outcomes(place: Place) -> dict[str, object]:
    """What becomes of an object with tags, of changes of its tags and ACL, and of a delete marker."""
    version = await place.put(Tagging="a=1")
    await deliver(place.deployed)
    found: dict[str, object] = {"object": only_state(place.again(version)).status}
    replica = place.replica(version)
    found["tags of the object"] = replica is not None and replica.tags
    for name, change in (("tags", place.change_tags), ("ACL", place.change_acl)):
        await change(version)
        await deliver(place.deployed)
        found[name] = only_state(place.again(version)).status
    marker = await place.delete()
    await deliver(place.deployed)
    found["marker"] = only_state(place.again(marker)).status
    return found


LEAST = role_policy(RolePlan(source="source", destinations=("destination",)))


@pytest.mark.parametrize(
    "action", [action for statement in LEAST["Statement"] for action in statement["Action"]] + ["nothing"]
)
def test_of_the_least_policy_no_action_can_be_spared(tmp_path: Path, action: str) -> None:
    async def test(place: Place) -> None:
        await place.prepare()
        await place.allow(LEAST if action == "nothing" else without(LEAST, action))
        found = await outcomes(place)
        everything = dict.fromkeys(found, ReplicationStatus.COMPLETED) | {"tags of the object": {"a": "1"}}
        assert (found == everything) is (action == "nothing"), found

    in_place(tmp_path, test)


@pytest.mark.parametrize("index", range(len(LEAST["Statement"])))
def test_of_the_least_policy_no_statement_can_be_spared(tmp_path: Path, index: int) -> None:
    kept = [statement for place, statement in enumerate(LEAST["Statement"]) if place != index]

    async def test(place: Place) -> None:
        await place.prepare()
        await place.allow({**LEAST, "Statement": kept})
        assert ReplicationStatus.FAILED in (await outcomes(place)).values()

    in_place(tmp_path, test)


def test_objects_are_told_apart_where_the_policy_tells_them_apart(tmp_path: Path) -> None:
    """By key, and by the tags that a condition asks for; all in one batch."""
    may_read = {
        "Effect": "Allow",
        "Action": "s3:GetObjectVersionForReplication",
        "Resource": "arn:aws:s3:::source/open/*",
    }
    tagged = {
        "Effect": "Allow",
        "Action": "s3:GetObjectVersionForReplication",
        "Resource": "arn:aws:s3:::source/*",
        "Condition": {"StringEquals": {"s3:ExistingObjectTag/secret": "no"}},
    }
    rest = without(EVERYTHING, "s3:GetObjectVersionForReplication")

    async def test(place: Place) -> None:
        await place.prepare()
        await place.allow({**rest, "Statement": [*rest["Statement"], may_read, tagged]})
        versions = {
            (key, tagging): await place.put(key, **({"Tagging": tagging} if tagging else {}))
            for key in ("open/a", "closed/a", "open/b", "closed/b")
            for tagging in ("", "secret=no", "secret=yes")
        }
        await deliver(place.deployed)
        went = {names for names, version in versions.items() if place.replica(version) is not None}
        assert went == {names for names in versions if names[0].startswith("open/") or names[1] == "secret=no"}

    in_place(tmp_path, test)


@pytest.mark.parametrize(
    ("acl", "code"),
    [
        ({}, FailureCode.SRC_GET_OBJECT_NOT_PERMITTED),
        ({"ACL": "bucket-owner-read"}, FailureCode.SRC_GET_ACL_NOT_PERMITTED),
        ({"ACL": "bucket-owner-full-control"}, None),
    ],
)
def test_objects_of_other_accounts_go_only_where_their_acl_lets_the_bucket_owner_read_them(
    tmp_path: Path, acl: dict[str, str], code: FailureCode | None
) -> None:
    """Source: "What does Amazon S3 replicate?": objects for which the bucket owner may read object and ACL."""
    writers = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": ["s3:PutObject", "s3:PutObjectAcl"],
        "Resource": "arn:aws:s3:::source/*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [writers]})
    document = encode_policy(StoredPolicy(text=text))

    async def test(place: Place) -> None:
        await place.prepare()
        source = place.deployed.stores[EAST].metadata.reader.bucket("source")
        assert source is not None
        await put_configurations(place.deployed, EAST, source.id, {ConfigurationKind.POLICY: document})
        version = await place.put(account=OTHER, **acl)
        assert version.owner == OTHER
        await deliver(place.deployed)
        state, replica = only_state(place.again(version)), place.replica(version)
        if code is None:
            assert replica is not None and (replica.owner, replica.acl) == (OTHER, version.acl)
        else:
            assert (state.status, state.reason, replica) == (ReplicationStatus.FAILED, code, None)

    in_place(tmp_path, test)


def test_an_unreachable_destination_stays_pending_and_is_tried_again(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        await place.prepare()
        version = await place.put()
        deployed = place.deployed
        await deliver(deployed, deployed.deployment_of({EAST: deployed.stores[EAST]}))
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.PENDING, None)
        deployed.clock.move(600.0)
        await deliver(deployed)
        assert place.again(version).replication_status is ReplicationStatus.COMPLETED

    in_place(tmp_path, test)


def test_a_refused_change_does_not_keep_back_another_of_the_same_version(tmp_path: Path) -> None:
    """Tags and ACL wait together: the ACL goes, and the version is FAILED for its tags."""

    async def test(place: Place) -> None:
        await place.prepare()
        version = await place.put()
        await deliver(place.deployed)
        await place.allow(without(EVERYTHING, "s3:GetObjectVersionTagging"))
        await place.change_tags(version)
        await place.change_acl(version)
        await deliver(place.deployed)
        state, replica = only_state(place.again(version)), place.replica(version)
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.SRC_GET_TAGGING_NOT_PERMITTED)
        assert replica is not None and (replica.tags, replica.acl) == ({}, place.again(version).acl)
        await place.allow(EVERYTHING)
        await place.change_tags(version)
        await deliver(place.deployed)
        replica = place.replica(version)
        assert replica is not None and replica.tags == {"new": "tag"}
        assert place.again(version).replication_status is ReplicationStatus.COMPLETED

    in_place(tmp_path, test)


@pytest.mark.parametrize("owner", [ACCOUNT, OTHER])
def test_what_a_bucket_policy_denies_is_named_to_the_bucket_owner_alone(tmp_path: Path, owner: str) -> None:
    deny = {
        "Sid": "BetweenUs",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:ReplicateObject",
        "Resource": "arn:aws:s3:::destination/*",
    }

    async def test(place: Place) -> None:
        await place.prepare(destination_owner=owner)
        await place.let_in({**LET_IN, "Statement": [*LET_IN["Statement"], deny]})
        version = await place.put()
        await deliver(place.deployed)
        state = only_state(place.again(version))
        assert (state.status, state.reason) == (ReplicationStatus.FAILED, FailureCode.DST_PUT_OBJECT_NOT_PERMITTED)
        assert ("BetweenUs" in state.detail) is (owner == ACCOUNT)
        if owner == OTHER:
            refused = "s3:ReplicateObject is refused with an explicit deny in a resource-based policy"
            assert state.detail == f"{refused} (role {ROLE}, bucket destination)."

    in_place(tmp_path, test)


def test_one_decision_serves_all_objects_until_something_changes(tmp_path: Path) -> None:
    """Where the policies tell none from another; an object with an ACL is decided by itself."""

    async def test(place: Place) -> None:
        await place.prepare()
        deployed = place.deployed
        roles = Roles(deployed.deployment)

        def bucket(region: str, name: str) -> tuple[Region, Bucket]:
            found = deployed.stores[region].metadata.reader.bucket(name)
            assert found is not None
            return deployed.stores[region], found

        def ask() -> Permissions:
            found = roles.permissions(ROLE, bucket(EAST, "source"), bucket(WEST, "destination"))
            assert isinstance(found, Permissions)
            return found

        plain, other, own_acl = (
            await place.put("a"),
            await place.put("b"),
            await place.put("c", ACL="bucket-owner-read"),
        )
        region, source = bucket(EAST, "source")
        configuration = deployed.deployment.configurations.get(region.metadata.reader, source)
        assert configuration is not None
        (rule,) = configuration.rules
        kinds = (TaskKind.OBJECT,)
        permissions = ask()
        assert ask() is permissions
        verdict = permissions.verdict(plain, kinds, rule)
        assert permissions.verdict(other, kinds, rule) is verdict
        assert permissions.verdict(own_acl, kinds, rule) is not verdict
        await place.allow(LEAST)
        changed = ask()
        assert changed is not permissions
        await place.let_in(LET_IN)
        assert ask() is not changed

    in_place(tmp_path, test)
