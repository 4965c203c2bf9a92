"""Managed policies, their versions, and where they are used."""

from __future__ import annotations

import msgspec

from farshore.auth.aws_managed_policies import AWS_MANAGED
from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.model.identity import ManagedPolicy, PolicyUses, PolicyVersion
from farshore.model.query_errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from farshore.runtime import ids
from farshore.service.deployment import Params, Request
from farshore.service.iam import answers, paging, quotas
from farshore.service.iam.documents import check_managed_policy
from farshore.service.iam.entities import (
    account_of,
    own_policy_at,
    policy_at,
    version_at,
    version_number,
    versions_of,
)
from farshore.service.iam.tags import tags_of

_POLICIES_MAX = quotas.POLICIES + 1


async def create_policy(request: Request) -> Params:
    params, account_id = request.params, account_of(request)
    check_managed_policy(params["PolicyDocument"])
    policy = ManagedPolicy(
        id=ids.unique_id("ANPA"),
        account_id=account_id,
        name=params["PolicyName"],
        path=params.get("Path", "/"),
        created_us=request.now_us,
        updated_us=request.now_us,
        description=params.get("Description", ""),
        tags=tags_of(params.get("Tags")),
    )

    def command(tx: IdentityTransaction) -> None:
        if tx.policy(account_id, policy.name) is not None:
            raise EntityAlreadyExists(f"A policy called {policy.name} already exists. Duplicate names are not allowed.")
        if tx.counts(account_id).policies >= quotas.POLICIES:
            raise LimitExceeded(f"Cannot exceed quota for PoliciesPerAccount: {quotas.POLICIES}")
        tx.add_policy(policy, params["PolicyDocument"])

    await request.deployment.directory.write(command)
    return {"Policy": answers.created_policy(policy)}


async def get_policy(request: Request) -> Params:
    reader, account_id = request.deployment.directory.identities, account_of(request)
    policy = policy_at(reader, account_id, request.params["PolicyArn"])
    return {"Policy": answers.whole_policy(policy, reader.policy_uses(policy.arn, account_id))}


async def list_policies(request: Request) -> Params:
    """Scope, OnlyAttached, PathPrefix and PolicyUsageFilter narrow it."""
    params, reader, account_id = request.params, request.deployment.directory.identities, account_of(request)
    listed = policies_of(reader, account_id, params.get("Scope", "All"))
    usage = params.get("PolicyUsageFilter")
    shown: list[tuple[ManagedPolicy, PolicyUses]] = []
    for policy in listed:
        uses = reader.policy_uses(policy.arn, account_id)
        used = {"PermissionsPolicy": bool(uses.attached), "PermissionsBoundary": bool(uses.boundary)}
        if not policy.path.startswith(params.get("PathPrefix", "/")):
            continue
        if params.get("OnlyAttached", False) and not any(used.values()):
            continue
        if usage is None or used[usage]:
            shown.append((policy, uses))
    return paging.page_of_all(
        shown, params, "Policies", lambda entry: answers.policy_members(*entry), lambda entry: entry[0].arn
    )


async def delete_policy(request: Request) -> Params:
    account_id = account_of(request)

    def command(tx: IdentityTransaction) -> None:
        policy = own_policy_at(tx, account_id, request.params["PolicyArn"])
        uses = tx.policy_uses(policy.arn, account_id)
        if uses.attached or uses.boundary:
            raise DeleteConflict("Cannot delete a policy attached to entities.")
        if len(tx.policy_versions(policy.id)) > 1:
            raise DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                "versions. The default version is deleted with the policy."
            )
        tx.delete_policy(policy.id)

    await request.deployment.directory.write(command)
    return {}


