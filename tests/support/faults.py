"""A metadata store around another that fails where a test says, and that a test can wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from farshore.metadata.store import MetadataStore, Reader, StoreUnavailable, Transaction

T = TypeVar("T")

Fault = Callable[..., Exception | None]
"""Given the arguments of a call: what it raises, or None."""


class FaultyMetadata:
    """Works as the store within, but for what is set here.

    unavailable: neither reads nor writes are answered.
    faults: by the name of a method of readers and transactions, whether and what a call of it raises.
    before_write: awaited before each command. after_write: called after each that is on disk; what it raises hides the
        answer.
    """

    def __init__(self, inner: MetadataStore) -> None:
        self.region = inner.region
        self._inner = inner
        self.unavailable = False
        self.faults: dict[str, Fault] = {}
        self.before_write: Callable[[], Any] | None = None
        self.after_write: Callable[[], None] | None = None
        self._written = asyncio.Event()
        self._reader: Any = _Faulty(inner.reader, self)

    @property
    def reader(self) -> Reader:
        return self._reader

    async def read(self, query: Callable[[Reader], T]) -> T:
        self.check()
        return await self._inner.read(query)

    async def write(self, command: Callable[[Transaction], T]) -> T:
        if self.before_write is not None:
            await self.before_write()
        self.check()

        def in_transaction(tx: Transaction) -> T:
            faulty: Any = _Faulty(tx, self)
            return command(faulty)

        try:
            result = await self._inner.write(in_transaction)
        finally:
            self._written.set()
        if self.after_write is not None:
            self.after_write()
        return result

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until this is true; it is asked after every write here."""
        while not holds():
            self._written.clear()
            await self._written.wait()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def check(self) -> None:
        if self.unavailable:
            raise StoreUnavailable("the disk is gone")


class _Faulty:
    """A reader or a transaction."""

    def __init__(self, inner: Any, store: FaultyMetadata) -> None:
        self._inner, self._store = inner, store

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)
        self._store.check()
        fault = self._store.faults.get(name)
        if fault is None:
            return inner

        def call(*args: Any, **more: Any) -> Any:
            error = fault(*args, **more)
            if error is not None:
                raise error
            return inner(*args, **more)

        return call
