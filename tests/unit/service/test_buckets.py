"""Buckets between the directory and their region: what several requests at once leave behind."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import ACCOUNT, EAST, WEST, Deployed, in_deployment
from tests.support.faults import FaultyMetadata

from farshore.metadata.store import StoreUnavailable
from farshore.model.buckets import BucketHome
from farshore.model.errors import BucketAlreadyExists, BucketNotEmpty, NoSuchBucket, OperationAborted, S3Error
from farshore.model.objects import Part, Upload
from farshore.service.buckets import create_bucket, delete_bucket
from farshore.service.deployment import Region, Request

OTHER = "444455556666"


class Held:
    """A directory around another, in which the calls of one name wait until they are let go."""

    def __init__(self, inner: Any, method: str) -> None:
        self._inner, self._method = inner, method
        self.waiting, self.go_on = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)
        if name != self._method:
            return inner

        async def held(*args: Any, **more: Any) -> Any:
            self.waiting.set()
            await self.go_on.wait()
            return await inner(*args, **more)

        return held


async def names(deployed: Deployed) -> list[str]:
    return [entry["Name"] for entry in (await deployed.s3("ListBuckets"))["Buckets"]]


def test_a_bucket_made_while_its_predecessor_is_being_deleted_keeps_its_name(tmp_path: Path) -> None:
    """The deletion has removed the old bucket in its region, and releases the name only after the new one was made."""

    async def test(deployed: Deployed) -> None:
        await deployed.s3("CreateBucket", Bucket="bucket")
        held = Held(deployed.directory, "release_bucket")
        slow = deployed.request("DeleteBucket", Bucket="bucket")
        slow.deployment = deployed.deployment_of(deployed.stores, directory=held)
        deleting = asyncio.create_task(delete_bucket(slow))
        await held.waiting.wait()
        with pytest.raises(NoSuchBucket):
            await deployed.s3("HeadBucket", Bucket="bucket")
        await deployed.s3("CreateBucket", Bucket="bucket")
        held.go_on.set()
        await deleting
        deployed.deployment.located.clear()
        assert await deployed.s3("HeadBucket", Bucket="bucket")
        assert await names(deployed) == ["bucket"]
        with pytest.raises(BucketAlreadyExists):
            await deployed.s3("CreateBucket", Bucket="bucket", account=OTHER)

    in_deployment(tmp_path, test)


def test_a_name_that_changed_hands_meanwhile_is_a_conflict(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        old = BucketHome(name="bucket", region=EAST, owner=ACCOUNT, created_us=1)
        await deployed.directory.reserve_bucket(old)

        class Changed(Held):
            async def reserve_bucket(self, home: BucketHome, *, over: BucketHome | None = None) -> BucketHome:
                if over is not None:
                    await self._inner.release_bucket(over)
                    await self._inner.reserve_bucket(BucketHome(name="bucket", region=WEST, owner=OTHER, created_us=2))
                return await self._inner.reserve_bucket(home, over=over)

        asked = deployed.request("CreateBucket", Bucket="bucket")
        asked.deployment = deployed.deployment_of(deployed.stores, directory=Changed(deployed.directory, ""))
        with pytest.raises(OperationAborted):
            await create_bucket(asked)
        assert deployed.stores[EAST].metadata.reader.buckets() == []

    in_deployment(tmp_path, test)


def test_a_name_that_a_crash_left_without_a_bucket_is_its_owners_to_use(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        left = BucketHome(name="bucket", region=EAST, owner=ACCOUNT, created_us=1)
        await deployed.directory.reserve_bucket(left)
        with pytest.raises(BucketAlreadyExists):
            await deployed.s3("CreateBucket", Bucket="bucket", account=OTHER)
        await deployed.s3("CreateBucket", Bucket="bucket")
        await deployed.directory.release_bucket(left)
        assert await names(deployed) == ["bucket"]
        assert deployed.stores[EAST].metadata.reader.bucket("bucket") is not None

    in_deployment(tmp_path, test)


@pytest.mark.parametrize("region", [EAST, WEST])
def test_a_bucket_that_has_lost_its_name_gets_it_back_from_another_who_asks_for_it(tmp_path: Path, region: str) -> None:
    """Where its bucket is; elsewhere the other gets the name."""

    async def test(deployed: Deployed) -> None:
        await deployed.s3("CreateBucket", Bucket="bucket")
        before = deployed.directory.bucket_home("bucket")
        assert before is not None
        await deployed.directory.release_bucket(before)
        deployed.deployment.located.clear()
        other: dict[str, Any] = {"Bucket": "bucket", "account": OTHER, "region": region}
        if region == EAST:
            with pytest.raises(BucketAlreadyExists):
                await deployed.s3("CreateBucket", **other)
            assert deployed.directory.bucket_home("bucket") == before
            assert await deployed.s3("HeadBucket", Bucket="bucket")
        else:
            await deployed.s3("CreateBucket", CreateBucketConfiguration={"LocationConstraint": WEST}, **other)
            assert await deployed.s3("HeadBucket", **other)

    in_deployment(tmp_path, test)


async def bucket_and_name(deployed: Deployed) -> tuple[bool, bool]:
    """Whether there is a bucket in its region, and whether the directory names it."""
    there = deployed.stores[EAST].metadata.reader.bucket("bucket")
    return there is not None, await names(deployed) == ["bucket"]


def behind(deployed: Deployed, request: Request) -> FaultyMetadata:
    """Let a request reach its region through a store that the test can hold up."""
    store = FaultyMetadata(deployed.stores[EAST].metadata)
    request.deployment = deployed.deployment_of({EAST: Region(EAST, store, deployed.stores[EAST].blobs)})
    return store


def test_a_bucket_that_is_deleted_while_it_is_created_again_leaves_none_without_a_name(tmp_path: Path) -> None:
    """CreateBucket has seen that it is there, and finds it deleted when its turn to write comes."""

    async def test(deployed: Deployed) -> None:
        await deployed.s3("CreateBucket", Bucket="bucket")
        again = deployed.request("CreateBucket", Bucket="bucket")

        async def delete_it() -> None:
            await deployed.s3("DeleteBucket", Bucket="bucket")

        behind(deployed, again).before_write = delete_it
        await create_bucket(again)
        assert (await bucket_and_name(deployed)) in ((True, True), (False, False))

    in_deployment(tmp_path, test)


def test_a_name_that_was_renewed_after_its_bucket_was_made_goes_with_the_bucket(tmp_path: Path) -> None:
    """Two make one bucket; the second, which saw none, renews the name when a deletion is under way already."""

    async def test(deployed: Deployed) -> None:
        first_writes, second_renews, renewing = asyncio.Event(), asyncio.Event(), asyncio.Event()
        first, second, last = (
            deployed.request(operation, Bucket="bucket")
            for operation in ("CreateBucket", "CreateBucket", "DeleteBucket")
        )

        class Slow(Held):
            async def reserve_bucket(self, home: BucketHome, *, over: BucketHome | None = None) -> BucketHome:
                if over is not None:
                    renewing.set()
                    await second_renews.wait()
                return await self._inner.reserve_bucket(home, over=over)

        async def second_goes_first() -> None:
            second_renews.set()
            await creating[1]

        behind(deployed, first).before_write = first_writes.wait
        second.deployment = deployed.deployment_of(deployed.stores, directory=Slow(deployed.directory, ""))
        creating = [asyncio.create_task(create_bucket(request)) for request in (first, second)]
        await renewing.wait()
        first_writes.set()
        await creating[0]
        behind(deployed, last).before_write = second_goes_first
        await delete_bucket(last)
        assert await bucket_and_name(deployed) == (False, False)

    in_deployment(tmp_path, test)


def test_of_many_who_create_and_delete_one_bucket_the_outcome_is_one_state(tmp_path: Path) -> None:
    """Whatever the order, directory and region agree in the end."""

    async def test(deployed: Deployed) -> None:
        async def churn(number: int) -> None:
            account = (ACCOUNT, OTHER)[number % 2]
            for handler, operation in ((create_bucket, "CreateBucket"), (delete_bucket, "DeleteBucket")) * 10:
                try:
                    await deployed.ask(handler, operation, Bucket="bucket", account=account)
                except S3Error:
                    continue

        await asyncio.gather(*(churn(number) for number in range(6)))
        home = deployed.directory.bucket_home("bucket")
        there = deployed.stores[EAST].metadata.reader.bucket("bucket")
        assert (home is None) == (there is None), (home, there)
        assert home is None or there is None or home.owner == there.owner

    in_deployment(tmp_path, test)


def test_many_uploads_are_aborted_a_few_at_a_time_and_then_the_bucket_is_gone(tmp_path: Path) -> None:
    """A writer's command, during which all others wait, stays short; what crashed or is refused may be asked again."""

    async def test(deployed: Deployed) -> None:
        bucket_id = await deployed.bucket("bucket")
        uploads = 1000

        def upload_all(tx: Any) -> None:
            for number in range(uploads):
                upload_id = f"upload-{number:04}"
                tx.create_upload(
                    Upload(
                        bucket_id=bucket_id,
                        key=f"key-{number:04}",
                        upload_id=upload_id,
                        created_us=1,
                        owner=ACCOUNT,
                        initiator=ACCOUNT,
                        storage_class="STANDARD",
                    )
                )
                tx.put_part(upload_id, Part(1, 5, "etag", f"blob-{number:04}", None, 1))

        await deployed.stores[EAST].metadata.write(upload_all)
        store = FaultyMetadata(deployed.stores[EAST].metadata)
        left: list[int] = []

        def count() -> None:
            left.append(len(list(store.reader.scan_uploads(bucket_id, b"", True))))
            if len(left) == 3:
                raise StoreUnavailable("killed")

        store.after_write = count
        request = deployed.request("DeleteBucket", Bucket="bucket")
        request.deployment = deployed.deployment_of({EAST: Region(EAST, store, deployed.stores[EAST].blobs)})
        with pytest.raises(StoreUnavailable):
            await delete_bucket(request)
        assert await names(deployed) == ["bucket"], (
            "a crash between leaves the bucket, and it is deleted when asked again"
        )
        await delete_bucket(request)
        steps = [before - after for before, after in itertools.pairwise([uploads, *left])]
        assert sum(steps) == uploads
        assert max(steps) <= 128
        assert await names(deployed) == []
        garbage = await deployed.stores[EAST].metadata.write(lambda tx: tx.garbage(2**62, 2 * uploads))
        assert len(garbage) == uploads

    in_deployment(tmp_path, test)


