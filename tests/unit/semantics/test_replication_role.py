"""The policies of a replication role are documents that IAM's grammar takes, and name what the plan asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from farshore.auth.policy import PolicyKind, parse_policy
from farshore.semantics.replication_role import RolePlan, bucket_policy, role_policy, trust_policy

ARN = "arn:aws:iam::111122223333:role/replicator"
PLAN = RolePlan(source="my.photos-1", destinations=("west", "north"))


def allowed(document: dict[str, Any]) -> set[tuple[str, str]]:
    """(action, resource) of every Allow statement."""
    found: set[tuple[str, str]] = set()
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        actions, resources = (
            [statement[name]] if isinstance(statement[name], str) else statement[name]
            for name in ("Action", "Resource")
        )
        found |= {(action, resource) for action in actions for resource in resources}
    return found


@pytest.mark.parametrize("owner_override", [False, True])
@pytest.mark.parametrize("delete_markers", [False, True])
def test_every_document_holds_to_the_grammar(delete_markers: bool, owner_override: bool) -> None:
    plan = RolePlan(
        source="my.photos-1", destinations=("west",), delete_markers=delete_markers, owner_override=owner_override
    )
    for document, kind in (
        (trust_policy(), PolicyKind.TRUST),
        (role_policy(plan), PolicyKind.IDENTITY),
        (bucket_policy(plan, "west", ARN), PolicyKind.RESOURCE),
    ):
        parse_policy(json.dumps(document), kind, source="the document")


def test_the_role_reads_the_source_and_writes_into_every_destination() -> None:
    source = {
        ("s3:GetReplicationConfiguration", "arn:aws:s3:::my.photos-1"),
        ("s3:ListBucket", "arn:aws:s3:::my.photos-1"),
        ("s3:GetObjectVersionForReplication", "arn:aws:s3:::my.photos-1/*"),
        ("s3:GetObjectVersionAcl", "arn:aws:s3:::my.photos-1/*"),
        ("s3:GetObjectVersionTagging", "arn:aws:s3:::my.photos-1/*"),
    }
    destinations = {
        (action, f"arn:aws:s3:::{name}/*")
        for action in ("s3:ReplicateObject", "s3:ReplicateDelete")
        for name in ("west", "north")
    }
    assert allowed(role_policy(PLAN)) == source | destinations


def test_what_delete_markers_need_is_left_out_without_them() -> None:
    plan = RolePlan(source="photos", destinations=("west",), delete_markers=False)
    without = {action for action, _ in allowed(role_policy(plan)) | allowed(bucket_policy(plan, "west", ARN))}
    assert without.isdisjoint({"s3:ListBucket", "s3:ReplicateDelete"})


def test_the_owner_override_is_allowed_on_both_sides_when_it_is_asked_for() -> None:
    plan = RolePlan(source="photos", destinations=("west",), owner_override=True)
    wanted = ("s3:ObjectOwnerOverrideToBucketOwner", "arn:aws:s3:::west/*")
    assert wanted in allowed(role_policy(plan)) and wanted in allowed(bucket_policy(plan, "west", ARN))


def test_a_bucket_policy_names_the_role_and_its_own_bucket_alone() -> None:
    document = bucket_policy(PLAN, "west", ARN)
    assert document["Statement"][0]["Principal"] == {"AWS": ARN}
    assert allowed(document) == {
        ("s3:ReplicateObject", "arn:aws:s3:::west/*"),
        ("s3:ReplicateDelete", "arn:aws:s3:::west/*"),
    }
