"""Replication as a user of S3 sees it, through boto3 against a running server.

Rows name their page of the S3 User Guide: "What does Amazon S3 replicate?" unless said otherwise.
"""

from __future__ import annotations

import io
import itertools
import os
from typing import Any

import pytest
from tests.support.replication import enable_versioning, put_rule, put_rules, rule, wait_for

MIB = 1024 * 1024
ARRIVAL_S = 60.0
_numbers = itertools.count()


class Pair:
    """A source in us-east-1 and a destination elsewhere, both versioned."""

    def __init__(self, server: Any, region: str = "us-west-2") -> None:
        self.server = server
        self.s3 = server.client("s3")
        self.there = server.client("s3", region)
        self.source = new_bucket(self.s3, "us-east-1")
        self.destination = new_bucket(self.there, region)

    def replica(self, key: str, version_id: str) -> dict[str, Any]:
        """The replica's HEAD, waited for."""

        def found() -> Any:
            try:
                return self.there.head_object(Bucket=self.destination, Key=key, VersionId=version_id)
            except self.there.exceptions.ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
                return None

        return wait_for(found, ARRIVAL_S, f"the replica of {key}")

    def status(self, key: str, version_id: str) -> str | None:
        return self.s3.head_object(Bucket=self.source, Key=key, VersionId=version_id).get("ReplicationStatus")

    def settled(self, key: str, version_id: str) -> str:
        """The source's status, once it is no longer PENDING."""
        return wait_for(
            lambda: (status := self.status(key, version_id)) != "PENDING" and status, ARRIVAL_S, f"an end for {key}"
        )

    def put(self, key: str, body: bytes = b"x", **members: Any) -> str:
        return self.s3.put_object(Bucket=self.source, Key=key, Body=body, **members)["VersionId"]

    def barrier(self) -> None:
        """Write a covered object and wait for it: what was written before has had its turn."""
        version_id = self.put("barrier")
        self.replica("barrier", version_id)

    def arrived(self) -> set[tuple[str, str]]:
        page = self.there.list_object_versions(Bucket=self.destination)
        entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
        return {(entry["Key"], entry["VersionId"]) for entry in entries}


def new_bucket(client: Any, region: str, *, versioned: bool = True) -> str:
    name = f"replication-{os.getpid()}-{next(_numbers)}"
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=name, **place)
    if versioned:
        enable_versioning(client, name)
    return name


@pytest.fixture
def pair(server: Any) -> Pair:
    return Pair(server)


def test_a_replica_carries_everything_that_the_source_version_has(pair: Pair) -> None:
    """Same bytes, version id, Last-Modified, ETag, headers, metadata, tags and checksum; status REPLICA."""
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put(
        "docs/ü.txt",
        b"hello",
        ContentType="text/plain; charset=utf-8",
        CacheControl="max-age=60",
        ContentDisposition="attachment",
        ContentLanguage="de",
        Metadata={"author": "me"},
        Tagging="team=blue&stage=",
        ChecksumAlgorithm="SHA256",
        StorageClass="STANDARD_IA",
    )
    replica = pair.replica("docs/ü.txt", version_id)
    assert replica["ReplicationStatus"] == "REPLICA"
    assert pair.settled("docs/ü.txt", version_id) == "COMPLETED"
    names = {"Key": "docs/ü.txt", "VersionId": version_id}
    here = pair.s3.get_object(Bucket=pair.source, **names)
    there = pair.there.get_object(Bucket=pair.destination, **names)
    assert there["Body"].read() == here["Body"].read() == b"hello"
    same = ("VersionId", "LastModified", "ETag", "ContentType", "CacheControl", "ContentDisposition", "ContentLanguage",
            "Metadata", "TagCount", "ChecksumSHA256", "ChecksumType", "StorageClass", "ContentLength")  # fmt: skip
    assert {name: here[name] for name in same} == {name: there[name] for name in same}
    tags = pair.there.get_object_tagging(Bucket=pair.destination, **names)["TagSet"]
    assert sorted(tag["Key"] for tag in tags) == ["stage", "team"]


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3 * MIB + 1])
def test_bodies_of_every_size_arrive_byte_for_byte(pair: Pair, size: int) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    body = os.urandom(size)
    version_id = pair.put("sized", body)
    pair.replica("sized", version_id)
    there = pair.there.get_object(Bucket=pair.destination, Key="sized", VersionId=version_id)
    assert there["Body"].read() == body


