"""The account as a whole: its summary, all of its identities, and what it cannot have here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from farshore.metadata.identities import IdentityReader
from farshore.model.identity import Group, ManagedPolicy, Role, User
from farshore.model.query_errors import NoSuchEntity
from farshore.service.deployment import Deployment, Params, Request
from farshore.service.iam import answers, paging, quotas
from farshore.service.iam.attachments import attached_members, attached_policies
from farshore.service.iam.entities import account_of, named_or_calling_user, versions_of
from farshore.service.iam.managed_policies import policies_of

_KINDS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")

Entry = User | Group | Role | ManagedPolicy


async def get_account_summary(request: Request) -> Params:
    reader, account_id = request.deployment.directory.identities, account_of(request)
    counts = reader.counts(account_id)
    summary = {
        "AccessKeysPerUserQuota": quotas.ACCESS_KEYS_PER_USER,
        "AccountAccessKeysPresent": int(bool(reader.access_keys(account_id, None))),
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "AssumeRolePolicySizeQuota": quotas.TRUST_SIZE,
        "AttachedPoliciesPerGroupQuota": quotas.ATTACHED_PER_OWNER,
        "AttachedPoliciesPerRoleQuota": quotas.ATTACHED_PER_OWNER,
        "AttachedPoliciesPerUserQuota": quotas.ATTACHED_PER_OWNER,
        "GlobalEndpointTokenVersion": 2,
        "GroupPolicySizeQuota": quotas.INLINE_SIZE["group"],
        "Groups": counts.groups,
        "GroupsPerUserQuota": quotas.GROUPS_PER_USER,
        "GroupsQuota": quotas.GROUPS,
        "InstanceProfiles": 0,
        "InstanceProfilesQuota": 0,
        "MFADevices": 0,
        "MFADevicesInUse": 0,
        "Policies": counts.policies,
        "PoliciesQuota": quotas.POLICIES,
        "PolicySizeQuota": quotas.POLICY_SIZE,
        "PolicyVersionsInUse": counts.policy_versions,
        "PolicyVersionsInUseQuota": quotas.POLICY_VERSIONS_IN_USE,
        "Providers": 0,
        "RolePolicySizeQuota": quotas.INLINE_SIZE["role"],
        "Roles": counts.roles,
        "RolesQuota": quotas.ROLES,
        "ServerCertificates": 0,
        "ServerCertificatesQuota": 0,
        "SigningCertificatesPerUserQuota": 0,
        "UserPolicySizeQuota": quotas.INLINE_SIZE["user"],
        "Users": counts.users,
        "UsersQuota": quotas.USERS,
        "VersionsPerPolicyQuota": quotas.VERSIONS_PER_POLICY,
    }
    return {"SummaryMap": summary}


async def get_account_authorization_details(request: Request) -> Params:
    """Users, groups, roles and policies, all of them or those that Filter names, in pages over all kinds."""
    deployment, account_id = request.deployment, account_of(request)
    wanted: set[str] = set(request.params.get("Filter") or _KINDS)
    entries = _entries(deployment.directory.identities, account_id, wanted)
    paged = paging.page_of_all(entries, request.params, "Entries", lambda entry: entry, lambda entry: entry.arn)
    answer: Params = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for entry in paged.pop("Entries"):
        member = "Policies" if isinstance(entry, ManagedPolicy) else f"{type(entry).__name__}DetailList"
        answer[member].append(_detail(deployment, account_id, entry))
    return {**answer, **paged}


async def list_account_aliases(request: Request) -> Params:
    """None: an account has no sign-in page that an alias would name."""
    del request
    return {"AccountAliases": [], "IsTruncated": False}


def none_of_user(member: str) -> Callable[[Request], Awaitable[Params]]:
    """A list of something that users have on AWS and cannot have here; Terraform asks before it deletes a user."""

    async def list_none(request: Request) -> Params:
        named_or_calling_user(request, request.deployment.directory.identities)
        return {member: [], "IsTruncated": False}

    return list_none


async def list_virtual_mfa_devices(request: Request) -> Params:
    """None: there is no multi-factor authentication here."""
    del request
    return {"VirtualMFADevices": [], "IsTruncated": False}


async def no_login_profile(request: Request) -> Params:
    """GetLoginProfile, DeleteLoginProfile: users have no passwords here. Raises NoSuchEntity."""
    user = named_or_calling_user(request, request.deployment.directory.identities)
    name = account_of(request) if user is None else user.name
    raise NoSuchEntity(f"Login Profile for User {name} cannot be found.")


def _entries(reader: IdentityReader, account_id: str, wanted: set[str]) -> Sequence[Entry]:
    found: list[Entry] = []
    if "User" in wanted:
        found += reader.users(account_id, after="", path_prefix="/", limit=quotas.USERS)
    if "Group" in wanted:
        found += reader.groups(account_id, after="", path_prefix="/", limit=quotas.GROUPS)
    if "Role" in wanted:
        found += reader.roles(account_id, after="", path_prefix="/", limit=quotas.ROLES)
    if "LocalManagedPolicy" in wanted:
        found += policies_of(reader, account_id, "Local")
    if "AWSManagedPolicy" in wanted:
        aws = policies_of(reader, account_id, "AWS")
        found += [policy for policy in aws if reader.policy_uses(policy.arn, account_id).attached]
    return found


def _detail(deployment: Deployment, account_id: str, entry: Entry) -> Params:
    reader = deployment.directory.identities
    match entry:
        case User():
            groups = [group.name for group in reader.groups_of(entry.id)]
            return {**answers.whole_user(entry), **_policies(reader, "User", entry.id), "GroupList": groups}
        case Group():
            return {**answers.group_members(entry), **_policies(reader, "Group", entry.id)}
        case Role():
            used = answers.role_last_used(deployment.last_uses.of(entry.id))
            return {
                **answers.created_role(entry),
                **_policies(reader, "Role", entry.id),
                "InstanceProfileList": [],
                "RoleLastUsed": used,
            }
        case ManagedPolicy():
            versions = [answers.version_members(entry, each, document=True) for each in versions_of(reader, entry)]
            members = answers.policy_members(entry, reader.policy_uses(entry.arn, account_id))
            return {**members, "PolicyVersionList": versions}


def _policies(reader: IdentityReader, kind: str, owner_id: str) -> Params:
    inline = reader.inline_policies(owner_id)
    attached = attached_policies(reader, owner_id)
    return {
        f"{kind}PolicyList": [{"PolicyName": each.name, "PolicyDocument": each.document} for each in inline],
        "AttachedManagedPolicies": [attached_members(policy) for policy in attached],
    }
