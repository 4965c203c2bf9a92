"""Steps that replication tests share: versioning, rules, and waiting for what must come true."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import boto3

from farshore.semantics.replication_role import trust_policy

_ROLE = "replication"
_ALLOWED = (
    "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging", "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner",
)  # fmt: skip


def ensure_role(client: Any) -> str:
    """The ARN of a role of the caller's account that may replicate between any buckets; made when it is not there.

    Args:
        client: of any service, with the caller's key.
    """
    iam = iam_client(client)
    try:
        return iam.get_role(RoleName=_ROLE)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=json.dumps(trust_policy()))
        statement = {"Effect": "Allow", "Action": _ALLOWED, "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName=_ROLE, PolicyName="replicate", PolicyDocument=json.dumps(document))
        return iam.get_role(RoleName=_ROLE)["Role"]["Arn"]


def iam_client(client: Any) -> Any:
    """A client of IAM on the same server, with the same key."""
    key = client._request_signer._credentials
    return boto3.client(
        "iam",
        endpoint_url=client.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
    )


def enable_versioning(client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def make_pair(client: Any, there: Any, source: str, destination: str) -> None:
    """Make two versioned buckets. client: of us-east-1, for the source. there: of us-west-2, for the destination."""
    client.create_bucket(Bucket=source)
    there.create_bucket(Bucket=destination, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    enable_versioning(client, source)
    enable_versioning(there, destination)


def rule(destination: str, *, priority: int = 1, delete_markers: bool = False, **members: Any) -> dict[str, Any]:
    """A V2 rule for all objects; `members` replace or add (Filter, Status, ID, …); Destination members merge."""
    extra = members.pop("Destination", {})
    return {
        "Status": "Enabled",
        "Priority": priority,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled" if delete_markers else "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}", **extra},
        **members,
    }


def put_rules(client: Any, source: str, *rules: dict[str, Any], role: str | None = None) -> None:
    """role: else one of the caller's account that may replicate between any buckets."""
    configuration = {"Role": role or ensure_role(client), "Rules": list(rules)}
    client.put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration)


def put_rule(client: Any, source: str, destination: str, **members: Any) -> None:
    put_rules(client, source, rule(destination, **members))


def wait_for(holds: Callable[[], Any], deadline_s: float, what: str) -> Any:
    """Ask until the answer is true (and return it), from outside of the server there is no signal to wait on."""
    deadline = time.monotonic() + deadline_s
    while True:
        answer = holds()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {deadline_s} s: {what}"
        time.sleep(0.01)
