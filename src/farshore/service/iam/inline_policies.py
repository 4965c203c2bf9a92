"""Inline policies of users, groups and roles: the same four actions for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from farshore.metadata.identities import IdentityTransaction
from farshore.model.identity import InlinePolicy
from farshore.model.query_errors import LimitExceeded, NoSuchEntity
from farshore.service.deployment import Params, Request
from farshore.service.iam import paging, quotas
from farshore.service.iam.documents import check_identity_policy, size_of
from farshore.service.iam.entities import account_of, owner_named

Handler = Callable[[Request], Awaitable[Params]]

_NAMES = {"user": "UserName", "group": "GroupName", "role": "RoleName"}


def put(kind: str) -> Handler:
    """PutUserPolicy, PutGroupPolicy, PutRolePolicy: replaces a policy of the same name."""

    async def put_policy(request: Request) -> Params:
        params = request.params
        policy = InlinePolicy(name=params["PolicyName"], document=params["PolicyDocument"])
        check_identity_policy(policy.document)

        def command(tx: IdentityTransaction) -> None:
            owner = owner_named(tx, account_of(request), kind, params[_NAMES[kind]])
            others = [each for each in tx.inline_policies(owner.id) if each.name.lower() != policy.name.lower()]
            if sum(size_of(each.document) for each in (*others, policy)) > quotas.INLINE_SIZE[kind]:
                raise LimitExceeded(
                    f"Maximum policy size of {quotas.INLINE_SIZE[kind]} bytes exceeded for {kind} {owner.name}"
                )
            tx.put_inline_policy(owner.id, policy)

        await request.deployment.directory.write(command)
        return {}

    return put_policy


def get(kind: str) -> Handler:
    """GetUserPolicy, GetGroupPolicy, GetRolePolicy."""

    async def get_policy(request: Request) -> Params:
        params, reader = request.params, request.deployment.directory.identities
        owner = owner_named(reader, account_of(request), kind, params[_NAMES[kind]])
        policy = reader.inline_policy(owner.id, params["PolicyName"])
        if policy is None:
            raise _no_such(kind, params["PolicyName"])
        return {_NAMES[kind]: owner.name, "PolicyName": policy.name, "PolicyDocument": policy.document}

    return get_policy


def list_all(kind: str) -> Handler:
    """ListUserPolicies, ListGroupPolicies, ListRolePolicies."""

    async def list_policies(request: Request) -> Params:
        reader = request.deployment.directory.identities
        owner = owner_named(reader, account_of(request), kind, request.params[_NAMES[kind]])
        names = [policy.name for policy in reader.inline_policies(owner.id)]
        return paging.page_of_all(names, request.params, "PolicyNames", lambda name: name, lambda name: name)

    return list_policies


def delete(kind: str) -> Handler:
    """DeleteUserPolicy, DeleteGroupPolicy, DeleteRolePolicy."""

    async def delete_policy(request: Request) -> Params:
        params = request.params

        def command(tx: IdentityTransaction) -> None:
            owner = owner_named(tx, account_of(request), kind, params[_NAMES[kind]])
            if not tx.delete_inline_policy(owner.id, params["PolicyName"]):
                raise _no_such(kind, params["PolicyName"])

        await request.deployment.directory.write(command)
        return {}

    return delete_policy


def _no_such(kind: str, name: str) -> NoSuchEntity:
    return NoSuchEntity(f"The {kind} policy with name {name} cannot be found.")
