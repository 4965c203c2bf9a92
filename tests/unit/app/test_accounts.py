"""Accounts: made with a random key that is shown once, beside the root account."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from farshore.app.accounts import create_account, list_accounts, rotate_root_key
from farshore.app.build import open_directory
from farshore.app.cannot_serve import CannotServe
from farshore.app.data_folder import DataFolder
from farshore.app.root_account import ensure_root
from farshore.cli.main import app
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.runtime.settings import RootCredentials
from farshore.service.accounts import AccountError


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder whose server has started once."""
    folder = DataFolder(tmp_path)

    async def start() -> None:
        directory = SqliteDirectory.open(folder.directory)
        await ensure_root(directory, folder, RootCredentials(account_id="111122223333"), 1)
        await directory.close()

    asyncio.run(start())
    return folder


def secret_of(folder: DataFolder, access_key_id: str) -> str | None:
    async def look() -> str | None:
        async with open_directory(folder) as directory:
            key = directory.access_key(access_key_id)
            return None if key is None or not key.active else key.secret

    return asyncio.run(look())


def command(folder: DataFolder, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["account", *arguments, "--data", str(folder.path)])


def test_a_new_account_has_a_random_id_and_a_root_key_that_works(folder: DataFolder) -> None:
    made = asyncio.run(create_account(folder, "partner", 5))
    assert re.fullmatch(r"[1-9]\d{11}", made.account.id)
    assert secret_of(folder, made.key.id) == made.key.secret
    assert made.key.secret not in repr(made)
    names = [(account.name, account.created_us) for account in asyncio.run(list_accounts(folder))]
    assert names == [("root", 1), ("partner", 5)]


@pytest.mark.parametrize("name", ["root", "Root", "", " x", "x ", "x" * 51, "a\nb", "ü"])
def test_a_taken_or_unfit_name_is_refused(folder: DataFolder, name: str) -> None:
    with pytest.raises(AccountError):
        asyncio.run(create_account(folder, name, 5))
    assert len(asyncio.run(list_accounts(folder))) == 1


def test_a_folder_without_a_directory_gets_none(tmp_path: Path) -> None:
    with pytest.raises(CannotServe, match="start the server once"):
        asyncio.run(create_account(DataFolder(tmp_path / "none"), "partner", 5))
    assert not (tmp_path / "none").exists()


def test_a_rotated_key_replaces_all_others_of_the_root_and_no_other_accounts(folder: DataFolder) -> None:
    first = asyncio.run(create_account(folder, "partner", 5))
    root = folder.read_credentials()
    assert root is not None
    second = asyncio.run(rotate_root_key(folder, "PARTNER", 6))
    assert second.account == first.account
    assert secret_of(folder, first.key.id) is None
    assert secret_of(folder, second.key.id) == second.key.secret
    assert secret_of(folder, root[0]) == root[1]
    assert folder.read_credentials() == root


def test_rotating_the_folders_own_root_key_rewrites_its_credentials(folder: DataFolder) -> None:
    before = folder.read_credentials()
    assert before is not None
    made = asyncio.run(rotate_root_key(folder, "111122223333", 6))
    assert folder.read_credentials() == (made.key.id, made.key.secret)
    assert secret_of(folder, before[0]) is None


def test_an_unknown_account_has_no_key_to_rotate(folder: DataFolder) -> None:
    with pytest.raises(AccountError, match="no account nobody"):
        asyncio.run(rotate_root_key(folder, "nobody", 6))


def test_the_command_prints_the_key_once_as_json_or_as_a_credentials_file(folder: DataFolder) -> None:
    made = json.loads(command(folder, "create", "partner", "--json").stdout)
    assert made.keys() == {"account_id", "access_key_id", "secret_access_key"}
    assert secret_of(folder, made["access_key_id"]) == made["secret_access_key"]
    text = command(folder, "create", "other").stdout
    assert re.fullmatch(r"\[other]\naws_access_key_id = (AKIA\w{16})\naws_secret_access_key = (\S{40})\n", text)
    listed = command(folder, "list", "--json").stdout
    assert [account["name"] for account in json.loads(listed)] == ["root", "partner", "other"]
    assert made["secret_access_key"] not in listed + command(folder, "list").stdout
    rotated = json.loads(command(folder, "rotate-key", "partner", "--json").stdout)
    assert rotated["account_id"] == made["account_id"]
    assert secret_of(folder, made["access_key_id"]) is None


def test_a_refused_command_says_why_in_one_line_and_ends_with_1(folder: DataFolder) -> None:
    refused = command(folder, "create", "root")
    assert (refused.exit_code, refused.stderr) == (1, "farshore: an account is called root already\n")
