"""Where a bucket is: the region where it was last seen is a hint, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.deployment import EAST, WEST, Deployed, in_deployment

from farshore.model.errors import NoSuchBucket
from farshore.service.locating import find_bucket, find_version


def test_a_bucket_that_was_seen_elsewhere_before_is_found_where_it_is(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("bucket", WEST)
        deployment = deployed.deployment
        for find in (find_bucket, lambda *_: find_version(deployment, "bucket", "key", None)[:2]):
            deployment.located["bucket"] = deployment.regions[EAST]
            region, bucket = find(deployment, "bucket")
            assert (region.name, bucket.name) == (WEST, "bucket")
            assert deployment.located["bucket"].name == WEST

    in_deployment(tmp_path, test)


def test_a_name_without_a_bucket_is_not_remembered(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        deployment = deployed.deployment
        deployment.located["bucket"] = deployment.regions[EAST]
        with pytest.raises(NoSuchBucket):
            find_bucket(deployment, "bucket")
        assert "bucket" not in deployment.located

    in_deployment(tmp_path, test)