def test_an_object_that_is_written_while_uploads_are_aborted_keeps_its_bucket(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket")
        for number in range(300):
            await deployed.s3("CreateMultipartUpload", Bucket="bucket", Key=f"{number}")
        store = FaultyMetadata(deployed.stores[EAST].metadata)
        written: list[str] = []

        async def write() -> None:
            if len(written) == 1:
                await deployed.put("bucket", "key")
            written.append("")

        store.before_write = write
        request = deployed.request("DeleteBucket", Bucket="bucket")
        request.deployment = deployed.deployment_of({EAST: Region(EAST, store, deployed.stores[EAST].blobs)})
        with pytest.raises(BucketNotEmpty):
            await delete_bucket(request)
        assert await names(deployed) == ["bucket"]
        await deployed.s3("HeadObject", Bucket="bucket", Key="key")

    in_deployment(tmp_path, test)


def test_of_two_deletions_at_once_one_finds_no_bucket(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.s3("CreateBucket", Bucket="bucket")
        results = await asyncio.gather(
            *(deployed.s3("DeleteBucket", Bucket="bucket") for _ in range(2)), return_exceptions=True
        )
        assert [type(result) for result in results] == [dict, NoSuchBucket]
        assert await names(deployed) == []

    in_deployment(tmp_path, test)
