"""Groups, and who is in them."""

from __future__ import annotations

import msgspec

from farshore.metadata.identities import IdentityTransaction
from farshore.model.identity import Group
from farshore.model.query_errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from farshore.runtime import ids
from farshore.service.deployment import Params, Request
from farshore.service.iam import answers, paging, quotas
from farshore.service.iam.deletion import check_no_policies
from farshore.service.iam.entities import account_of, group_named, user_named


async def create_group(request: Request) -> Params:
    params, account_id = request.params, account_of(request)
    group = Group(
        id=ids.unique_id("AGPA"),
        account_id=account_id,
        name=params["GroupName"],
        path=params.get("Path", "/"),
        created_us=request.now_us,
    )

    def command(tx: IdentityTransaction) -> None:
        _check_name(tx, account_id, group.name)
        if tx.counts(account_id).groups >= quotas.GROUPS:
            raise LimitExceeded(f"Cannot exceed quota for GroupsPerAccount: {quotas.GROUPS}")
        tx.add_group(group)

    await request.deployment.directory.write(command)
    return {"Group": answers.group_members(group)}


async def get_group(request: Request) -> Params:
    reader = request.deployment.directory.identities
    group = group_named(reader, account_of(request), request.params["GroupName"])
    members = reader.members(group.id)
    page = paging.page_of_all(members, request.params, "Users", answers.user_members, lambda user: user.name)
    return {"Group": answers.group_members(group), **page}


async def list_groups(request: Request) -> Params:
    params = request.params
    found = request.deployment.directory.identities.groups(
        account_of(request),
        after=paging.after(params),
        path_prefix=params.get("PathPrefix", "/"),
        limit=paging.page_size(params) + 1,
    )
    return paging.page(found, params, "Groups", answers.group_members, lambda group: group.name)


async def list_groups_for_user(request: Request) -> Params:
    reader = request.deployment.directory.identities
    user = user_named(reader, account_of(request), request.params["UserName"])
    found = reader.groups_of(user.id)
    return paging.page_of_all(found, request.params, "Groups", answers.group_members, lambda group: group.name)


async def update_group(request: Request) -> Params:
    params, account_id = request.params, account_of(request)

    def command(tx: IdentityTransaction) -> None:
        group = group_named(tx, account_id, params["GroupName"])
        name = params.get("NewGroupName", group.name)
        if name.lower() != group.name.lower():
            _check_name(tx, account_id, name)
        tx.replace_group(msgspec.structs.replace(group, name=name, path=params.get("NewPath", group.path)))

    await request.deployment.directory.write(command)
    return {}


async def delete_group(request: Request) -> Params:
    def command(tx: IdentityTransaction) -> None:
        group = group_named(tx, account_of(request), request.params["GroupName"])
        check_no_policies(tx, group.id)
        if tx.members(group.id):
            raise DeleteConflict("Cannot delete entity, must remove users from group first.")
        tx.delete_group(group.id)

    await request.deployment.directory.write(command)
    return {}


async def add_user_to_group(request: Request) -> Params:
    """Adding a member again changes nothing (recorded)."""

    def command(tx: IdentityTransaction) -> None:
        user = user_named(tx, account_of(request), request.params["UserName"])
        group = group_named(tx, account_of(request), request.params["GroupName"])
        groups = {each.id for each in tx.groups_of(user.id)} | {group.id}
        if len(groups) > quotas.GROUPS_PER_USER:
            raise LimitExceeded(f"Cannot exceed quota for GroupsPerUser: {quotas.GROUPS_PER_USER}")
        tx.add_member(group.id, user.id)

    await request.deployment.directory.write(command)
    return {}


async def remove_user_from_group(request: Request) -> Params:
    """Removing who is no member changes nothing (recorded)."""

    def command(tx: IdentityTransaction) -> None:
        user = user_named(tx, account_of(request), request.params["UserName"])
        group = group_named(tx, account_of(request), request.params["GroupName"])
        tx.remove_member(group.id, user.id)

    await request.deployment.directory.write(command)
    return {}


def _check_name(tx: IdentityTransaction, account_id: str, name: str) -> None:
    if tx.group(account_id, name) is not None:
        raise EntityAlreadyExists(f"Group with name {name} already exists.")
