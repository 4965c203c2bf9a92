"""Permissions boundaries of users and roles."""

from __future__ import annotations

import msgspec

from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.service.deployment import Params, Request
from farshore.service.iam.entities import account_of, attachable_policy, role_named, user_named


def check_boundary(reader: IdentityReader, account_id: str, arn: str | None) -> str:
    """The ARN of a boundary that a request gives; empty for none. Raises InvalidInput, NoSuchEntity."""
    return "" if arn is None else attachable_policy(reader, account_id, arn, what="Scope ARN:").arn


async def put_user_permissions_boundary(request: Request) -> Params:
    return await _set_of_user(request, request.params["PermissionsBoundary"])


async def delete_user_permissions_boundary(request: Request) -> Params:
    return await _set_of_user(request, None)


async def put_role_permissions_boundary(request: Request) -> Params:
    return await _set_of_role(request, request.params["PermissionsBoundary"])


async def delete_role_permissions_boundary(request: Request) -> Params:
    return await _set_of_role(request, None)


async def _set_of_user(request: Request, arn: str | None) -> Params:
    account_id = account_of(request)

    def command(tx: IdentityTransaction) -> None:
        user = user_named(tx, account_id, request.params["UserName"])
        tx.replace_user(msgspec.structs.replace(user, boundary=check_boundary(tx, account_id, arn)))

    await request.deployment.directory.write(command)
    return {}


async def _set_of_role(request: Request, arn: str | None) -> Params:
    account_id = account_of(request)

    def command(tx: IdentityTransaction) -> None:
        role = role_named(tx, account_id, request.params["RoleName"])
        tx.replace_role(msgspec.structs.replace(role, boundary=check_boundary(tx, account_id, arn)))

    await request.deployment.directory.write(command)
    return {}
