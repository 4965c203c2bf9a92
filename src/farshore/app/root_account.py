"""The deployment's first account and its access key: made at the first start, changed by FARSHORE_ROOT_*.

No default password exists: what the environment does not set is random.
"""

from __future__ import annotations

import msgspec

from farshore.app.cannot_serve import CannotServe
from farshore.app.data_folder import DataFolder
from farshore.metadata.directory import Directory
from farshore.model.access import AccessKey, Account
from farshore.runtime import ids
from farshore.runtime.settings import RootCredentials
from farshore.service.accounts import new_key, oldest_first


async def ensure_root(directory: Directory, folder: DataFolder, root: RootCredentials, now_us: int) -> Account:
    """Make sure that the root account exists and that `credentials` holds a key of it which works.

    A key that the environment sets replaces the one in the credentials file, which then stops working; a lost
    credentials file is made anew with a new key.

    Raises:
        CannotServe: FARSHORE_ROOT_ACCOUNT_ID is not the account that the folder was made with, or the access key
            belongs to another account; or `credentials` is a file of another kind.
    """
    accounts = oldest_first(directory)
    if not accounts:
        account = Account(id=root.account_id or ids.account_id(), name="root", created_us=now_us)
        key = _chosen_key(root, account.id, now_us) or new_key(account.id, now_us)
        created = await directory.create_account(account, key)
        assert created, account
        folder.write_credentials(key.id, key.secret)
        return account
    account = accounts[0]
    if root.account_id not in (None, account.id):
        raise CannotServe(f"the data folder belongs to account {account.id}, but FARSHORE_ROOT_ACCOUNT_ID is another")
    chosen = _chosen_key(root, account.id, now_us)
    await _ensure_key(directory, folder, chosen, new_key(account.id, now_us))
    return account


async def _ensure_key(directory: Directory, folder: DataFolder, chosen: AccessKey | None, spare: AccessKey) -> None:
    written = folder.read_credentials()
    if chosen is None:
        if written is not None and _works(directory, *written):
            return
        if written is None and folder.credentials.exists():
            raise CannotServe(f"{folder.credentials} holds no access key of Farshore's making: move it away")
        chosen = spare
    standing = directory.access_key(chosen.id)
    if standing is not None and (standing.account_id != chosen.account_id or standing.user_id is not None):
        raise CannotServe(f"the access key {chosen.id} belongs to another account, or to a user")
    if standing is None or (standing.secret, standing.active) != (chosen.secret, True):
        await directory.put_access_key(chosen)
    if written is not None and written[0] != chosen.id:
        before = directory.access_key(written[0])
        if before is not None and before.active:
            await directory.put_access_key(msgspec.structs.replace(before, active=False))
    if written != (chosen.id, chosen.secret):
        folder.write_credentials(chosen.id, chosen.secret)


def _works(directory: Directory, access_key_id: str, secret_access_key: str) -> bool:
    key = directory.access_key(access_key_id)
    return key is not None and key.active and key.secret == secret_access_key


def _chosen_key(root: RootCredentials, account_id: str, now_us: int) -> AccessKey | None:
    if root.access_key_id is None or root.secret_access_key is None:
        return None
    return AccessKey(id=root.access_key_id, secret=root.secret_access_key, account_id=account_id, created_us=now_us)
