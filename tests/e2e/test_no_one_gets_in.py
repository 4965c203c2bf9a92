"""Every operation that is served, tried by everyone who may not: none gets in, and nothing changes.

The list is the server's own table of operations, and each request is made from AWS's model, so that an operation that
is added cannot be forgotten: it fails here until it is known what it needs.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from tests.support.people import allow, anonymous, deny, owner, stranger, user
from tests.support.server import Server

from farshore.api.dispatch import S3

BODY = b"kept"
DOCUMENTS: dict[str, Any] = {
    "AccessControlPolicy": None,
    "Body": b"stolen",
    "BucketLoggingStatus": {},
    "CopySource": "{bucket}/{key}",
    "Delete": {"Objects": [{"Key": "{key}"}, {"Key": "{key}", "VersionId": "{version}"}]},
    "ObjectAttributes": ["ETag"],
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    "PartNumber": 1,
    "Policy": "{policy}",
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": False},
    "ReplicationConfiguration": {
        "Role": "arn:aws:iam::{account}:role/r",
        "Rules": [
            {
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": "arn:aws:s3:::{bucket}"},
            }
        ],
    },
    "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]},
    "VersioningConfiguration": {"Status": "Suspended"},
    "NotificationConfiguration": {},
}
"""What required members hold, but for the names of the victim. None: left out, although the operation needs one."""
MORE: dict[str, dict[str, Any]] = {
    "CompleteMultipartUpload": {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": '"{etag}"'}]}},
    "PutBucketAcl": {"ACL": "private"},
    "PutObject": {"Body": b"stolen"},
    "PutObjectAcl": {"ACL": "bucket-owner-full-control"},
    "UploadPart": {"Body": b"stolen"},
}
"""Members that the model does not require, and the operation does."""


class Victim(NamedTuple):
    """A bucket with an object, a version and an upload in it."""

    account: str
    bucket: str
    key: str
    version: str
    upload: str
    etag: str

    def fill(self, value: Any) -> Any:
        """The value with the victim's names in it."""
        if isinstance(value, str):
            for name, text in (*self._asdict().items(), ("policy", self.policy())):
                value = value.replace(f"{{{name}}}", text)
            return value
        if isinstance(value, dict):
            return {name: self.fill(member) for name, member in value.items()}
        return [self.fill(member) for member in value] if isinstance(value, list) else value

    def policy(self) -> str:
        statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "s3:*"}
        resource = f"arn:aws:s3:::{self.bucket}"
        return json.dumps(
            {"Version": "2012-10-17", "Statement": [{**statement, "Resource": [resource, f"{resource}/*"]}]}
        )

    def arguments(self, model: OperationModel) -> dict[str, Any]:
        """A request of the operation to the victim's bucket, from AWS's model."""
        names = {"Bucket": self.bucket, "Key": self.key, "UploadId": self.upload, **DOCUMENTS}
        shape = model.input_shape
        required = [] if shape is None else shape.required_members
        unknown = [name for name in required if name not in names]
        assert unknown == [], f"{model.name} needs {unknown}: say here what they hold"
        given = {name: names[name] for name in required} | MORE.get(model.name, {})
        return {name: self.fill(value) for name, value in given.items() if value is not None}


@pytest.fixture(scope="module")
def victim(server: Server) -> Victim:
    s3 = server.client()
    bucket = f"victim-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="dir/key", Body=BODY, Tagging="a=1")["VersionId"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="dir/key")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="dir/key", UploadId=upload, PartNumber=1, Body=BODY)
    return Victim(owner(server).account_id, bucket, "dir/key", version, upload, part["ETag"].strip('"'))


def state(server: Server, victim: Victim) -> dict[str, Any]:
    """All that the operations could have changed."""
    s3 = server.client()
    named = {"Bucket": victim.bucket, "Key": victim.key}
    versions = s3.list_object_versions(Bucket=victim.bucket)
    parts = s3.list_parts(**named, UploadId=victim.upload)
    configuration: dict[str, Any] = {}
    for read in ("get_bucket_policy", "get_bucket_tagging", "get_bucket_replication"):
        with pytest.raises(ClientError) as caught:
            getattr(s3, read)(Bucket=victim.bucket)
        configuration[read] = caught.value.response["Error"]["Code"]
    return configuration | {
        "body": s3.get_object(**named)["Body"].read(),
        "tags": s3.get_object_tagging(**named)["TagSet"],
        "versions": [entry["VersionId"] for entry in versions["Versions"]],
        "markers": versions.get("DeleteMarkers", []),
        "parts": [part["ETag"] for part in parts["Parts"]],
        "uploads": len(s3.list_multipart_uploads(Bucket=victim.bucket)["Uploads"]),
        "versioning": s3.get_bucket_versioning(Bucket=victim.bucket)["Status"],
        "public": s3.get_public_access_block(Bucket=victim.bucket)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=victim.bucket)["OwnershipControls"],
    }


