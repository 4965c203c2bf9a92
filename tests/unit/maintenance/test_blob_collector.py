"""What the collector of unused blobs deletes, and what it must not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.bodies import FaultyBlobs, files_under

from farshore.blobs.filesystem import FilesystemBlobStore
from farshore.blobs.store import BlobStore, BlobsUnavailable
from farshore.maintenance.blob_collector import BlobCollector
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.model.objects import Part, Upload, Version

OWNER = "111122223333"
HOUR_US = 3600 * 1_000_000


class Region:
    """A region's stores, and a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "blobs"
        self.metadata = SqliteMetadataStore.open(folder / "meta" / "region.db", "us-east-1")
        self.blobs = FilesystemBlobStore.open(self.folder)
        self.clock_us = time.time_ns() // 1000

    def now_us(self) -> int:
        return self.clock_us

    def collector(self, blobs: BlobStore | None = None) -> BlobCollector:
        return BlobCollector(self.metadata, blobs or self.blobs, self)

    async def blob(self) -> str:
        async with await self.blobs.create() as writer:
            await writer.write(b"data")
            return await writer.commit()

    def left(self) -> set[str]:
        return {path.name for path in files_under(self.folder)}

    async def close(self) -> None:
        await self.metadata.close()
        await self.blobs.close()


def in_region(folder: Path, test: Callable[[Region], Awaitable[None]]) -> None:
    async def run() -> None:
        region = Region(folder)
        try:
            await test(region)
        finally:
            await region.close()

    asyncio.run(run())


async def make_version(region: Region, blob: str) -> None:
    bucket = await region.metadata.write(lambda tx: tx.create_bucket(f"bucket-{blob}", OWNER, 1))
    version = Version(bucket_id=bucket.id, key="k", version_id="v", created_us=1, owner=OWNER, size=4, blob=blob)
    await region.metadata.write(lambda tx: tx.insert_version(version, None))


async def make_part(region: Region, blob: str) -> None:
    bucket = await region.metadata.write(lambda tx: tx.create_bucket(f"bucket-{blob}", OWNER, 1))
    upload = Upload(bucket_id=bucket.id, key="k", upload_id="u", created_us=1, owner=OWNER, initiator=OWNER)
    await region.metadata.write(lambda tx: tx.create_upload(upload))
    await region.metadata.write(lambda tx: tx.put_part("u", Part(1, 4, "etag", blob)))


def test_garbage_is_deleted_after_its_grace_and_not_before(tmp_path: Path) -> None:
    async def test(region: Region) -> None:
        old, young = await region.blob(), await region.blob()
        await region.metadata.write(lambda tx: tx.add_garbage([old], region.clock_us - HOUR_US - 1))
        await region.metadata.write(lambda tx: tx.add_garbage([young], region.clock_us - HOUR_US))
        assert await region.collector().collect_garbage() == 1
        assert region.left() == {young}
        assert await region.collector().collect_garbage() == 0
        region.clock_us += 1
        assert await region.collector().collect_garbage() == 1
        assert region.left() == set()

    in_region(tmp_path, test)


def test_garbage_that_is_referred_to_is_kept_and_forgotten(tmp_path: Path) -> None:
    async def test(region: Region) -> None:
        used, unused = await region.blob(), await region.blob()
        await make_version(region, used)
        await region.metadata.write(lambda tx: tx.add_garbage([used, unused], 0))
        assert await region.collector().collect_garbage() == 1
        assert region.left() == {used}
        assert await region.metadata.write(lambda tx: tx.garbage(region.clock_us, 10)) == []

    in_region(tmp_path, test)


def test_more_garbage_than_a_batch_is_deleted_in_one_pass(tmp_path: Path) -> None:
    async def test(region: Region) -> None:
        names = [f"{number:032x}" for number in range(1500)]
        blob = await region.blob()
        await region.metadata.write(lambda tx: tx.add_garbage([*names, blob], 0))
        assert await region.collector().collect_garbage() == 1501
        assert region.left() == set()

    in_region(tmp_path, test)


def test_garbage_stays_listed_while_the_disk_does_not_delete_it(tmp_path: Path) -> None:
    async def test(region: Region) -> None:
        blob = await region.blob()
        await region.metadata.write(lambda tx: tx.add_garbage([blob], 0))
        faulty = FaultyBlobs(region.blobs)
        faulty.fails = {"delete"}
        with pytest.raises(BlobsUnavailable):
            await region.collector(faulty).collect_garbage()
        assert await region.collector().collect_garbage() == 1

    in_region(tmp_path, test)


def test_an_orphan_older_than_a_day_becomes_garbage_and_all_else_stays(tmp_path: Path) -> None:
    async def test(region: Region) -> None:
        version, part, orphan = await region.blob(), await region.blob(), await region.blob()
        await make_version(region, version)
        await make_part(region, part)
        region.clock_us += 23 * HOUR_US
        assert await region.collector().find_orphans() == 0
        region.clock_us += 2 * HOUR_US
        assert await region.collector().find_orphans() == 1
        assert await region.collector().collect_garbage() == 0
        assert region.left() == {version, part, orphan}
        region.clock_us += HOUR_US + 1
        assert await region.collector().collect_garbage() == 1
        assert region.left() == {version, part}

    in_region(tmp_path, test)


def test_finding_an_orphan_again_does_not_put_off_its_end(tmp_path: Path) -> None:
    async def test(region: Region) -> None:
        await region.blob()
        region.clock_us += 25 * HOUR_US
        await region.collector().find_orphans()
        region.clock_us += HOUR_US
        await region.collector().find_orphans()
        region.clock_us += 1
        assert await region.collector().collect_garbage() == 1
        assert region.left() == set()

    in_region(tmp_path, test)
