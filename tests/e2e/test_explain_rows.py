"""Why an object did not replicate: every reason is brought about, explained with AWS's failure code and the one change
that would mend it, and mended by that very change, pasted into a shell.

Rows are those of docs/explain.md, "Every reason, with AWS's code"; a case is named by its row. Source: S3 User Guide,
"Troubleshooting replication", "Amazon S3 replication failure reasons", "What does Amazon S3 replicate?".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.damage import zero_inline_body
from tests.support.own_api import Refused
from tests.support.pairs import ARRIVAL_S, Pair
from tests.support.people import Person, allow, policy, stranger
from tests.support.replication import enable_versioning, rule, wait_for
from tests.support.roled import Roled
from tests.support.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A version to be explained, once it is settled.

    signer: who asks for the explanation; the owner of the buckets unless given.
    there: where it is missing, with its region's client; the pair's destination unless given. words: what stands for
    the words in capitals of a remedy. arrived: whether the remedy has done its work; by default that the version, or
    the newer one that the remedy made, is in the destination.
    """

    key: str = "k"
    bucket: str | None = None
    version_id: str | None = None
    signer: Person | None = None
    there: tuple[Any, str] | None = None
    words: dict[str, str] = field(default_factory=dict[str, str])
    environment: dict[str, str] = field(default_factory=dict[str, str])
    by_hand: Callable[[], object] | None = None
    arrived: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What an explanation must answer. action: of the remedy.

    note: part of the note of the destination. job: the code of the last job that failed for it.
    """

    name: str
    bring_about: Callable[[Roled], Case]
    status: str | None
    reason: str
    code: str | None
    action: str | None
    note: str = ""
    job: str | None = None


ROWS: list[Row] = []


def row(
    name: str,
    status: str | None,
    reason: str,
    code: str | None,
    action: str | None,
    **more: Any,
) -> Callable[[Callable[[Roled], Case]], Callable[[Roled], Case]]:
    """Enter a case in the table."""

    def enter(bring_about: Callable[[Roled], Case]) -> Callable[[Roled], Case]:
        ROWS.append(
            Row(name=name, bring_about=bring_about, status=status, reason=reason, code=code, action=action, **more)
        )
        return bring_about

    return enter


def failed(name: str, code: str, action: str, **more: Any) -> Any:
    return row(name, "FAILED", "FAILED", code, action, **more)


def not_taken(name: str, reason: str, action: str, **more: Any) -> Any:
    return row(name, None, reason, "SrcObjectNotEligible", action, **more)


# No configuration, no version, no rule that takes it.


@row("2", None, "NO_CONFIGURATION", "SrcBucketReplicationConfigMissing", "PutBucketReplication")
def no_configuration(pair: Roled) -> Case:
    pair.put("k")
    return Case(words={"DESTINATION": pair.destination})


@row("2-deleted", None, "NO_CONFIGURATION", "SrcBucketReplicationConfigMissing", "PutBucketReplication")
def a_configuration_that_was_deleted(pair: Roled) -> Case:
    pair.put_rule()
    pair.s3.delete_bucket_replication(Bucket=pair.source)
    pair.put("k")
    return Case()


@row("3", None, "VERSION_MISSING", "SrcKeyNotFound", "UploadAgain")
def no_version(pair: Roled) -> Case:
    pair.put_rule()
    return Case(words={"FILE": __file__})


@row("3-version", None, "VERSION_MISSING", "SrcVersionNotFound", "UploadAgain")
def a_version_deleted_before_anything_took_it(pair: Roled) -> Case:
    version_id = pair.put("k")
    pair.put("k")
    pair.s3.delete_object(Bucket=pair.source, Key="k", VersionId=version_id)
    pair.put_rule()
    return Case(version_id=version_id, words={"FILE": __file__})


@failed("3-damaged", "SrcObjectNotFound", "UploadAgain")
def stored_bytes_that_are_damaged(pair: Roled) -> Case:
    pair.put("k")
    zero_inline_body(pair.server.data, "us-east-1", pair.source, "k")
    pair.put_rule()
    # The job says by its exit code that a task failed.
    pair.shell(f"farshore batch replicate {pair.source} --wait || test $? = 1")
    return Case(words={"FILE": __file__})


@not_taken("4", "OLDER_THAN_RULE", "BatchReplication")
def older_than_the_rule(pair: Roled) -> Case:
    pair.put("k", Metadata={"a": "b"}, Tagging="c=d")
    pair.put_rule()
    return Case()


@not_taken("4-disabled-then", "RULE_DISABLED", "BatchReplication")
def written_while_the_rule_was_disabled(pair: Roled) -> Case:
    pair.put_rule(Status="Disabled")
    pair.put("a key with blanks/ü?&'\"")
    pair.put_rule()
    return Case(key="a key with blanks/ü?&'\"")


@not_taken("5", "NO_RULE_ENABLED", "EnableRule")
def every_rule_is_disabled(pair: Roled) -> Case:
    pair.put_rule(Status="Disabled")
    pair.put("k")
    return Case()


@not_taken("6", "PREFIX_DOES_NOT_MATCH", "AddRule")
def outside_the_prefix(pair: Roled) -> Case:
    pair.put_rule(Filter={"Prefix": "logs/"})
    pair.put("photos/a b")
    return Case(key="photos/a b")


def older_schema(pair: Roled, status: str) -> None:
    """A rule with a prefix of its own, which has neither priority nor filter."""
    destination = {"Bucket": f"arn:aws:s3:::{pair.destination}"}
    pair.put_rules({"ID": "r", "Status": status, "Prefix": "logs/", "Destination": destination})


@not_taken("5-v1", "NO_RULE_ENABLED", "EnableRule")
def every_rule_of_the_older_schema_is_disabled(pair: Roled) -> Case:
    older_schema(pair, "Disabled")
    pair.put("logs/a")
    return Case(key="logs/a")


@not_taken("6-v1", "PREFIX_DOES_NOT_MATCH", "AddRule")
def outside_the_prefix_of_a_rule_of_the_older_schema(pair: Roled) -> Case:
    older_schema(pair, "Enabled")
    pair.put("photos/a")
    return Case(key="photos/a")


@not_taken("7", "TAGS_DO_NOT_MATCH", "CopyOntoItself")
def tags_of_another_case(pair: Roled) -> Case:
    pair.put_rule(Filter={"Tag": {"Key": "keep", "Value": "yes"}})
    pair.put("k", Tagging="Keep=yes&keep=Yes")
    return Case()


@not_taken("7-later", "TAGS_DO_NOT_MATCH", "BatchReplication")
def tagged_later(pair: Roled) -> Case:
    pair.put_rule(Filter={"Tag": {"Key": "keep", "Value": "yes"}})
    pair.put("k")
    tags = {"TagSet": [{"Key": "keep", "Value": "yes"}]}
    pair.s3.put_object_tagging(Bucket=pair.source, Key="k", Tagging=tags)
    return Case()


@row("8", "REPLICA", "IS_REPLICA", None, "BatchReplication")
def a_replica_of_a_replica(pair: Roled) -> Case:
    third = Pair(pair.server)
    pair.put_rule()
    onwards = {"Role": pair.arn, "Rules": [rule(third.source)]}
    pair.there.put_bucket_replication(Bucket=pair.destination, ReplicationConfiguration=onwards)
    pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    return Case(bucket=pair.destination, there=(pair.s3, third.source))


@row("9", "COMPLETED", "COMPLETED", None, None)
def shadowed_by_a_rule_that_brings_it(pair: Roled) -> Case:
    weak = rule(pair.destination, ID="weak", priority=1)
    pair.put_rules(weak, rule(pair.destination, ID="strong", priority=2, Filter={"Prefix": "k"}))
    pair.put("k")
    return Case()


@not_taken("10", "DELETE_MARKERS_OFF", "EnableDeleteMarkerReplication")
def a_delete_marker_under_a_rule_that_leaves_them_out(pair: Roled) -> Case:
    pair.put_rule()
    pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    pair.s3.delete_object(Bucket=pair.source, Key="k")
    return Case()


@not_taken("10-tags", "DELETE_MARKERS_HAVE_NO_TAGS", "DeleteAtDestination")
def a_delete_marker_under_a_rule_with_tags(pair: Roled) -> Case:
    pair.put_rule(Filter={"Tag": {"Key": "a", "Value": "b"}})
    pair.put("k", Tagging="a=b")
    assert pair.settled("k") == "COMPLETED"
    pair.s3.delete_object(Bucket=pair.source, Key="k")
    return Case(arrived=lambda: bool(pair.there.list_object_versions(Bucket=pair.destination).get("DeleteMarkers")))


@row("11", None, "PERMANENT_DELETE", "SrcKeyNotFound", "DeleteReplica")
def a_permanent_delete(pair: Roled) -> Case:
    pair.put_rule()
    version_id = pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    pair.s3.delete_object(Bucket=pair.source, Key="k", VersionId=version_id)
    return Case(
        version_id=version_id,
        arrived=lambda: "Versions" not in pair.there.list_object_versions(Bucket=pair.destination),
    )


@row("11-marker", None, "PERMANENT_DELETE", "SrcVersionNotFound", "DeleteReplica")
def a_delete_marker_that_was_removed(pair: Roled) -> Case:
    pair.put_rule(delete_markers=True)
    pair.put("k")
    marker = pair.s3.delete_object(Bucket=pair.source, Key="k")["VersionId"]
    settled(pair, Case())
    pair.s3.delete_object(Bucket=pair.source, Key="k", VersionId=marker)
    return Case(
        version_id=marker,
        arrived=lambda: pair.there.head_object(Bucket=pair.destination, Key="k")["ReplicationStatus"] == "REPLICA",
    )


@not_taken("15", "ARCHIVED_STORAGE_CLASS", "CopyToStandard")
def an_archived_storage_class(pair: Roled) -> Case:
    pair.put_rule()
    pair.put("k", StorageClass="GLACIER")
    return Case()


# Who may what: the object's owner, the role, both buckets.


def written_by_another_account(pair: Roled, **acl: str) -> Person:
    """An object in the source that another account owns, which tells the bucket's owner no more than acl. Its owner."""
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    pair.s3.put_bucket_ownership_controls(Bucket=pair.source, OwnershipControls=controls)
    writer = stranger(pair.server)
    bucket = f"arn:aws:s3:::{pair.source}"
    who = {"Principal": {"AWS": writer.account_id}}
    writes = allow(["s3:PutObject", "s3:PutObjectAcl"], f"{bucket}/*", **who)
    sees = allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], bucket, **who)
    pair.s3.put_bucket_policy(Bucket=pair.source, Policy=policy(writes, sees))
    pair.put_rule()
    writer.client().put_object(Bucket=pair.source, Key="k", Body=b"theirs", **acl)
    return writer


