"""AWS's walk-throughs for replication, step by step, with the AWS CLI as it is; run with -s to see what it says.

Source: S3 User Guide, "Configuring replication for buckets in the same account", "Configuring replication for buckets
in different accounts", "Changing the replica owner". The documents are those of the guide with its placeholders filled
in; what is added to look at the outcome is marked by a comment.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.people import owner, stranger
from tests.support.replication import wait_for
from tests.support.server import Server

AWS = Path(sys.executable).with_name("aws")
COMMAND_S_MAX = 120
ARRIVAL_S = 60.0

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Shell:
    """The AWS CLI in a folder with documents, with the profiles acctA and acctB of two accounts."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.folder = folder
        a, b = owner(server), stranger(server)
        self.accounts = {"acctA": a.account_id, "acctB": b.account_id}
        keys = [
            f"[{name}]\naws_access_key_id = {one.key_id}\naws_secret_access_key = {one.secret}\n"
            for name, one in (("acctA", a), ("acctB", b))
        ]
        (folder / "credentials").write_text("\n".join(keys))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment = kept | {
            "AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def write(self, name: str, document: dict[str, Any]) -> None:
        """Save a document in a file, as the guide says."""
        (self.folder / name).write_text(json.dumps(document, indent=2))

    def __call__(self, command: str) -> Any:
        """Run one command of the guide; its answer, parsed where it is JSON."""
        code, said, complained = self.attempt(command)
        assert code == 0, complained
        return json.loads(said) if said.startswith("{") else said

    def attempt(self, command: str) -> tuple[int, str, str]:
        """Run a command that may be refused: exit code, standard output, standard error."""
        line = " ".join(command.split())
        program, *arguments = shlex.split(line)
        assert program == "aws", line
        done = subprocess.run(
            [sys.executable, str(AWS), *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            timeout=COMMAND_S_MAX,
            check=False,
            text=True,
        )
        print(f"$ {line}\n{done.stdout}{done.stderr}".rstrip())
        return done.returncode, done.stdout, done.stderr

    def status(self, bucket: str, key: str) -> str:
        """The source's replication status, once it is no longer PENDING."""

        def settled() -> str:
            command = f"aws s3api head-object --bucket {bucket} --key {key} --profile acctA"
            status = self(command)["ReplicationStatus"]
            return "" if status == "PENDING" else status

        return wait_for(settled, ARRIVAL_S, f"an end for {key}")


@pytest.fixture
def aws(server: Server, tmp_path: Path) -> Shell:
    if not AWS.is_file():
        pytest.skip("the AWS CLI is not installed")
    return Shell(server, tmp_path)


@pytest.fixture
def name() -> Callable[[str], str]:
    """Bucket and role names of one's own on the shared server."""
    unique = secrets.token_hex(4)
    return lambda kind: f"{kind}-{unique}"


def make_buckets(aws: Shell, source: str, destination: str, destination_profile: str, more: str = "") -> None:
    aws(f"aws s3api create-bucket --bucket {source} --region us-east-1 --profile acctA")
    aws(f"aws s3api put-bucket-versioning --bucket {source} --versioning-configuration Status=Enabled --profile acctA")
    aws(
        f"aws s3api create-bucket --bucket {destination} --region us-west-2 "
        f"--create-bucket-configuration LocationConstraint=us-west-2 {more} --profile {destination_profile}"
    )
    aws(
        f"aws s3api put-bucket-versioning --bucket {destination} --region us-west-2 "
        f"--versioning-configuration Status=Enabled --profile {destination_profile}"
    )


def make_role(aws: Shell, role: str, policy: dict[str, Any]) -> str:
    """The role with its permissions policy; returns its ARN."""
    aws.write("s3-role-trust-policy.json", TRUST)
    aws.write("s3-role-permissions-policy.json", policy)
    made = aws(
        f"aws iam create-role --role-name {role} --assume-role-policy-document file://s3-role-trust-policy.json "
        "--profile acctA"
    )
    aws(
        f"aws iam put-role-policy --role-name {role} --policy-document file://s3-role-permissions-policy.json "
        "--policy-name replicationRolePolicy --profile acctA"
    )
    return made["Role"]["Arn"]


def may_replicate(source: str, destination: str) -> dict[str, Any]:
    """The guide's permissions policy."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionTagging",
                ],
                "Resource": [f"arn:aws:s3:::{source}/*"],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetReplicationConfiguration"],
                "Resource": [f"arn:aws:s3:::{source}"],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                "Resource": f"arn:aws:s3:::{destination}/*",
            },
        ],
    }


def replication(role_arn: str, destination: str, prefix: str = "", **members: Any) -> dict[str, Any]:
    return {
        "Role": role_arn,
        "Rules": [
            {
                "Status": "Enabled",
                "Priority": 1,
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Filter": {"Prefix": prefix} if prefix else {},
                "Destination": {"Bucket": f"arn:aws:s3:::{destination}", **members},
            }
        ],
    }


def put_replication(aws: Shell, source: str, configuration: dict[str, Any]) -> None:
    aws.write("replication.json", configuration)
    aws(
        f"aws s3api put-bucket-replication --replication-configuration file://replication.json --bucket {source} "
        "--profile acctA"
    )


def upload(aws: Shell, source: str, key: str) -> None:
    (aws.folder / "object.txt").write_text("What is to be replicated.\n")
    aws(f"aws s3 cp object.txt s3://{source}/{key} --no-progress --profile acctA")


def canonical_ids(aws: Shell) -> dict[str, str]:
    """From canonical user id to profile."""
    return {
        aws(f"aws s3api list-buckets --query Owner.ID --output text --profile {profile}").strip(): profile
        for profile in aws.accounts
    }


def owner_of(aws: Shell, bucket: str, key: str) -> str:
    """The canonical id of whose object it is, as the owner of the bucket sees it."""
    listed = aws(
        f"aws s3api list-objects-v2 --bucket {bucket} --region us-west-2 --prefix {key} --fetch-owner --profile acctB"
    )
    return listed["Contents"][0]["Owner"]["ID"]


def test_buckets_in_the_same_account(aws: Shell, name: Callable[[str], str]) -> None:
    """Objects under the rule's prefix arrive; another does not; the configuration is retrieved as it was put."""
    source, destination = name("source"), name("destination")
    make_buckets(aws, source, destination, "acctA")
    role = make_role(aws, name("replicationRole"), may_replicate(source, destination))
    put_replication(aws, source, replication(role, destination, "Tax"))
    retrieved = aws(f"aws s3api get-bucket-replication --bucket {source} --profile acctA")["ReplicationConfiguration"]
    assert retrieved["Role"] == role and retrieved["Rules"][0]["Filter"] == {"Prefix": "Tax"}
    upload(aws, source, "Legal/document2")
    upload(aws, source, "Tax/document1")
    assert aws.status(source, "Tax/document1") == "COMPLETED"
    # The replica, and that the other object stayed at home.
    replica = aws(
        f"aws s3api head-object --bucket {destination} --region us-west-2 --key Tax/document1 --profile acctA"
    )
    assert replica["ReplicationStatus"] == "REPLICA"
    listed = aws(f"aws s3api list-objects-v2 --bucket {destination} --region us-west-2 --profile acctA")
    assert [entry["Key"] for entry in listed["Contents"]] == ["Tax/document1"]


def test_buckets_in_different_accounts(aws: Shell, name: Callable[[str], str]) -> None:
    """Refused without the destination's bucket policy, which names the role; with it, what is written then arrives."""
    source, destination = name("source"), name("destination")
    make_buckets(aws, source, destination, "acctB")
    role = make_role(aws, name("replicationRole"), may_replicate(source, destination))
    put_replication(aws, source, replication(role, destination))
    # Before the destination's owner has let the role in.
    upload(aws, source, "too-early")
    assert aws.status(source, "too-early") == "FAILED"
    aws.write(
        "destination-bucket-policy.json",
        {
            "Version": "2012-10-17",
            "Id": "",
            "Statement": [
                {
                    "Sid": "Set permissions for objects",
                    "Effect": "Allow",
                    "Principal": {"AWS": role},
                    "Action": ["s3:ReplicateObject", "s3:ReplicateDelete"],
                    "Resource": f"arn:aws:s3:::{destination}/*",
                },
                {
                    "Sid": "Set permissions on bucket",
                    "Effect": "Allow",
                    "Principal": {"AWS": role},
                    "Action": ["s3:List*", "s3:GetBucketVersioning", "s3:PutBucketVersioning"],
                    "Resource": f"arn:aws:s3:::{destination}",
                },
            ],
        },
    )
    aws(
        f"aws s3api put-bucket-policy --region us-west-2 --bucket {destination} "
        "--policy file://destination-bucket-policy.json --profile acctB"
    )
    upload(aws, source, "document")
    assert aws.status(source, "document") == "COMPLETED"
    # Giving the permission did not retry what had failed.
    assert aws.status(source, "too-early") == "FAILED"
    listed = aws(f"aws s3api list-objects-v2 --bucket {destination} --region us-west-2 --profile acctB")
    assert [entry["Key"] for entry in listed["Contents"]] == ["document"]
    code, _, refused = aws.attempt(
        f"aws s3api head-object --bucket {destination} --region us-west-2 --key document --profile acctA"
    )
    assert code != 0 and "403" in refused


def test_changing_the_replica_owner(aws: Shell, name: Callable[[str], str]) -> None:
    """In a bucket with ACLs the replica is the source account's; with the owner override it is the destination's."""
    source, destination = name("source"), name("destination")
    make_buckets(aws, source, destination, "acctB", "--object-ownership ObjectWriter")
    aws.write(
        "destination-bucket-policy.json",
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "destination_bucket_policy_sid",
                    "Principal": {"AWS": aws.accounts["acctA"]},
                    "Action": [
                        "s3:ReplicateObject",
                        "s3:ReplicateDelete",
                        "s3:ObjectOwnerOverrideToBucketOwner",
                        "s3:ReplicateTags",
                        "s3:GetObjectVersionTagging",
                    ],
                    "Effect": "Allow",
                    "Resource": [f"arn:aws:s3:::{destination}/*"],
                }
            ],
        },
    )
    aws(
        f"aws s3api put-bucket-policy --region us-west-2 --bucket {destination} "
        "--policy file://destination-bucket-policy.json --profile acctB"
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl"],
                "Resource": [f"arn:aws:s3:::{source}/*"],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetReplicationConfiguration"],
                "Resource": [f"arn:aws:s3:::{source}"],
            },
            {
                "Effect": "Allow",
                "Action": [
                    "s3:ReplicateObject",
                    "s3:ReplicateDelete",
                    "s3:ObjectOwnerOverrideToBucketOwner",
                    "s3:ReplicateTags",
                    "s3:GetObjectVersionTagging",
                ],
                "Resource": f"arn:aws:s3:::{destination}/*",
            },
        ],
    }
    role = make_role(aws, name("replicationRole"), policy)
    # Without the override first.
    ids = canonical_ids(aws)
    put_replication(aws, source, replication(role, destination))
    upload(aws, source, "kept")
    assert aws.status(source, "kept") == "COMPLETED"
    assert ids[owner_of(aws, destination, "kept")] == "acctA"
    override = {"Account": aws.accounts["acctB"], "AccessControlTranslation": {"Owner": "Destination"}}
    put_replication(aws, source, replication(role, destination, **override))
    upload(aws, source, "given")
    assert aws.status(source, "given") == "COMPLETED"
    assert ids[owner_of(aws, destination, "given")] == "acctB"
    assert ids[owner_of(aws, destination, "kept")] == "acctA"
