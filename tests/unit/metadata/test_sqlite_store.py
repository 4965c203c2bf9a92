"""What the SQLite driver promises beyond the port: bounds, one file when it is closed, and a log that does not grow."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import apsw
import pytest
from tests.support.metadata import OWNER, OpenStore, SqlitePlace, version

from farshore.metadata import named_sql
from farshore.metadata.sqlite_checkpoint import RESTART_PAGES
from farshore.metadata.sqlite_reader import SqliteReader
from farshore.metadata.sqlite_session import PAGE_BYTES, Session
from farshore.metadata.sqlite_writer import WAITING_MAX
from farshore.metadata.store import Reader, StoreUnavailable, Transaction
from farshore.runtime import ids


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "region.db"


def test_more_commands_than_may_wait_are_refused_and_the_rest_are_done(path: Path) -> None:
    store = OpenStore(SqlitePlace(str(path)))
    try:
        results = store.write_together(*[lambda tx: None] * (WAITING_MAX + 7))
        refused = [result for result in results if result is not None]
        assert len(refused) == 7
        assert {type(result) for result in refused} == {StoreUnavailable}
    finally:
        store.close()


def test_more_long_reads_than_may_wait_are_refused_and_the_rest_are_done(path: Path) -> None:
    store = OpenStore(SqlitePlace(str(path)))
    go_on = threading.Event()

    async def run() -> None:
        reads = [asyncio.create_task(store.port.read(lambda _reader: go_on.wait(60))) for _ in range(1024)]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="1024 reads"):
            await store.port.read(lambda reader: reader.buckets())
        go_on.set()
        assert await asyncio.gather(*reads) == [True] * 1024
        assert await store.port.read(lambda reader: reader.buckets()) == []

    try:
        store.run(run)
    finally:
        store.close()


def test_a_closed_store_leaves_everything_in_one_file(path: Path) -> None:
    store = OpenStore(SqlitePlace(str(path)))
    bucket = store.bucket()
    store.insert(*(version(bucket, f"k{number}", inline=True) for number in range(500)))
    assert path.with_name("region.db-wal").stat().st_size > 0
    store.close()
    assert not path.with_name("region.db-wal").exists()


def test_a_store_leaves_no_descriptor_and_no_thread_behind(path: Path) -> None:
    def open_now() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    before = open_now()
    for _ in range(3):
        store = OpenStore(SqlitePlace(str(path)))
        store.read(lambda reader: reader.buckets())
        store.write(lambda tx: tx.buckets())
        store.close()
    assert open_now() == before


def test_the_log_begins_anew_under_steady_writing(path: Path) -> None:
    """Three times the size at which it is to begin anew is written; the file stays below twice that size."""
    store = OpenStore(SqlitePlace(str(path)))
    try:
        bucket = store.bucket()
        body = os.urandom(1 << 20)
        longest = 0
        for number in range(3 * RESTART_PAGES * PAGE_BYTES // len(body)):
            made = version(bucket, f"k{number}", inline=True, size=len(body))
            store.write(lambda tx, made=made: tx.insert_version(made, body))
            longest = max(longest, path.with_name("region.db-wal").stat().st_size)
        assert longest < 2 * RESTART_PAGES * PAGE_BYTES
    finally:
        store.close()


def test_a_command_that_leaves_an_iterator_open_does_not_disturb_the_next(path: Path) -> None:
    store = OpenStore(SqlitePlace(str(path)))
    kept: list[object] = []

    def command(tx: Transaction) -> None:
        rows = tx.scan_current(bucket, b"", True)
        next(rows)
        kept.append(rows)

    try:
        bucket = store.bucket()
        store.insert(version(bucket, "a"), version(bucket, "b"))
        store.write(command)
        store.write(lambda tx: tx.create_bucket("later", OWNER, 1))
        assert len(store.reader.buckets()) == 2
    finally:
        store.close()


def test_a_query_that_leaves_an_iterator_open_does_not_hold_its_snapshot(path: Path) -> None:
    store = OpenStore(SqlitePlace(str(path)))
    kept: list[object] = []

    def query(reader: Reader) -> None:
        rows = reader.scan_current(bucket, b"", True)
        next(rows)
        kept.append(rows)

    try:
        bucket = store.bucket()
        store.insert(version(bucket, "a"), version(bucket, "b"))
        for _ in range(5):
            store.read(query)
        store.insert(version(bucket, "c"))
        assert store.read(lambda reader: len(list(reader.scan_current(bucket, b"", True)))) == 3
    finally:
        store.close()


@pytest.mark.parametrize("name", ["null", "absent", pytest.param(ids.version_id(5), id="made here")])
def test_a_version_id_that_is_not_there_costs_the_same_however_many_versions_the_key_has(path: Path, name: str) -> None:
    """Counted in steps of SQLite's machine."""
    store = OpenStore(SqlitePlace(str(path)))

    def steps(key: str) -> int:
        count = 0

        def step() -> bool:
            nonlocal count
            count += 1
            return False

        connection = apsw.Connection(str(path))
        connection.set_progress_handler(step, 1)
        reader = SqliteReader(Session(connection))
        assert reader.version(bucket, key, name) is None
        assert reader.find("bucket", key, name)[1] is None
        assert reader.versions([(bucket, key, name)]) == {}
        connection.close()
        return count

    try:
        bucket = store.bucket()
        for key, versions in (("few", 10), ("many", 1000)):
            stack = [
                version(bucket, key, number, ids.version_id(number), latest=False) for number in range(6, versions)
            ]
            store.insert(*stack, version(bucket, key, versions, "foreign"))
        assert steps("few") == steps("many")
    finally:
        store.close()


def test_every_query_is_named_once_and_has_its_references_resolved() -> None:
    queries = named_sql.load("read", "write")
    assert queries["bucket_by_name"].startswith("SELECT bucket.id")
    for files in (("read", "write"), ("directory", "identities")):
        for name, text in named_sql.load(*files).items():
            assert text and "{" not in text and "--" not in text and "\n" not in text, name
    with pytest.raises(ValueError, match="exists already"):
        named_sql.load("read", "read")