@failed("16", "SrcGetObjectNotPermitted", "PutBucketOwnershipControls")
def an_object_that_the_buckets_owner_may_not_read(pair: Roled) -> Case:
    """They learn of it by the failures of the bucket; an explanation is for who may read the object."""
    writer = written_by_another_account(pair)

    def causes() -> list[str]:
        return [each["code"] for each in pair.server.cli("replication", "status", pair.source)["failures"]]

    wait_for(lambda: causes() == ["SrcGetObjectNotPermitted"], ARRIVAL_S, "the failure")
    with pytest.raises(Refused) as refused:
        pair.explain("k")
    assert refused.value.status == 403
    return Case(signer=writer)


@failed("16-acl", "SrcGetAclNotPermitted", "PutBucketOwnershipControls")
def an_object_whose_acl_the_buckets_owner_may_not_read(pair: Roled) -> Case:
    written_by_another_account(pair, GrantRead=f'id="{canonical_id(pair)}"')
    return Case()


def canonical_id(pair: Roled) -> str:
    return pair.s3.list_buckets()["Owner"]["ID"]


@failed("17", "AssumeRoleNotPermitted", "UpdateAssumeRolePolicy")
def a_role_that_does_not_trust_s3(pair: Roled) -> Case:
    trust = allow("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})
    del trust["Resource"]
    pair.iam.update_assume_role_policy(RoleName=pair.role, PolicyDocument=policy(trust))
    pair.put_rule()
    pair.put("k")
    return Case()


@failed("17-missing", "AssumeRoleNotPermitted", "CreateRole")
def a_role_that_is_not_there(pair: Roled) -> Case:
    pair.put_rule()
    pair.iam.delete_role_policy(RoleName=pair.role, PolicyName="own")
    pair.iam.delete_role(RoleName=pair.role)
    pair.put("k")
    return Case()


def lacking(name: str, code: str, action: str) -> None:
    """The role lacks what it needs for any object."""

    def bring_about(pair: Roled) -> Case:
        pair.without(action)
        pair.put_rule()
        pair.put("k")
        return Case()

    failed(name, code, "MendRole")(bring_about)


lacking("18-rules", "SrcBucketReplicationConfigMissing", "s3:GetReplicationConfiguration")
lacking("18-object", "SrcGetObjectNotPermitted", "s3:GetObjectVersionForReplication")
lacking("18-acl", "SrcGetAclNotPermitted", "s3:GetObjectVersionAcl")
lacking("23-object", "DstPutObjectNotPermitted", "s3:ReplicateObject")


@row("18-without-tags", "COMPLETED", "COMPLETED", None, "MendRole", note="none of the version's tags")
def a_role_that_may_not_read_tags(pair: Roled) -> Case:
    pair.without("s3:GetObjectVersionTagging")
    pair.put_rule()
    pair.put("k", Tagging="a=b")
    return Case(arrived=lambda: tags_there(pair) == {"a": "b"})


@row("18-tags-denied", "COMPLETED", "COMPLETED", None, "MendRole", note="may not do s3:ReplicateTags")
def a_destination_whose_policy_denies_tags(pair: Roled) -> Case:
    """No command is given, as for a denial of the whole."""
    resource = f"arn:aws:s3:::{pair.destination}/*"
    denies = {"Effect": "Deny", "Action": "s3:ReplicateTags", "Resource": resource, "Principal": "*"}
    pair.there.put_bucket_policy(Bucket=pair.destination, Policy=policy({"Sid": "NoTags", **denies}))
    pair.put_rule()
    pair.put("k", Tagging="a=b")
    return Case(
        by_hand=lambda: pair.there.delete_bucket_policy(Bucket=pair.destination),
        arrived=lambda: tags_there(pair) == {"a": "b"},
    )


def tags_there(pair: Roled) -> dict[str, str]:
    tags = pair.there.get_object_tagging(Bucket=pair.destination, Key="k")["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in tags}


def replicated_then(pair: Roled, **members: Any) -> None:
    pair.put_rule(**members)
    pair.put("k")
    assert pair.settled("k") == "COMPLETED"


@failed("18-tags", "SrcGetTaggingNotPermitted", "MendRole")
def a_change_of_tags_that_the_role_may_not_read(pair: Roled) -> Case:
    replicated_then(pair)
    pair.without("s3:GetObjectVersionTagging")
    tag(pair)
    return Case(arrived=lambda: tags_there(pair) == {"a": "b"})


@failed("18-head", "SrcHeadObjectNotPermitted", "MendRole")
def a_change_of_tags_of_an_object_that_the_role_may_not_read(pair: Roled) -> Case:
    replicated_then(pair)
    pair.without("s3:GetObjectVersionForReplication")
    tag(pair)
    return Case(arrived=lambda: tags_there(pair) == {"a": "b"})


def tag(pair: Roled) -> None:
    pair.s3.put_object_tagging(Bucket=pair.source, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})


@failed("23-tags", "DstPutTaggingNotPermitted", "MendRole")
def a_change_of_tags_that_the_role_may_not_write(pair: Roled) -> Case:
    replicated_then(pair)
    pair.without("s3:ReplicateObject")
    tag(pair)
    return Case(arrived=lambda: tags_there(pair) == {"a": "b"})


@failed("23-acl", "DstPutAclNotPermitted", "MendRole")
def a_change_of_an_acl_that_the_role_may_not_write(pair: Roled) -> Case:
    for client, bucket in ((pair.s3, pair.source), (pair.there, pair.destination)):
        controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
        client.delete_public_access_block(Bucket=bucket)
    replicated_then(pair)
    pair.without("s3:ReplicateObject")
    pair.s3.put_object_acl(Bucket=pair.source, Key="k", ACL="authenticated-read")
    return Case(arrived=lambda: len(pair.there.get_object_acl(Bucket=pair.destination, Key="k")["Grants"]) == 2)


@failed("23-multipart", "DstMultipartInitNotPermitted", "MendRole")
def a_multipart_object_that_the_role_may_not_write(pair: Roled) -> Case:
    pair.without("s3:ReplicateObject")
    pair.put_rule()
    upload = {"Bucket": pair.source, "Key": "k"}
    upload["UploadId"] = pair.s3.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "ETag": pair.s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]}
    pair.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    return Case()


