"""Buckets between the directory and their region: what several requests at once leave behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import ACCOUNT, EAST, WEST, Deployed, in_deployment

from farshore.model.buckets import BucketHome
from farshore.model.errors import BucketAlreadyExists, NoSuchBucket, OperationAborted, S3Error
from farshore.service.buckets import create_bucket, delete_bucket, head_bucket, list_buckets

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
    return [entry["Name"] for entry in (await deployed.ask(list_buckets, "ListBuckets"))["Buckets"]]


def test_a_bucket_made_while_its_predecessor_is_being_deleted_keeps_its_name(tmp_path: Path) -> None:
    """The deletion has removed the old bucket in its region, and releases the name only after the new one was made."""

    async def test(deployed: Deployed) -> None:
        await deployed.ask(create_bucket, "CreateBucket", Bucket="bucket")
        held = Held(deployed.directory, "release_bucket")
        slow = deployed.request("DeleteBucket", Bucket="bucket")
        slow.deployment = deployed.deployment_of(deployed.stores, directory=held)
        deleting = asyncio.create_task(delete_bucket(slow))
        await held.waiting.wait()
        with pytest.raises(NoSuchBucket):
            await deployed.ask(head_bucket, "HeadBucket", Bucket="bucket")
        await deployed.ask(create_bucket, "CreateBucket", Bucket="bucket")
        held.go_on.set()
        await deleting
        deployed.deployment.located.clear()
        assert await deployed.ask(head_bucket, "HeadBucket", Bucket="bucket")
        assert await names(deployed) == ["bucket"]
        with pytest.raises(BucketAlreadyExists):
            await deployed.ask(create_bucket, "CreateBucket", Bucket="bucket", account=OTHER)

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
            await deployed.ask(create_bucket, "CreateBucket", Bucket="bucket", account=OTHER)
        await deployed.ask(create_bucket, "CreateBucket", Bucket="bucket")
        await deployed.directory.release_bucket(left)
        assert await names(deployed) == ["bucket"]
        assert deployed.stores[EAST].metadata.reader.bucket("bucket") is not None

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


def test_of_two_deletions_at_once_one_finds_no_bucket(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.ask(create_bucket, "CreateBucket", Bucket="bucket")
        results = await asyncio.gather(
            *(deployed.ask(delete_bucket, "DeleteBucket", Bucket="bucket") for _ in range(2)), return_exceptions=True
        )
        assert [type(result) for result in results] == [dict, NoSuchBucket]
        assert await names(deployed) == []

    in_deployment(tmp_path, test)
