"""Managed policies attached to users, groups and roles: the same three actions for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.model.identity import ManagedPolicy
from farshore.model.query_errors import LimitExceeded, NoSuchEntity
from farshore.service.deployment import Params, Request
from farshore.service.iam import paging, quotas
from farshore.service.iam.entities import account_of, attachable_policy, check_policy_arn, owner_named
from farshore.service.identities import find_managed_policy

Handler = Callable[[Request], Awaitable[Params]]

_NAMES = {"user": "UserName", "group": "GroupName", "role": "RoleName"}


def attach(kind: str) -> Handler:
    """AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy: no change when it is attached."""

    async def attach_policy(request: Request) -> Params:
        params, account_id = request.params, account_of(request)

        def command(tx: IdentityTransaction) -> None:
            owner = owner_named(tx, account_id, kind, params[_NAMES[kind]])
            policy = attachable_policy(tx, account_id, params["PolicyArn"])
            attached = {*tx.attachments(owner.id), policy.arn}
            if len(attached) > quotas.ATTACHED_PER_OWNER:
                quota = f"{quotas.ATTACHED_NAMES[kind]}: {quotas.ATTACHED_PER_OWNER}"
                raise LimitExceeded(f"Cannot exceed quota for {quota}")
            tx.attach(owner.id, policy.arn, account_id)

        await request.deployment.directory.write(command)
        return {}

    return attach_policy


def detach(kind: str) -> Handler:
    """DetachUserPolicy, DetachGroupPolicy, DetachRolePolicy."""

    async def detach_policy(request: Request) -> Params:
        params = request.params

        def command(tx: IdentityTransaction) -> None:
            owner = owner_named(tx, account_of(request), kind, params[_NAMES[kind]])
            check_policy_arn(params["PolicyArn"])
            if not tx.detach(owner.id, params["PolicyArn"]):
                raise NoSuchEntity(f"Policy {params['PolicyArn']} was not found.")

        await request.deployment.directory.write(command)
        return {}

    return detach_policy


def list_attached(kind: str) -> Handler:
    """ListAttachedUserPolicies, ListAttachedGroupPolicies, ListAttachedRolePolicies."""

    async def list_policies(request: Request) -> Params:
        params, reader = request.params, request.deployment.directory.identities
        owner = owner_named(reader, account_of(request), kind, params[_NAMES[kind]])
        prefix = params.get("PathPrefix", "/")
        attached = [policy for policy in attached_policies(reader, owner.id) if policy.path.startswith(prefix)]
        return paging.page_of_all(attached, params, "AttachedPolicies", attached_members, lambda policy: policy.arn)

    return list_policies


def attached_policies(reader: IdentityReader, owner_id: str) -> list[ManagedPolicy]:
    """The managed policies of a user, group or role, by ARN."""
    found = (find_managed_policy(reader, arn) for arn in reader.attachments(owner_id))
    return [policy for policy in found if policy is not None]


def attached_members(policy: ManagedPolicy) -> Params:
    return {"PolicyName": policy.name, "PolicyArn": policy.arn}