@failed("18-marker", "SrcHeadObjectNotPermitted", "MendRole")
def a_delete_marker_that_the_role_may_not_see(pair: Roled) -> Case:
    return marked_without(pair, "s3:ListBucket")


@failed("23-marker", "DstDelObjNotPermitted", "MendRole")
def a_delete_marker_that_the_role_may_not_write(pair: Roled) -> Case:
    return marked_without(pair, "s3:ReplicateDelete")


def marked_without(pair: Roled, action: str) -> Case:
    replicated_then(pair, delete_markers=True)
    pair.without(action)
    pair.s3.delete_object(Bucket=pair.source, Key="k")
    return Case()


@failed("23-deny", "DstPutObjectNotPermitted", "MendRole")
def a_destination_whose_policy_denies_it(pair: Roled) -> Case:
    """No command is given: what denies is somebody's decision, and is named in the text."""
    resource = f"arn:aws:s3:::{pair.destination}/*"
    denies = {"Effect": "Deny", "Action": "s3:ReplicateObject", "Resource": resource, "Principal": "*"}
    pair.there.put_bucket_policy(Bucket=pair.destination, Policy=policy({"Sid": "NoReplicas", **denies}))
    pair.put_rule()
    pair.put("k")
    return Case(by_hand=lambda: pair.there.delete_bucket_policy(Bucket=pair.destination))


