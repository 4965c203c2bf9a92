"""Simulated decisions are those that a request would get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.iam import S3_TRUST, IamForTests, policy

from farshore.model.query_errors import QueryError

OBJECT = "arn:aws:s3:::shelf/a"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IamForTests]:
    """User `ann` in group `staff`, role `crew`; each may do something else."""
    made = IamForTests(tmp_path)
    root = made.root
    root.iam("CreateUser", UserName="ann")
    root.iam("CreateGroup", GroupName="staff")
    root.iam("AddUserToGroup", GroupName="staff", UserName="ann")
    root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=S3_TRUST)
    root.iam("PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=policy("s3:GetObject", f"{OBJECT}*"))
    root.iam("PutGroupPolicy", GroupName="staff", PolicyName="shared", PolicyDocument=policy("s3:ListBucket"))
    root.iam("PutRolePolicy", RoleName="crew", PolicyName="own", PolicyDocument=policy("s3:PutObject"))
    yield made
    made.close()


def results(world: IamForTests, source: str, *actions: str, **more: Any) -> dict[str, str]:
    arn = f"arn:aws:iam::{world.account}:{source}"
    answer = world.root.iam("SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=list(actions), **more)
    assert answer["IsTruncated"] is False
    return {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]}


ACTIONS = ("s3:GetObject", "s3:ListBucket", "s3:PutObject")


def test_each_identity_has_its_own_policies(world: IamForTests) -> None:
    at = {"ResourceArns": [OBJECT]}
    assert results(world, "user/ann", *ACTIONS, **at) == dict(
        zip(ACTIONS, ("allowed", "allowed", "implicitDeny"), strict=True)
    )
    assert results(world, "group/staff", *ACTIONS, **at) == dict(
        zip(ACTIONS, ("implicitDeny", "allowed", "implicitDeny"), strict=True)
    )
    assert results(world, "role/crew", *ACTIONS, **at) == dict(
        zip(ACTIONS, ("implicitDeny", "implicitDeny", "allowed"), strict=True)
    )


def test_added_policies_count_and_a_deny_wins(world: IamForTests) -> None:
    added = {"PolicyInputList": [policy("s3:PutObject"), policy("s3:GetObject", effect="Deny")]}
    found = results(world, "user/ann", *ACTIONS, ResourceArns=[OBJECT], **added)
    assert list(found.values()) == ["explicitDeny", "allowed", "allowed"]


def test_the_result_of_an_action_is_the_most_restrictive_of_its_resources(world: IamForTests) -> None:
    answer = world.root.iam(
        "SimulatePrincipalPolicy",
        PolicySourceArn=f"arn:aws:iam::{world.account}:user/ann",
        ActionNames=["s3:GetObject"],
        ResourceArns=[OBJECT, "arn:aws:s3:::other/a"],
    )
    (result,) = answer["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    own = [(each["EvalResourceName"], each["EvalResourceDecision"]) for each in result["ResourceSpecificResults"]]
    assert own == [(OBJECT, "allowed"), ("arn:aws:s3:::other/a", "implicitDeny")]
    matched = result["ResourceSpecificResults"][0]["MatchedStatements"]
    assert [each["SourcePolicyId"] for each in matched] == ["the inline policy own of user ann"]


def test_conditions_see_the_context_that_is_given_and_name_what_was_missing(world: IamForTests) -> None:
    condition = {"StringEquals": {"s3:prefix": "a/"}}
    added = {"PolicyInputList": [policy("s3:ListBucketVersions", Condition=condition)]}

    def simulate(*entries: dict[str, Any]) -> dict[str, Any]:
        answer = world.root.iam(
            "SimulatePrincipalPolicy",
            PolicySourceArn=f"arn:aws:iam::{world.account}:user/ann",
            ActionNames=["s3:ListBucketVersions"],
            ContextEntries=list(entries),
            **added,
        )
        return answer["EvaluationResults"][0]

    given = {"ContextKeyName": "s3:prefix", "ContextKeyValues": ["a/"], "ContextKeyType": "string"}
    assert (simulate(given)["EvalDecision"], simulate(given)["MissingContextValues"]) == ("allowed", [])
    assert (simulate()["EvalDecision"], simulate()["MissingContextValues"]) == ("implicitDeny", ["s3:prefix"])
    assert simulate({"ContextKeyType": "string"})["MissingContextValues"] == ["s3:prefix"]


def test_a_boundary_limits_and_is_reported(world: IamForTests) -> None:
    limit = {"PermissionsBoundaryPolicyInputList": [policy("s3:ListBucket")]}
    found = results(world, "user/ann", *ACTIONS, ResourceArns=[OBJECT], **limit)
    assert list(found.values()) == ["implicitDeny", "allowed", "implicitDeny"]
    answer = world.root.iam(
        "SimulatePrincipalPolicy",
        PolicySourceArn=f"arn:aws:iam::{world.account}:user/ann",
        ActionNames=["s3:GetObject"],
        ResourceArns=[OBJECT],
        **limit,
    )
    detail = answer["EvaluationResults"][0]["PermissionsBoundaryDecisionDetail"]
    assert detail == {"AllowedByPermissionsBoundary": False}


def test_a_resource_policy_counts(world: IamForTests) -> None:
    document = policy("s3:PutObject", f"{OBJECT}*", Principal={"AWS": f"arn:aws:iam::{world.account}:user/ann"})
    found = results(world, "user/ann", "s3:PutObject", ResourceArns=[OBJECT], ResourcePolicy=document)
    assert found == {"s3:PutObject": "allowed"}


def test_policies_alone_are_simulated_too(world: IamForTests) -> None:
    answer = world.root.iam(
        "SimulateCustomPolicy", PolicyInputList=[policy("s3:Get*")], ActionNames=["s3:GetObject", "s3:PutObject"]
    )
    assert [each["EvalDecision"] for each in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]


@pytest.mark.parametrize(
    ("source", "action", "more", "code"),
    [
        ("user/nobody", "s3:GetObject", {}, "NoSuchEntity"),
        ("policy/read", "s3:GetObject", {}, "InvalidInput"),
        ("user/ann", "nothing", {}, "InvalidInput"),
        ("user/ann", "s3:GetObject", {"PolicyInputList": ["{"]}, "InvalidInput"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    world: IamForTests, source: str, action: str, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(QueryError) as refused:
        results(world, source, action, **more)
    assert refused.value.code == code
