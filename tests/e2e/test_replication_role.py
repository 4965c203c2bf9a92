"""Who may put a role into a configuration, and the role that a command makes."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.people import Person, allow, deny, owner, stranger, user
from tests.support.replication import enable_versioning, put_rules, rule, wait_for
from tests.support.server import Server

ARRIVAL_S = 60.0
WEST = "us-west-2"
PASSED_TO_S3 = {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}


def make_bucket(person: Person, name: str, region: str = "us-east-1", **more: Any) -> str:
    """A versioned bucket of a new name; returns it."""
    client = person.client("s3", region)
    bucket = f"{name}-{secrets.token_hex(4)}"
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=bucket, **place, **more)
    enable_versioning(client, bucket)
    return bucket


def put_configuration(person: Person, source: str, destination: str, role: str) -> None:
    put_rules(person.client(), source, rule(destination), role=role)


@pytest.mark.parametrize(
    ("statements", "may"),
    [
        ([allow("s3:*")], False),
        ([allow("iam:PassRole")], False),
        ([allow(["s3:PutReplicationConfiguration", "iam:PassRole"])], True),
        ([allow("s3:PutReplicationConfiguration"), allow("iam:PassRole", Condition=PASSED_TO_S3)], True),
        (
            [
                allow("s3:PutReplicationConfiguration"),
                allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
            ],
            False,
        ),
        ([allow("s3:PutReplicationConfiguration"), allow("iam:PassRole", "arn:aws:iam::*:role/another")], False),
        ([allow("*"), deny("iam:PassRole", Condition=PASSED_TO_S3)], False),
    ],
)
def test_a_user_needs_both_the_configuration_and_the_role_to_pass(
    server: Server, statements: list[dict[str, Any]], may: bool
) -> None:
    root = owner(server)
    source, destination = make_bucket(root, "source"), make_bucket(root, "destination")
    person = user(root, "passing", statements)
    role = f"arn:aws:iam::{root.account_id}:role/anything"
    if may:
        put_configuration(person, source, destination, role)
        assert root.client().get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Role"] == role
        return
    with pytest.raises(ClientError) as refused:
        put_configuration(person, source, destination, role)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_whoever_may_not_pass_the_role_is_told_so(server: Server) -> None:
    root = owner(server)
    source, destination = make_bucket(root, "source"), make_bucket(root, "destination")
    person = user(root, "passing", [allow("s3:*")])
    role = f"arn:aws:iam::{root.account_id}:role/service-role/replicator"
    with pytest.raises(ClientError) as refused:
        put_configuration(person, source, destination, role)
    assert refused.value.response["Error"]["Message"] == (
        f'User: {person.arn} is not authorized to perform: iam:PassRole on resource: "{role}" '
        "because no identity-based policy allows the iam:PassRole action"
    )


def test_roles_do_not_pass_between_accounts(server: Server) -> None:
    """Not even for the root of the bucket's account."""
    root = owner(server)
    source, destination = make_bucket(root, "source"), make_bucket(root, "destination")
    with pytest.raises(ClientError, match="AccessDenied"):
        put_configuration(root, source, destination, "arn:aws:iam::999988887777:role/foreign")