def test_a_multipart_object_keeps_its_parts_and_etag(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    names = {"Bucket": pair.source, "Key": "big"}
    upload = pair.s3.create_multipart_upload(**names, ChecksumAlgorithm="CRC32C", ChecksumType="COMPOSITE")["UploadId"]
    bodies = [os.urandom(5 * MIB), os.urandom(5 * MIB + 7), os.urandom(11)]
    parts = []
    for number, body in enumerate(bodies, 1):
        part = pair.s3.upload_part(
            **names, UploadId=upload, PartNumber=number * 3, Body=body, ChecksumAlgorithm="CRC32C"
        )
        parts.append({"PartNumber": number * 3, "ETag": part["ETag"], "ChecksumCRC32C": part["ChecksumCRC32C"]})
    done = pair.s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts})
    replica = pair.replica("big", done["VersionId"])
    assert replica["ETag"] == done["ETag"] and done["ETag"].endswith('-3"')
    second = pair.there.get_object(Bucket=pair.destination, Key="big", PartNumber=2)
    assert second["Body"].read() == bodies[1] and second["PartsCount"] == 3
    attributes = {"ObjectAttributes": ["ObjectParts", "Checksum"], "Key": "big"}
    here = pair.s3.get_object_attributes(Bucket=pair.source, **attributes)
    there = pair.there.get_object_attributes(Bucket=pair.destination, **attributes)
    assert here["ObjectParts"] == there["ObjectParts"] and here["Checksum"] == there["Checksum"]


def test_a_copy_is_a_new_version_and_replicates(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination, Filter={"Prefix": "in/"})
    pair.put("out/a", b"body")
    copied = pair.s3.copy_object(Bucket=pair.source, Key="in/a", CopySource={"Bucket": pair.source, "Key": "out/a"})
    pair.replica("in/a", copied["VersionId"])
    assert {key for key, _ in pair.arrived()} == {"in/a"}


def test_several_destinations_each_get_a_replica(server: Any) -> None:
    """ "Replicating to multiple destination buckets": same region, another region, several at once."""
    s3, west, eu = server.client("s3"), server.client("s3", "us-west-2"), server.client("s3", "eu-west-1")
    source = new_bucket(s3, "us-east-1")
    destinations = [
        (s3, new_bucket(s3, "us-east-1")),
        (west, new_bucket(west, "us-west-2")),
        (eu, new_bucket(eu, "eu-west-1")),
    ]
    put_rules(s3, source, *(rule(name, priority=number) for number, (_, name) in enumerate(destinations)))
    version_id = s3.put_object(Bucket=source, Key="k", Body=b"v")["VersionId"]
    wait_for(lambda: s3.head_object(Bucket=source, Key="k")["ReplicationStatus"] == "COMPLETED", ARRIVAL_S, "COMPLETED")
    for client, name in destinations:
        assert client.head_object(Bucket=name, Key="k", VersionId=version_id)["ReplicationStatus"] == "REPLICA"


def test_the_highest_priority_wins_for_a_destination(pair: Pair) -> None:
    """ "Replication configuration file elements", rule priority."""
    put_rules(
        pair.s3,
        pair.source,
        rule(pair.destination, priority=1, Destination={"StorageClass": "STANDARD_IA"}),
        rule(pair.destination, priority=2, Filter={"Prefix": "a/"}, Destination={"StorageClass": "ONEZONE_IA"}),
    )
    assert pair.replica("a/1", pair.put("a/1"))["StorageClass"] == "ONEZONE_IA"
    assert pair.replica("b/1", pair.put("b/1"))["StorageClass"] == "STANDARD_IA"


