"""A destination is compared with its source by what is stored; what was damaged by hand is named and repaired."""

from __future__ import annotations

import json
import os

import pytest
from tests.support.damage import blob_file, flip_a_byte, held, zero_inline_body
from tests.support.own_api import Refused, call, lines
from tests.support.replication import enable_versioning, put_rule, put_rules, rule
from tests.support.server import Server
from tests.support.verified_pair import HERE, THERE, Pair

LARGE = 200 * 1024
"""Beyond what is kept beside a version."""


@pytest.fixture
def pair(server: Server) -> Pair:
    return Pair(server)


def test_a_destination_that_has_everything_as_it_ought_to_be_is_equal_also_in_depth(pair: Pair) -> None:
    """Old versions, delete markers, tags, headers, metadata, blobs, parts."""
    pair.put("a", b"one")
    pair.put("a", b"two", Tagging="team=red&cost=1")
    pair.s3.delete_object(Bucket=pair.source, Key="a")
    pair.put("b", b"x" * LARGE, ContentType="text/css", CacheControl="no-store", Metadata={"z": "1", "y": "2"})
    upload = pair.s3.create_multipart_upload(Bucket=pair.source, Key="parts", Metadata={"k": "v"})["UploadId"]
    named = {"Bucket": pair.source, "Key": "parts", "UploadId": upload}
    parts = []
    for number, body in ((1, b"p" * 5 * 1024 * 1024), (2, b"q" * 1000)):
        done = pair.s3.upload_part(**named, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": done["ETag"]})
    pair.s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    pair.arrived()
    tags = {"TagSet": [{"Key": "late", "Value": "yes"}]}
    pair.s3.put_object_tagging(Bucket=pair.source, Key="b", Tagging=tags)
    pair.arrived()
    result, differences = pair.verify(deep="true")
    assert differences == []
    assert (result["equal"], result["counts"]["versions"], result["counts"]["equal"]) == (True, 5, 5)
    assert result["counts"]["bytes"] == 2 * (3 + 3 + LARGE + 5 * 1024 * 1024 + 1000)
    shallow, _ = pair.verify()
    assert shallow["digest"] == result["digest"]
    status = call(pair.server, "GET", "/-/replication/status", bucket=pair.source)
    (destination,) = status["destinations"]
    last = destination["last_verification"]
    assert (last["equal"], last["deep"], last["digest"]) == (True, False, shallow["digest"])
    assert last["counts"] == shallow["counts"]


def test_replicas_damaged_by_hand_in_the_metadata_file_are_found_by_their_fields_and_made_anew(pair: Pair) -> None:
    damages = {
        "size": ("UPDATE version SET size = 7", ["SIZE"]),
        "etag": ("UPDATE version SET etag = 'd41d8cd98f00b204e9800998ecf8427e'", ["ETAG"]),
        "class": ("UPDATE version SET storage_class = 'STANDARD_IA'", ["STORAGE_CLASS"]),
        "latest": ("UPDATE version SET latest = 0", ["LATEST"]),
        "marker": ("UPDATE version SET delete_marker = 1", ["DELETE_MARKER"]),
        "attributes": ("UPDATE version SET attributes = NULL", ["CHECKSUM", "HEADERS", "METADATA"]),
        "owner": ("UPDATE version SET owner = '999999999999'", ["OWNER"]),
        "time": ("UPDATE version SET created_us = created_us + 1000", ["VERSION_TIME"]),
        "tags": ("UPDATE version SET tags = NULL", ["TAGS"]),
    }
    for key in damages:
        pair.put(key, key.encode(), CacheControl="no-store", Metadata={"k": "v"}, Tagging="team=red")
    pair.put("sound")
    pair.arrived()
    for key, (statement, _) in damages.items():
        pair.change(statement, key)
    result, differences = pair.verify()
    assert {each["key"]: each["fields"] for each in differences} == {key: found for key, (_, found) in damages.items()}
    assert {each["kind"] for each in differences} == {"DIFFERENT"}
    assert {each["status"] for each in differences} == {"COMPLETED"}
    assert (result["equal"], result["counts"]["different"], result["counts"]["equal"]) == (False, len(damages), 1)
    again, repaired = pair.verify(repair="true")
    assert {each["repair"] for each in repaired} == {"ON_ITS_WAY"}
    assert again["digest"] == result["digest"]
    pair.arrived()
    after, left = pair.verify(deep="true")
    assert left == []
    assert after["equal"]
    for key in damages:
        head = pair.there.get_object(Bucket=pair.destination, Key=key)
        assert (head["Body"].read(), head["Metadata"], head["TagCount"]) == (key.encode(), {"k": "v"}, 1)


@pytest.mark.parametrize("size", [100, LARGE], ids=["beside its version", "a blob"])
def test_a_damaged_body_is_found_in_depth_with_its_side_and_the_replica_is_replaced(pair: Pair, size: int) -> None:
    for key in ("replica", "source", "sound"):
        pair.put(key, os.urandom(size))
    pair.arrived()
    for region, bucket, key in ((THERE, pair.destination, "replica"), (HERE, pair.source, "source")):
        if size == LARGE:
            flip_a_byte(blob_file(pair.server.data, region, bucket, key))
        else:
            zero_inline_body(pair.server.data, region, bucket, key)
    assert pair.verify()[0]["equal"], "only reading tells"
    result, differences = pair.verify(deep="true", repair="true")
    told = {each["key"]: (each["kind"], each["fields"], each["damaged"], each["repair"]) for each in differences}
    assert told == {
        "replica": ("DIFFERENT", ["BODY"], ["DESTINATION"], "ON_ITS_WAY"),
        "source": ("SOURCE_DAMAGED", ["BODY"], ["SOURCE"], "LEFT"),
    }
    assert (result["counts"]["repaired"], result["counts"]["left"]) == (1, 1)
    pair.arrived()
    _, left = pair.verify(deep="true")
    assert [each["key"] for each in left] == ["source"]
    body = pair.there.get_object(Bucket=pair.destination, Key="replica")["Body"].read()
    assert body == pair.s3.get_object(Bucket=pair.source, Key="replica")["Body"].read()


def test_a_replica_is_never_replaced_by_a_damaged_source(pair: Pair) -> None:
    """Its metadata is damaged there, its bytes here: it ends FAILED, and the bytes there are as they were."""
    for key, size in (("small", 100), ("large", LARGE)):
        pair.put(key, os.urandom(size))
    pair.arrived()
    bodies = {key: pair.there.get_object(Bucket=pair.destination, Key=key)["Body"].read() for key in ("small", "large")}
    for key in bodies:
        pair.change("UPDATE version SET etag = 'x'", key)
    zero_inline_body(pair.server.data, HERE, pair.source, "small")
    flip_a_byte(blob_file(pair.server.data, HERE, pair.source, "large"))
    assert pair.verify(repair="true")[0]["counts"]["repaired"] == 2
    pair.arrived()
    _, differences = pair.verify()
    assert {(each["key"], each["code"]) for each in differences} == {
        ("small", "SrcObjectNotFound"),
        ("large", "SrcObjectNotFound"),
    }
    for key, body in bodies.items():
        assert pair.there.get_object(Bucket=pair.destination, Key=key)["Body"].read() == body


def test_a_missing_replica_is_found_whatever_the_status_says_and_brought_again(pair: Pair) -> None:
    version_id = pair.put("lost", b"body")
    pair.put("there")
    pair.arrived()
    pair.change("DELETE FROM version", "lost")
    assert pair.s3.head_object(Bucket=pair.source, Key="lost")["ReplicationStatus"] == "COMPLETED"
    result, (difference,) = pair.verify(repair="true")
    assert (difference["kind"], difference["key"], difference["version_id"]) == ("MISSING", "lost", version_id)
    assert (difference["repair"], result["counts"]["missing"], result["counts"]["equal"]) == ("ON_ITS_WAY", 1, 1)
    pair.arrived()
    assert pair.verify()[0]["equal"]
    found = pair.there.get_object(Bucket=pair.destination, Key="lost", VersionId=version_id)
    assert found["Body"].read() == b"body"


def test_what_is_deleted_at_the_destination_for_good_is_told_and_stays_deleted(pair: Pair) -> None:
    version_id = pair.put("deleted")
    pair.arrived()
    pair.there.delete_object(Bucket=pair.destination, Key="deleted", VersionId=version_id)
    _, (difference,) = pair.verify(repair="true")
    assert (difference["kind"], difference["why"]) == ("MISSING", "DELETED_THERE")
    assert (difference["repair"], difference["code"]) == ("LEFT", "DstObjectHardDeleted")
    assert pair.s3.head_object(Bucket=pair.source, Key="deleted")["ReplicationStatus"] == "COMPLETED"


def test_what_is_extra_at_the_destination_is_told_and_never_deleted(pair: Pair) -> None:
    """A replica whose source was deleted for good, and what somebody wrote there; a source version shows neither."""
    gone = pair.put("gone")
    pair.arrived()
    pair.s3.delete_object(Bucket=pair.source, Key="gone", VersionId=gone)
    written = pair.there.put_object(Bucket=pair.destination, Key="own", Body=b"y")["VersionId"]
    result, differences = pair.verify(repair="true")
    told = {each["key"]: (each["kind"], each["version_id"], each["why"], each["repair"]) for each in differences}
    assert told == {"gone": ("EXTRA", gone, None, "LEFT"), "own": ("EXTRA", written, "WRITTEN_THERE", "LEFT")}
    assert (result["equal"], result["counts"]["extra"], result["counts"]["repaired"]) == (False, 2, 0)
    for key in ("gone", "own"):
        pair.there.head_object(Bucket=pair.destination, Key=key)
    assert pair.command().returncode == 1
    assert pair.command("--ignore-extra").returncode == 0


def test_tags_changed_at_the_destination_are_found_and_the_sources_put_back(pair: Pair) -> None:
    pair.put("k", Tagging="team=red")
    pair.arrived()
    tags = {"TagSet": [{"Key": "team", "Value": "blue"}]}
    pair.there.put_object_tagging(Bucket=pair.destination, Key="k", Tagging=tags)
    _, (difference,) = pair.verify(repair="true")
    assert (difference["kind"], difference["fields"]) == ("DIFFERENT", ["TAGS"])
    pair.arrived()
    found = pair.there.get_object_tagging(Bucket=pair.destination, Key="k")["TagSet"]
    assert found == [{"Key": "team", "Value": "red"}]
    assert pair.verify()[0]["equal"]


def test_what_no_rule_takes_is_not_expected(server: Server) -> None:
    pair = Pair(server, Filter={"Prefix": "logs/"})
    pair.put("logs/a")
    pair.put("photos/a")
    pair.there.put_object(Bucket=pair.destination, Key="photos/own", Body=b"y")
    pair.arrived()
    result, differences = pair.verify()
    assert differences == []
    assert (result["counts"]["equal"], result["counts"]["not_expected"]) == (1, 1)
    # What was written before a rule covered it is none of that rule's.
    put_rule(pair.s3, pair.source, pair.destination, ID="all")
    pair.put("photos/b")
    pair.arrived()
    result, differences = pair.verify()
    assert [each["key"] for each in differences] == ["photos/own"]
    assert (result["counts"]["equal"], result["counts"]["not_expected"]) == (2, 1)


def test_each_destination_is_verified_or_the_one_that_is_named_under_a_prefix(pair: Pair) -> None:
    second = f"{pair.destination}-2"
    pair.s3.create_bucket(Bucket=second)
    enable_versioning(pair.s3, second)
    put_rules(pair.s3, pair.source, rule(pair.destination, ID="all"), rule(second, priority=2, ID="second"))
    pair.put("a/1")
    pair.put("b/1")
    pair.arrived()
    pair.change("DELETE FROM version", "a/1")
    found = lines(pair.server, "/-/replication/verify", bucket=pair.source)
    results = {line["destination"]: line["equal"] for line in found if line["line"] == "result"}
    assert results == {pair.destination: False, second: True}
    assert pair.verify(destination=f"arn:aws:s3:::{second}")[0]["equal"]
    assert pair.verify(destination=pair.destination, prefix="b/")[0]["counts"]["versions"] == 1
    status = call(pair.server, "GET", "/-/replication/status", bucket=pair.source)
    equal = {each["destination"]: each["last_verification"]["equal"] for each in status["destinations"]}
    assert equal == {pair.destination: False, second: True}, "a part of a bucket is no verification of it"


def test_what_waits_for_a_slow_destination_is_no_difference(pair: Pair) -> None:
    """Nobody writes to the destination's metadata meanwhile: versions and an edit of tags hang on their way there."""
    pair.put("edited")
    pair.arrived()
    with held(pair.server.data, THERE):
        for number in range(20):
            pair.put(f"{number:03}")
        tags = {"TagSet": [{"Key": "team", "Value": "red"}]}
        pair.s3.put_object_tagging(Bucket=pair.source, Key="edited", Tagging=tags)
        result, differences = pair.verify(repair="true")
        assert differences == []
        assert (result["equal"], result["counts"]["pending"], result["counts"]["repaired"]) == (True, 21, 0)
    pair.arrived()
    assert pair.verify()[0]["counts"]["equal"] == 21


def test_who_may_not_list_both_buckets_learns_nothing_and_who_may_not_replicate_repairs_nothing(pair: Pair) -> None:
    pair.put("k")
    pair.arrived()
    iam = pair.server.client("iam")
    name = pair.source
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    signer = (key["AccessKeyId"], key["SecretAccessKey"])

    def allow(*statements: tuple[list[str], list[str]]) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": act, "Resource": on} for act, on in statements],
        }
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))

    def refused(**asked: str) -> None:
        with pytest.raises(Refused) as error:
            lines(pair.server, "/-/replication/verify", bucket=pair.source, signer=signer, **asked)
        assert error.value.status == 403
        assert "AccessDenied" in error.value.text

    here, there = f"arn:aws:s3:::{pair.source}", f"arn:aws:s3:::{pair.destination}"
    listing = ["s3:ListBucketVersions", "s3:GetReplicationConfiguration"]
    refused()
    allow((["s3:ListBucketVersions"], [here, there]))
    refused()
    allow((listing, [here]))
    refused()
    allow((listing, [here, there]))
    found = lines(pair.server, "/-/replication/verify", bucket=pair.source, signer=signer)
    assert found[-1]["equal"]
    refused(repair="true")
    pair.change("DELETE FROM version", "k")
    allow((listing, [here, there]), (["s3:InitiateReplication"], [f"{here}/*"]))
    found = lines(pair.server, "/-/replication/verify", bucket=pair.source, signer=signer, repair="true")
    assert found[-1]["counts"]["repaired"] == 1
