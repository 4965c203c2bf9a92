"""POST /-/replication/verify: compare a bucket with its destinations, line by line as it goes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from farshore.blobs.store import BlobsUnavailable
from farshore.metadata.store import StoreUnavailable
from farshore.model.buckets import Bucket
from farshore.model.errors import (
    AccessDenied,
    InvalidArgument,
    ReplicationConfigurationNotFoundError,
    ServiceUnavailable,
)
from farshore.replication.verified import Broken, Line
from farshore.replication.verify import Asked, Side, led_there, verify
from farshore.service.access import SEES_REPLICATION, bucket_for, may, require
from farshore.service.deployment import Region, Request
from farshore.service.locating import find_bucket

_ARN = "arn:aws:s3:::"
_LISTS = "s3:ListBucketVersions"


async def verify_replication(request: Request, query: Mapping[str, str]) -> AsyncGenerator[Line]:
    """Verify the destination that is named, else every one of the bucket's rules, one after the other.

    Raises:
        ReplicationConfigurationNotFoundError: no rule says where to look. NoSuchBucket: a destination is gone.
        InvalidArgument: the named bucket never was a destination: all of it would be equal, and nothing verified.
    """
    region, bucket = bucket_for(request, *SEES_REPLICATION)
    destinations = [_destination(request, name) for name in _names(request, region, bucket, query)]
    if query.get("destination"):
        for _, destination in destinations:
            if not await led_there(region, bucket, destination.name):
                raise InvalidArgument(
                    f"{destination.name} is no destination of {bucket.name}: no rule names it, and nothing went there",
                    ArgumentName="destination",
                    ArgumentValue=destination.name,
                )
    prefix = query.get("prefix", "")
    repairs = query.get("repair") == "true"
    if repairs:
        require(request, region, bucket, "s3:InitiateReplication", key=f"{prefix}*")

    def permitted(key: str, version_id: str) -> bool:
        version = region.metadata.reader.version(bucket.id, key, version_id)
        return may(request, region, bucket, "s3:InitiateReplication", key=key, version=version)

    asked = Asked(prefix=prefix, deep=query.get("deep") == "true", permitted=permitted if repairs else None)
    for destination in destinations:
        try:
            async for line in verify(request.deployment, (region, bucket), destination, asked):
                yield line
        except (StoreUnavailable, BlobsUnavailable):
            yield Broken(code=ServiceUnavailable.__name__, message=ServiceUnavailable().message)
            return


def _names(request: Request, region: Region, bucket: Bucket, query: Mapping[str, str]) -> Sequence[str]:
    named = query.get("destination")
    if named:
        return (named.removeprefix(_ARN),)
    configuration = request.deployment.configurations.get(region.metadata.reader, bucket)
    if configuration is None:
        raise ReplicationConfigurationNotFoundError(BucketName=bucket.name)
    return tuple(dict.fromkeys(rule.destination for rule in configuration.rules))


def _destination(request: Request, name: str) -> Side:
    """A destination, whose versions the caller may list: else nothing of it is told, but what is lacking."""
    region, bucket = find_bucket(request.deployment, name)
    try:
        require(request, region, bucket, _LISTS)
    except AccessDenied as refused:
        if bucket.owner == request.principal.account_id:
            raise  # It says so itself.
        raise AccessDenied(
            f"{_LISTS} on {_ARN}{name} is not permitted to you: its owner has to allow it by the bucket's policy"
        ) from refused
    return region, bucket
