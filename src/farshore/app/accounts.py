"""Accounts of a data folder: made, listed, given a new root key. Works beside a server that runs on the folder."""

from __future__ import annotations

from farshore.app.build import open_directory
from farshore.app.data_folder import DataFolder
from farshore.metadata.directory import Directory
from farshore.metadata.identities import IdentityTransaction
from farshore.model.access import Account
from farshore.service import accounts
from farshore.service.accounts import AccountError, AccountKey, new_key


async def create_account(folder: DataFolder, name: str, now_us: int) -> AccountKey:
    """Make an account with a random id and root key.

    Raises:
        AccountError: the name is taken, or is none.
        CannotServe: there is no data folder.
    """
    async with open_directory(folder) as directory:
        _check_started(directory, folder)
        return await accounts.create_account(directory, name, now_us)


async def list_accounts(folder: DataFolder) -> list[Account]:
    """All accounts, the oldest (whose root key is in `credentials`) first."""
    async with open_directory(folder) as directory:
        return accounts.oldest_first(directory)


async def rotate_root_key(folder: DataFolder, name_or_id: str, now_us: int) -> AccountKey:
    """Give an account's root a new key, and take away every other one that it has.

    Where the folder's `credentials` hold a key of the account, they are rewritten; a crash before that leaves a key in
    them which does not work, and which the server's next start replaces.

    Raises:
        AccountError: no such account. CannotServe: there is no data folder.
    """
    async with open_directory(folder) as directory:
        account = _find(directory, name_or_id)
        key = new_key(account.id, now_us)

        def command(tx: IdentityTransaction) -> set[str]:
            before = {old.id for old in tx.access_keys(account.id, None)}
            for access_key_id in before:
                tx.delete_access_key(access_key_id)
            tx.add_access_key(key)
            return before

        before = await directory.write(command)
        written = folder.read_credentials()
        if written is not None and written[0] in before:
            folder.write_credentials(key.id, key.secret)
    return AccountKey(account, key)


def _check_started(directory: Directory, folder: DataFolder) -> None:
    """The first account is the one that the first start makes; `credentials` and FARSHORE_ROOT_* are its."""
    if not directory.accounts():
        raise AccountError(f"{folder.path} has no root account yet: start the server once")


def _find(directory: Directory, name_or_id: str) -> Account:
    for account in directory.accounts():
        if name_or_id == account.id or name_or_id.lower() == account.name.lower():
            return account
    raise AccountError(f"there is no account {name_or_id}")
