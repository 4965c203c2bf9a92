"""A region's metadata in an SQLite file: the port's `MetadataStore`.

The event loop does point reads, on a connection of its own, and runs commands (`GroupWriter`). Threads do what takes
long: flushing, checkpoints, and longer reads, each on one snapshot. Other processes may open the same file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from farshore.metadata.sqlite_file import prepare
from farshore.metadata.sqlite_reader import SqliteReader
from farshore.metadata.sqlite_session import Session, connect
from farshore.metadata.sqlite_transaction import SqliteTransaction
from farshore.metadata.sqlite_writer import GroupWriter
from farshore.metadata.store import Reader, StoreUnavailable, Transaction

T = TypeVar("T")

_READ_THREADS = 4
_READS_MAX = 1024
"""Longer reads that run or wait; more are refused."""


class SqliteMetadataStore:
    """Open with `SqliteMetadataStore.open`; close with `close`. See the port for the contract."""

    def __init__(self, path: Path, region: str) -> None:
        self.region = region
        self._path = path
        self._session = Session(connect(path))
        self._reader = SqliteReader(self._session)
        self._idle: list[Session] = []
        self._reading = 0
        self._closing = False
        self._threads = ThreadPoolExecutor(_READ_THREADS, thread_name_prefix=f"read {path.name}")
        self._writer: GroupWriter[SqliteTransaction] = GroupWriter(path, SqliteTransaction)

    @classmethod
    def open(cls, path: Path, region: str) -> SqliteMetadataStore:
        """Open the file, which with its folder is created if need be and brought to the present schema.

        Raises:
            UnsupportedSqliteError, NewerSchemaError: with what to do about it.
            StoreUnavailable: the disk refuses, or another process keeps the turn to write.
        """
        prepare(path, "region")
        return cls(path, region)

    @property
    def reader(self) -> Reader:
        return self._reader

    async def read(self, query: Callable[[Reader], T]) -> T:
        return await self._read(query)

    async def write(self, command: Callable[[Transaction], T]) -> T:
        return await self._writer.write(command)

    async def referenced_blobs(self, blobs: Sequence[str]) -> set[str]:
        return await self._read(lambda reader: reader.referenced_blobs(blobs))

    def change_mark(self) -> int:
        return self._reader.data_version()

    def watch_events(self, heard: Callable[[], None]) -> None:
        self._writer.watch_events(heard)

    def watch(self, heard: Callable[[], None]) -> Callable[[], None]:
        return self._writer.watch(heard)

    def flushes(self) -> int:
        return self._writer.flushes()

    def sizes(self) -> dict[str, int]:
        parts = {"data": self._path, "log": self._path.with_name(f"{self._path.name}-wal")}
        return {part: path.stat().st_size for part, path in parts.items() if path.exists()}

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        await self._writer.close()
        await asyncio.to_thread(self._threads.shutdown)
        for session in self._idle:
            session.close()
        self._idle.clear()
        self._session.close()

    async def _read(self, query: Callable[[SqliteReader], T]) -> T:
        if self._closing:
            raise StoreUnavailable("the store is closed")
        if self._reading >= _READS_MAX:
            raise StoreUnavailable(f"{_READS_MAX} reads are waiting")
        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._on_snapshot, query)
        finally:
            self._reading -= 1

    def _on_snapshot(self, query: Callable[[SqliteReader], T]) -> T:
        """Run a query in one read transaction, on an idle connection, else a new one. In a thread of the pool."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = Session(connect(self._path))
        try:
            session.run("BEGIN")
            return query(SqliteReader(session))
        finally:
            self._keep(session)

    def _keep(self, session: Session) -> None:
        """End the snapshot, and keep the connection for the next read; not one that cannot even do that."""
        try:
            session.close_iterators()
            if session.connection.in_transaction:
                session.run("ROLLBACK")
        except StoreUnavailable:
            session.close()
        else:
            self._idle.append(session)
