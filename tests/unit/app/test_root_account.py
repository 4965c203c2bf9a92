"""The root account: random at the first start, as the environment says, never a default password."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from farshore.app.cannot_serve import CannotServe
from farshore.app.data_folder import DataFolder
from farshore.app.root_account import ensure_root
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.runtime.settings import RootCredentials

CHOSEN = RootCredentials(
    account_id="111122223333", access_key_id="AKIACHOSEN", secret_access_key="a chosen secret".replace(" ", "-")
)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


def start(folder: DataFolder, root: RootCredentials | None = None) -> str:
    """One start of the server; the root account's id."""

    async def ensure(directory: SqliteDirectory) -> str:
        return (await ensure_root(directory, folder, root or RootCredentials(), 1)).id

    return with_directory(folder, ensure)


def with_directory(folder: DataFolder, use: Callable[[SqliteDirectory], Awaitable[str]]) -> str:
    async def main() -> str:
        directory = SqliteDirectory.open(folder.directory)
        try:
            return await use(directory)
        finally:
            await directory.close()

    return asyncio.run(main())


def works(folder: DataFolder, access_key_id: str) -> str:
    """Of a key in the directory: its secret when it is active, else why it does not work."""

    async def look(directory: SqliteDirectory) -> str:
        key = directory.access_key(access_key_id)
        return "unknown" if key is None else key.secret if key.active else "inactive"

    return with_directory(folder, look)


def test_the_first_start_makes_an_account_and_a_random_key_in_awss_form(folder: DataFolder) -> None:
    account = start(folder)
    key = folder.read_credentials()
    assert key is not None
    assert re.fullmatch(r"[1-9]\d{11}", account)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key[0])
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", key[1])
    assert works(folder, key[0]) == key[1]


def test_a_later_start_changes_nothing(folder: DataFolder) -> None:
    account, key = start(folder), folder.read_credentials()
    assert start(folder) == account
    assert folder.read_credentials() == key


def test_the_environment_sets_account_and_key(folder: DataFolder) -> None:
    assert start(folder, CHOSEN) == "111122223333"
    assert folder.read_credentials() == ("AKIACHOSEN", "a-chosen-secret")
    assert start(folder) == "111122223333"
    assert works(folder, "AKIACHOSEN") == "a-chosen-secret"


def test_a_key_set_later_replaces_the_one_before_which_stops_working(folder: DataFolder) -> None:
    account = start(folder)
    before = folder.read_credentials()
    assert before is not None
    key = RootCredentials(access_key_id="AKIALATER", secret_access_key="later-secret")
    assert start(folder, key) == account
    assert folder.read_credentials() == ("AKIALATER", "later-secret")
    assert works(folder, "AKIALATER") == "later-secret"
    assert works(folder, before[0]) == "inactive"
    start(folder, RootCredentials(access_key_id="AKIALATER", secret_access_key="newer-secret"))
    assert works(folder, "AKIALATER") == "newer-secret"


def test_a_lost_credentials_file_is_made_anew_with_a_new_key(folder: DataFolder) -> None:
    account, before = start(folder), folder.read_credentials()
    folder.credentials.unlink()
    assert start(folder) == account
    after = folder.read_credentials()
    assert after is not None
    assert after != before
    assert works(folder, after[0]) == after[1]


def test_a_credentials_file_of_another_kind_is_left_alone(folder: DataFolder) -> None:
    start(folder)
    folder.credentials.write_text("[prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = s\n")
    with pytest.raises(CannotServe, match="move it away"):
        start(folder)
    assert "AKIAPROD" in folder.credentials.read_text()


def test_another_account_than_the_folders_is_refused(folder: DataFolder) -> None:
    start(folder, CHOSEN)
    with pytest.raises(CannotServe, match="belongs to account 111122223333"):
        start(folder, RootCredentials(account_id="999999999999"))
