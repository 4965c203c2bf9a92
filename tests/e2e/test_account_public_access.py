"""Block Public Access of a whole account: the most restrictive of it and the bucket's own holds."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, anonymous, policy, stranger, user
from tests.support.server import Server

ALL_OFF = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


@pytest.fixture
def root(server: Server) -> Person:
    """The root of an account of its own: what is blocked here is blocked for nobody else."""
    return stranger(server)


def code(call: Any, **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def put(root: Person, **switches: bool) -> None:
    root.client("s3control").put_public_access_block(AccountId=root.account_id, PublicAccessBlockConfiguration=switches)


def open_bucket(root: Person) -> str:
    """A bucket that blocks nothing itself, where ACLs count, with a public policy and a public object."""
    s3, name = root.client(), f"open-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=public_policy(name))
    s3.put_object(Bucket=name, Key="by-policy/k", Body=b"x")
    s3.put_object(Bucket=name, Key="by-acl", Body=b"x", ACL="public-read")
    return name


def public_policy(name: str) -> str:
    return policy({**allow("s3:GetObject", f"arn:aws:s3:::{name}/by-policy/*"), "Principal": "*"})


def seen(server: Server, bucket: str) -> dict[str, bool]:
    """Which objects of the bucket the public can read."""
    client = anonymous(server)
    return {key: code(client.get_object, Bucket=bucket, Key=key) == "" for key in ("by-policy/k", "by-acl")}


def test_put_get_and_delete(root: Person) -> None:
    control, named = root.client("s3control"), {"AccountId": root.account_id}
    assert code(control.get_public_access_block, **named) == "NoSuchPublicAccessBlockConfiguration"
    put(root, IgnorePublicAcls=True)
    found = control.get_public_access_block(**named)["PublicAccessBlockConfiguration"]
    assert found == ALL_OFF | {"IgnorePublicAcls": True}
    west = root.client("s3control", "us-west-2")
    assert west.get_public_access_block(**named)["PublicAccessBlockConfiguration"] == found
    control.delete_public_access_block(**named)
    assert code(control.get_public_access_block, **named) == "NoSuchPublicAccessBlockConfiguration"
    assert code(control.delete_public_access_block, **named) == ""


def test_what_the_public_may_read_ends_with_the_next_request_and_comes_back(server: Server, root: Person) -> None:
    bucket = open_bucket(root)
    assert seen(server, bucket) == {"by-policy/k": True, "by-acl": True}
    put(root, IgnorePublicAcls=True)
    assert seen(server, bucket) == {"by-policy/k": True, "by-acl": False}
    put(root, RestrictPublicBuckets=True)
    assert seen(server, bucket) == {"by-policy/k": False, "by-acl": False}
    put(root, **ALL_OFF)
    assert seen(server, bucket) == {"by-policy/k": True, "by-acl": True}
    root.client("s3control").delete_public_access_block(AccountId=root.account_id)
    assert seen(server, bucket) == {"by-policy/k": True, "by-acl": True}


def test_nothing_public_can_be_put(root: Person) -> None:
    bucket = open_bucket(root)
    put(root, BlockPublicPolicy=True, BlockPublicAcls=True)
    s3 = root.client()
    assert code(s3.put_bucket_policy, Bucket=bucket, Policy=public_policy(bucket)) == "AccessDenied"
    assert code(s3.put_object_acl, Bucket=bucket, Key="by-acl", ACL="public-read") == "AccessDenied"
    assert code(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ACL="public-read") == "AccessDenied"
    assert code(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == "AccessDenied"
    assert code(s3.put_object, Bucket=bucket, Key="k", Body=b"x") == ""
    own = policy({**allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), "Principal": {"AWS": root.account_id}})
    assert code(s3.put_bucket_policy, Bucket=bucket, Policy=own) == ""


def test_the_bucket_s_own_settings_hold_whatever_the_account_s_say(server: Server, root: Person) -> None:
    bucket = open_bucket(root)
    put(root, **ALL_OFF)
    root.client().put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert seen(server, bucket) == {"by-policy/k": False, "by-acl": False}


def test_other_accounts_are_not_touched(server: Server, root: Person) -> None:
    other = stranger(server)
    bucket = open_bucket(other)
    put(root, **dict.fromkeys(ALL_OFF, True))
    assert seen(server, bucket) == {"by-policy/k": True, "by-acl": True}
    control = root.client("s3control")
    assert code(control.get_public_access_block, AccountId=other.account_id) == "AccessDenied"
    everything = dict.fromkeys(ALL_OFF, True)
    assert (
        code(control.put_public_access_block, AccountId=other.account_id, PublicAccessBlockConfiguration=everything)
        == "AccessDenied"
    )


def test_each_operation_needs_its_action(root: Person) -> None:
    named = {"AccountId": root.account_id}
    reads = user(root, "reads", [allow("s3:GetAccountPublicAccessBlock")]).client("s3control")
    writes = user(root, "writes", [allow("s3:PutAccountPublicAccessBlock")]).client("s3control")
    off = {"PublicAccessBlockConfiguration": ALL_OFF}
    assert code(reads.put_public_access_block, **named, **off) == "AccessDenied"
    assert code(reads.delete_public_access_block, **named) == "AccessDenied"
    assert code(writes.put_public_access_block, **named, **off) == ""
    assert code(reads.get_public_access_block, **named) == ""
    assert code(writes.get_public_access_block, **named) == "AccessDenied"
    assert code(writes.delete_public_access_block, **named) == ""
