"""Bucket names that agree with buckets: every name has its bucket, and every bucket its name.

Directory and region are two stores: what crashed between them, or met another request there, left the one without the
other. At the start of a server nothing serves, and what is half-made belongs to nobody. Later it may belong to a
request that is under way, so that only what is old is mended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import structlog

from farshore.model.buckets import Bucket, BucketHome
from farshore.service.deployment import Deployment, Region

OLD_S = 600.0
"""No request takes so long from a name to its bucket. One that does leaves what is mended the next time."""

log = structlog.get_logger()


async def mend_old_names(deployment: Deployment) -> int:
    """`reconcile_names` while requests are served. Returns 0."""
    await reconcile_names(deployment, before_us=deployment.clock.now_us() - int(OLD_S * 1e6))
    return 0


async def reconcile_names(deployment: Deployment, *, before_us: int = 2**62) -> list[BucketHome]:
    """Give up names without a bucket, and name buckets that have lost their name.

    Args:
        before_us: names and buckets that were made later are left as they are.
    Returns:
        The names as they were found.
    Raises:
        StoreUnavailable.
    """
    homes = deployment.directory.all_bucket_homes()  # Before the buckets: a bucket's name is there before it is.
    named = frozenset(homes)
    for region in deployment.regions.values():
        buckets = await region.metadata.read(lambda reader: reader.buckets())
        there = frozenset(bucket.name for bucket in buckets)
        for home in homes:
            if home.region == region.name and home.name not in there and home.created_us < before_us:
                log.info("released a bucket name without a bucket", bucket=home.name, region=home.region)
                await deployment.directory.release_bucket(home)
        for bucket in buckets:
            if _entry(region, bucket) not in named and bucket.created_us < before_us:
                await _name(deployment, region, bucket, before_us)
    return homes


def tell_unserved(deployment: Deployment, homes: Iterable[BucketHome]) -> None:
    """Warn of buckets in regions that are not served, as when a server is started without its earlier settings."""
    elsewhere = Counter(home.region for home in homes if home.region not in deployment.regions)
    for region, buckets in sorted(elsewhere.items()):
        log.warning("buckets are in a region that is not served", region=region, buckets=buckets)


async def _name(deployment: Deployment, region: Region, bucket: Bucket, before_us: int) -> None:
    entry = _entry(region, bucket)
    standing = deployment.directory.bucket_home(bucket.name)
    if standing == entry or region.metadata.reader.bucket(bucket.name) != bucket:
        return  # It was under way.
    if standing is not None and standing.created_us >= before_us:
        return
    if standing is not None and (standing.region, standing.owner) != (entry.region, entry.owner):
        log.error("a bucket's name is another's", bucket=bucket.name, region=region.name, owner=bucket.owner)
        return
    await deployment.directory.reserve_bucket(entry, over=standing)
    if standing is None:
        log.warning("a bucket that had lost its name has it again", bucket=bucket.name, region=region.name)


def _entry(region: Region, bucket: Bucket) -> BucketHome:
    return BucketHome(name=bucket.name, region=region.name, owner=bucket.owner, created_us=bucket.created_us)
