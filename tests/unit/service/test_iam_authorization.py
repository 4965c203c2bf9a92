"""Who may use IAM: every action is decided, on what it is done, before anything is told or changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.iam import S3_TRUST, SESSION, Caller, IamForTests, policy, trust

from farshore.api.identity_operations import IAM
from farshore.model.query_errors import AccessDenied, InvalidClientTokenId, QueryError, ValidationError

ALLOW = policy("s3:ListBucket")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IamForTests]:
    """An account with a user `ann` without policies, and one of each to be asked for."""
    made = IamForTests(tmp_path)
    root = made.root
    root.iam("CreateUser", UserName="ann", Path="/team/", Tags=[{"Key": "team", "Value": "blue"}])
    root.iam("CreateUser", UserName="untagged")
    root.iam("CreateUser", UserName="other", Tags=[{"Key": "team", "Value": "blue"}])
    root.iam("CreateGroup", GroupName="staff")
    root.iam("CreateRole", RoleName="crew", Path="/service-role/", AssumeRolePolicyDocument=S3_TRUST)
    root.iam("CreatePolicy", PolicyName="read", PolicyDocument=ALLOW)
    yield made
    made.close()


def caller(world: IamForTests, *documents: str) -> Caller:
    """The user `ann` with these inline policies."""
    for number, document in enumerate(documents):
        world.root.iam("PutUserPolicy", UserName="ann", PolicyName=f"p{number}", PolicyDocument=document)
    key = world.root.iam("CreateAccessKey", UserName="ann")["AccessKey"]
    return world.caller_of_key(key["AccessKeyId"])


def arn(world: IamForTests, rest: str) -> str:
    return f"arn:aws:iam::{world.account}:{rest}"


SAMPLES: dict[str, Any] = {
    "UserName": "other",
    "GroupName": "staff",
    "RoleName": "crew",
    "PolicyName": "read",
    "PolicyDocument": ALLOW,
    "AssumeRolePolicyDocument": S3_TRUST,
    "Description": "d",
    "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "Status": "Inactive",
    "VersionId": "v1",
    "Tags": [{"Key": "k", "Value": "v"}],
    "TagKeys": ["k"],
    "ActionNames": ["s3:GetObject"],
    "PolicyInputList": [ALLOW],
}


def sample(world: IamForTests, operation: str) -> dict[str, Any]:
    """Parameters of an operation, every required one and the user where one can be named."""
    shape = SESSION.get_service_model("iam").operation_model(operation).input_shape
    if shape is None:
        return {}
    wanted = [name for name in shape.members if name in shape.required_members or name == "UserName"]
    arns = {
        "PolicyArn": arn(world, "policy/read"),
        "PermissionsBoundary": arn(world, "policy/read"),
        "PolicySourceArn": arn(world, "user/other"),
    }
    return {name: {**SAMPLES, **arns}[name] for name in wanted}


@pytest.mark.parametrize("operation", sorted(IAM))
def test_a_user_without_policies_and_one_with_an_explicit_deny_are_refused(world: IamForTests, operation: str) -> None:
    """The list is the table of operations: a new one cannot be forgotten."""
    ann = caller(world)
    generation = world.store.directory.generation()
    with pytest.raises(AccessDenied, match=f"iam:{operation} on resource: .* because no identity-based policy allows"):
        ann.iam(operation, **sample(world, operation))
    assert world.store.directory.generation() == generation, "nothing was written"
    denied = caller(world, policy("*"), policy(f"iam:{operation}", effect="Deny"))
    with pytest.raises(AccessDenied, match="with an explicit deny in an identity-based policy"):
        denied.iam(operation, **sample(world, operation))


@pytest.mark.parametrize("operation", sorted(IAM))
def test_the_action_allowed_is_the_operations_own(world: IamForTests, operation: str) -> None:
    """With `iam:<operation>` the call is no longer refused for want of permission, whatever else it says."""
    ann = caller(world, policy(f"iam:{operation}"))
    try:
        ann.iam(operation, **sample(world, operation))
    except QueryError as error:
        assert error.code != "AccessDenied" or operation == "GetAccessKeyLastUsed", error


@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        ("CreateUser", {"UserName": "new", "Path": "/a/"}, "user/a/new"),
        ("CreateUser", {"UserName": "new"}, "user/new"),
        ("GetUser", {"UserName": "ann"}, "user/team/ann"),
        ("GetUser", {}, "user/team/ann"),
        ("ListAccessKeys", {}, "user/team/ann"),
        ("ListUsers", {}, "user/"),
        ("ListUsers", {"PathPrefix": "/team/"}, "user/team/"),
        ("CreateGroup", {"GroupName": "new"}, "group/new"),
        ("AddUserToGroup", {"GroupName": "staff", "UserName": "ann"}, "group/staff"),
        ("CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": S3_TRUST, "Path": "/a/"}, "role/a/new"),
        ("GetRole", {"RoleName": "crew"}, "role/service-role/crew"),
        ("PutRolePolicy", {"RoleName": "crew", "PolicyName": "p", "PolicyDocument": ALLOW}, "role/service-role/crew"),
        ("CreatePolicy", {"PolicyName": "new", "PolicyDocument": ALLOW}, "policy/new"),
        ("ListRoles", {}, "role/"),
    ],
)
def test_an_action_is_done_on_its_resource_and_no_other(
    world: IamForTests, operation: str, params: dict[str, Any], resource: str
) -> None:
    ann = caller(world, policy(f"iam:{operation}", arn(world, f"{resource}-not")))
    with pytest.raises(AccessDenied) as refused:
        ann.iam(operation, **params)
    assert f" on resource: {arn(world, resource)} because" in refused.value.message
    caller(world, policy(f"iam:{operation}", arn(world, resource))).iam(operation, **params)


def test_what_does_not_exist_is_spoken_of_by_its_name(world: IamForTests) -> None:
    with pytest.raises(AccessDenied) as refused:
        caller(world).iam("GetRole", RoleName="nobody")
    assert refused.value.message == (
        f"User: {arn(world, 'user/team/ann')} is not authorized to perform: iam:GetRole on resource: role nobody "
        "because no identity-based policy allows the iam:GetRole action"
    )


def test_a_rename_needs_the_permission_on_both_names(world: IamForTests) -> None:
    old_only = caller(world, policy("iam:UpdateUser", arn(world, "user/other")))
    with pytest.raises(AccessDenied, match="user/a/new"):
        old_only.iam("UpdateUser", UserName="other", NewUserName="new", NewPath="/a/")
    both = caller(world, policy("iam:UpdateUser", [arn(world, "user/other"), arn(world, "user/a/new")]))
    both.iam("UpdateUser", UserName="other", NewUserName="new", NewPath="/a/")


@pytest.mark.parametrize(
    ("condition", "allowed", "refused"),
    [
        (
            {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}},
            ("AttachUserPolicy", {"UserName": "other", "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}),
            ("AttachUserPolicy", {"UserName": "other", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ),
        (
            {"StringEquals": {"aws:RequestTag/Team": "blue"}},
            ("CreateUser", {"UserName": "new", "Tags": [{"Key": "team", "Value": "blue"}]}),
            ("CreateUser", {"UserName": "new2", "Tags": [{"Key": "team", "Value": "red"}]}),
        ),
        (
            {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
            ("TagUser", {"UserName": "other", "Tags": [{"Key": "team", "Value": "red"}]}),
            ("TagUser", {"UserName": "other", "Tags": [{"Key": "admin", "Value": "yes"}]}),
        ),
        (
            {"StringEquals": {"aws:ResourceTag/team": "blue"}},
            ("GetUser", {"UserName": "other"}),
            ("GetUser", {"UserName": "untagged"}),
        ),
        (
            {"StringEquals": {"aws:username": "ann"}},
            ("GetUser", {"UserName": "other"}),
            None,
        ),
        (
            {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
            ("GetUser", {"UserName": "other"}),
            None,
        ),
        (
            {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/Team}"}},
            ("GetUser", {"UserName": "other"}),
            ("GetUser", {"UserName": "untagged"}),
        ),
    ],
    ids=["policy ARN", "request tag", "tag keys", "resource tag", "user name", "address", "principal tag"],
)
def test_condition_keys(
    world: IamForTests, condition: dict[str, Any], allowed: tuple[str, Any], refused: tuple[str, Any] | None
) -> None:
    ann = caller(world, policy("iam:*", Condition=condition))
    ann.iam(allowed[0], **allowed[1])
    if refused is not None:
        with pytest.raises(AccessDenied):
            ann.iam(refused[0], **refused[1])


def test_a_boundary_can_be_demanded_of_new_roles(world: IamForTests) -> None:
    limit = arn(world, "policy/read")
    ann = caller(world, policy("iam:CreateRole", Condition={"StringEquals": {"iam:PermissionsBoundary": limit}}))
    with pytest.raises(AccessDenied):
        ann.iam("CreateRole", RoleName="new", AssumeRolePolicyDocument=S3_TRUST)
    ann.iam("CreateRole", RoleName="new", AssumeRolePolicyDocument=S3_TRUST, PermissionsBoundary=limit)


def test_a_refusal_says_which_limit_stood_in_the_way(world: IamForTests) -> None:
    ann = caller(world, policy("iam:*"))
    world.root.iam("PutUserPermissionsBoundary", UserName="ann", PermissionsBoundary=arn(world, "policy/read"))
    with pytest.raises(AccessDenied, match="because no permissions boundary allows the iam:GetUser action"):
        ann.iam("GetUser")


def test_another_account_reaches_none_of_these(world: IamForTests) -> None:
    stranger = world.caller_of_root(world.add_account("stranger"))
    for operation, params in (("GetUser", {"UserName": "ann"}), ("GetRole", {"RoleName": "crew"})):
        with pytest.raises(QueryError) as refused:
            stranger.iam(operation, **params)
        assert refused.value.code == "NoSuchEntity"
    assert stranger.iam("ListUsers")["Users"] == []


@pytest.mark.parametrize("operation", sorted(IAM))
def test_a_stranger_with_all_rights_of_its_own_account_sees_and_changes_nothing(
    world: IamForTests, operation: str
) -> None:
    """With the names and ARNs of this account, as the root of another."""
    before = world.root.iam("GetAccountAuthorizationDetails")
    stranger = world.caller_of_root(world.add_account("stranger"))
    try:
        answer = stranger.iam(operation, **sample(world, operation))
    except QueryError as error:
        assert error.code in ("NoSuchEntity", "AccessDenied"), error
    else:
        assert world.account not in str(answer)
    assert world.root.iam("GetAccountAuthorizationDetails") == before


def test_a_session_of_a_user_is_not_taken_by_iam_without_a_second_factor(world: IamForTests) -> None:
    credentials = caller(world, policy("*")).sts("GetSessionToken")["Credentials"]
    with pytest.raises(InvalidClientTokenId):
        world.caller_of_session(credentials).iam("GetUser")


def test_a_session_of_a_role_must_say_which_user_it_means(world: IamForTests) -> None:
    root, trusted = world.root, {"AWS": world.account}
    root.iam("CreateRole", RoleName="admin", AssumeRolePolicyDocument=trust(trusted))
    root.iam("AttachRolePolicy", RoleName="admin", PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    ann = caller(world, policy("sts:AssumeRole"))
    session = ann.sts("AssumeRole", RoleArn=arn(world, "role/admin"), RoleSessionName="night")["Credentials"]
    with pytest.raises(ValidationError, match="Must specify userName when calling with non-User credentials"):
        world.caller_of_session(session).iam("CreateAccessKey")
    assert world.caller_of_session(session).iam("GetUser", UserName="ann")["User"]["UserName"] == "ann"