@failed("23-boundary", "DstPutObjectNotPermitted", "MendRole")
def a_role_whose_boundary_does_not_let_it(pair: Roled) -> Case:
    """No command is given, as for a denial."""
    document = policy(allow(["s3:Get*", "s3:List*"]))
    arn = pair.iam.create_policy(PolicyName=f"boundary-of-{pair.source}", PolicyDocument=document)["Policy"]["Arn"]
    pair.iam.put_role_permissions_boundary(RoleName=pair.role, PermissionsBoundary=arn)
    pair.put_rule()
    pair.put("k")
    return Case(by_hand=lambda: pair.iam.delete_role_permissions_boundary(RoleName=pair.role))


def anothers_bucket(pair: Roled, *allowed: str) -> tuple[Person, Any, str]:
    """A destination of another account, whose policy lets the role do so much: its owner, their client, its name."""
    owner = stranger(pair.server)
    client, name = owner.client(), f"{pair.destination}-theirs"
    client.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    enable_versioning(client, name)
    if allowed:
        let_in = allow(list(allowed), f"arn:aws:s3:::{name}/*", Principal={"AWS": pair.arn})
        client.put_bucket_policy(Bucket=name, Policy=policy(let_in))
    return owner, client, name


def profile_of(owner: Person, pair: Roled) -> dict[str, str]:
    """The environment in which the AWS CLI knows the profile `theirs`."""
    file = pair.server.data.with_name(f"credentials-of-{owner.account_id}")
    file.write_text(f"[theirs]\naws_access_key_id = {owner.key_id}\naws_secret_access_key = {owner.secret}\n")
    return {"AWS_SHARED_CREDENTIALS_FILE": str(file)}


