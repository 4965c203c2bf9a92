"""What IAM answers, member by member as AWS recorded it, and that changes are seen by the next call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.iam import S3_TRUST, IamForTests, policy, trust

from farshore.model.query_errors import NoSuchEntity

ALLOW = policy("s3:ListBucket", "arn:aws:s3:::example_bucket")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IamForTests]:
    made = IamForTests(tmp_path)
    yield made
    made.close()


def arn(world: IamForTests, rest: str) -> str:
    return f"arn:aws:iam::{world.account}:{rest}"


def test_a_user(world: IamForTests) -> None:
    root = world.root
    made = root.iam("CreateUser", UserName="ann", Path="/team/", Tags=[{"Key": "a", "Value": "1"}])["User"]
    assert made.keys() == {"Path", "UserName", "UserId", "Arn", "CreateDate", "Tags"}
    assert made["Arn"] == arn(world, "user/team/ann")
    assert made["UserId"].startswith("AIDA")
    assert root.iam("GetUser", UserName="ANN")["User"] == made
    listed = root.iam("ListUsers", PathPrefix="/te")
    assert listed["Users"] == [{name: value for name, value in made.items() if name != "Tags"}]
    assert listed["IsTruncated"] is False
    assert root.iam("ListUsers", PathPrefix="/other/")["Users"] == []
    root.iam("UpdateUser", UserName="ann", NewUserName="anna", NewPath="/new/")
    changed = root.iam("GetUser", UserName="anna")["User"]
    assert changed == {**made, "UserName": "anna", "Path": "/new/", "Arn": arn(world, "user/new/anna")}
    root.iam("DeleteUser", UserName="anna")
    assert root.iam("ListUsers")["Users"] == []
    again = root.iam("CreateUser", UserName="ann")["User"]
    assert again["UserId"] != made["UserId"]
    assert again.keys() == {"Path", "UserName", "UserId", "Arn", "CreateDate"}


def test_the_root_asks_for_itself(world: IamForTests) -> None:
    user = world.root.iam("GetUser")["User"]
    assert (user["UserId"], user["Arn"]) == (world.account, arn(world, "root"))
    assert [key["AccessKeyId"] for key in world.root.iam("ListAccessKeys")["AccessKeyMetadata"]]
    made = world.root.iam("CreateAccessKey")["AccessKey"]
    assert "UserName" not in made
    world.root.iam("UpdateAccessKey", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    world.root.iam("DeleteAccessKey", AccessKeyId=made["AccessKeyId"])


def test_a_group_and_its_members(world: IamForTests) -> None:
    root = world.root
    for name in ("ann", "ben"):
        root.iam("CreateUser", UserName=name)
    made = root.iam("CreateGroup", GroupName="staff", Path="/some/location/")["Group"]
    assert made.keys() == {"Path", "GroupName", "GroupId", "Arn", "CreateDate"}
    assert made["Arn"] == arn(world, "group/some/location/staff")
    empty = root.iam("GetGroup", GroupName="staff")
    assert empty == {"Group": made, "Users": [], "IsTruncated": False}
    for name in ("ben", "ann", "ann"):
        root.iam("AddUserToGroup", GroupName="staff", UserName=name)
    assert [user["UserName"] for user in root.iam("GetGroup", GroupName="staff")["Users"]] == ["ann", "ben"]
    assert root.iam("ListGroupsForUser", UserName="ann")["Groups"] == [made]
    root.iam("RemoveUserFromGroup", GroupName="staff", UserName="ann")
    root.iam("RemoveUserFromGroup", GroupName="staff", UserName="ann")
    assert root.iam("ListGroupsForUser", UserName="ann")["Groups"] == []
    root.iam("UpdateGroup", GroupName="staff", NewGroupName="crew", NewPath="/new/")
    assert [group["Arn"] for group in root.iam("ListGroups")["Groups"]] == [arn(world, "group/new/crew")]


def test_a_role(world: IamForTests) -> None:
    root = world.root
    made = root.iam(
        "CreateRole",
        RoleName="crew",
        Path="/service-role/",
        AssumeRolePolicyDocument=S3_TRUST,
        Description="first",
        MaxSessionDuration=7200,
        Tags=[{"Key": "test", "Value": "value"}],
    )["Role"]
    base = {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    assert made.keys() == base | {"Tags"}, "neither description nor duration, as recorded"
    assert made["Arn"] == arn(world, "role/service-role/crew")
    found = root.iam("GetRole", RoleName="crew")["Role"]
    assert found == {**made, "Description": "first", "MaxSessionDuration": 7200, "RoleLastUsed": {}}
    listed = root.iam("ListRoles", PathPrefix="/service-role/")["Roles"]
    assert [role.keys() for role in listed] == [base | {"Description", "MaxSessionDuration"}]
    assert root.iam("UpdateRole", RoleName="crew", Description="second", MaxSessionDuration=3600) == {}
    described = root.iam("UpdateRoleDescription", RoleName="crew", Description="third")["Role"]
    assert described == {**made, "Description": "third"}
    assert root.iam("GetRole", RoleName="crew")["Role"]["MaxSessionDuration"] == 3600
    other = trust({"Service": "batchoperations.s3.amazonaws.com"})
    root.iam("UpdateAssumeRolePolicy", RoleName="crew", PolicyDocument=other)
    changed = root.iam("GetRole", RoleName="crew")["Role"]["AssumeRolePolicyDocument"]
    assert changed["Statement"][0]["Principal"] == {"Service": "batchoperations.s3.amazonaws.com"}
    assert root.iam("ListInstanceProfilesForRole", RoleName="crew")["InstanceProfiles"] == []
    root.iam("DeleteRole", RoleName="crew")
    assert root.iam("ListRoles")["Roles"] == []


def test_a_role_without_more_has_one_hour_and_no_tags(world: IamForTests) -> None:
    world.root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=S3_TRUST)
    found = world.root.iam("GetRole", RoleName="crew")["Role"]
    assert (found["MaxSessionDuration"], found["RoleLastUsed"], found["Path"]) == (3600, {}, "/")
    assert not found.keys() & {"Description", "Tags", "PermissionsBoundary"}


@pytest.mark.parametrize(
    ("kind", "name", "create"),
    [
        ("User", "UserName", {}),
        ("Group", "GroupName", {}),
        ("Role", "RoleName", {"AssumeRolePolicyDocument": S3_TRUST}),
    ],
)
def test_inline_and_attached_policies(world: IamForTests, kind: str, name: str, create: dict[str, str]) -> None:
    root, who = world.root, {name: "one"}
    root.iam(f"Create{kind}", **who, **create)
    read = root.iam("CreatePolicy", PolicyName="read", Path="/a/", PolicyDocument=ALLOW)["Policy"]["Arn"]
    assert root.iam(f"List{kind}Policies", **who) == {"PolicyNames": [], "IsTruncated": False}
    assert root.iam(f"ListAttached{kind}Policies", **who) == {"AttachedPolicies": [], "IsTruncated": False}
    for policy_name in ("second", "first", "first"):
        root.iam(f"Put{kind}Policy", **who, PolicyName=policy_name, PolicyDocument=ALLOW)
    assert root.iam(f"List{kind}Policies", **who)["PolicyNames"] == ["first", "second"]
    found = root.iam(f"Get{kind}Policy", **who, PolicyName="first")
    assert found.keys() == {name, "PolicyName", "PolicyDocument"}
    assert found["PolicyDocument"]["Statement"][0]["Action"] == "s3:ListBucket"
    root.iam(f"Delete{kind}Policy", **who, PolicyName="first")
    assert root.iam(f"List{kind}Policies", **who)["PolicyNames"] == ["second"]
    aws = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    for policy_arn in (read, aws, read):
        root.iam(f"Attach{kind}Policy", **who, PolicyArn=policy_arn)
    attached = root.iam(f"ListAttached{kind}Policies", **who)["AttachedPolicies"]
    assert {each["PolicyName"]: each["PolicyArn"] for each in attached} == {"read": read, "AmazonS3ReadOnlyAccess": aws}
    narrowed = root.iam(f"ListAttached{kind}Policies", **who, PathPrefix="/a/")["AttachedPolicies"]
    assert [each["PolicyName"] for each in narrowed] == ["read"]
    assert root.iam("GetPolicy", PolicyArn=read)["Policy"]["AttachmentCount"] == 1
    entities = root.iam("ListEntitiesForPolicy", PolicyArn=read)
    assert [each[f"{kind}Name"] for each in entities[f"Policy{kind}s"]] == ["one"]
    root.iam(f"Detach{kind}Policy", **who, PolicyArn=read)
    assert root.iam("GetPolicy", PolicyArn=read)["Policy"]["AttachmentCount"] == 0


def test_a_managed_policy_and_its_versions(world: IamForTests) -> None:
    root = world.root
    made = root.iam("CreatePolicy", PolicyName="read", PolicyDocument=ALLOW, Description="of a bucket")["Policy"]
    base = {
        "PolicyName", "PolicyId", "Arn", "Path", "DefaultVersionId", "AttachmentCount", "PermissionsBoundaryUsageCount",
        "IsAttachable", "CreateDate", "UpdateDate",
    }  # fmt: skip
    assert made.keys() == base
    assert root.iam("GetPolicy", PolicyArn=made["Arn"])["Policy"] == {**made, "Description": "of a bucket", "Tags": []}
    policy_arn = {"PolicyArn": made["Arn"]}
    world.clock.us += 60_000_000
    wide = policy("s3:*")
    second = root.iam("CreatePolicyVersion", **policy_arn, PolicyDocument=wide, SetAsDefault=True)["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", True)
    assert "Document" not in second
    third = root.iam("CreatePolicyVersion", **policy_arn, PolicyDocument=wide)["PolicyVersion"]
    assert (third["VersionId"], third["IsDefaultVersion"]) == ("v3", False)
    listed = root.iam("ListPolicyVersions", **policy_arn)["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in listed] == [
        ("v3", False),
        ("v2", True),
        ("v1", False),
    ]
    found = root.iam("GetPolicy", **policy_arn)["Policy"]
    assert (found["DefaultVersionId"], found["UpdateDate"] > found["CreateDate"]) == ("v2", True)
    root.iam("SetDefaultPolicyVersion", **policy_arn, VersionId="v1")
    first = root.iam("GetPolicyVersion", **policy_arn, VersionId="v1")["PolicyVersion"]
    assert (first["IsDefaultVersion"], first["Document"]["Statement"][0]["Action"]) == (True, "s3:ListBucket")
    root.iam("DeletePolicyVersion", **policy_arn, VersionId="v3")
    fourth = root.iam("CreatePolicyVersion", **policy_arn, PolicyDocument=wide)["PolicyVersion"]
    assert fourth["VersionId"] == "v4", "numbers are never given twice"


def test_lists_of_policies_are_narrowed(world: IamForTests) -> None:
    root = world.root
    for name in ("attached", "boundary", "unused"):
        root.iam("CreatePolicy", PolicyName=name, PolicyDocument=ALLOW)
    root.iam("CreateUser", UserName="ann", PermissionsBoundary=arn(world, "policy/boundary"))
    root.iam("AttachUserPolicy", UserName="ann", PolicyArn=arn(world, "policy/attached"))

    def names(**params: Any) -> list[str]:
        return [each["PolicyName"] for each in root.iam("ListPolicies", **params)["Policies"]]

    assert names(Scope="Local") == ["attached", "boundary", "unused"]
    assert len(names(Scope="AWS")) == 5
    assert len(names()) == 8
    assert names(OnlyAttached=True) == ["attached", "boundary"]
    assert names(PolicyUsageFilter="PermissionsBoundary") == ["boundary"]
    assert names(PolicyUsageFilter="PermissionsPolicy", Scope="Local") == ["attached"]
    entities = root.iam("ListEntitiesForPolicy", PolicyArn=arn(world, "policy/boundary"))
    assert [user["UserName"] for user in entities["PolicyUsers"]] == ["ann"]
    none = root.iam("ListEntitiesForPolicy", PolicyArn=arn(world, "policy/boundary"), EntityFilter="Role")
    assert none["PolicyUsers"] == none["PolicyRoles"] == []


def test_a_permissions_boundary_is_shown_and_taken_away(world: IamForTests) -> None:
    root = world.root
    limit = root.iam("CreatePolicy", PolicyName="limit", PolicyDocument=ALLOW)["Policy"]["Arn"]
    shown = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": limit}
    made = root.iam("CreateUser", UserName="ann", PermissionsBoundary=limit)["User"]
    assert made["PermissionsBoundary"] == shown
    root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=S3_TRUST)
    root.iam("PutRolePermissionsBoundary", RoleName="crew", PermissionsBoundary=limit)
    assert root.iam("GetRole", RoleName="crew")["Role"]["PermissionsBoundary"] == shown
    assert root.iam("GetPolicy", PolicyArn=limit)["Policy"]["PermissionsBoundaryUsageCount"] == 2
    root.iam("DeleteUserPermissionsBoundary", UserName="ann")
    root.iam("DeleteRolePermissionsBoundary", RoleName="crew")
    assert "PermissionsBoundary" not in root.iam("GetUser", UserName="ann")["User"]
    assert "PermissionsBoundary" not in root.iam("GetRole", RoleName="crew")["Role"]


@pytest.mark.parametrize(
    ("kind", "who", "create"),
    [
        ("User", {"UserName": "one"}, {}),
        ("Role", {"RoleName": "one"}, {"AssumeRolePolicyDocument": S3_TRUST}),
        ("Policy", None, {"PolicyName": "one", "PolicyDocument": ALLOW}),
    ],
)
def test_tags_as_aws_recorded_them(
    world: IamForTests, kind: str, who: dict[str, str] | None, create: dict[str, str]
) -> None:
    root = world.root
    made = root.iam(f"Create{kind}", **(who or {}), **create)
    named = who or {"PolicyArn": made["Policy"]["Arn"]}

    def tags() -> list[tuple[str, str]]:
        listed = root.iam(f"List{kind}Tags", **named)
        assert listed["IsTruncated"] is False
        return [(tag["Key"], tag["Value"]) for tag in listed["Tags"]]

    assert tags() == []
    both = [{"Key": "somekey", "Value": "somevalue"}, {"Key": "someotherkey", "Value": "someothervalue"}]
    root.iam(f"Tag{kind}", **named, Tags=both)
    root.iam(f"Tag{kind}", **named, Tags=[{"Key": "somekey", "Value": "updatedvalue"}])
    assert tags() == [("somekey", "updatedvalue"), ("someotherkey", "someothervalue")]
    root.iam(f"Tag{kind}", **named, Tags=[{"Key": "SomeKey", "Value": "respelled"}])
    assert tags() == [("someotherkey", "someothervalue"), ("SomeKey", "respelled")]
    root.iam(f"Untag{kind}", **named, TagKeys=["somekey", "unknown"])
    assert tags() == [("someotherkey", "someothervalue")]


def test_access_keys(world: IamForTests) -> None:
    root = world.root
    root.iam("CreateUser", UserName="ann")
    assert root.iam("ListAccessKeys", UserName="ann") == {"AccessKeyMetadata": [], "IsTruncated": False}
    made = root.iam("CreateAccessKey", UserName="ann")["AccessKey"]
    assert made.keys() == {"UserName", "AccessKeyId", "Status", "SecretAccessKey", "CreateDate"}
    key_id = made["AccessKeyId"]
    unused = root.iam("GetAccessKeyLastUsed", AccessKeyId=key_id)
    assert unused == {"UserName": "ann", "AccessKeyLastUsed": {"Region": "N/A", "ServiceName": "N/A"}}
    world.deployment.last_uses.note(key_id, world.clock.us, "s3", "eu-west-1")
    used = root.iam("GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"], "LastUsedDate" in used) == ("s3", "eu-west-1", True)
    root.iam("UpdateAccessKey", UserName="ann", AccessKeyId=key_id, Status="Inactive")
    (listed,) = root.iam("ListAccessKeys", UserName="ann")["AccessKeyMetadata"]
    assert listed == {
        **{name: value for name, value in made.items() if name != "SecretAccessKey"},
        "Status": "Inactive",
    }
    root.iam("DeleteAccessKey", UserName="ann", AccessKeyId=key_id)
    assert root.iam("ListAccessKeys", UserName="ann")["AccessKeyMetadata"] == []


def test_pages_have_every_entry_once(world: IamForTests) -> None:
    root = world.root
    names = [f"user-{number:02}" for number in range(7)]
    for name in names:
        root.iam("CreateUser", UserName=name)
    for operation, member, show in (
        ("ListUsers", "Users", lambda entry: entry["UserName"]),
        ("ListPolicies", "Policies", lambda entry: entry["PolicyName"]),
    ):
        seen: list[str] = []
        marker: dict[str, str] = {}
        while True:
            page = root.iam(operation, MaxItems=3, **marker)
            assert len(page[member]) <= 3
            seen += [show(entry) for entry in page[member]]
            assert page["IsTruncated"] == ("Marker" in page)
            if not page["IsTruncated"]:
                break
            marker = {"Marker": page["Marker"]}
        everything = [show(entry) for entry in root.iam(operation)[member]]
        assert seen == everything
    assert names == [user["UserName"] for user in root.iam("ListUsers")["Users"]]


def test_a_marker_outlives_the_entry_that_it_names(world: IamForTests) -> None:
    for name in ("a", "b", "c"):
        world.root.iam("CreateUser", UserName=name)
    page = world.root.iam("ListUsers", MaxItems=2)
    world.root.iam("DeleteUser", UserName="b")
    rest = world.root.iam("ListUsers", Marker=page["Marker"])["Users"]
    assert [user["UserName"] for user in rest] == ["c"]


def test_a_trust_policy_means_the_user_not_its_name(world: IamForTests) -> None:
    """AWS: renaming keeps the trust; after a deletion the id stands there, and a namesake is not trusted."""
    root = world.root
    made = root.iam("CreateUser", UserName="ann")["User"]
    root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=trust({"AWS": [made["Arn"], world.account]}))

    def trusted() -> list[str]:
        document = root.iam("GetRole", RoleName="crew")["Role"]["AssumeRolePolicyDocument"]
        return document["Statement"][0]["Principal"]["AWS"]

    root.iam("UpdateUser", UserName="ann", NewUserName="anna")
    assert trusted() == [arn(world, "user/anna"), world.account]
    root.iam("DeleteUser", UserName="anna")
    assert trusted() == [made["UserId"], world.account]
    root.iam("CreateUser", UserName="ann")
    assert trusted() == [made["UserId"], world.account]
    role = world.store.directory.identities.role(world.account, "crew")
    assert role is not None
    assert world.deployment.identities.trust_of(role).statements[0].principals is not None


def test_the_summary_counts_what_there_is(world: IamForTests) -> None:
    before = world.root.iam("GetAccountSummary")["SummaryMap"]
    assert (before["Users"], before["Roles"], before["AccountAccessKeysPresent"]) == (0, 0, 1)
    assert (before["UsersQuota"], before["VersionsPerPolicyQuota"]) == (5000, 5)
    world.root.iam("CreateUser", UserName="ann")
    made = world.root.iam("CreatePolicy", PolicyName="read", PolicyDocument=ALLOW)["Policy"]
    world.root.iam("CreatePolicyVersion", PolicyArn=made["Arn"], PolicyDocument=ALLOW)
    after = world.root.iam("GetAccountSummary")["SummaryMap"]
    changed = {name: value for name, value in after.items() if value != before[name]}
    assert changed == {"Users": 1, "Policies": 1, "PolicyVersionsInUse": 2}
    assert len(after) == 34, "all the members that AWS has"


def test_authorization_details_show_everything_in_pages(world: IamForTests) -> None:
    root = world.root
    made = root.iam("CreatePolicy", PolicyName="read", PolicyDocument=ALLOW)["Policy"]
    root.iam("CreateUser", UserName="ann", Tags=[{"Key": "k", "Value": "v"}])
    root.iam("CreateGroup", GroupName="staff")
    root.iam("AddUserToGroup", GroupName="staff", UserName="ann")
    root.iam("CreateRole", RoleName="crew", AssumeRolePolicyDocument=S3_TRUST)
    root.iam("PutRolePolicy", RoleName="crew", PolicyName="own", PolicyDocument=ALLOW)
    for operation, who in (
        ("AttachUserPolicy", {"UserName": "ann"}),
        ("AttachRolePolicy", {"RoleName": "crew"}),
        ("AttachGroupPolicy", {"GroupName": "staff"}),
    ):
        root.iam(operation, **who, PolicyArn=made["Arn"])
    details = root.iam("GetAccountAuthorizationDetails")
    (user,), (group,), (role,), (read,) = (
        details[name] for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    )
    attached = [{"PolicyName": "read", "PolicyArn": made["Arn"]}]
    assert (user["GroupList"], user["UserPolicyList"], user["AttachedManagedPolicies"]) == (["staff"], [], attached)
    assert (group["GroupPolicyList"], group["AttachedManagedPolicies"]) == ([], attached)
    assert [each["PolicyName"] for each in role["RolePolicyList"]] == ["own"]
    assert role["RolePolicyList"][0]["PolicyDocument"]["Statement"]
    assert (role["InstanceProfileList"], role["RoleLastUsed"]) == ([], {})
    assert read["PolicyVersionList"][0]["Document"]["Statement"]
    assert (read["AttachmentCount"], details["IsTruncated"]) == (3, False)
    only = root.iam("GetAccountAuthorizationDetails", Filter=["Role"])
    assert [len(only[name]) for name in ("UserDetailList", "RoleDetailList", "Policies")] == [0, 1, 0]
    seen, marker = 0, {}
    for _ in range(4):
        page = root.iam("GetAccountAuthorizationDetails", MaxItems=1, **marker)
        seen += sum(len(page[name]) for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"))
        marker = {"Marker": page["Marker"]} if page["IsTruncated"] else {}
    assert (seen, marker) == (4, {})


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("ListMFADevices", "MFADevices"),
        ("ListSSHPublicKeys", "SSHPublicKeys"),
        ("ListSigningCertificates", "Certificates"),
        ("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
    ],
)
def test_what_users_cannot_have_is_an_empty_list(world: IamForTests, operation: str, member: str) -> None:
    world.root.iam("CreateUser", UserName="ann")
    assert world.root.iam(operation, UserName="ann")[member] == []
    with pytest.raises(NoSuchEntity):
        world.root.iam(operation, UserName="nobody")
    assert world.root.iam("ListAccountAliases")["AccountAliases"] == []
    assert world.root.iam("ListVirtualMFADevices")["VirtualMFADevices"] == []