def test_delete_markers_replicate_only_when_switched_on(pair: Pair) -> None:
    """ "Replicating delete markers between buckets"."""
    put_rule(pair.s3, pair.source, pair.destination, delete_markers=False)
    kept = pair.put("kept")
    pair.replica("kept", kept)
    pair.s3.delete_object(Bucket=pair.source, Key="kept")
    pair.barrier()
    assert pair.there.head_object(Bucket=pair.destination, Key="kept")["VersionId"] == kept
    put_rule(pair.s3, pair.source, pair.destination, delete_markers=True)
    pair.replica("gone", pair.put("gone"))
    marker = pair.s3.delete_object(Bucket=pair.source, Key="gone")["VersionId"]
    wait_for(lambda: ("gone", marker) in pair.arrived(), ARRIVAL_S, "the delete marker")
    with pytest.raises(pair.there.exceptions.ClientError, match="404"):
        pair.there.head_object(Bucket=pair.destination, Key="gone")


def test_a_v1_rule_always_replicates_delete_markers(pair: Pair) -> None:
    first = {
        "ID": "v1",
        "Prefix": "",
        "Status": "Enabled",
        "Destination": {"Bucket": f"arn:aws:s3:::{pair.destination}"},
    }
    put_rules(pair.s3, pair.source, first)
    pair.replica("k", pair.put("k"))
    marker = pair.s3.delete_object(Bucket=pair.source, Key="k")["VersionId"]
    wait_for(lambda: ("k", marker) in pair.arrived(), ARRIVAL_S, "the delete marker")


def test_permanent_deletes_never_replicate(pair: Pair) -> None:
    """Neither of an object version nor of a delete marker, also with delete markers switched on."""
    put_rule(pair.s3, pair.source, pair.destination, delete_markers=True)
    version_id = pair.put("k")
    pair.replica("k", version_id)
    marker = pair.s3.delete_object(Bucket=pair.source, Key="k")["VersionId"]
    wait_for(lambda: ("k", marker) in pair.arrived(), ARRIVAL_S, "the delete marker")
    for removed in (marker, version_id):
        pair.s3.delete_object(Bucket=pair.source, Key="k", VersionId=removed)
    pair.barrier()
    assert {("k", marker), ("k", version_id)} <= pair.arrived()


def test_versions_from_before_the_rule_or_while_it_was_disabled_stay_where_they_are(pair: Pair) -> None:
    """Also after the rule is enabled again; and they have no status at all."""
    before = pair.put("before")
    put_rule(pair.s3, pair.source, pair.destination, Status="Disabled")
    disabled = pair.put("disabled")
    put_rule(pair.s3, pair.source, pair.destination)
    pair.barrier()
    assert {key for key, _ in pair.arrived()} == {"barrier"}
    assert pair.status("before", before) is None and pair.status("disabled", disabled) is None


def test_keys_and_tags_outside_of_the_filter_are_not_replicated(pair: Pair) -> None:
    both = {"And": {"Prefix": "logs/", "Tags": [{"Key": "keep", "Value": "yes"}, {"Key": "team", "Value": "a"}]}}
    put_rules(
        pair.s3,
        pair.source,
        rule(pair.destination, Filter=both),
        rule(pair.destination, priority=2, Filter={"Prefix": "barrier"}),
    )
    left = ["logs/none", "logs/one", "logs/case", "other/both", "Logs/both"]
    for key, tagging in zip(
        left, ["", "keep=yes", "keep=Yes&team=a", "keep=yes&team=a", "keep=yes&team=a"], strict=True
    ):
        pair.put(key, Tagging=tagging)
    taken = pair.put("logs/both", Tagging="keep=yes&team=a&more=1")
    pair.replica("logs/both", taken)
    pair.s3.put_object_tagging(
        Bucket=pair.source,
        Key="logs/one",
        Tagging={"TagSet": [{"Key": "keep", "Value": "yes"}, {"Key": "team", "Value": "a"}]},
    )
    pair.barrier()
    assert {key for key, _ in pair.arrived()} == {"barrier", "logs/both"}


