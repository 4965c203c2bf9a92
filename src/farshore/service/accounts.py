"""Accounts of the deployment: made, listed, and which of them administers it.

AWS has this in Organizations, whose management account lists the others and makes new ones; the actions are named
after its. Unlike there, an account begins with a root access key, since there is no mail to send anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from farshore.metadata.directory import Directory
from farshore.model.access import AccessKey, Account
from farshore.model.errors import AccessDenied
from farshore.runtime import ids
from farshore.service.access import require_in_account
from farshore.service.deployment import Request

_NAME = re.compile(r"[!-~](?:[ -~]{0,48}[!-~])?")
_EVERYTHING = "*"
"""AWS: these actions have no resource that a policy could name."""


class AccountError(Exception):
    """What stands in the way, in words for people."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account and a key of its root: the one time that its secret is shown."""

    account: Account
    key: AccessKey


def oldest_first(directory: Directory) -> list[Account]:
    """All accounts. The first administers the deployment: it is the one that the first start made."""
    return sorted(directory.accounts(), key=lambda account: account.created_us)


def new_key(account_id: str, now_us: int) -> AccessKey:
    """A random key of an account's root, in AWS's form."""
    return AccessKey(id=ids.access_key_id(), secret=ids.secret_access_key(), account_id=account_id, created_us=now_us)


async def create_account(directory: Directory, name: str, now_us: int) -> AccountKey:
    """Make an account with a random id and root key.

    Raises:
        AccountError: the name is taken, or is none.
    """
    if not _NAME.fullmatch(name):
        raise AccountError("a name has 1 to 50 printable ASCII characters, and no space at its ends")
    # Later than all there are, whatever the clock says: the first is known by its time.
    newest_us = max((each.created_us for each in directory.accounts()), default=0)
    account = Account(id=ids.account_id(), name=name, created_us=max(now_us, newest_us + 1))
    key = new_key(account.id, now_us)
    if not await directory.create_account(account, key):
        raise AccountError(f"an account is called {name} already")
    return AccountKey(account, key)


def require_administrator(request: Request, action: str) -> None:
    """Refuse whoever is not of the account that administers the deployment, or may not do the action there.

    Args:
        action: of AWS Organizations, `organizations:ListAccounts` or `organizations:CreateAccount`.
    Raises:
        AccessDenied.
    """
    require_in_account(request, action, _EVERYTHING)
    administrator = oldest_first(request.deployment.directory)[0]
    if request.principal.account_id != administrator.id:
        request.trail.refuse("not_administrator", action, _EVERYTHING)
        raise AccessDenied()
