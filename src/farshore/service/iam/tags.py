"""Tags of users, roles and policies.

Source: IAM User Guide, "Tags for AWS Identity and Access Management resources": keys differ by more than their case,
and setting one in another case replaces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from farshore.metadata.identities import IdentityTransaction
from farshore.model.identity import ManagedPolicy, Role, Tags, User
from farshore.model.query_errors import InvalidInput, LimitExceeded
from farshore.service.deployment import Params, Request
from farshore.service.iam import answers, paging, quotas
from farshore.service.iam.entities import account_of, own_policy_at, policy_at, role_named, user_named

Tagged = User | Role | ManagedPolicy


def tags_of(given: Sequence[dict[str, str]] | None, standing: Tags | None = None) -> Tags:
    """The standing tags with those of a request set.

    Raises:
        InvalidInput: a key twice, or one that is reserved; LimitExceeded.
    """
    tags = dict(standing or {})
    spelled = {key.lower(): key for key in tags}
    seen: set[str] = set()
    for tag in given or ():
        key, folded = tag["Key"], tag["Key"].lower()
        if folded in seen:
            raise InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        if folded.startswith("aws:"):
            raise InvalidInput("Tag keys that begin with aws: are reserved for AWS.")
        seen.add(folded)
        if spelled.get(folded, key) != key:
            del tags[spelled[folded]]
        spelled[folded] = key
        tags[key] = tag["Value"]
    if len(tags) > quotas.TAGS:
        raise LimitExceeded("The number of tags has reached the maximum limit.")
    return tags


async def tag_user(request: Request) -> Params:
    return await _change(request, _user_of, request.params["Tags"], ())


async def untag_user(request: Request) -> Params:
    return await _change(request, _user_of, (), request.params["TagKeys"])


async def list_user_tags(request: Request) -> Params:
    reader = request.deployment.directory.identities
    return _page(request, user_named(reader, account_of(request), request.params["UserName"]).tags)


async def tag_role(request: Request) -> Params:
    return await _change(request, _role_of, request.params["Tags"], ())


async def untag_role(request: Request) -> Params:
    return await _change(request, _role_of, (), request.params["TagKeys"])


async def list_role_tags(request: Request) -> Params:
    reader = request.deployment.directory.identities
    return _page(request, role_named(reader, account_of(request), request.params["RoleName"]).tags)


async def tag_policy(request: Request) -> Params:
    return await _change(request, _policy_of, request.params["Tags"], ())


async def untag_policy(request: Request) -> Params:
    return await _change(request, _policy_of, (), request.params["TagKeys"])


async def list_policy_tags(request: Request) -> Params:
    reader = request.deployment.directory.identities
    return _page(request, policy_at(reader, account_of(request), request.params["PolicyArn"]).tags)


def _page(request: Request, tags: Tags) -> Params:
    return paging.page_of_all(
        answers.tag_list(tags), request.params, "Tags", lambda tag: tag, lambda tag: str(tag["Key"])
    )


async def _change(request: Request, find: Any, given: Sequence[dict[str, str]], removed: Sequence[str]) -> Params:
    def command(tx: IdentityTransaction) -> None:
        tagged: Tagged = find(request, tx)
        gone = {key.lower() for key in removed}
        kept = {key: value for key, value in tagged.tags.items() if key.lower() not in gone}
        _replace(tx, tagged, tags_of(given, kept))

    await request.deployment.directory.write(command)
    return {}


def _replace(tx: IdentityTransaction, tagged: Tagged, tags: Tags) -> None:
    match tagged:
        case User():
            tx.replace_user(msgspec.structs.replace(tagged, tags=tags))
        case Role():
            tx.replace_role(msgspec.structs.replace(tagged, tags=tags))
        case ManagedPolicy():
            tx.replace_policy(msgspec.structs.replace(tagged, tags=tags))


def _user_of(request: Request, tx: IdentityTransaction) -> User:
    return user_named(tx, account_of(request), request.params["UserName"])


def _role_of(request: Request, tx: IdentityTransaction) -> Role:
    return role_named(tx, account_of(request), request.params["RoleName"])


def _policy_of(request: Request, tx: IdentityTransaction) -> ManagedPolicy:
    return own_policy_at(tx, account_of(request), request.params["PolicyArn"])