@failed("23-bucket-policy", "DstPutObjectNotPermitted", "PutBucketPolicy")
def a_destination_of_another_account_that_does_not_let_the_role_in(pair: Roled) -> Case:
    owner, client, name = anothers_bucket(pair)
    pair.put_rules(rule(name, ID="out"))
    pair.put("k")
    words = {"DESTINATION-OWNER": "theirs"}
    return Case(there=(client, name), words=words, environment=profile_of(owner, pair))


def overriding(owner: Person, name: str) -> dict[str, Any]:
    """A rule that gives replicas to the destination's owner."""
    destination = {"Account": owner.account_id, "AccessControlTranslation": {"Owner": "Destination"}}
    return rule(name, ID="out", Destination=destination)


@failed("24", "DstPutObjectNotPermitted", "MendRole")
def an_owner_override_that_the_role_lacks(pair: Roled) -> Case:
    owner, client, name = anothers_bucket(pair, "s3:*")
    pair.without("s3:ObjectOwnerOverrideToBucketOwner")
    pair.put_rules(overriding(owner, name))
    pair.put("k")
    return Case(there=(client, name))


@failed("24-theirs", "DstPutObjectNotPermitted", "PutBucketPolicy")
def an_owner_override_that_the_destination_does_not_let_the_role_make(pair: Roled) -> Case:
    owner, client, name = anothers_bucket(pair, "s3:ReplicateObject", "s3:ReplicateDelete")
    pair.put_rules(overriding(owner, name))
    pair.put("k")
    words = {"DESTINATION-OWNER": "theirs"}
    return Case(there=(client, name), words=words, environment=profile_of(owner, pair))