class Command:
    """`farshore replication role`, as the owner of the source, with a profile of another account at hand."""

    def __init__(self, server: Server, folder: Any) -> None:
        self.other = stranger(server)
        self._folder = folder
        self._data = server.data
        (folder / "credentials").write_text(
            f"[other]\naws_access_key_id = {self.other.key_id}\naws_secret_access_key = {self.other.secret}\n"
        )

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FARSHORE_"))}
        command = [sys.executable, "-m", "farshore", "replication", "role", *arguments, "--data", str(self._data)]
        return subprocess.run(
            command,
            env=kept | {"AWS_SHARED_CREDENTIALS_FILE": str(self._folder / "credentials")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def command(server: Server, tmp_path: Any) -> Command:
    return Command(server, tmp_path)


def test_the_role_that_is_made_replicates_and_is_made_only_once(server: Server, command: Command) -> None:
    root = owner(server)
    source, destination = make_bucket(root, "source"), make_bucket(root, "destination", WEST)
    made = command(source, destination, "--create")
    role = made.stdout.strip()
    assert (made.returncode, role) == (0, f"arn:aws:iam::{root.account_id}:role/s3-replication-{source}"), made.stderr
    assert command(source, destination, "--create").stdout == made.stdout
    put_configuration(root, source, destination, role)
    s3 = root.client()
    s3.put_object(Bucket=source, Key="k", Body=b"v", Tagging="a=1")
    wait_for(lambda: s3.head_object(Bucket=source, Key="k")["ReplicationStatus"] == "COMPLETED", ARRIVAL_S, "COMPLETED")
    tags = root.client("s3", WEST).get_object_tagging(Bucket=destination, Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}]


def test_a_role_of_the_name_that_does_something_else_is_left_alone(server: Server, command: Command) -> None:
    root = owner(server)
    source, destination = make_bucket(root, "source"), make_bucket(root, "destination")
    name = f"batch-{secrets.token_hex(4)}"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "batchoperations.s3.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = root.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    refused = command(source, destination, "--create", "--name", name)
    assert refused.returncode == 1 and "give a --name" in refused.stderr and not refused.stdout
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []


def test_into_another_account_the_bucket_policy_is_added_to_what_is_there(server: Server, command: Command) -> None:
    root, other = owner(server), command.other
    source = make_bucket(root, "source")
    destination = make_bucket(other, "destination", WEST, ObjectOwnership="ObjectWriter")
    there = other.client("s3", WEST)
    standing = {
        "Sid": "Reading",
        "Effect": "Allow",
        "Principal": {"AWS": root.arn},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{destination}/*",
    }
    document = {"Version": "2012-10-17", "Statement": [standing]}
    there.put_bucket_policy(Bucket=destination, Policy=json.dumps(document))
    told = command(source, destination, "--owner-override", "--create")
    assert told.returncode == 0 and f"aws s3api put-bucket-policy --bucket {destination}" in told.stderr
    assert json.loads(there.get_bucket_policy(Bucket=destination)["Policy"])["Statement"] == [standing]
    for _ in range(2):
        made = command(source, destination, "--owner-override", "--create", "--destination-profile", "other")
        assert (made.returncode, made.stdout) == (0, told.stdout), made.stderr
    statements = json.loads(there.get_bucket_policy(Bucket=destination)["Policy"])["Statement"]
    assert statements[0] == standing and len(statements) == 2
    override = {"Account": other.account_id, "AccessControlTranslation": {"Owner": "Destination"}}
    put_rules(root.client(), source, rule(destination, Destination=override), role=made.stdout.strip())
    s3 = root.client()
    s3.put_object(Bucket=source, Key="k", Body=b"v")
    wait_for(lambda: s3.head_object(Bucket=source, Key="k")["ReplicationStatus"] == "COMPLETED", ARRIVAL_S, "COMPLETED")
    grants = there.get_object_acl(Bucket=destination, Key="k")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no-such-bucket-at-all", "neither"], 1, "bucket no-such-bucket-at-all does not exist"),
        (["{source}", "no-such-bucket-at-all"], 1, "bucket no-such-bucket-at-all does not exist"),
        (["{foreign}", "{source}"], 1, "is not a bucket of your account"),
        (["{source}", "{destination}", "--name", "no/name"], 2, "is no name of a role"),
        (["{source}", "{destination}", "--path", "service-role"], 2, "is no path of a role"),
    ],
)
def test_what_cannot_be_is_refused(
    server: Server, command: Command, arguments: list[str], code: int, message: str
) -> None:
    root = owner(server)
    names = {
        "source": make_bucket(root, "source"),
        "destination": make_bucket(root, "destination"),
        "foreign": make_bucket(command.other, "foreign"),
    }
    refused = command(*(argument.format(**names) for argument in arguments))
    assert refused.returncode == code and not refused.stdout
    assert message in refused.stderr
