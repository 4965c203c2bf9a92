"""`farshore account`: accounts of a data folder, beside a running server or without one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from farshore.cli.connection import DEFAULT_DATA
from farshore.cli.help import Command, commands
from farshore.cli.output import DID_NOT_HOLD, Json, fail, print_json

if TYPE_CHECKING:
    from farshore.app.data_folder import DataFolder
    from farshore.service.accounts import AccountKey

T = TypeVar("T")

Data = Annotated[Path, typer.Option("--data", help="Data folder of the server.")]
NameOrId = Annotated[str, typer.Argument(help="Name or 12-digit id of the account.", show_default=False)]

app = commands("Accounts: create, list, give a new root key.")


@app.command("create", cls=Command)
def create(
    name: Annotated[str, typer.Argument(help="A name for people; 1 to 50 characters.", show_default=False)],
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """Make an account with a root access key, which is shown only now."""
    from farshore.app.accounts import create_account

    made = _run(create_account(_folder(data), name, _now_us()))
    _show(made, json, f"Account {made.account.name} has the id {made.account.id}.")


@app.command("rotate-key", cls=Command)
def rotate_key(account: NameOrId, data: Data = DEFAULT_DATA, json: Json = False) -> None:
    """Give the account's root a new access key, shown only now. Its other root keys stop working at once."""
    from farshore.app.accounts import rotate_root_key

    made = _run(rotate_root_key(_folder(data), account, _now_us()))
    _show(made, json, f"Account {made.account.name} ({made.account.id}) has a new root key, and no other.")


@app.command("list", cls=Command)
def list_all(data: Data = DEFAULT_DATA, json: Json = False) -> None:
    """List the accounts, the oldest first."""
    from farshore.app.accounts import list_accounts

    accounts = _run(list_accounts(_folder(data)))
    if json:
        print_json(
            [
                {"account_id": account.id, "name": account.name, "created_at": _iso(account.created_us)}
                for account in accounts
            ]
        )
        return
    for account in accounts:
        typer.echo(f"{account.id}  {_iso(account.created_us)}  {account.name}")


def _show(made: AccountKey, json: bool, sentence: str) -> None:
    """Standard output has the key in the form of an AWS credentials file, so that it can be appended to one."""
    account, key = made.account, made.key
    if json:
        print_json({"account_id": account.id, "access_key_id": key.id, "secret_access_key": key.secret})
        return
    typer.echo(f"{sentence} Its key is shown only now:", err=True)
    typer.echo(f"[{account.name}]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}")


def _folder(data: Path) -> DataFolder:
    from farshore.app.data_folder import DataFolder

    return DataFolder(data.absolute())


def _run(work: Coroutine[Any, Any, T]) -> T:
    from farshore.app.cannot_serve import CannotServe
    from farshore.metadata.store import StoreUnavailable
    from farshore.service.accounts import AccountError

    try:
        return asyncio.run(work)
    except (AccountError, CannotServe, StoreUnavailable) as error:
        fail(error, DID_NOT_HOLD)


def _now_us() -> int:
    from farshore.runtime.clock import SystemClock

    return SystemClock().now_us()


def _iso(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="seconds")