# The destination.


@failed("20", "DstBucketNotFound", "CreateBucket")
def a_destination_that_is_gone(pair: Roled) -> Case:
    pair.put_rule()
    pair.there.delete_bucket(Bucket=pair.destination)
    pair.put("k")
    return Case()


def suspended(pair: Roled) -> None:
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration={"Status": "Suspended"})


@failed("21", "DstBucketUnversioned", "EnableVersioning")
def a_destination_whose_versioning_is_suspended(pair: Roled) -> Case:
    pair.put_rule()
    suspended(pair)
    pair.put("k")
    return Case()


@failed("27", "DstVersionNotFound", "CopyOntoItself")
def a_change_of_tags_whose_replica_was_deleted(pair: Roled) -> Case:
    pair.put_rule()
    version_id = pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    pair.there.delete_object(Bucket=pair.destination, Key="k", VersionId=version_id)
    tag(pair)
    return Case()


@failed("27-made-anew", "DstVersionNotFound", "Retry")
def a_change_of_tags_whose_replica_went_with_its_bucket(pair: Roled) -> Case:
    pair.put_rule()
    version_id = pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    pair.there.delete_object(Bucket=pair.destination, Key="k", VersionId=version_id)
    pair.there.delete_bucket(Bucket=pair.destination)
    west = {"LocationConstraint": "us-west-2"}
    pair.there.create_bucket(Bucket=pair.destination, CreateBucketConfiguration=west)
    enable_versioning(pair.there, pair.destination)
    tag(pair)
    return Case(arrived=lambda: tags_there(pair) == {"a": "b"})


@failed("28", "DstObjectHardDeleted", "CopyOntoItself")
def a_replica_that_was_deleted_for_good(pair: Roled) -> Case:
    pair.put_rule()
    version_id = pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    pair.there.delete_object(Bucket=pair.destination, Key="k", VersionId=version_id)
    # The job says by its exit code that a task failed.
    pair.shell(f"farshore batch replicate {pair.source} --status COMPLETED --wait || test $? = 1")
    return Case()


@row("29", "COMPLETED", "COMPLETED", None, "BatchReplication")
def a_destination_that_was_added_later(pair: Roled) -> Case:
    other = Pair(pair.server)
    pair.put_rule()
    pair.put("k")
    assert pair.settled("k") == "COMPLETED"
    pair.put_rules(rule(pair.destination, ID="r"), rule(other.destination, ID="second", priority=2))
    return Case(there=(pair.there, other.destination))


@failed("30", "DstBucketUnversioned", "Retry")
def a_failure_whose_cause_is_mended(pair: Roled) -> Case:
    pair.put_rule()
    suspended(pair)
    pair.put("k")
    assert pair.settled("k") == "FAILED"
    enable_versioning(pair.there, pair.destination)
    return Case()


