"""SQLite connections: how they are opened, and statements on one of them.

SQLite's errors fall into two kinds here. The disk's (full, I/O, locked, corrupt) become `StoreUnavailable`; the rest
(a constraint, bad SQL) pass as they are, for the caller to name or as the defects that they are.
"""

from __future__ import annotations

import array
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw

from farshore.metadata.sqlite_gathered import Gathered
from farshore.metadata.sqlite_rows import Row, picked_tags
from farshore.metadata.store import StoreUnavailable

MINIMUM_SQLITE = (3, 51, 3)
"""Older ones can lose commits when several connections checkpoint: https://sqlite.org/wal.html, "WAL-reset bug"."""

PAGE_BYTES = 4096

_READ_CACHE_KIB = 8 * 1024
_WRITE_CACHE_KIB = 64 * 1024
BUSY_TIMEOUT_MS = 10_000
_STATEMENTS = 256

UNAVAILABLE = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.ConnectionClosedError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)
"""What SQLite raises when the disk, and not the statement, is to blame, or when the store is closed."""

Bindings = Sequence[Any]


class UnsupportedSqliteError(RuntimeError):
    """The SQLite library is too old to be trusted with data."""


def check_library(version: str) -> None:
    """Raise UnsupportedSqliteError for an SQLite library that has the WAL-reset bug, by its version ("3.51.3")."""
    if tuple(int(number) for number in version.split(".")[:3]) < MINIMUM_SQLITE:
        needed = ".".join(str(number) for number in MINIMUM_SQLITE)
        raise UnsupportedSqliteError(
            f"SQLite {version} can lose committed data when several connections checkpoint; "
            f"{needed} or later is needed (upgrade the package apsw)"
        )


def connect(path: Path, *, writer: bool = False) -> apsw.Connection:
    """A connection to a prepared file, to be used by one thread at a time.

    The busy timeout only ever counts while another process recovers the file after a crash: writers take turns by
    `FileTurn`, and readers do not wait for writers. No memory map: SQLite makes it anew after every commit of another
    connection, which makes the next read three times as dear.
    """
    flags = apsw.SQLITE_OPEN_READWRITE
    try:
        connection = apsw.Connection(str(path), flags=flags, statementcachesize=_STATEMENTS)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        # Without it SQLite plans a query anew whenever bound values that it peeked at change: 20 µs at every execution.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        connection.execute(
            f"PRAGMA cache_size=-{_WRITE_CACHE_KIB if writer else _READ_CACHE_KIB}; "
            "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
            "PRAGMA wal_autocheckpoint=0; PRAGMA trusted_schema=OFF"
        )
        connection.create_scalar_function("picked_tags", picked_tags, 2, deterministic=True)
        if not writer:
            connection.execute("PRAGMA query_only=ON")
    except UNAVAILABLE as error:
        raise unavailable(error) from error
    return connection


def listed(ids: Iterable[int]) -> object:
    """At least one id, to be bound for `IN carray(?)`."""
    return apsw.carray(array.array("q", ids))


def unavailable(error: apsw.Error) -> StoreUnavailable:
    return StoreUnavailable(f"{type(error).__name__}: {error}")


class Session:
    """Statements on one connection. Used by one thread at a time.

    gathered: what commands have left to be written at the end of their group.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._execute = connection.execute
        self._open: set[apsw.Cursor] = set()
        self.gathered = Gathered()

    def one(self, sql: str, bindings: Bindings = ()) -> Row | None:
        """The first row, or None."""
        try:
            rows = self._execute(sql, bindings).fetchall()
        except UNAVAILABLE as error:
            raise unavailable(error) from error
        return rows[0] if rows else None

    def all(self, sql: str, bindings: Bindings = ()) -> list[Row]:
        try:
            return self._execute(sql, bindings).fetchall()
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    def all_of_many(self, sql: str, bindings: Iterable[Bindings]) -> list[Row]:
        """The rows of one statement run with each of the bindings, in their order."""
        try:
            return self.connection.executemany(sql, bindings).fetchall()
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    def iterate(self, sql: str, bindings: Bindings) -> Generator[Row]:
        """Rows, read as they are asked for. Ends early, with `apsw.CursorClosedError`, after `close_iterators`."""
        try:
            cursor = self._execute(sql, bindings)
            self._open.add(cursor)
            try:
                yield from cursor
            finally:
                self._open.discard(cursor)
                cursor.close()
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    def close_iterators(self) -> None:
        """End the snapshot: what a query or command left open would otherwise hold it."""
        while self._open:
            self._open.pop().close()

    def run(self, sql: str, bindings: Bindings = ()) -> None:
        try:
            self._execute(sql, bindings)
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    def run_many(self, sql: str, bindings: Iterable[Bindings]) -> None:
        """Run one statement with each of the bindings."""
        try:
            self.connection.executemany(sql, bindings)
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    def close(self) -> None:
        self.close_iterators()
        self.connection.close()