def outcome(client: Any, operation: str, victim: Victim, **more: Any) -> str:
    """`AccessDenied`, another error's code, or `succeeded`. more: members of the request."""
    model = client.meta.service_model.operation_model(operation)
    method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
    try:
        answer = getattr(client, method)(**victim.arguments(model), **more)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return "AccessDenied" if code == "403" else code
    errors = [entry["Code"] for entry in answer.get("Errors", [])]
    if operation == "DeleteObjects" and errors and not answer.get("Deleted"):
        return errors[0]
    if operation == "ListBuckets" and victim.bucket not in [each["Name"] for each in answer["Buckets"]]:
        return "succeeded without it"
    return "succeeded"


OWN_ACCOUNT = {"CreateBucket": "BucketAlreadyExists", "ListBuckets": "succeeded without it"}
"""What a stranger may do in an account of its own, and how little of the victim that reaches."""


@pytest.mark.parametrize("who", ["anonymous", "stranger", "a user without policies", "a user with an explicit deny"])
def test_no_one_gets_in(server: Server, victim: Victim, who: str) -> None:
    match who:
        case "anonymous":
            client = anonymous(server)
        case "stranger":
            client = stranger(server).client()
        case "a user without policies":
            client = user(owner(server), "nobody").client()
        case _:
            client = user(owner(server), "denied", [allow("s3:*"), deny("s3:*")]).client()
    before = state(server, victim)
    outcomes = {operation: outcome(client, operation, victim) for operation in sorted(S3)}
    expected = dict.fromkeys(sorted(S3), "AccessDenied") | (OWN_ACCOUNT if who == "stranger" else {})
    assert outcomes == expected
    assert state(server, victim) == before


def test_not_even_the_owner_gets_at_a_bucket_that_it_expects_to_be_another_s(server: Server, victim: Victim) -> None:
    """`x-amz-expected-bucket-owner`, on every operation that has it in AWS's model."""
    client = server.client(retries=0)
    models = {name: client.meta.service_model.operation_model(name).input_shape for name in S3}
    takes = sorted(name for name, shape in models.items() if shape and "ExpectedBucketOwner" in shape.members)
    assert set(S3) - set(takes) == {"CreateBucket", "ListBuckets"}
    before = state(server, victim)
    outcomes = {name: outcome(client, name, victim, ExpectedBucketOwner="000000000000") for name in takes}
    assert outcomes == dict.fromkeys(takes, "AccessDenied")
    sources = sorted(name for name, shape in models.items() if shape and "ExpectedSourceBucketOwner" in shape.members)
    assert sources == ["CopyObject", "UploadPartCopy"]
    outcomes = {name: outcome(client, name, victim, ExpectedSourceBucketOwner="000000000000") for name in sources}
    assert outcomes == dict.fromkeys(sources, "AccessDenied")
    assert state(server, victim) == before


def test_the_same_requests_are_not_refused_to_who_may(server: Server) -> None:
    """Else the test above would pass with requests that nobody could make."""
    s3 = server.client()
    bucket = f"willing-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    root = owner(server)
    may = user(root, "may", [allow("s3:*")]).client()
    refused: dict[str, str] = {}
    for operation in sorted(S3, key=lambda name: (name.startswith("Delete"), name == "DeleteBucket", name)):
        version = s3.put_object(Bucket=bucket, Key="dir/key", Body=BODY).get("VersionId", "null")
        upload = s3.create_multipart_upload(Bucket=bucket, Key="dir/key")["UploadId"]
        part = s3.upload_part(Bucket=bucket, Key="dir/key", UploadId=upload, PartNumber=1, Body=BODY)
        there = Victim(root.account_id, bucket, "dir/key", version, upload, part["ETag"].strip('"'))
        found = outcome(may, operation, there)
        if found in ("AccessDenied", "MalformedXML", "InvalidArgument"):
            refused[operation] = found
    assert refused == {}