@not_taken("32", "OLDER_THAN_RULE", "BatchReplication", job="InitiateReplicationNotPermitted")
def a_job_whose_role_may_not_begin(pair: Roled) -> Case:
    """The remedy makes a role that may."""
    pair.put("k")
    pair.put_rule()
    role = f"jobs-of-{pair.source}"
    trust = allow("sts:AssumeRole", Principal={"Service": "batchoperations.s3.amazonaws.com"})
    del trust["Resource"]
    arn = pair.iam.create_role(RoleName=role, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    lists = allow(["s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"])
    pair.iam.put_role_policy(RoleName=role, PolicyName="lists", PolicyDocument=policy(lists))
    # The job says by its exit code that a task failed.
    pair.shell(f"farshore batch replicate {pair.source} --role {arn} --wait || test $? = 1")
    return Case()


@row("33", "REPLICA", "IS_REPLICA", None, "EnableReplicaModifications")
def an_edit_of_a_replica(pair: Roled) -> Case:
    back = {"Role": pair.arn, "Rules": [rule(pair.source, ID="back")]}
    pair.there.put_bucket_replication(Bucket=pair.destination, ReplicationConfiguration=back)
    replicated_then(pair)
    edit = {"TagSet": [{"Key": "a", "Value": "b"}]}
    pair.there.put_object_tagging(Bucket=pair.destination, Key="k", Tagging=edit)

    def arrived() -> bool:
        return pair.s3.get_object_tagging(Bucket=pair.source, Key="k")["TagSet"] == edit["TagSet"]

    return Case(bucket=pair.destination, arrived=arrived)


def settled(pair: Roled, case: Case) -> dict[str, Any]:
    """The explanation, once nothing is on its way any more."""
    named: dict[str, Any] = {} if case.version_id is None else {"version_id": case.version_id}
    if case.signer is not None:
        named["signer"] = (case.signer.key_id, case.signer.secret)

    def ended() -> Any:
        found = pair.explain(case.key, bucket=case.bucket, **named)
        return found["status"] != "PENDING" and found

    return wait_for(ended, ARRIVAL_S, "an end")


def is_there(case: Case, pair: Roled) -> bool:
    """The current version of the source, and it as the current one in the destination."""
    client, name = case.there or (pair.there, pair.destination)
    here = pair.explain(case.key, bucket=case.bucket)["version_id"]
    listing = client.list_object_versions(Bucket=name)
    found = [each for kind in ("Versions", "DeleteMarkers") for each in listing.get(kind, ())]
    return (case.key, here) in {(each["Key"], each["VersionId"]) for each in found if each["IsLatest"]}


@pytest.mark.parametrize("wanted", ROWS, ids=lambda each: f"{each.name}-{each.bring_about.__name__}")
def test_a_reason_is_named_with_its_code_and_what_is_proposed_mends_it(server: Server, wanted: Row) -> None:
    pair = Roled(server)
    case = wanted.bring_about(pair)
    found = settled(pair, case)
    remedy = found["remedy"]
    action = None if remedy is None else remedy["action"]
    assert (found["status"], found["reason"], found["code"], action) == (
        wanted.status,
        wanted.reason,
        wanted.code,
        wanted.action,
    )
    assert wanted.note in "".join(each["note"] for each in found["destinations"])
    assert (found["jobs"][-1]["code"] if found["jobs"] else None) == wanted.job
    assert wanted.job is None or wanted.job in found["summary"]
    if remedy is None:
        assert is_there(case, pair)
        return
    if case.by_hand is not None:
        assert remedy["command"] is None and remedy["then"]
        case.by_hand()
    for command in filter(None, (remedy["command"], remedy["then"])):
        for word, meant in case.words.items():
            command = command.replace(word, meant)
        pair.shell(command, **case.environment)
    arrived = case.arrived or (lambda: is_there(case, pair))
    wait_for(arrived, ARRIVAL_S, f"what {wanted.action} was to bring about")


CANNOT_OCCUR = {12, 13, 14, 19, 22, 25, 26}

ELSEWHERE = {
    1: "test_a_missing_bucket_is_answered_as_by_s3",
    31: "test_an_unreachable_destination_is_told_with_what_was_tried_and_when_it_is_tried_next",
}
"""Rows that do not have the shape of the table, and their tests."""


def test_the_page_names_every_row_with_its_codes_and_changes() -> None:
    """Of AWS's 33 reasons each has a row, which a test brings about, or its place among those that cannot occur."""
    page = (Path(__file__).parents[2] / "docs" / "explain.md").read_text()
    section = page.partition("## Every reason, with AWS's code\n")[2].partition("\n## ")[0]
    table, _, cannot = section.partition("these cannot occur here.")
    lines: dict[int, str] = {}
    number = 0
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 1 and (cells[1].isdecimal() or number):
            number = int(cells[1] or number)
            lines[number] = lines.get(number, "") + line
    assert set(lines) | CANNOT_OCCUR == set(range(1, 34)) and not set(lines) & CANNOT_OCCUR
    assert all(re.search(rf"\D{each}[,:)]", cannot) for each in CANNOT_OCCUR)
    by_number = [(int(each.name.partition("-")[0]), each) for each in ROWS]
    assert set(lines) - {number for number, _ in by_number} == set(ELSEWHERE)
    for number, each in by_number:
        line = lines[number]
        assert each.reason in line or each.reason == "COMPLETED", each
        assert each.action is None or each.action in line, each
        assert each.code is None or f"`{each.code}`" in line or "as 3" in line or "the cause's" in line, each
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f"def {name}(" in tests for name in ELSEWHERE.values())
