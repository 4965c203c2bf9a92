"""A region's metadata for tests of its port: opened by a driver, driven without `await`, and values to put into it."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.metadata.store import MetadataStore, Reader, Transaction
from farshore.model.objects import Attributes, Part, Upload, Version
from farshore.model.replication import DestinationState, FailureCode, ReplicationStatus, ReplicationTask, TaskKind

T = TypeVar("T")

OWNER = "111122223333"
REGION = "us-east-1"


class StorePlace(Protocol):
    """Where one store of a driver lives: what the suite of the port needs to know of a driver."""

    @property
    def name(self) -> str:
        """The driver's, for a process that is to open the same store: `open_place`."""
        ...

    @property
    def address(self) -> str: ...

    def open(self) -> MetadataStore:
        """As often as one likes, in any number of processes."""
        ...

    def refusing(self) -> contextlib.AbstractContextManager[None]:
        """The disk refuses every larger write meanwhile."""
        ...


class SqlitePlace:
    """A store in an SQLite file."""

    name = "sqlite"

    def __init__(self, address: str) -> None:
        self.address = address

    def open(self) -> MetadataStore:
        return SqliteMetadataStore.open(Path(self.address), REGION)

    def refusing(self) -> contextlib.AbstractContextManager[None]:
        return files_of_at_most(4096)


def open_place(name: str, address: str) -> StorePlace:
    """The place that another process named. A further driver is one more name here and in the suite's fixture."""
    assert name == SqlitePlace.name, name
    return SqlitePlace(address)


@contextlib.contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """The kernel refuses this process to write any file beyond this size: first a short write, then an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class OpenStore:
    """A store in an event loop of its own, for tests that are plain functions. `port` is the store itself."""

    def __init__(self, place: StorePlace) -> None:
        self.place = place
        self._runner = asyncio.Runner()
        self.port = self._open()

    @property
    def reader(self) -> Reader:
        return self.port.reader

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a test's own coroutine in the store's loop."""

        async def running() -> T:
            return await work()

        return self._runner.run(running())

    def write(self, command: Callable[[Transaction], T]) -> T:
        return self.run(lambda: self.port.write(command))

    def read(self, query: Callable[[Reader], T]) -> T:
        return self.run(lambda: self.port.read(query))

    def write_together(self, *commands: Callable[[Transaction], Any]) -> list[Any]:
        """Commands that are given to the store in one turn of the loop: their results, or what they raised."""

        async def together() -> list[Any]:
            return await asyncio.gather(*(self.port.write(command) for command in commands), return_exceptions=True)

        return self.run(together)

    def reopen(self) -> None:
        """Close the store and open it anew: what is found then was on disk."""
        self.run(self.port.close)
        self.port = self._open()

    def close(self) -> None:
        self.run(self.port.close)
        self._runner.close()

    def bucket(self, name: str = "bucket") -> int:
        """A new bucket's id."""
        return self.write(lambda tx: tx.create_bucket(name, OWNER, 1)).id

    def insert(self, *versions: Version) -> list[Version]:
        """Insert versions, `latest` as they say, inline ones with their key as body; returned with their rows."""

        def command(tx: Transaction) -> list[int]:
            return [tx.insert_version(each, body_of(each)) for each in versions]

        rows = self.write(command)
        return [with_row(each, row) for each, row in zip(versions, rows, strict=True)]

    def create_upload(self, made: Upload) -> None:
        self.write(lambda tx: tx.create_upload(made))

    def _open(self) -> MetadataStore:
        async def opening() -> MetadataStore:
            return self.place.open()

        return self._runner.run(opening())


def version(bucket_id: int, key: str = "key", created_us: int = 1, version_id: str = "null", **more: Any) -> Version:
    """A version without a body, unless `more` says otherwise."""
    return Version(
        bucket_id=bucket_id, key=key, version_id=version_id, created_us=created_us, owner=OWNER, **{"etag": "e", **more}
    )


def body_of(given: Version) -> bytes | None:
    return given.key.encode() if given.inline else None


def with_row(given: Version, row: int) -> Version:
    return Version(**{name: getattr(given, name) for name in given.__struct_fields__} | {"row": row})


def multipart(bucket_id: int, *blobs: str, **more: Any) -> Version:
    """A version of parts that are these blobs."""
    parts = tuple(Part(number, 5, "e", blob) for number, blob in enumerate(blobs, 1))
    return version(bucket_id, size=5 * len(blobs), attributes=Attributes(parts=parts), **more)


def upload(bucket_id: int, upload_id: str, key: str = "key", created_us: int = 1, **more: Any) -> Upload:
    return Upload(
        bucket_id=bucket_id,
        key=key,
        upload_id=upload_id,
        created_us=created_us,
        owner=OWNER,
        initiator=OWNER,
        **more,
    )


def task(bucket_id: int, key: str = "key", destination: str = "there", due_us: int = 0, **more: Any) -> ReplicationTask:
    given = {"version_id": "v", "kind": TaskKind.OBJECT, "enqueued_us": due_us, **more}
    return ReplicationTask(bucket_id=bucket_id, key=key, destination=destination, due_us=due_us, **given)


def failed(destination: str, at_us: int) -> DestinationState:
    status, code = ReplicationStatus.FAILED, FailureCode.DST_BUCKET_NOT_FOUND
    return DestinationState(destination, status, "rule", at_us, code, "it is gone")
