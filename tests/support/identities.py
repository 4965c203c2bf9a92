"""A directory with identities in it, for tests of who may."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from farshore.metadata.identities import IdentityTransaction
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.model.access import AccessKey
from farshore.model.identity import Group, InlinePolicy, ManagedPolicy, Role, User
from farshore.service.identities import Identities

ACCOUNT = "111122223333"
OTHER = "444455556666"


class DirectoryForTests:
    """An SQLite directory on an event loop of its own, driven synchronously."""

    def __init__(self, path: Path) -> None:
        self._runner = asyncio.Runner()
        self.directory = SqliteDirectory.open(path / "directory.sqlite")
        self.identities = Identities(self.directory)

    def write(self, command: Callable[[IdentityTransaction], Any]) -> Any:
        return self._runner.run(self.directory.write(command))

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self._runner.run(self.directory.close())
        self._runner.close()


@contextlib.contextmanager
def directory_for_tests(path: Path) -> Iterator[DirectoryForTests]:
    made = DirectoryForTests(path)
    try:
        yield made
    finally:
        made.close()


def user(name: str, **more: Any) -> User:
    made = User(id=f"AIDA{name.upper()}", account_id=ACCOUNT, name=name, path="/", created_us=7)
    return msgspec.structs.replace(made, **more)


def group(name: str) -> Group:
    return Group(id=f"AGPA{name.upper()}", account_id=ACCOUNT, name=name, path="/", created_us=7)


def role(name: str, trust: dict[str, Any] | None = None, **more: Any) -> Role:
    made = Role(
        id=f"AROA{name.upper()}",
        account_id=ACCOUNT,
        name=name,
        path="/",
        created_us=7,
        trust=json.dumps(trust or trusting({"Service": "s3.amazonaws.com"})),
    )
    return msgspec.structs.replace(made, **more)


def managed(name: str, account: str = ACCOUNT) -> ManagedPolicy:
    return ManagedPolicy(id=f"ANPA{name.upper()}", account_id=account, name=name, path="/", created_us=7, updated_us=7)


def key(owner: User, key_id: str = "AKIAUSER") -> AccessKey:
    return AccessKey(id=key_id, secret="user-secret", account_id=owner.account_id, user_id=owner.id)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allowing(action: str, resource: str = "*") -> str:
    return json.dumps(document({"Effect": "Allow", "Action": action, "Resource": resource}))


def trusting(principal: dict[str, Any] | str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return document({"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more})


def inline(name: str, action: str) -> InlinePolicy:
    return InlinePolicy(name=name, document=allowing(action))