async def create_policy_version(request: Request) -> Params:
    params, account_id = request.params, account_of(request)
    check_managed_policy(params["PolicyDocument"])

    def command(tx: IdentityTransaction) -> tuple[ManagedPolicy, PolicyVersion]:
        policy = own_policy_at(tx, account_id, params["PolicyArn"])
        if len(tx.policy_versions(policy.id)) >= quotas.VERSIONS_PER_POLICY:
            raise LimitExceeded(
                f"A managed policy can have up to {quotas.VERSIONS_PER_POLICY} versions. Before you create a new "
                "version, you must delete an existing version."
            )
        if tx.counts(account_id).policy_versions >= quotas.POLICY_VERSIONS_IN_USE:
            raise LimitExceeded(f"Cannot exceed quota for PolicyVersionsInUse: {quotas.POLICY_VERSIONS_IN_USE}")
        number = policy.last_version + 1
        version = PolicyVersion(
            policy_id=policy.id, number=number, document=params["PolicyDocument"], created_us=request.now_us
        )
        changed = msgspec.structs.replace(policy, last_version=number, updated_us=request.now_us)
        if params.get("SetAsDefault", False):
            changed = msgspec.structs.replace(changed, default_version=number)
        tx.add_policy_version(version)
        tx.replace_policy(changed)
        return changed, version

    policy, version = await request.deployment.directory.write(command)
    return {"PolicyVersion": answers.version_members(policy, version, document=False)}


async def get_policy_version(request: Request) -> Params:
    params, reader = request.params, request.deployment.directory.identities
    policy, version = version_at(reader, account_of(request), params["PolicyArn"], params["VersionId"])
    return {"PolicyVersion": answers.version_members(policy, version, document=True)}


async def list_policy_versions(request: Request) -> Params:
    """Newest first."""
    params, reader = request.params, request.deployment.directory.identities
    policy = policy_at(reader, account_of(request), params["PolicyArn"])
    return paging.page_of_all(
        versions_of(reader, policy),
        params,
        "Versions",
        lambda version: answers.version_members(policy, version, document=False),
        lambda version: f"v{version.number}",
    )


async def delete_policy_version(request: Request) -> Params:
    params = request.params

    def command(tx: IdentityTransaction) -> None:
        policy = own_policy_at(tx, account_of(request), params["PolicyArn"])
        if version_number(params["VersionId"]) == policy.default_version:
            raise DeleteConflict("Cannot delete the default version of a policy.")
        _, version = version_at(tx, account_of(request), params["PolicyArn"], params["VersionId"])
        tx.delete_policy_version(policy.id, version.number)

    await request.deployment.directory.write(command)
    return {}


async def set_default_policy_version(request: Request) -> Params:
    params = request.params

    def command(tx: IdentityTransaction) -> None:
        version_at(tx, account_of(request), params["PolicyArn"], params["VersionId"])
        policy = own_policy_at(tx, account_of(request), params["PolicyArn"])
        number = version_number(params["VersionId"])
        tx.replace_policy(msgspec.structs.replace(policy, default_version=number))

    await request.deployment.directory.write(command)
    return {}


async def list_entities_for_policy(request: Request) -> Params:
    """One page: the entities of an account are few."""
    params, reader, account_id = request.params, request.deployment.directory.identities, account_of(request)
    policy = policy_at(reader, account_id, params["PolicyArn"])
    uses = reader.policy_uses(policy.arn, account_id)
    match params.get("PolicyUsageFilter"):
        case "PermissionsPolicy":
            found = uses.attached
        case "PermissionsBoundary":
            found = uses.boundary
        case _:
            found = tuple(sorted({*uses.attached, *uses.boundary}))
    wanted, prefix = params.get("EntityFilter"), params.get("PathPrefix", "/")
    answer: Params = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": [], "IsTruncated": False}
    for owner_id in found:
        for kind, owner in (
            ("User", reader.user_by_id(owner_id)),
            ("Group", reader.group_by_id(owner_id)),
            ("Role", reader.role_by_id(owner_id)),
        ):
            if owner is not None and wanted in (None, kind) and owner.path.startswith(prefix):
                answer[f"Policy{kind}s"].append({f"{kind}Name": owner.name, f"{kind}Id": owner.id})
    return answer


def policies_of(reader: IdentityReader, account_id: str, scope: str) -> list[ManagedPolicy]:
    """Managed policies that an account sees, by scope: `AWS`, `Local` (its own) or `All`."""
    own = reader.policies(account_id, after="", path_prefix="/", limit=_POLICIES_MAX) if scope != "AWS" else []
    return own + ([entry.policy for entry in AWS_MANAGED.values()] if scope != "Local" else [])
