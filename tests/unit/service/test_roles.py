"""Assuming a role as a service: the trust policy decides, and a refusal says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.identities import (
    ACCOUNT,
    OTHER,
    DirectoryForTests,
    directory_for_tests,
    document,
    inline,
    role,
    trusting,
)

from farshore.model.access import PrincipalKind
from farshore.service.identities import Identity
from farshore.service.roles import BATCH_SERVICE, NotAssumable, assume_role_as_service

S3 = {"Service": "s3.amazonaws.com"}
SOURCE = "arn:aws:s3:::source"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DirectoryForTests]:
    with directory_for_tests(tmp_path) as made:
        yield made


def assume(store: DirectoryForTests, trust: dict[str, Any] | None = None, **more: Any) -> Identity | NotAssumable:
    made = role("replicate", trust or trusting(S3), path="/service-role/")
    if store.identities.reader.role_by_id(made.id) is None:
        store.write(lambda tx: (tx.add_role(made), tx.put_inline_policy(made.id, inline("own", "s3:GetObject"))))
    asked = {"source_account": ACCOUNT, "source_arn": SOURCE, **more}
    return assume_role_as_service(store.identities, asked.pop("role_arn", made.arn), **asked)


def test_a_role_that_trusts_s3_is_assumed_with_its_policies(store: DirectoryForTests) -> None:
    found = assume(store)
    assert isinstance(found, Identity)
    assert found.principal.kind is PrincipalKind.ASSUMED_ROLE
    assert found.principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/replicate/s3-replication"
    assert found.principal.role_arn == f"arn:aws:iam::{ACCOUNT}:role/service-role/replicate"
    assert [policy.source for policy in found.policies.identity] == ["the inline policy own of role replicate"]


@pytest.mark.parametrize(
    ("trust", "detail", "statement"),
    [
        (trusting({"Service": "ec2.amazonaws.com"}), "is not allowed by any policy", None),
        (trusting({"Service": BATCH_SERVICE}), "is not allowed by any policy", None),
        (trusting({"AWS": ACCOUNT}), "is not allowed by any policy", None),
        (
            document(
                {"Effect": "Allow", "Principal": S3, "Action": "sts:AssumeRole"},
                {"Sid": "NotNow", "Effect": "Deny", "Principal": S3, "Action": "sts:AssumeRole"},
            ),
            "is denied by NotNow of the trust policy of role replicate",
            "NotNow",
        ),
        (
            trusting(S3, Condition={"StringEquals": {"aws:SourceAccount": OTHER}}),
            "is not allowed by any policy",
            None,
        ),
        (
            trusting(S3, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::another"}}),
            "is not allowed by any policy",
            None,
        ),
    ],
)
def test_a_role_that_does_not_trust_s3_is_not(
    store: DirectoryForTests, trust: dict[str, Any], detail: str, statement: str | None
) -> None:
    found = assume(store, trust)
    assert isinstance(found, NotAssumable)
    assert "may not assume" in found.detail
    assert detail in found.detail
    assert (found.statement.sid if found.statement else None) == statement


@pytest.mark.parametrize(
    "trust",
    [
        trusting({"Service": ["batchoperations.s3.amazonaws.com", "s3.amazonaws.com"]}),
        trusting(S3, Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        trusting(S3, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::sour*"}}),
    ],
)
def test_conditions_on_the_source_hold_for_it(store: DirectoryForTests, trust: dict[str, Any]) -> None:
    assert isinstance(assume(store, trust), Identity)


def test_the_answer_is_kept_until_the_directory_changes(store: DirectoryForTests, tmp_path: Path) -> None:
    first = assume(store)
    assert assume(store) is first
    assert assume(store, source_arn="arn:aws:s3:::other") is not first
    with directory_for_tests(tmp_path) as other:
        other.write(lambda tx: tx.put_inline_policy(role("replicate").id, inline("more", "s3:PutObject")))
    changed = assume(store)
    assert isinstance(changed, Identity)
    assert len(changed.policies.identity) == 2


def test_another_service_needs_trust_of_its_own(store: DirectoryForTests) -> None:
    assert isinstance(assume(store), Identity)
    found = assume(store, service=BATCH_SERVICE)
    assert isinstance(found, NotAssumable)
    assert found.detail.startswith(BATCH_SERVICE)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:role/nobody",
        f"arn:aws:iam::{ACCOUNT}:role/replicate",
        f"arn:aws:iam::{OTHER}:role/service-role/replicate",
        "no arn",
    ],
    ids=["unknown", "without its path", "of an account that has none", "no arn"],
)
def test_a_role_that_is_not_there_is_named(store: DirectoryForTests, arn: str) -> None:
    found = assume(store, role_arn=arn)
    assert found == NotAssumable(detail=f"{arn} does not exist.")


def test_a_role_of_another_account_than_the_source_is_refused_whomever_it_trusts(store: DirectoryForTests) -> None:
    found = assume(store, source_account=OTHER)
    assert isinstance(found, NotAssumable)
    assert f"the source bucket to {OTHER}" in found.detail


def test_a_trust_policy_that_is_changed_or_a_role_that_is_deleted_holds_for_the_next_question(
    store: DirectoryForTests, tmp_path: Path
) -> None:
    assert isinstance(assume(store), Identity)
    with directory_for_tests(tmp_path) as other:
        closed = role("replicate", trusting(S3, "Deny"), path="/service-role/")
        other.write(lambda tx: tx.replace_role(closed))
        assert isinstance(assume(store), NotAssumable)
        other.write(lambda tx: tx.delete_role(closed.id))
    found = assume_role_as_service(store.identities, closed.arn, source_account=ACCOUNT)
    assert found == NotAssumable(detail=f"{closed.arn} does not exist.")
