"""From a bucket's name to its region and its row; nothing is decided here (`access`)."""

from __future__ import annotations

from farshore.model.buckets import Bucket
from farshore.model.errors import NoSuchBucket, PermanentRedirect
from farshore.model.objects import Version
from farshore.service.deployment import Deployment, Region

_LOCATED_MAX = 100_000


def find_bucket(deployment: Deployment, name: str) -> tuple[Region, Bucket]:
    """A bucket by its name.

    Raises:
        NoSuchBucket, PermanentRedirect.
    """
    region = locate(deployment, name)
    bucket = region.metadata.reader.bucket(name)
    return _locate_again(deployment, name) if bucket is None else (region, bucket)


def bucket_here(deployment: Deployment, name: str) -> tuple[Region, Bucket] | None:
    """A bucket as the directory has it now; None where there is none, and where its region is not served here."""
    home = deployment.directory.bucket_home(name)
    region = None if home is None else deployment.regions.get(home.region)
    bucket = None if region is None else region.metadata.reader.bucket(name)
    return None if region is None or bucket is None else (region, bucket)


def find_version(
    deployment: Deployment, name: str, key: str, version_id: str | None
) -> tuple[Region, Bucket, Version | None]:
    """A bucket and a version of it (the current one where none is named), in one read where the bucket is known.

    What is asked for by name is asked once: another account's bucket may have the name at the next read.
    """
    region = locate(deployment, name)
    bucket, version = region.metadata.reader.find(name, key, version_id)
    if bucket is None:
        region, bucket = _locate_again(deployment, name)
        reader = region.metadata.reader
        version = reader.current(bucket.id, key) if version_id is None else reader.version(bucket.id, key, version_id)
    return region, bucket, version


def locate(deployment: Deployment, name: str) -> Region:
    """The region where the bucket was last seen, or that the directory names."""
    region = deployment.located.get(name)
    if region is not None:
        return region
    home = deployment.directory.bucket_home(name)
    if home is None:
        raise NoSuchBucket(BucketName=name)
    region = deployment.regions.get(home.region)
    if region is None:
        raise PermanentRedirect(headers={"x-amz-bucket-region": home.region}, Bucket=name, Endpoint=home.region)
    if len(deployment.located) >= _LOCATED_MAX:
        deployment.located.clear()
    deployment.located[name] = region
    return region


def _locate_again(deployment: Deployment, name: str) -> tuple[Region, Bucket]:
    """The hint was stale (bucket deleted, perhaps made anew elsewhere), or the name has no bucket (yet)."""
    deployment.located.pop(name, None)
    region = locate(deployment, name)
    bucket = region.metadata.reader.bucket(name)
    if bucket is None:
        deployment.located.pop(name, None)
        raise NoSuchBucket(BucketName=name)
    return region, bucket
