"""Bucket names at the start of a server: every name has its bucket, and every bucket its name.

Directory and region are two stores: what crashed between them, or met another request there, left the one without the
other. Only while nothing serves: what is half-made then belongs to nobody.
"""

from __future__ import annotations

import structlog

from farshore.model.buckets import Bucket, BucketHome
from farshore.service.deployment import Deployment, Region

log = structlog.get_logger()


async def reconcile_names(deployment: Deployment) -> None:
    """Give up names without a bucket, and name buckets that have lost their name.

    Raises:
        StoreUnavailable.
    """
    for home in deployment.directory.all_bucket_homes():
        region = deployment.regions.get(home.region)
        if region is not None and region.metadata.reader.bucket(home.name) is None:
            log.info("released a bucket name without a bucket", bucket=home.name, region=home.region)
            await deployment.directory.release_bucket(home)
    named = frozenset(deployment.directory.all_bucket_homes())
    for region in deployment.regions.values():
        for bucket in region.metadata.reader.buckets():
            entry = BucketHome(name=bucket.name, region=region.name, owner=bucket.owner, created_us=bucket.created_us)
            if entry not in named:
                await _name(deployment, region, bucket, entry)


async def _name(deployment: Deployment, region: Region, bucket: Bucket, entry: BucketHome) -> None:
    standing = deployment.directory.bucket_home(bucket.name)
    if standing is not None and (standing.region, standing.owner) != (entry.region, entry.owner):
        log.error("a bucket's name is another's", bucket=bucket.name, region=region.name, owner=bucket.owner)
        return
    await deployment.directory.reserve_bucket(entry, over=standing)
    if standing is None:
        log.warning("a bucket that had lost its name has it again", bucket=bucket.name, region=region.name)
