"""Access keys of users, and of the account's root when the root itself asks."""

from __future__ import annotations

import msgspec

from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.model.access import AccessKey
from farshore.model.identity import LastUse, User
from farshore.model.query_errors import AccessDenied, LimitExceeded, NoSuchEntity, ValidationError
from farshore.runtime import ids
from farshore.service.deployment import Params, Request
from farshore.service.iam import answers, paging, quotas
from farshore.service.iam.entities import account_of, named_or_calling_user


async def create_access_key(request: Request) -> Params:
    """The only answer that ever shows the secret."""
    account_id = account_of(request)
    key = AccessKey(
        id=ids.access_key_id(), secret=ids.secret_access_key(), account_id=account_id, created_us=request.now_us
    )

    def command(tx: IdentityTransaction) -> User | None:
        user = named_or_calling_user(request, tx)
        owner_id = None if user is None else user.id
        if len(tx.access_keys(account_id, owner_id)) >= quotas.ACCESS_KEYS_PER_USER:
            raise LimitExceeded(f"Cannot exceed quota for AccessKeysPerUser: {quotas.ACCESS_KEYS_PER_USER}")
        tx.add_access_key(msgspec.structs.replace(key, user_id=owner_id))
        return user

    user = await request.deployment.directory.write(command)
    return {"AccessKey": {**answers.access_key_members(key, user), "SecretAccessKey": key.secret}}


async def list_access_keys(request: Request) -> Params:
    reader = request.deployment.directory.identities
    user = named_or_calling_user(request, reader)
    keys = reader.access_keys(account_of(request), None if user is None else user.id)
    return paging.page_of_all(
        keys,
        request.params,
        "AccessKeyMetadata",
        lambda key: answers.access_key_members(key, user),
        lambda key: key.id,
    )


async def update_access_key(request: Request) -> Params:
    status = request.params["Status"]
    if status not in ("Active", "Inactive"):
        raise ValidationError(f"Status {status} cannot be set.")

    def command(tx: IdentityTransaction) -> None:
        key = _key_of(request, tx)
        tx.replace_access_key(msgspec.structs.replace(key, active=status == "Active"))

    await request.deployment.directory.write(command)
    return {}


async def delete_access_key(request: Request) -> Params:
    def command(tx: IdentityTransaction) -> None:
        tx.delete_access_key(_key_of(request, tx).id)

    await request.deployment.directory.write(command)
    return {}


async def get_access_key_last_used(request: Request) -> Params:
    """AWS: a key that is not there, or another account's, is refused like one that is not permitted (recorded)."""
    deployment, key_id = request.deployment, request.params["AccessKeyId"]
    key = deployment.directory.access_key(key_id)
    if key is None or key.account_id != account_of(request):
        raise AccessDenied(
            f"User: {request.principal.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource: "
            f"access key {key_id}"
        )
    user = None if key.user_id is None else deployment.directory.identities.user_by_id(key.user_id)
    answer: Params = {"AccessKeyLastUsed": _last_used(deployment.last_uses.of(key_id))}
    return answer if user is None else {**answer, "UserName": user.name}


def _key_of(request: Request, reader: IdentityReader) -> AccessKey:
    """The key that a request names, of the user that it names. Raises NoSuchEntity."""
    user, key_id = named_or_calling_user(request, reader), request.params["AccessKeyId"]
    key = reader.access_key(key_id)
    owner_id = None if user is None else user.id
    if key is None or key.account_id != account_of(request) or key.user_id != owner_id:
        raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    return key


def _last_used(use: LastUse | None) -> Params:
    if use is None:
        return {"Region": "N/A", "ServiceName": "N/A"}
    return {"LastUsedDate": use.at_us, "Region": use.region, "ServiceName": use.service}
