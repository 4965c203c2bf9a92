"""What a failed delivery asks for, as commands of a shell that can be pasted."""

from __future__ import annotations

import json
import shlex

import pytest

from farshore.model.objects import Version
from farshore.model.remedy import Action
from farshore.model.replication import FailureCode, ReplicationConfiguration, ReplicationRule, RuleFilter
from farshore.semantics.replication_failure_remedy import bring_anew, let_role_in, mend_failure, role_command
from farshore.semantics.replication_remedy import Subject, put_configuration

ACCOUNT = "111122223333"


def rule(destination: str = "there", *, owner_override: bool = False) -> ReplicationRule:
    return ReplicationRule(
        id="r",
        priority=1,
        enabled=True,
        filter=RuleFilter("", ()),
        destination=destination,
        destination_account=None,
        storage_class=None,
        owner_override=owner_override,
        delete_markers=True,
        replica_modifications=False,
        sse_kms=False,
        metrics=False,
        replication_time=False,
    )


def configuration(role: str, *rules: ReplicationRule) -> ReplicationConfiguration:
    return ReplicationConfiguration(role=f"arn:aws:iam::{ACCOUNT}:role{role}", rules=rules, v1=False)


def subject(*, marker: bool = False, versioned: bool = True) -> Subject:
    version = Version(
        bucket_id=1,
        key="k",
        version_id="v",
        created_us=0,
        owner=ACCOUNT,
        delete_marker=marker,
        storage_class="STANDARD",
    )
    return Subject(bucket="src", key="k", version=version, document=None, owner=ACCOUNT, versioned=versioned)


@pytest.mark.parametrize(
    ("region", "command"),
    [
        (
            "us-west-2",
            "aws s3api create-bucket --bucket there --region us-west-2 "
            "--create-bucket-configuration LocationConstraint=us-west-2",
        ),
        ("us-east-1", "aws s3api create-bucket --bucket there --region us-east-1"),
        (
            None,
            "aws s3api create-bucket --bucket there --region REGION "
            "--create-bucket-configuration LocationConstraint=REGION",
        ),
    ],
)
def test_a_destination_is_made_again_where_it_was_or_where_the_reader_says(region: str | None, command: str) -> None:
    remedy = mend_failure(subject(), "there", FailureCode.DST_BUCKET_NOT_FOUND, region)
    assert (remedy.action, remedy.command) == (Action.CREATE_BUCKET, command)
    assert ("REGION" in remedy.text) == (region is None)
    assert remedy.then is not None and f"--region {region or 'REGION'} && farshore replication retry" in remedy.then


@pytest.mark.parametrize(
    ("role", "rules", "options"),
    [
        ("/s3-replication-src", [rule()], "there"),
        ("/mine", [rule()], "there --name mine"),
        ("/service-role/mine", [rule(), rule("b")], "there b --name mine --path /service-role/"),
        ("/mine", [rule(owner_override=True)], "there --name mine --owner-override"),
    ],
)
def test_the_command_for_the_role_is_about_the_roles_own_name_and_every_destination(
    role: str, rules: list[ReplicationRule], options: str
) -> None:
    command = role_command(subject(), configuration(role, *rules))
    assert command == f"farshore replication role src {options} --create"


def test_a_delete_marker_whose_replica_is_gone_for_good_is_made_once_more() -> None:
    assert (bring_anew(subject()).action, bring_anew(subject(marker=True)).action) == (
        Action.COPY_ONTO_ITSELF,
        Action.DELETE_AT_DESTINATION,
    )
    assert bring_anew(subject(marker=True)).command == "aws s3api delete-object --bucket src --key k"


def test_a_bucket_policy_lets_in_no_more_than_the_rule_needs() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/mine"
    remedy = let_role_in(subject(), role, rule(owner_override=True), FailureCode.DST_PUT_OBJECT_NOT_PERMITTED)
    assert remedy.command is not None
    words = shlex.split(remedy.command)
    (statement,) = json.loads(words[words.index("--policy") + 1])["Statement"]
    assert (statement["Principal"], statement["Resource"]) == ({"AWS": role}, "arn:aws:s3:::there/*")
    assert statement["Action"] == ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner"]


def test_a_bucket_that_is_not_versioned_is_so_before_a_configuration_is_put() -> None:
    first, *others = (put_configuration(subject(versioned=False)).command or "").split(" && ")
    assert first == "aws s3api put-bucket-versioning --bucket src --versioning-configuration Status=Enabled"
    assert put_configuration(subject()).command == " && ".join(others)
    document = json.loads(shlex.split(others[-1])[-1])
    assert document["Role"] == f"arn:aws:iam::{ACCOUNT}:role/s3-replication-src"
