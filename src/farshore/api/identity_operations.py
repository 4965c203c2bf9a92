"""Operations of IAM and STS -> what serves them, and what the caller must be allowed to do first.

An operation of IAM stands here with its targets, so none can be without a decision. What is not here answers
NotImplemented, by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from farshore.service import sts
from farshore.service.deployment import Params, Request
from farshore.service.iam import (
    access_keys,
    account,
    attachments,
    boundaries,
    groups,
    inline_policies,
    managed_policies,
    roles,
    simulation,
    tags,
    users,
)
from farshore.service.iam.authorization import (
    Targets,
    all_of,
    everything,
    named,
    new,
    policy_by_arn,
    principal_to_simulate,
    user_of_access_key,
    user_or_caller,
)

Handler = Callable[[Request], Awaitable[Params]]


@dataclass(frozen=True, slots=True)
class IamOperation:
    """A handler, and what its action (`iam:` and the operation's name) is done on."""

    handler: Handler
    targets: Targets


def _each_owner() -> dict[str, IamOperation]:
    """The operations that users, groups and roles have alike."""
    table: dict[str, IamOperation] = {}
    for kind in ("user", "group", "role"):
        owner, name = named(kind), kind.capitalize()
        with_policy = named(kind, policy="PolicyArn")
        table |= {
            f"Put{name}Policy": IamOperation(inline_policies.put(kind), owner),
            f"Get{name}Policy": IamOperation(inline_policies.get(kind), owner),
            f"List{name}Policies": IamOperation(inline_policies.list_all(kind), owner),
            f"Delete{name}Policy": IamOperation(inline_policies.delete(kind), owner),
            f"Attach{name}Policy": IamOperation(attachments.attach(kind), with_policy),
            f"Detach{name}Policy": IamOperation(attachments.detach(kind), with_policy),
            f"ListAttached{name}Policies": IamOperation(attachments.list_attached(kind), owner),
        }
    return table


IAM: dict[str, IamOperation] = {
    **_each_owner(),
    "AddUserToGroup": IamOperation(groups.add_user_to_group, named("group")),
    "CreateAccessKey": IamOperation(access_keys.create_access_key, user_or_caller),
    "CreateGroup": IamOperation(groups.create_group, new("group", "GroupName")),
    "CreatePolicy": IamOperation(managed_policies.create_policy, new("policy", "PolicyName")),
    "CreatePolicyVersion": IamOperation(managed_policies.create_policy_version, policy_by_arn),
    "CreateRole": IamOperation(roles.create_role, new("role", "RoleName")),
    "CreateUser": IamOperation(users.create_user, new("user", "UserName")),
    "DeleteAccessKey": IamOperation(access_keys.delete_access_key, user_or_caller),
    "DeleteGroup": IamOperation(groups.delete_group, named("group")),
    "DeleteLoginProfile": IamOperation(account.no_login_profile, user_or_caller),
    "DeletePolicy": IamOperation(managed_policies.delete_policy, policy_by_arn),
    "DeletePolicyVersion": IamOperation(managed_policies.delete_policy_version, policy_by_arn),
    "DeleteRole": IamOperation(roles.delete_role, named("role")),
    "DeleteRolePermissionsBoundary": IamOperation(boundaries.delete_role_permissions_boundary, named("role")),
    "DeleteUser": IamOperation(users.delete_user, named("user")),
    "DeleteUserPermissionsBoundary": IamOperation(boundaries.delete_user_permissions_boundary, named("user")),
    "GetAccessKeyLastUsed": IamOperation(access_keys.get_access_key_last_used, user_of_access_key),
    "GetAccountAuthorizationDetails": IamOperation(account.get_account_authorization_details, everything),
    "GetAccountSummary": IamOperation(account.get_account_summary, everything),
    "GetGroup": IamOperation(groups.get_group, named("group")),
    "GetLoginProfile": IamOperation(account.no_login_profile, user_or_caller),
    "GetPolicy": IamOperation(managed_policies.get_policy, policy_by_arn),
    "GetPolicyVersion": IamOperation(managed_policies.get_policy_version, policy_by_arn),
    "GetRole": IamOperation(roles.get_role, named("role")),
    "GetUser": IamOperation(users.get_user, user_or_caller),
    "ListAccessKeys": IamOperation(access_keys.list_access_keys, user_or_caller),
    "ListAccountAliases": IamOperation(account.list_account_aliases, everything),
    "ListEntitiesForPolicy": IamOperation(managed_policies.list_entities_for_policy, policy_by_arn),
    "ListGroups": IamOperation(groups.list_groups, all_of("group")),
    "ListGroupsForUser": IamOperation(groups.list_groups_for_user, named("user")),
    "ListInstanceProfilesForRole": IamOperation(roles.list_instance_profiles_for_role, named("role")),
    "ListMFADevices": IamOperation(account.none_of_user("MFADevices"), user_or_caller),
    "ListPolicies": IamOperation(managed_policies.list_policies, all_of("policy")),
    "ListPolicyTags": IamOperation(tags.list_policy_tags, policy_by_arn),
    "ListPolicyVersions": IamOperation(managed_policies.list_policy_versions, policy_by_arn),
    "ListRoleTags": IamOperation(tags.list_role_tags, named("role")),
    "ListRoles": IamOperation(roles.list_roles, all_of("role")),
    "ListSSHPublicKeys": IamOperation(account.none_of_user("SSHPublicKeys"), user_or_caller),
    "ListServiceSpecificCredentials": IamOperation(account.none_of_user("ServiceSpecificCredentials"), user_or_caller),
    "ListSigningCertificates": IamOperation(account.none_of_user("Certificates"), user_or_caller),
    "ListUserTags": IamOperation(tags.list_user_tags, named("user")),
    "ListUsers": IamOperation(users.list_users, all_of("user")),
    "ListVirtualMFADevices": IamOperation(account.list_virtual_mfa_devices, everything),
    "PutRolePermissionsBoundary": IamOperation(boundaries.put_role_permissions_boundary, named("role")),
    "PutUserPermissionsBoundary": IamOperation(boundaries.put_user_permissions_boundary, named("user")),
    "RemoveUserFromGroup": IamOperation(groups.remove_user_from_group, named("group")),
    "SetDefaultPolicyVersion": IamOperation(managed_policies.set_default_policy_version, policy_by_arn),
    "SimulateCustomPolicy": IamOperation(simulation.simulate_custom_policy, everything),
    "SimulatePrincipalPolicy": IamOperation(simulation.simulate_principal_policy, principal_to_simulate),
    "TagPolicy": IamOperation(tags.tag_policy, policy_by_arn),
    "TagRole": IamOperation(tags.tag_role, named("role")),
    "TagUser": IamOperation(tags.tag_user, named("user")),
    "UntagPolicy": IamOperation(tags.untag_policy, policy_by_arn),
    "UntagRole": IamOperation(tags.untag_role, named("role")),
    "UntagUser": IamOperation(tags.untag_user, named("user")),
    "UpdateAccessKey": IamOperation(access_keys.update_access_key, user_or_caller),
    "UpdateAssumeRolePolicy": IamOperation(roles.update_assume_role_policy, named("role")),
    "UpdateGroup": IamOperation(groups.update_group, named("group", renamed="NewGroupName")),
    "UpdateRole": IamOperation(roles.update_role, named("role")),
    "UpdateRoleDescription": IamOperation(roles.update_role_description, named("role")),
    "UpdateUser": IamOperation(users.update_user, named("user", renamed="NewUserName")),
}

STS: dict[str, Handler] = {
    "AssumeRole": sts.assume_role,
    "GetCallerIdentity": sts.get_caller_identity,
    "GetSessionToken": sts.get_session_token,
}
"""Each decides for itself: by the role's trust policy, or not at all."""
