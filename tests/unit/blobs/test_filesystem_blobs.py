"""The contract of a blob store, run by the one on a file system."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from tests.support.bodies import files_under

from farshore.blobs.filesystem import PIECE_BYTES, FilesystemBlobStore
from farshore.blobs.store import BlobMissing, BlobsUnavailable

MISSING = "0" * 32


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[FilesystemBlobStore]:
    store = FilesystemBlobStore.open(folder)
    try:
        yield store
    finally:
        await store.close()


async def stored(store: FilesystemBlobStore, *pieces: bytes) -> str:
    async with await store.create() as writer:
        for piece in pieces:
            await writer.write(piece)
        return await writer.commit()


async def bytes_of(store: FilesystemBlobStore, blob: str, offset: int, length: int) -> bytes:
    pieces = [bytes(piece) async for piece in store.read(blob, offset, length)]
    assert all(0 < len(piece) <= 1024 * 1024 for piece in pieces)
    return b"".join(pieces)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def disk_of(size: int) -> Generator[None]:
    """The kernel refuses to write a file beyond this size: first a short write, then an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 5])
def test_any_range_of_a_blob_reads_as_it_was_written(tmp_path: Path, size: int) -> None:
    async def run() -> None:
        data = os.urandom(size)
        async with opened(tmp_path) as store:
            blob = await stored(store, data[: size // 3], data[size // 3 :])
            for start, end in {(0, size), (size // 2, size), (size - 1, size), (0, 1), (size // 3, size // 3 + 1)}:
                assert await bytes_of(store, blob, start, end - start) == data[start:end]

    asyncio.run(run())


def test_a_blob_outlives_its_store(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path / "made" / "here") as store:
            blob = await stored(store, b"kept")
        async with opened(tmp_path / "made" / "here") as store:
            assert await bytes_of(store, blob, 0, 4) == b"kept"

    asyncio.run(run())


def test_an_empty_blob_may_be_committed_and_read(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            assert await bytes_of(store, await stored(store), 0, 0) == b""

    asyncio.run(run())


def test_a_blob_is_in_its_place_only_after_the_commit(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store, await store.create() as writer:
            await writer.write(b"data")
            assert [path.parent for path in files_under(tmp_path)] == [tmp_path / "staging"]
            blob = await writer.commit()
            assert files_under(tmp_path) == [tmp_path / blob[:2] / blob[2:4] / blob]

    asyncio.run(run())


def test_a_writer_left_without_commit_leaves_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            async with await store.create() as writer:
                await writer.write(b"data")
                await writer.abort()
                await writer.abort()
            with pytest.raises(ZeroDivisionError):
                async with await store.create() as writer:
                    await writer.write(b"data")
                    _ = 1 / 0
            async with await store.create():
                pass
            assert files_under(tmp_path) == []

    before = open_files()
    asyncio.run(run())
    assert open_files() == before


@pytest.mark.parametrize("step", ["write", "commit"])
def test_a_writer_cancelled_while_the_disk_works_leaves_nothing(tmp_path: Path, step: str) -> None:
    async def put(store: FilesystemBlobStore, begun: asyncio.Event) -> None:
        async with await store.create() as writer:
            if step == "commit":
                await writer.write(b"data")
            begun.set()
            await (writer.write(bytes(PIECE_BYTES)) if step == "write" else writer.commit())

    async def run() -> None:
        async with opened(tmp_path) as store:
            begun = asyncio.Event()
            task = asyncio.create_task(put(store, begun))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert files_under(tmp_path) == []

    before = open_files()
    asyncio.run(run())
    assert open_files() == before


def test_a_disk_that_refuses_is_unavailable_and_keeps_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            with disk_of(1_500_000), pytest.raises(BlobsUnavailable, match="write"):
                await stored(store, bytes(1_000_000), bytes(1_000_000))
            assert files_under(tmp_path) == []
            blob = await stored(store, bytes(2_000_000))
            assert len(await bytes_of(store, blob, 0, 2_000_000)) == 2_000_000

    asyncio.run(run())


def test_a_commit_that_cannot_place_the_file_keeps_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            for number in range(256):
                (tmp_path / f"{number:02x}").touch()
            with pytest.raises(BlobsUnavailable, match="commit"):
                await stored(store, b"data")
            assert len(files_under(tmp_path)) == 256

    asyncio.run(run())


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(BlobsUnavailable):
        FilesystemBlobStore.open(tmp_path / "taken")


@pytest.mark.parametrize("length", [1, PIECE_BYTES * 2])
def test_a_blob_that_is_not_there_is_missing_before_the_first_piece(tmp_path: Path, length: int) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            with pytest.raises(BlobMissing):
                await anext(store.read(MISSING, 0, length))

    asyncio.run(run())


def test_a_blob_cut_short_on_disk_is_missing_where_it_ends(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            blob = await stored(store, bytes(3 * PIECE_BYTES))
            os.truncate(tmp_path / blob[:2] / blob[2:4] / blob, 2 * PIECE_BYTES + 1)
            received = 0
            with pytest.raises(BlobMissing, match=f"ends at {2 * PIECE_BYTES + 1}"):
                async for piece in store.read(blob, 0, 3 * PIECE_BYTES):
                    received += len(piece)
            assert received <= 2 * PIECE_BYTES
            assert await bytes_of(store, blob, PIECE_BYTES, PIECE_BYTES) == bytes(PIECE_BYTES)

    before = open_files()
    asyncio.run(run())
    assert open_files() == before


def test_many_readers_finish_a_blob_that_is_deleted_meanwhile(tmp_path: Path) -> None:
    async def run() -> None:
        data = os.urandom(4 * PIECE_BYTES + 7)
        async with opened(tmp_path) as store:
            blob = await stored(store, data)
            readers = [store.read(blob, 0, len(data)) for _ in range(20)]
            first = await asyncio.gather(*[anext(reader) for reader in readers])
            await store.delete([blob])
            await store.delete([blob, MISSING])
            for piece, reader in zip(first, readers, strict=True):
                assert bytes(piece) + b"".join([bytes(rest) async for rest in reader]) == data
            with pytest.raises(BlobMissing):
                await bytes_of(store, blob, 0, 1)

    before = open_files()
    asyncio.run(run())
    assert open_files() == before


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_reader_that_gives_up_closes_its_file(tmp_path: Path, cancelled: bool) -> None:
    async def read(store: FilesystemBlobStore, blob: str, begun: asyncio.Event) -> None:
        async for _ in store.read(blob, 0, 8 * PIECE_BYTES):
            begun.set()
            if not cancelled:
                break

    async def run() -> None:
        async with opened(tmp_path) as store:
            blob = await stored(store, bytes(8 * PIECE_BYTES))
            before = open_files()
            begun = asyncio.Event()
            task = asyncio.create_task(read(store, blob, begun))
            await begun.wait()
            if cancelled:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(60):
                while open_files() != before:  # noqa: ASYNC110 - what closes it is a thread.
                    await asyncio.sleep(0)

    asyncio.run(run())


def test_committed_blobs_are_listed_in_order_page_by_page(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            blobs = sorted([await stored(store, b"x") for _ in range(25)])
            async with await store.create() as writer:
                await writer.write(b"staged, not committed")
                later_us = time.time_ns() // 1000 + 60_000_000
                listed: list[str] = []
                while page := await store.committed_before(later_us, listed[-1] if listed else "", 10):
                    assert len(page) <= 10
                    listed += page
            assert listed == blobs

    asyncio.run(run())


def test_only_blobs_committed_before_the_time_are_listed(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            blob = await stored(store, b"x")
            place = tmp_path / blob[:2] / blob[2:4] / blob
            committed_us = place.stat().st_ctime_ns // 1000
            assert await store.committed_before(committed_us, "", 10) == []
            assert await store.committed_before(committed_us + 1, "", 10) == [blob]

    asyncio.run(run())


def test_what_is_being_written_is_no_litter(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store, opened(tmp_path) as other, await store.create() as writer:
            await writer.write(b"half")
            assert await other.remove_litter() == 0
            await writer.write(b" and half")
            assert await bytes_of(other, await writer.commit(), 0, 13) == b"half and half"

    asyncio.run(run())


def test_a_file_taken_for_litter_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its making and its locking a process may lose its turn for long."""
    lock = fcntl.flock
    taken: list[Path] = []

    def slow_lock(descriptor: int, how: int) -> None:
        if not taken:
            taken.append(Path(f"/proc/self/fd/{descriptor}").readlink())
            taken[0].unlink()
        lock(descriptor, how)

    async def run() -> None:
        async with opened(tmp_path) as store, await store.create() as writer:
            monkeypatch.setattr(fcntl, "flock", slow_lock)
            await writer.write(b"whole")
            assert taken
            assert await bytes_of(store, await writer.commit(), 0, 5) == b"whole"

    asyncio.run(run())


def test_litter_of_a_crash_is_removed_and_blobs_are_kept(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(tmp_path) as store:
            blob = await stored(store, b"kept")
            (tmp_path / "staging" / MISSING).write_bytes(b"in the making when the power went")
            assert await store.remove_litter() == 1
            assert await store.remove_litter() == 0
            assert [path.name for path in files_under(tmp_path)] == [blob]

    asyncio.run(run())