def test_replicas_do_not_chain_and_two_way_rules_do_not_loop(server: Any) -> None:
    """A to B to C: nothing in C. A to B and B to A: each version is once on both sides, in the same order."""
    s3, west = server.client("s3"), server.client("s3", "us-west-2")
    first, second, third = new_bucket(s3, "us-east-1"), new_bucket(west, "us-west-2"), new_bucket(west, "us-west-2")
    put_rule(s3, first, second, delete_markers=True)
    put_rules(
        west, second, rule(first, priority=1, delete_markers=True), rule(third, priority=2, Filter={"Prefix": "k"})
    )
    for number in range(6):
        client, bucket = ((s3, first), (west, second))[number % 2]
        client.put_object(Bucket=bucket, Key="k", Body=str(number).encode())
    s3.delete_object(Bucket=first, Key="k")

    def stack(client: Any, bucket: str) -> list[tuple[str, bool]]:
        page = client.list_object_versions(Bucket=bucket)
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        return sorted((entry["VersionId"], entry["IsLatest"]) for entry in entries)

    wait_for(lambda: len(stack(s3, first)) == 7 and stack(s3, first) == stack(west, second), ARRIVAL_S, "convergence")
    wait_for(lambda: len(west.list_object_versions(Bucket=third).get("Versions", [])) == 3, ARRIVAL_S, "B's own in C")
    own = {entry["VersionId"] for entry in west.list_object_versions(Bucket=third)["Versions"]}
    statuses = {
        version_id: west.head_object(Bucket=second, Key="k", VersionId=version_id)["ReplicationStatus"]
        for version_id, _ in stack(west, second)
        if version_id in {entry["VersionId"] for entry in west.list_object_versions(Bucket=second)["Versions"]}
    }
    assert {version_id for version_id, status in statuses.items() if status == "COMPLETED"} == own
    assert {status for version_id, status in statuses.items() if version_id not in own} == {"REPLICA"}


