"""Users."""

from __future__ import annotations

import msgspec

from farshore.metadata.identities import IdentityTransaction
from farshore.model.identity import User
from farshore.model.query_errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from farshore.runtime import ids
from farshore.service.deployment import Params, Request
from farshore.service.iam import answers, paging, quotas
from farshore.service.iam.boundaries import check_boundary
from farshore.service.iam.deletion import check_no_policies, rename_in_trust_policies
from farshore.service.iam.entities import account_of, named_or_calling_user, user_named
from farshore.service.iam.tags import tags_of


async def create_user(request: Request) -> Params:
    params, account_id = request.params, account_of(request)
    user = User(
        id=ids.unique_id("AIDA"),
        account_id=account_id,
        name=params["UserName"],
        path=params.get("Path", "/"),
        created_us=request.now_us,
        tags=tags_of(params.get("Tags")),
    )

    def command(tx: IdentityTransaction) -> User:
        _check_name(tx, account_id, user.name)
        if tx.counts(account_id).users >= quotas.USERS:
            raise LimitExceeded(f"Cannot exceed quota for UsersPerAccount: {quotas.USERS}")
        boundary = check_boundary(tx, account_id, params.get("PermissionsBoundary"))
        made = msgspec.structs.replace(user, boundary=boundary)
        tx.add_user(made)
        return made

    made = await request.deployment.directory.write(command)
    return {"User": answers.whole_user(made)}


async def get_user(request: Request) -> Params:
    directory = request.deployment.directory
    user = named_or_calling_user(request, directory.identities)
    if user is not None:
        return {"User": answers.whole_user(user)}
    account = directory.account(account_of(request))
    assert account is not None, request.principal
    arn = f"arn:aws:iam::{account.id}:root"
    return {"User": {"UserId": account.id, "Arn": arn, "CreateDate": account.created_us}}


async def list_users(request: Request) -> Params:
    params = request.params
    found = request.deployment.directory.identities.users(
        account_of(request),
        after=paging.after(params),
        path_prefix=params.get("PathPrefix", "/"),
        limit=paging.page_size(params) + 1,
    )
    return paging.page(found, params, "Users", answers.user_members, lambda user: user.name)


async def update_user(request: Request) -> Params:
    params, account_id = request.params, account_of(request)

    def command(tx: IdentityTransaction) -> None:
        user = user_named(tx, account_id, params["UserName"])
        name = params.get("NewUserName", user.name)
        if name.lower() != user.name.lower():
            _check_name(tx, account_id, name)
        changed = msgspec.structs.replace(user, name=name, path=params.get("NewPath", user.path))
        tx.replace_user(changed)
        rename_in_trust_policies(tx, user.arn, changed.arn)

    await request.deployment.directory.write(command)
    return {}


async def delete_user(request: Request) -> Params:
    account_id = account_of(request)

    def command(tx: IdentityTransaction) -> None:
        user = user_named(tx, account_id, request.params["UserName"])
        check_no_policies(tx, user.id)
        if tx.access_keys(account_id, user.id):
            raise DeleteConflict("Cannot delete entity, must delete access keys first.")
        if tx.groups_of(user.id):
            raise DeleteConflict("Cannot delete entity, must remove users from group first.")
        tx.delete_user(user.id)
        rename_in_trust_policies(tx, user.arn, user.id)

    await request.deployment.directory.write(command)
    return {}


def _check_name(tx: IdentityTransaction, account_id: str, name: str) -> None:
    if tx.user(account_id, name) is not None:
        raise EntityAlreadyExists(f"User with name {name} already exists.")
