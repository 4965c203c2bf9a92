"""Buckets and their configurations answer as AWS answered the same requests.

Regions that AWS was asked in and that this server does not have are replaced by those that it has.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.e2e.recorded_answers import Recorded, asked, document
from tests.support.raw_requests import send_raw
from tests.support.replication import ensure_role


def recorded(test: str, **bound: str) -> Recorded:
    return Recorded("buckets", test, **bound)


def new_name() -> str:
    return f"bucket-{uuid.uuid4().hex}"


def in_region(region: str) -> dict[str, Any]:
    return {"LocationConstraint": region}


def test_a_bucket_that_is_not_there(s3: Any) -> None:
    name = new_name()
    with recorded("test_get_object_no_such_bucket") as aws:
        aws("expected_error", s3.get_object, Bucket=name, Key="foobar")
    with recorded("test_delete_bucket_no_such_bucket") as aws:
        aws("expected_error", s3.delete_bucket, Bucket="does-not-exist-localstack-test")
    with recorded("test_bucket_availability") as aws:
        aws("bucket-lifecycle", s3.get_bucket_lifecycle_configuration, Bucket=name)
        aws("bucket-replication", s3.get_bucket_replication, Bucket=name)


def test_a_bucket_that_is_not_there_in_both_styles_of_address(server: Any) -> None:
    name = new_name()
    with recorded("test_bucket_does_not_exist") as aws:
        aws("list_object", server.client("s3", s3={"addressing_style": "path"}).list_objects, Bucket=name)
        answer = send_raw(server, "GET", "/", host=f"{name}.localhost")
        error = document(answer.body)["Error"]
        error = {member: value for member, value in error.items() if member not in ("RequestId", "HostId")}
        aws.compare("list_object_vhost", {"status": answer.status, "Error": error})


def test_location_constraints(server: Any, s3: Any) -> None:
    first = new_name()
    names = {"location_constraint": "us-west-2"}
    with recorded("test_different_location_constraint", **names) as aws:
        s3.create_bucket(Bucket=first)
        aws("get-bucket-location-bucket-us-east-1", s3.get_bucket_location, Bucket=first)
        west, eu = server.client("s3", "us-west-2"), server.client("s3", "eu-west-1")
        name = new_name()
        refused = asked(s3.create_bucket, Bucket=name, CreateBucketConfiguration=in_region("us-east-1"))
        refused["Error"]["LocationConstraint"] = "us-west-2"
        aws.compare("create-bucket-constraint-us-east-1", refused)
        lenient = server.client("s3", parameter_validation=False)
        none = {"CreateBucketConfiguration": in_region("")}
        aws("create-bucket-constraint-us-east-1-with-None", lenient.create_bucket, Bucket=name, **none)
        second = new_name()
        s3.create_bucket(Bucket=second, CreateBucketConfiguration=in_region("us-west-2"))
        aws("get-bucket-location-bucket-us-east-2", west.get_bucket_location, Bucket=second)
        aws("create-bucket-us-east-2-no-constraint-exc", west.create_bucket, Bucket=name)
        lenient = server.client("s3", "us-west-2", parameter_validation=False)
        aws("create-bucket-constraint-us-east-2-with-None", lenient.create_bucket, Bucket=name, **none)
        for label, client, region in (
            ("create-bucket-us-east-2-constraint-to-us-west-1", west, "eu-west-1"),
            ("create-bucket-us-west-1-constraint-to-us-east-2", eu, "us-west-2"),
            ("create-bucket-us-west-1-constraint-to-us-east-1", eu, "us-east-1"),
        ):
            aws(label, client.create_bucket, Bucket=new_name(), CreateBucketConfiguration=in_region(region))
        aws("get-bucket-location-non-existent-bucket", s3.get_bucket_location, Bucket=new_name())


@pytest.mark.parametrize(
    ("region", "constraint"), [("us-east-1", "us-east-1"), ("us-east-1", "foo"), ("eu-west-1", "bar")]
)
def test_location_constraints_that_are_none(server: Any, region: str, constraint: str) -> None:
    ask = server.client("s3", region).create_bucket
    with recorded(f"test_create_bucket_with_invalid_location_constraint[{region}-{constraint}]") as aws:
        label = f"{region}-location-constraint-{constraint}-error"
        aws(label, ask, Bucket=new_name(), CreateBucketConfiguration=in_region(constraint))


def test_the_constraint_eu_is_eu_west_1_and_is_remembered(server: Any, s3: Any) -> None:
    name = new_name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=in_region("EU"))
    with recorded("test_create_bucket_with_eu_location_constraint") as aws:
        aws("get-bucket-location", server.client("s3", "eu-west-1").get_bucket_location, Bucket=name)
        aws("list-bucket-response", s3.list_buckets, Prefix=name)
    with recorded("test_create_bucket_with_eu_location_constraint_raises") as aws:
        ask = server.client("s3", "us-west-2").create_bucket
        aws("eu-location-constraint-error", ask, Bucket=new_name(), CreateBucketConfiguration=in_region("EU"))


def test_the_constraint_aws_global_is_none(s3: Any) -> None:
    with recorded("test_bucket_constraint_aws_global[us-east-1]") as aws:
        aws(
            "aws-global-constraint",
            s3.create_bucket,
            Bucket=new_name(),
            CreateBucketConfiguration=in_region("aws-global"),
        )


def test_names_that_are_none_or_taken(server: Any) -> None:
    raw = send_raw(server, "PUT", "/TestUppercaseBucket", body=b"")
    error = document(raw.body)["Error"]
    with recorded("test_s3_uppercase_bucket_name") as aws:
        shown = {member: error[member] for member in ("BucketName", "Code", "Message")}
        aws.compare("uppercase-bucket", {"status": raw.status, "Error": shown})
    name = new_name()
    with recorded("test_create_bucket_with_existing_name") as aws:
        for label in ("create-bucket-us-west-1", "create-bucket-us-east-2"):
            client = server.client("s3", "us-west-2")
            asked(client.create_bucket, Bucket=name, CreateBucketConfiguration=in_region("us-west-2"))
            aws(label, client.create_bucket, Bucket=name, CreateBucketConfiguration=in_region("us-west-2"))


def test_create_and_head(server: Any, s3: Any) -> None:
    first, second = new_name(), new_name()
    with recorded("test_create_bucket_head_bucket") as aws:
        aws("create_bucket", s3.create_bucket, Bucket=first)
        west = server.client("s3", "us-west-2")
        label = "create_bucket_location_constraint"
        aws(label, west.create_bucket, Bucket=second, CreateBucketConfiguration=in_region("us-west-2"))
        for label, client, name in (("head_bucket", s3, first), ("head_bucket_2", west, second)):
            head = aws(label, client.head_bucket, Bucket=name)
            headers = head["ResponseMetadata"]["HTTPHeaders"]
            headers = {key: value for key, value in headers.items() if key.startswith(("x-amz", "content-type"))}
            headers |= {"x-amz-id-2": "x-amz-id-2", "x-amz-request-id": "x-amz-request-id"}
            aws.compare(f"{label}_filtered_header", headers)
        aws("head_bucket_not_exist", s3.head_bucket, Bucket=new_name())


def test_a_bucket_outside_of_us_east_1_names_its_region(server: Any) -> None:
    name = new_name()
    eu = server.client("s3", "eu-west-1")
    eu.create_bucket(Bucket=name, CreateBucketConfiguration=in_region("eu-west-1"))
    with recorded("test_region_header_exists_outside_us_east_1") as aws:
        head = aws("head_bucket", eu.head_bucket, Bucket=name)
        assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"
        listed = aws("list_objects_v2", eu.list_objects_v2, Bucket=name)
        assert listed["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"


def test_a_name_with_dots_in_both_styles_of_address(server: Any, s3: Any) -> None:
    name = f"my.bucket.name.{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="my-content", Body=b"something")
    with recorded("test_bucket_name_with_dots") as aws:
        aws("list-objects", s3.list_objects, Bucket=name)
        for label, path, host in (
            ("request-path-url-content", f"/{name}", None),
            ("request-vhost-url-content", "/", f"{name}.localhost"),
        ):
            shown = document(send_raw(server, "GET", path, host=host).body)
            shown["ListBucketResult"]["@xmlns"] = "http://s3.amazonaws.com/doc/2006-03-01/"
            shown["ListBucketResult"]["Contents"].pop("Owner", None)
            aws.compare(label, shown)


def test_list_buckets_by_prefix_and_region(server: Any, s3: Any) -> None:
    name = new_name()
    s3.create_bucket(Bucket=name)
    with recorded("test_list_buckets_by_prefix_with_case_sensitivity", region="us-east-1") as aws:
        aws("list-objects-by-prefix-empty", s3.list_buckets, Prefix=name.upper())
        aws("list-objects-by-prefix-not-empty", s3.list_buckets, Prefix=name)
    with recorded("test_list_buckets_by_bucket_region", region="us-east-1") as aws:
        aws("list-objects-by-bucket-region-empty", s3.list_buckets, Prefix=name, BucketRegion="us-west-2")
        aws("list-objects-by-bucket-region-not-empty", s3.list_buckets, Prefix=name, BucketRegion="us-east-1")
    with recorded("test_list_buckets_region_validation") as aws:
        aws("bad-region", s3.list_buckets, BucketRegion="eu-east-1")


def test_list_buckets_page_by_page(s3: Any) -> None:
    """Not asked for by prefix, as AWS was: the server may have other buckets, before and behind."""
    for _ in range(3):
        s3.create_bucket(Bucket=new_name())
    with recorded("test_list_buckets_with_max_buckets") as aws:
        first = aws("list-objects-with-max-buckets", s3.list_buckets, MaxBuckets=1)
    with recorded("test_list_buckets_with_continuation_token") as aws:
        token = first["ContinuationToken"]
        second = aws("list-objects-with-continuation", s3.list_buckets, MaxBuckets=1, ContinuationToken=token)
    assert first["Buckets"][0]["Name"] < second["Buckets"][0]["Name"]


def test_replication_configurations(server: Any, s3: Any, bucket: str) -> None:
    destination = new_name()
    west = server.client("s3", "us-west-2")
    west.create_bucket(Bucket=destination, CreateBucketConfiguration=in_region("us-west-2"))
    enabled = {"Status": "Enabled"}
    west.put_bucket_versioning(Bucket=destination, VersioningConfiguration=enabled)
    rule = {
        "Status": "Enabled",
        "Priority": 1,
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Filter": {"Prefix": "Tax"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
    }
    role = ensure_role(s3)
    given = {"ReplicationConfiguration": {"Role": role, "Rules": [rule]}}
    with recorded("test_replication_config") as aws:
        aws("expected_error_no_replication_set", s3.get_bucket_replication, Bucket=bucket)
        aws("expected_error_versioning_not_enabled", s3.put_bucket_replication, Bucket=bucket, **given)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
        aws("put-bucket-replication", s3.put_bucket_replication, Bucket=bucket, **given)
        shown = s3.get_bucket_replication(Bucket=bucket)
        assert shown["ReplicationConfiguration"]["Rules"][0].pop("ID")
        shown["ReplicationConfiguration"]["Rules"][0]["ID"] = "id"
        aws.compare("get-bucket-replication", shown)
        empty = {"ReplicationConfiguration": {"Role": role, "Rules": []}}
        aws("put-empty-bucket-replication-rules", s3.put_bucket_replication, Bucket=bucket, **empty)
        for label in ("delete-bucket-replication", "delete-bucket-replication-idempotent"):
            aws(label, s3.delete_bucket_replication, Bucket=bucket)


def test_replication_configurations_are_checked_also_when_disabled(s3: Any, versioned: str) -> None:
    """A bucket of a foreign account takes the place of one that AWS found unversioned, and not missing."""
    destination = new_name()
    s3.create_bucket(Bucket=destination)
    minutes = {"Minutes": 15}
    rule: dict[str, Any] = {
        "ID": "rtc",
        "Priority": 0,
        "Filter": {},
        "Status": "Disabled",
        "Destination": {
            "Bucket": f"arn:aws:s3:::{destination}",
            "StorageClass": "STANDARD",
            "ReplicationTime": {"Status": "Enabled", "Time": minutes},
            "Metrics": {"Status": "Enabled", "EventThreshold": minutes},
        },
        "DeleteMarkerReplication": {"Status": "Disabled"},
    }
    given = {"Bucket": versioned, "ReplicationConfiguration": {"Role": ensure_role(s3), "Rules": [rule]}}
    with recorded("test_replication_config_without_filter") as aws:
        for label in ("expected_error_dest_does_not_exist", "expected_error_dest_versioning_disabled"):
            aws(label, s3.put_bucket_replication, **given)
        s3.put_bucket_versioning(Bucket=destination, VersioningConfiguration={"Status": "Enabled"})
        aws("put-bucket-replication", s3.put_bucket_replication, **given)
        aws("get-bucket-replication", s3.get_bucket_replication, Bucket=versioned)
