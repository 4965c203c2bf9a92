"""The deployment's directory in an SQLite file: the port's `Directory`. Secrets are sealed under the deployment key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import apsw

from farshore.metadata import named_sql
from farshore.metadata.deployment_key import DeploymentKey
from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.metadata.sqlite_file import prepare
from farshore.metadata.sqlite_identities import SqliteIdentities
from farshore.metadata.sqlite_rows import Row
from farshore.metadata.sqlite_session import Session, connect
from farshore.metadata.sqlite_turn import FileTurn
from farshore.metadata.sqlite_writer import GroupWriter
from farshore.model.access import AccessKey, Account
from farshore.model.buckets import BucketHome

KEY_FILE = "deployment.key"

T = TypeVar("T")

_SQL = named_sql.load("directory")
_CHECK = "farshore deployment key"
_KEYS_MAX = 10_000


class SqliteDirectory:
    """Open with `SqliteDirectory.open`; close with `close`. See the port for the contract."""

    def __init__(self, path: Path, key: DeploymentKey) -> None:
        self._key = key
        self._session = Session(connect(path))
        self._identities = SqliteIdentities(self._session, key)
        self._writer: GroupWriter[SqliteIdentities] = GroupWriter(path, lambda session: SqliteIdentities(session, key))
        self._keys: dict[str, AccessKey] = {}
        self._keys_generation = -1

    @classmethod
    def open(cls, path: Path) -> SqliteDirectory:
        """Open the directory file, and the deployment key beside it (`deployment.key`). Both, with their folder, are
        created at the first start.

        Raises:
            UnsupportedSqliteError, NewerSchemaError, DeploymentKeyError: with what to do about it.
            StoreUnavailable: the disk refuses, or another process keeps the turn to write.
        """
        prepare(path, "directory")
        return cls(path, _load_key(path))

    @property
    def identities(self) -> IdentityReader:
        return self._identities

    def generation(self) -> int:
        row = self._session.one(_SQL["generation"])
        assert row is not None
        return row[0]

    def access_key(self, access_key_id: str) -> AccessKey | None:
        generation = self.generation()
        if generation != self._keys_generation or len(self._keys) >= _KEYS_MAX:
            self._keys.clear()
            self._keys_generation = generation
        found = self._keys.get(access_key_id)
        if found is None:
            found = self._identities.access_key(access_key_id)
            if found is not None:
                self._keys[access_key_id] = found
        return found

    def account(self, account_id: str) -> Account | None:
        row = self._session.one(_SQL["account"], (account_id,))
        return None if row is None else _to_account(row)

    def accounts(self) -> list[Account]:
        return [_to_account(row) for row in self._session.all(_SQL["accounts"])]

    def bucket_home(self, name: str) -> BucketHome | None:
        return _bucket_home(self._session, name)

    def scan_bucket_homes(self, owner: str, start: str, inclusive: bool) -> Iterator[BucketHome]:
        for row in self._session.iterate(_SQL["scan_bucket_homes"], (owner, start, inclusive)):
            yield _to_home(row)

    def all_bucket_homes(self) -> list[BucketHome]:
        return [_to_home(row) for row in self._session.all(_SQL["all_bucket_homes"])]

    async def create_account(self, account: Account, key: AccessKey) -> bool:
        assert key.account_id == account.id, (key.account_id, account.id)

        def command(tx: SqliteIdentities) -> bool:
            if tx.session.one(_SQL["account_by_name"], (account.name,)) is not None:
                return False
            try:
                tx.session.run(_SQL["create_account"], (account.id, account.name, account.created_us))
            except apsw.ConstraintError as error:
                raise AssertionError(f"account {account.id} exists") from error
            tx.add_access_key(key)
            return True

        return await self._writer.write(command)

    async def put_access_key(self, key: AccessKey) -> None:
        def command(tx: SqliteIdentities) -> None:
            if tx.access_key(key.id) is None:
                tx.add_access_key(key)
            else:
                tx.replace_access_key(key)

        await self._writer.write(command)

    async def write(self, command: Callable[[IdentityTransaction], T]) -> T:
        return await self._writer.write(command)

    def seal(self, content: bytes, context: str) -> bytes:
        return self._key.seal_bytes(content, context)

    def unseal(self, sealed: bytes, context: str) -> bytes | None:
        return self._key.unseal_bytes(sealed, context)

    def sign_in_ended(self, sign_in: str) -> bool:
        return self._session.one(_SQL["sign_in_ended"], (sign_in,)) is not None

    async def end_sign_in(self, sign_in: str, expires_us: int, now_us: int) -> None:
        def command(tx: SqliteIdentities) -> None:
            tx.session.run(_SQL["forget_sign_ins"], (now_us,))
            tx.session.run(_SQL["end_sign_in"], (sign_in, expires_us))

        await self._writer.write(command)

    async def reserve_bucket(self, home: BucketHome, *, over: BucketHome | None = None) -> BucketHome:
        def command(tx: SqliteIdentities) -> BucketHome:
            standing = _bucket_home(tx.session, home.name)
            if standing is not None and standing != over:
                return standing
            tx.session.run(_SQL["reserve_bucket"], (home.name, home.region, home.owner, home.created_us))
            return home

        return await self._writer.write(command)

    async def release_bucket(self, home: BucketHome) -> None:
        def command(tx: SqliteIdentities) -> None:
            if _bucket_home(tx.session, home.name) == home:
                tx.session.run(_SQL["release_bucket"], (home.name,))

        await self._writer.write(command)

    async def close(self) -> None:
        await self._writer.close()
        self._session.close()


def _load_key(path: Path) -> DeploymentKey:
    """The key that the directory was made with; a new one for a new directory. Raises DeploymentKeyError."""
    key_path = path.with_name(KEY_FILE)
    turn = FileTurn(path)
    session = Session(connect(path, writer=True))
    try:
        with turn:
            row = session.one(_SQL["key_check"])
            if row is None:
                key = DeploymentKey.create(key_path)
                session.run(_SQL["set_key_check"], (key.seal(_CHECK, _CHECK),))
            else:
                key = DeploymentKey.load(key_path)
                key.unseal(row[0], _CHECK)
            return key
    finally:
        session.close()
        turn.close()


def _bucket_home(session: Session, name: str) -> BucketHome | None:
    row = session.one(_SQL["bucket_home"], (name,))
    return None if row is None else _to_home(row)


def _to_home(row: Row) -> BucketHome:
    name, region, owner, created_us = row
    return BucketHome(name=name, region=region, owner=owner, created_us=created_us)


def _to_account(row: Row) -> Account:
    account_id, name, created_us = row
    return Account(id=account_id, name=name, created_us=created_us)
