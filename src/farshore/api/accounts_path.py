"""GET and POST /-/accounts: the deployment's accounts, for who administers it."""

from __future__ import annotations

import msgspec
import structlog

from farshore.model.errors import InvalidArgument
from farshore.runtime.iso_time import iso_time
from farshore.service.accounts import AccountError, create_account, oldest_first, require_administrator
from farshore.service.deployment import Request

log = structlog.get_logger()


class ListedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """administers: it is the deployment's first, whose root key is in the data folder's `credentials`."""

    account_id: str
    name: str
    created_at: str
    administers: bool


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest first."""

    accounts: list[ListedAccount]


class MadeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A new account with a key of its root, whose secret is shown only now."""

    account_id: str
    name: str
    access_key_id: str
    secret_access_key: str


async def list_all(request: Request) -> Accounts:
    """Needs organizations:ListAccounts, in the account that administers the deployment."""
    require_administrator(request, "organizations:ListAccounts")
    accounts = oldest_first(request.deployment.directory)
    return Accounts(
        accounts=[
            ListedAccount(
                account_id=account.id,
                name=account.name,
                created_at=iso_time(account.created_us),
                administers=account is accounts[0],
            )
            for account in accounts
        ]
    )


async def create(request: Request, name: str) -> MadeAccount:
    """Needs organizations:CreateAccount, in the account that administers the deployment.

    Raises:
        InvalidArgument: the name is taken, or is none.
    """
    require_administrator(request, "organizations:CreateAccount")
    try:
        made = await create_account(request.deployment.directory, name, request.now_us)
    except AccountError as error:
        raise InvalidArgument(str(error), ArgumentName="name", ArgumentValue=name) from error
    log.info(
        "account created",
        request_id=request.request_id,
        principal=request.principal.arn,
        decision="allow",
        account=made.account.id,
    )
    return MadeAccount(
        account_id=made.account.id,
        name=made.account.name,
        access_key_id=made.key.id,
        secret_access_key=made.key.secret,
    )
