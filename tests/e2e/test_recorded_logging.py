"""Server access logging answers as AWS answered the same requests.

AWS takes a target that lets no logs in: neither of these buckets has a policy or grants for log delivery.
"""

from __future__ import annotations

import uuid
from typing import Any

from tests.e2e.recorded_answers import Recorded


def recorded(test: str, **bound: str) -> Recorded:
    return Recorded("logging", test, **bound)


def new(server: Any, region: str = "us-east-1", **more: Any) -> str:
    name = f"logging-{uuid.uuid4().hex[:12]}"
    if region != "us-east-1":
        more["CreateBucketConfiguration"] = {"LocationConstraint": region}
    server.client("s3", region).create_bucket(Bucket=name, **more)
    return name


def to(target: str, **more: Any) -> dict[str, Any]:
    return {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "log", **more}}


def test_logging_put_read_and_ended(server: Any, s3: Any) -> None:
    bucket, target = new(server), new(server)
    with recorded("test_put_bucket_logging") as aws:
        aws("get-bucket-logging-default", s3.get_bucket_logging, Bucket=bucket)
        aws("get-bucket-default-acl", s3.get_bucket_acl, Bucket=target)
        aws("put-bucket-logging", s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=to(target))
        aws("get-bucket-logging", s3.get_bucket_logging, Bucket=bucket)
        aws("put-bucket-logging-delete", s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus={})


def test_grants_of_any_permission_are_taken(server: Any, s3: Any) -> None:
    bucket, target = new(server), new(server, ObjectOwnership="ObjectWriter")
    group = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    grants = [{"Grantee": group, "Permission": permission} for permission in ("WRITE", "READ_ACP")]
    with recorded("test_put_bucket_logging_accept_wrong_grants") as aws:
        status = to(target, TargetGrants=grants)
        aws("put-bucket-logging", s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=status)
        aws("get-bucket-logging", s3.get_bucket_logging, Bucket=bucket)


def test_wrong_targets(server: Any, s3: Any) -> None:
    bucket, away = new(server), new(server, "us-west-2")
    with recorded("test_put_bucket_logging_wrong_target", region_2="us-west-2") as aws:
        aws("put-bucket-logging-different-regions", s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=to(away))
        missing = to(f"none-{uuid.uuid4().hex}")
        aws("put-bucket-logging-non-existent-bucket", s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=missing)


def test_targets_in_other_regions(server: Any, s3: Any) -> None:
    east, west, europe = new(server), new(server, "us-west-2"), new(server, "eu-west-1")
    bound = {"region_2": "us-west-2", "region_3": "eu-west-1"}
    with recorded("test_put_bucket_logging_cross_locations", **bound) as aws:
        aws("put-bucket-logging-cross-us-east-1", s3.put_bucket_logging, Bucket=east, BucketLoggingStatus=to(europe))
        there = server.client("s3", "us-west-2")
        status = to(europe)
        aws("put-bucket-logging-different-regions", there.put_bucket_logging, Bucket=west, BucketLoggingStatus=status)
