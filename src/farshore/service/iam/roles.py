"""Roles."""

from __future__ import annotations

import msgspec

from farshore.metadata.identities import IdentityTransaction
from farshore.model.identity import Role
from farshore.model.query_errors import EntityAlreadyExists, LimitExceeded
from farshore.runtime import ids
from farshore.service.deployment import Params, Request
from farshore.service.iam import answers, paging, quotas
from farshore.service.iam.boundaries import check_boundary
from farshore.service.iam.deletion import check_no_policies, rename_in_trust_policies
from farshore.service.iam.documents import check_trust_policy
from farshore.service.iam.entities import account_of, role_named
from farshore.service.iam.tags import tags_of


async def create_role(request: Request) -> Params:
    params, account_id = request.params, account_of(request)
    directory = request.deployment.directory
    check_trust_policy(params["AssumeRolePolicyDocument"], directory)
    role = Role(
        id=ids.unique_id("AROA"),
        account_id=account_id,
        name=params["RoleName"],
        path=params.get("Path", "/"),
        created_us=request.now_us,
        trust=params["AssumeRolePolicyDocument"],
        description=params.get("Description", ""),
        max_session_s=params.get("MaxSessionDuration", 3600),
        tags=tags_of(params.get("Tags")),
    )

    def command(tx: IdentityTransaction) -> Role:
        if tx.role(account_id, role.name) is not None:
            raise EntityAlreadyExists(f"Role with name {role.name} already exists.")
        if tx.counts(account_id).roles >= quotas.ROLES:
            raise LimitExceeded(f"Cannot exceed quota for RolesPerAccount: {quotas.ROLES}")
        boundary = check_boundary(tx, account_id, params.get("PermissionsBoundary"))
        made = msgspec.structs.replace(role, boundary=boundary)
        tx.add_role(made)
        return made

    made = await directory.write(command)
    return {"Role": answers.created_role(made)}


async def get_role(request: Request) -> Params:
    deployment = request.deployment
    role = role_named(deployment.directory.identities, account_of(request), request.params["RoleName"])
    return {"Role": answers.whole_role(role, deployment.last_uses.of(role.id))}


async def list_roles(request: Request) -> Params:
    params = request.params
    found = request.deployment.directory.identities.roles(
        account_of(request),
        after=paging.after(params),
        path_prefix=params.get("PathPrefix", "/"),
        limit=paging.page_size(params) + 1,
    )
    return paging.page(found, params, "Roles", answers.listed_role, lambda role: role.name)


async def update_role(request: Request) -> Params:
    """AWS: a session duration that is not sent is set to one hour, a description that is not sent stays.

    Source: IAM API Reference, UpdateRole, MaxSessionDuration.
    """
    params = request.params

    def command(tx: IdentityTransaction) -> None:
        role = role_named(tx, account_of(request), params["RoleName"])
        description = params.get("Description", role.description)
        seconds = params.get("MaxSessionDuration", 3600)
        tx.replace_role(msgspec.structs.replace(role, description=description, max_session_s=seconds))

    await request.deployment.directory.write(command)
    return {}


async def update_role_description(request: Request) -> Params:
    def command(tx: IdentityTransaction) -> Role:
        role = role_named(tx, account_of(request), request.params["RoleName"])
        changed = msgspec.structs.replace(role, description=request.params["Description"])
        tx.replace_role(changed)
        return changed

    changed = await request.deployment.directory.write(command)
    return {"Role": answers.described_role(changed)}


async def update_assume_role_policy(request: Request) -> Params:
    directory, document = request.deployment.directory, request.params["PolicyDocument"]
    role_named(directory.identities, account_of(request), request.params["RoleName"])
    check_trust_policy(document, directory)

    def command(tx: IdentityTransaction) -> None:
        role = role_named(tx, account_of(request), request.params["RoleName"])
        tx.replace_role(msgspec.structs.replace(role, trust=document))

    await directory.write(command)
    return {}


async def delete_role(request: Request) -> Params:
    def command(tx: IdentityTransaction) -> None:
        role = role_named(tx, account_of(request), request.params["RoleName"])
        check_no_policies(tx, role.id)
        tx.delete_role(role.id)
        rename_in_trust_policies(tx, role.arn, role.id)

    await request.deployment.directory.write(command)
    return {}


async def list_instance_profiles_for_role(request: Request) -> Params:
    """None: there are no instances here. Terraform asks before it deletes a role."""
    role_named(request.deployment.directory.identities, account_of(request), request.params["RoleName"])
    return {"InstanceProfiles": [], "IsTruncated": False}
