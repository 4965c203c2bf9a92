"""IAM's refusals, word for word. Rows marked `recorded` are answers that AWS gave in February 2026."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.iam import S3_TRUST, IamForTests, policy, trust

from farshore.model.query_errors import QueryError

ALLOW = policy("s3:ListBucket", "arn:aws:s3:::example_bucket")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IamForTests]:
    """An account with user `ann`, group `staff`, role `crew` and policy `read`."""
    made = IamForTests(tmp_path)
    made.root.iam("CreateUser", UserName="ann")
    made.root.iam("CreateGroup", GroupName="staff")
    made.root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=S3_TRUST)
    made.root.iam("CreatePolicy", PolicyName="read", PolicyDocument=ALLOW)
    yield made
    made.close()


def refusal(world: IamForTests, operation: str, **params: Any) -> tuple[int, str, str]:
    """(status, code, message)."""
    with pytest.raises(QueryError) as refused:
        world.root.iam(operation, **params)
    return refused.value.status, refused.value.code, refused.value.message


def arn(world: IamForTests, kind: str, name: str) -> str:
    return f"arn:aws:iam::{world.account}:{kind}/{name}"


NO_USER = (404, "NoSuchEntity", "The user with name nobody cannot be found.")
NO_GROUP = (404, "NoSuchEntity", "The group with name nobody cannot be found.")
NO_ROLE = (404, "NoSuchEntity", "The role with name nobody cannot be found.")
TAG = [{"Key": "k", "Value": "v"}]


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [  # recorded
        ("GetUser", {"UserName": "nobody"}, NO_USER),
        ("UpdateUser", {"UserName": "nobody"}, NO_USER),
        ("DeleteUser", {"UserName": "nobody"}, NO_USER),
        ("CreateAccessKey", {"UserName": "nobody"}, NO_USER),
        ("TagUser", {"UserName": "nobody", "Tags": TAG}, NO_USER),
        ("UntagUser", {"UserName": "nobody", "TagKeys": ["k"]}, NO_USER),
        ("ListUserTags", {"UserName": "nobody"}, NO_USER),
        ("AddUserToGroup", {"GroupName": "staff", "UserName": "nobody"}, NO_USER),
        ("RemoveUserFromGroup", {"GroupName": "nobody", "UserName": "nobody"}, NO_USER),
        ("DeleteLoginProfile", {"UserName": "nobody"}, NO_USER),
        ("GetGroup", {"GroupName": "nobody"}, NO_GROUP),
        ("UpdateGroup", {"GroupName": "nobody"}, NO_GROUP),
        ("DeleteGroup", {"GroupName": "nobody"}, NO_GROUP),
        ("AddUserToGroup", {"GroupName": "nobody", "UserName": "ann"}, NO_GROUP),
        ("RemoveUserFromGroup", {"GroupName": "nobody", "UserName": "ann"}, NO_GROUP),
        ("GetRole", {"RoleName": "nobody"}, NO_ROLE),
        ("UpdateRole", {"RoleName": "nobody"}, NO_ROLE),
        ("DeleteRole", {"RoleName": "nobody"}, NO_ROLE),
        ("TagRole", {"RoleName": "nobody", "Tags": TAG}, NO_ROLE),
        ("UntagRole", {"RoleName": "nobody", "TagKeys": ["k"]}, NO_ROLE),
        ("ListRoleTags", {"RoleName": "nobody"}, NO_ROLE),
        ("CreateUser", {"UserName": "ann"}, (409, "EntityAlreadyExists", "User with name ann already exists.")),
        ("CreateGroup", {"GroupName": "staff"}, (409, "EntityAlreadyExists", "Group with name staff already exists.")),
        (
            "CreateRole",
            {"RoleName": "crew", "AssumeRolePolicyDocument": S3_TRUST},
            (409, "EntityAlreadyExists", "Role with name crew already exists."),
        ),
        (
            "CreatePolicy",
            {"PolicyName": "read", "PolicyDocument": ALLOW},
            (409, "EntityAlreadyExists", "A policy called read already exists. Duplicate names are not allowed."),
        ),
        (
            "GetRolePolicy",
            {"RoleName": "crew", "PolicyName": "none"},
            (404, "NoSuchEntity", "The role policy with name none cannot be found."),
        ),
        (
            "DeleteRolePolicy",
            {"RoleName": "crew", "PolicyName": "none"},
            (404, "NoSuchEntity", "The role policy with name none cannot be found."),
        ),
        (
            "GetGroupPolicy",
            {"GroupName": "staff", "PolicyName": "none"},
            (404, "NoSuchEntity", "The group policy with name none cannot be found."),
        ),
        (
            "DeleteLoginProfile",
            {"UserName": "ann"},
            (404, "NoSuchEntity", "Login Profile for User ann cannot be found."),
        ),
        (
            "GetLoginProfile",
            {"UserName": "ann"},
            (404, "NoSuchEntity", "Login Profile for User ann cannot be found."),
        ),
        (
            "UpdateAccessKey",
            {"UserName": "ann", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active"},
            (404, "NoSuchEntity", "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found."),
        ),
        (
            "AttachRolePolicy",
            {"RoleName": "crew", "PolicyArn": "longpolicynamebutnoarn"},
            (400, "InvalidInput", "ARN longpolicynamebutnoarn is not valid."),
        ),
        (
            "AttachUserPolicy",
            {"UserName": "ann", "PolicyArn": "longpolicynamebutnoarn"},
            (400, "InvalidInput", "ARN longpolicynamebutnoarn is not valid."),
        ),
        (
            "CreateRole",
            {"RoleName": "new", "AssumeRolePolicyDocument": "{"},
            (400, "MalformedPolicyDocument", "This policy contains invalid Json"),
        ),
        (
            "UpdateAssumeRolePolicy",
            {"RoleName": "crew", "PolicyDocument": "{"},
            (400, "MalformedPolicyDocument", "This policy contains invalid Json"),
        ),
        (
            "UpdateAssumeRolePolicy",
            {"RoleName": "crew", "PolicyDocument": trust({"Service": "ec2.amazonaws.com"}, "s3:GetObject")},
            (400, "MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions."),
        ),
        (
            "UpdateAssumeRolePolicy",
            {"RoleName": "crew", "PolicyDocument": trust({"Service": "ec2.amazonaws.com"}, Resource="*")},
            (400, "MalformedPolicyDocument", "Has prohibited field Resource"),
        ),
    ],
)
def test_what_aws_recorded(
    world: IamForTests, operation: str, params: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert refusal(world, operation, **params) == expected


def test_policies_that_are_not_there_as_aws_recorded(world: IamForTests) -> None:
    missing, read = arn(world, "policy", "nonexistent"), arn(world, "policy", "read")
    for kind, name, owner in (
        ("User", "UserName", "ann"),
        ("Group", "GroupName", "staff"),
        ("Role", "RoleName", "crew"),
    ):
        assert refusal(world, f"Attach{kind}Policy", **{name: owner}, PolicyArn=missing) == (
            404,
            "NoSuchEntity",
            f"Policy {missing} does not exist or is not attachable.",
        )
        assert refusal(world, f"Detach{kind}Policy", **{name: owner}, PolicyArn=read) == (
            404,
            "NoSuchEntity",
            f"Policy {read} was not found.",
        )
    for operation in ("GetPolicyVersion", "SetDefaultPolicyVersion"):
        for policy_arn, version in ((missing, "v1"), (read, "v9")):
            message = f"Policy {policy_arn} version {version} does not exist or is not attachable."
            found = refusal(world, operation, PolicyArn=policy_arn, VersionId=version)
            assert found == (404, "NoSuchEntity", message)
    assert refusal(world, "DeletePolicyVersion", PolicyArn=read, VersionId="v1") == (
        409,
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )
    assert refusal(world, "DeletePolicyVersion", PolicyArn=read, VersionId="v9") == (
        404,
        "NoSuchEntity",
        f"Policy {read} version v9 does not exist or is not attachable.",
    )


def test_what_is_in_use_is_not_deleted(world: IamForTests) -> None:
    root, read = world.root, arn(world, "policy", "read")
    for kind, name, owner in (
        ("User", "UserName", "ann"),
        ("Group", "GroupName", "staff"),
        ("Role", "RoleName", "crew"),
    ):
        who = {name: owner}
        root.iam(f"Attach{kind}Policy", **who, PolicyArn=read)
        detach_first = (409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
        assert refusal(world, f"Delete{kind}", **who) == detach_first
        assert refusal(world, "DeletePolicy", PolicyArn=read) == (
            409,
            "DeleteConflict",
            "Cannot delete a policy attached to entities.",
        )
        root.iam(f"Detach{kind}Policy", **who, PolicyArn=read)
        root.iam(f"Put{kind}Policy", **who, PolicyName="own", PolicyDocument=ALLOW)
        delete_first = (409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
        assert refusal(world, f"Delete{kind}", **who) == delete_first
        root.iam(f"Delete{kind}Policy", **who, PolicyName="own")
    root.iam("AddUserToGroup", GroupName="staff", UserName="ann")
    for operation, who in (("DeleteGroup", {"GroupName": "staff"}), ("DeleteUser", {"UserName": "ann"})):
        expected = (409, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
        assert refusal(world, operation, **who) == expected
    root.iam("RemoveUserFromGroup", GroupName="staff", UserName="ann")
    key = root.iam("CreateAccessKey", UserName="ann")["AccessKey"]["AccessKeyId"]
    assert refusal(world, "DeleteUser", UserName="ann") == (
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete access keys first.",
    )
    root.iam("DeleteAccessKey", UserName="ann", AccessKeyId=key)
    root.iam("PutUserPermissionsBoundary", UserName="ann", PermissionsBoundary=read)
    assert refusal(world, "DeletePolicy", PolicyArn=read)[1] == "DeleteConflict"
    root.iam("DeleteUserPermissionsBoundary", UserName="ann")
    for operation, who in (
        ("DeleteUser", {"UserName": "ann"}),
        ("DeleteGroup", {"GroupName": "staff"}),
        ("DeleteRole", {"RoleName": "crew"}),
        ("DeletePolicy", {"PolicyArn": read}),
    ):
        root.iam(operation, **who)
    assert refusal(world, "GetUser", UserName="ann")[1] == "NoSuchEntity"


def test_a_policy_with_several_versions_is_not_deleted(world: IamForTests) -> None:
    read = arn(world, "policy", "read")
    world.root.iam("CreatePolicyVersion", PolicyArn=read, PolicyDocument=ALLOW)
    assert refusal(world, "DeletePolicy", PolicyArn=read) == (
        409,
        "DeleteConflict",
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The "
        "default version is deleted with the policy.",
    )


def test_quotas(world: IamForTests) -> None:
    root, read = world.root, arn(world, "policy", "read")
    for _ in range(2):
        root.iam("CreateAccessKey", UserName="ann")
    assert refusal(world, "CreateAccessKey", UserName="ann") == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    for _ in range(4):
        root.iam("CreatePolicyVersion", PolicyArn=read, PolicyDocument=ALLOW)
    assert refusal(world, "CreatePolicyVersion", PolicyArn=read, PolicyDocument=ALLOW) == (
        409,
        "LimitExceeded",
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
        "version.",
    )
    for number in range(10):
        made = root.iam("CreatePolicy", PolicyName=f"p{number}", PolicyDocument=ALLOW)["Policy"]
        root.iam("AttachRolePolicy", RoleName="crew", PolicyArn=made["Arn"])
    assert refusal(world, "AttachRolePolicy", RoleName="crew", PolicyArn=read) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
    )
    root.iam("AttachRolePolicy", RoleName="crew", PolicyArn=made["Arn"])
    for number in range(10):
        root.iam("CreateGroup", GroupName=f"g{number}")
        root.iam("AddUserToGroup", GroupName=f"g{number}", UserName="ann")
    assert refusal(world, "AddUserToGroup", GroupName="staff", UserName="ann") == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    )
    root.iam("AddUserToGroup", GroupName="g0", UserName="ann")


def test_sizes_of_policies_count_without_white_space(world: IamForTests) -> None:
    def sized(size: int, pad: str) -> str:
        return policy("s3:GetObject", "arn:aws:s3:::" + pad * (size - len(policy("s3:GetObject", "arn:aws:s3:::"))))

    for operation, params, limit, message in (
        ("PutUserPolicy", {"UserName": "ann"}, 2048, "Maximum policy size of 2048 bytes exceeded for user ann"),
        ("PutGroupPolicy", {"GroupName": "staff"}, 5120, "Maximum policy size of 5120 bytes exceeded for group staff"),
        ("PutRolePolicy", {"RoleName": "crew"}, 10_240, "Maximum policy size of 10240 bytes exceeded for role crew"),
    ):
        largest = sized(limit + 7, "x")
        squeezed = len("".join(largest.split()))
        largest = sized(limit + 7 + limit - squeezed, "x")
        assert len("".join(largest.split())) == limit
        world.root.iam(operation, **params, PolicyName="one", PolicyDocument=largest)
        world.root.iam(operation, **params, PolicyName="one", PolicyDocument=largest)
        assert refusal(world, operation, **params, PolicyName="two", PolicyDocument=ALLOW) == (
            409,
            "LimitExceeded",
            message,
        )
    assert refusal(world, "CreatePolicy", PolicyName="large", PolicyDocument=sized(6200, "x")) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    )
    many = trust({"AWS": [f"arn:aws:iam::{10**11 + number}:root" for number in range(80)]})
    assert refusal(world, "CreateRole", RoleName="large", AssumeRolePolicyDocument=many) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )


def test_a_trust_policy_names_principals_that_exist(world: IamForTests) -> None:
    nobody = arn(world, "user", "nobody")
    for principal, kind, text in (
        ({"AWS": nobody}, "AWS", nobody),
        ({"AWS": [arn(world, "user", "ann"), nobody]}, "AWS", nobody),
        ({"AWS": arn(world, "role", "nobody")}, "AWS", arn(world, "role", "nobody")),
        ({"Service": "s3"}, "SERVICE", "s3"),
    ):
        found = refusal(world, "UpdateAssumeRolePolicy", RoleName="crew", PolicyDocument=trust(principal))
        assert found == (400, "MalformedPolicyDocument", f'Invalid principal in policy: "{kind}":"{text}"')
    for principal in (
        "*",
        {"AWS": world.account},
        {"AWS": f"arn:aws:iam::{world.account}:root"},
        {"AWS": arn(world, "user", "ann")},
        {"AWS": "arn:aws:iam::999999999999:role/of-an-account-elsewhere"},
        {"Service": ["s3.amazonaws.com", "batchoperations.s3.amazonaws.com"]},
    ):
        world.root.iam("UpdateAssumeRolePolicy", RoleName="crew", PolicyDocument=trust(principal))


def test_a_boundary_must_exist(world: IamForTests) -> None:
    missing = arn(world, "policy", "nonexistent")
    expected = (404, "NoSuchEntity", f"Scope ARN: {missing} does not exist or is not attachable.")
    for operation, params in (
        ("CreateUser", {"UserName": "new"}),
        ("CreateRole", {"RoleName": "new", "AssumeRolePolicyDocument": S3_TRUST}),
        ("PutUserPermissionsBoundary", {"UserName": "ann"}),
        ("PutRolePermissionsBoundary", {"RoleName": "crew"}),
    ):
        assert refusal(world, operation, **params, PermissionsBoundary=missing) == expected


def test_another_accounts_policy_is_not_seen_or_attached(world: IamForTests) -> None:
    partner = world.caller_of_root(world.add_account("partner"))
    foreign = partner.iam("CreatePolicy", PolicyName="theirs", PolicyDocument=ALLOW)["Policy"]["Arn"]
    assert refusal(world, "GetPolicy", PolicyArn=foreign)[1] == "NoSuchEntity"
    assert refusal(world, "AttachUserPolicy", UserName="ann", PolicyArn=foreign)[1] == "NoSuchEntity"
    assert refusal(world, "DeletePolicy", PolicyArn=foreign)[1] == "NoSuchEntity"
    assert [each["PolicyName"] for each in world.root.iam("ListPolicies", Scope="Local")["Policies"]] == ["read"]


@pytest.mark.parametrize("operation", ["DeletePolicy", "CreatePolicyVersion", "TagPolicy"])
def test_awss_own_policies_are_not_changed(world: IamForTests, operation: str) -> None:
    more = {"CreatePolicyVersion": {"PolicyDocument": ALLOW}, "TagPolicy": {"Tags": TAG}}.get(operation, {})
    found = refusal(world, operation, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess", **more)
    assert found[:2] == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}], "InvalidInput"),
        ([{"Key": "aws:team", "Value": "a"}], "InvalidInput"),
        ([{"Key": f"k{number}", "Value": ""} for number in range(50)], "LimitExceeded"),
    ],
    ids=["twice", "reserved", "51 with the standing one"],
)
def test_tags_that_are_refused(world: IamForTests, tags: list[dict[str, str]], code: str) -> None:
    world.root.iam("TagUser", UserName="ann", Tags=TAG)
    fewer = [tag for tag in tags if tag["Key"] != "k"]
    assert refusal(world, "TagUser", UserName="ann", Tags=fewer)[1] == code
    assert world.root.iam("ListUserTags", UserName="ann")["Tags"] == TAG


def test_a_broken_marker_is_refused(world: IamForTests) -> None:
    assert refusal(world, "ListUsers", Marker="%%%")[:2] == (400, "ValidationError")
