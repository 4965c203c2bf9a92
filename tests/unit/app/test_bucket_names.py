"""Names and buckets that a crash left apart agree once the server has started, and after a while without a start."""

from __future__ import annotations

from pathlib import Path

from tests.support.deployment import ACCOUNT, EAST, STRANGER, WEST, Deployed, in_deployment
from tests.support.logs import captured_logs

from farshore.app.bucket_names import OLD_S, mend_old_names, reconcile_names, tell_unserved
from farshore.model.buckets import BucketHome


def home(created_us: int = 1) -> BucketHome:
    return BucketHome(name="bucket", region=EAST, owner=ACCOUNT, created_us=created_us)


async def rename(deployed: Deployed, entry: BucketHome | None) -> None:
    """Let the name of the bucket stand so in the directory, whatever its region says."""
    standing = deployed.directory.bucket_home("bucket")
    assert standing is not None
    await deployed.directory.release_bucket(standing)
    if entry is not None:
        await deployed.directory.reserve_bucket(entry)


def test_a_name_without_a_bucket_is_free_again(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.directory.reserve_bucket(home())
        await deployed.bucket("other")
        await reconcile_names(deployed.deployment)
        assert [found.name for found in deployed.directory.all_bucket_homes()] == ["other"]

    in_deployment(tmp_path, test)


def test_buckets_of_a_region_that_is_not_served_are_told(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket")
        for name in ("far", "further"):
            await deployed.directory.reserve_bucket(BucketHome(name=name, region="mars", owner=ACCOUNT, created_us=1))
        with captured_logs() as logs:
            tell_unserved(deployed.deployment, deployed.directory.all_bucket_homes())
        assert logs.events == ["buckets are in a region that is not served"]
        assert (logs.entries[0]["region"], logs.entries[0]["buckets"]) == ("mars", 2)

    in_deployment(tmp_path, test)


def test_a_bucket_that_has_lost_its_name_has_it_again(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket")
        await deployed.put("bucket", "k")
        before = deployed.directory.bucket_home("bucket")
        await rename(deployed, None)
        with captured_logs() as logs:
            await reconcile_names(deployed.deployment)
            await reconcile_names(deployed.deployment)
        assert deployed.directory.bucket_home("bucket") == before
        assert logs.events == ["a bucket that had lost its name has it again"]
        assert (await deployed.s3("HeadObject", Bucket="bucket", Key="k"))["ContentLength"] == 4

    in_deployment(tmp_path, test)


def test_a_name_of_another_time_than_its_bucket_goes_with_the_bucket(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket")
        await rename(deployed, home(created_us=7))
        await reconcile_names(deployed.deployment)
        await deployed.s3("DeleteBucket", Bucket="bucket")
        assert deployed.directory.bucket_home("bucket") is None

    in_deployment(tmp_path, test)


def test_a_name_that_another_has_taken_is_left_to_it_and_told(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket")
        await rename(deployed, None)
        await deployed.bucket("bucket", WEST, owner=STRANGER)
        with captured_logs() as logs:
            await reconcile_names(deployed.deployment)
        found = deployed.directory.bucket_home("bucket")
        assert found is not None
        assert (found.region, found.owner) == (WEST, STRANGER)
        assert logs.events == ["a bucket's name is another's"]

    in_deployment(tmp_path, test)


def test_while_requests_are_served_only_what_is_old_is_mended(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        now_us = deployed.clock.now_us()
        await deployed.directory.reserve_bucket(
            BucketHome(name="being-made", region=EAST, owner=ACCOUNT, created_us=now_us)
        )
        await deployed.bucket("bucket")
        await rename(deployed, None)

        async def names() -> list[str]:
            await mend_old_names(deployed.deployment)
            return sorted(found.name for found in deployed.directory.all_bucket_homes())

        assert await names() == ["being-made"]
        deployed.clock.move(OLD_S)
        assert await names() == ["being-made"]
        deployed.clock.move(1)
        assert await names() == ["bucket"]

    in_deployment(tmp_path, test)


def test_a_name_that_a_request_has_just_renewed_is_left_to_it(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket")
        deployed.clock.move(OLD_S + 1)
        renewed = home(deployed.clock.now_us())
        await rename(deployed, renewed)
        await mend_old_names(deployed.deployment)
        assert deployed.directory.bucket_home("bucket") == renewed

    in_deployment(tmp_path, test)