def test_tag_changes_of_a_replicated_version_follow(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    version_id = pair.put("k", Tagging="a=1")
    pair.replica("k", version_id)
    tags = [{"Key": "b", "Value": "2"}]
    pair.s3.put_object_tagging(Bucket=pair.source, Key="k", VersionId=version_id, Tagging={"TagSet": tags})
    names = {"Bucket": pair.destination, "Key": "k", "VersionId": version_id}
    wait_for(lambda: pair.there.get_object_tagging(**names)["TagSet"] == tags, ARRIVAL_S, "the new tags")
    pair.s3.delete_object_tagging(Bucket=pair.source, Key="k", VersionId=version_id)
    wait_for(lambda: pair.there.get_object_tagging(**names)["TagSet"] == [], ARRIVAL_S, "no tags")
    assert pair.settled("k", version_id) == "COMPLETED"


def test_tag_changes_of_a_replica_travel_back_under_replica_modification_sync(pair: Pair) -> None:
    """ "Replicating metadata changes with replica modification sync": REPLICA, PENDING, and REPLICA again."""
    sync = {"SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}}}
    put_rules(pair.s3, pair.source, rule(pair.destination, **sync))
    put_rules(pair.there, pair.destination, rule(pair.source, **sync))
    version_id = pair.put("k", Tagging="a=1")
    pair.replica("k", version_id)
    names = {"Key": "k", "VersionId": version_id}
    for bucket, other, tags in (
        (pair.destination, pair.source, [{"Key": "b", "Value": "there"}]),
        (pair.source, pair.destination, [{"Key": "c", "Value": "here"}]),
        (pair.destination, pair.source, []),
    ):
        clients = {pair.source: pair.s3, pair.destination: pair.there}
        clients[bucket].put_object_tagging(Bucket=bucket, **names, Tagging={"TagSet": tags})
        wait_for(
            lambda client=clients[other], bucket=other, tags=tags: (
                client.get_object_tagging(Bucket=bucket, **names)["TagSet"] == tags
            ),
            ARRIVAL_S,
            "the tags of the other side",
        )
    assert pair.settled("k", version_id) == "COMPLETED"
    wait_for(lambda: pair.replica("k", version_id)["ReplicationStatus"] == "REPLICA", ARRIVAL_S, "REPLICA again")


def test_a_destination_that_is_gone_fails_with_the_reason(pair: Pair) -> None:
    """FAILED is final: making the bucket again does not bring the version there."""
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.delete_bucket(Bucket=pair.destination)
    version_id = pair.put("k")
    assert pair.settled("k", version_id) == "FAILED"
    failures = pair.server.cli("status")["failures"]
    assert "DstBucketNotFound" in [failure["code"] for failure in failures if failure["version_id"] == version_id]


def test_a_destination_with_suspended_versioning_fails(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    pair.there.put_bucket_versioning(Bucket=pair.destination, VersioningConfiguration={"Status": "Suspended"})
    version_id = pair.put("k")
    assert pair.settled("k", version_id) == "FAILED"
    assert pair.arrived() == set()


def test_the_source_cannot_be_suspended_while_it_replicates(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    with pytest.raises(pair.s3.exceptions.ClientError) as refused:
        pair.s3.put_bucket_versioning(Bucket=pair.source, VersioningConfiguration={"Status": "Suspended"})
    assert refused.value.response["Error"]["Code"] == "InvalidBucketState"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    pair.s3.delete_bucket_replication(Bucket=pair.source)
    pair.s3.put_bucket_versioning(Bucket=pair.source, VersioningConfiguration={"Status": "Suspended"})


def test_a_configuration_comes_back_as_it_was_put(pair: Pair) -> None:
    """With a generated id where none was given; and none at all answers AWS's own error."""
    with pytest.raises(pair.s3.exceptions.ClientError) as none:
        pair.s3.get_bucket_replication(Bucket=pair.source)
    assert none.value.response["Error"]["Code"] == "ReplicationConfigurationNotFoundError"
    given = rule(pair.destination, priority=0)
    put_rules(pair.s3, pair.source, given)
    answer = pair.s3.get_bucket_replication(Bucket=pair.source)["ReplicationConfiguration"]
    (back,) = answer["Rules"]
    assert back.pop("ID") and back == given
    for _ in range(2):
        done = pair.s3.delete_bucket_replication(Bucket=pair.source)
        assert done["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_configurations_that_aws_refuses_are_refused(pair: Pair) -> None:
    """One row for each check that needs other buckets; the rest stand in the unit tests of the validation."""
    unversioned = new_bucket(pair.there, "us-west-2", versioned=False)
    bare = new_bucket(pair.s3, "us-east-1", versioned=False)
    rows = [
        (bare, pair.destination, "Versioning must be 'Enabled' on the bucket to apply a replication configuration"),
        (pair.source, unversioned, "Destination bucket must have versioning enabled."),
        (pair.source, "no-such-bucket-here", "Destination bucket must exist."),
        (pair.source, pair.source, "Destination bucket cannot be the same as the source bucket."),
    ]
    for source, destination, message in rows:
        with pytest.raises(pair.s3.exceptions.ClientError) as refused:
            put_rule(pair.s3, source, destination)
        error = refused.value.response["Error"]
        assert (error["Code"], error["Message"]) == ("InvalidRequest", message)


def test_uploads_of_many_parts_by_the_transfer_manager_arrive(pair: Pair) -> None:
    put_rule(pair.s3, pair.source, pair.destination)
    body = os.urandom(20 * MIB + 3)
    pair.s3.upload_fileobj(io.BytesIO(body), pair.source, "managed")
    version_id = pair.s3.head_object(Bucket=pair.source, Key="managed")["VersionId"]
    pair.replica("managed", version_id)
    received = io.BytesIO()
    pair.there.download_fileobj(pair.destination, "managed", received)
    assert received.getvalue() == body
