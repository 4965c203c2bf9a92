"""Identities as IAM's answers show them. Which members an answer has differs by action; so recorded on AWS."""

from __future__ import annotations

from typing import Any

from farshore.model.access import AccessKey
from farshore.model.identity import Group, LastUse, ManagedPolicy, PolicyUses, PolicyVersion, Role, Tags, User

Members = dict[str, Any]


def user_members(user: User) -> Members:
    """As ListUsers shows it."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.created_us,
    }


def whole_user(user: User) -> Members:
    """As CreateUser and GetUser show it."""
    return {**user_members(user), **_boundary(user.boundary), **_tags_if_any(user.tags)}


def group_members(group: Group) -> Members:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.created_us,
    }


def created_role(role: Role) -> Members:
    """As CreateRole shows it: without description and session duration."""
    return {**_role_members(role), **_boundary(role.boundary), **_tags_if_any(role.tags)}


def listed_role(role: Role) -> Members:
    """As ListRoles shows it."""
    return {**_role_members(role), **_description(role.description), "MaxSessionDuration": role.max_session_s}


def described_role(role: Role) -> Members:
    """As UpdateRoleDescription shows it."""
    return {**created_role(role), **_description(role.description)}


def whole_role(role: Role, used: LastUse | None) -> Members:
    """As GetRole shows it."""
    return {
        **listed_role(role),
        **_boundary(role.boundary),
        **_tags_if_any(role.tags),
        "RoleLastUsed": role_last_used(used),
    }


def role_last_used(used: LastUse | None) -> Members:
    return {} if used is None else {"LastUsedDate": used.at_us, "Region": used.region}


def policy_members(policy: ManagedPolicy, uses: PolicyUses) -> Members:
    """As CreatePolicy and ListPolicies show it."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default_version}",
        "AttachmentCount": len(uses.attached),
        "PermissionsBoundaryUsageCount": len(uses.boundary),
        "IsAttachable": True,
        "CreateDate": policy.created_us,
        "UpdateDate": policy.updated_us,
    }


def created_policy(policy: ManagedPolicy) -> Members:
    return {**policy_members(policy, PolicyUses()), **_tags_if_any(policy.tags)}


def whole_policy(policy: ManagedPolicy, uses: PolicyUses) -> Members:
    """As GetPolicy shows it: with tags, even when there are none."""
    return {**policy_members(policy, uses), **_description(policy.description), "Tags": tag_list(policy.tags)}


def version_members(policy: ManagedPolicy, version: PolicyVersion, *, document: bool) -> Members:
    members: Members = {"Document": version.document} if document else {}
    return {
        **members,
        "VersionId": f"v{version.number}",
        "IsDefaultVersion": version.number == policy.default_version,
        "CreateDate": version.created_us,
    }


def access_key_members(key: AccessKey, user: User | None) -> Members:
    """Without the secret. The root's keys name no user."""
    members: Members = {} if user is None else {"UserName": user.name}
    return {
        **members,
        "AccessKeyId": key.id,
        "Status": "Active" if key.active else "Inactive",
        "CreateDate": key.created_us,
    }


def tag_list(tags: Tags) -> list[Members]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _tags_if_any(tags: Tags) -> Members:
    return {"Tags": tag_list(tags)} if tags else {}


def _description(description: str) -> Members:
    return {"Description": description} if description else {}


def _boundary(arn: str) -> Members:
    if not arn:
        return {}
    attached = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    return {"PermissionsBoundary": attached}


def _role_members(role: Role) -> Members:
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created_us,
        "AssumeRolePolicyDocument": role.trust,
    }
