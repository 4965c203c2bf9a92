"""Put and get a bucket's server access logging. To put an empty status ends it.

AWS: a target is taken whether or not it lets logs in (recorded); what it does not let in is not delivered.
Source: API Reference, PutBucketLogging, GetBucketLogging; recorded answers.
"""

from __future__ import annotations

from farshore.metadata.store import Transaction
from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.errors import (
    AccessControlListNotSupported,
    CrossLocationLoggingProhibitted,
    InvalidTargetBucketForLogging,
)
from farshore.semantics.bucket_logging import Document, check_logging
from farshore.service.access import access_of, bucket_for, still
from farshore.service.configurations import decode_document, encode_document
from farshore.service.deployment import Answer, Region, Request
from farshore.service.ownership import known_users

_US_EAST_1 = "us-east-1"


async def put_bucket_logging(request: Request) -> Answer:
    """Log the bucket's requests from now on, or no more."""
    region, bucket = bucket_for(request, "s3:PutBucketLogging")
    is_known = known_users(request.deployment).__contains__
    enabled = check_logging(request.params["BucketLoggingStatus"], is_known)
    if enabled is not None:
        _check_target(request, region, bucket, enabled)
    stored = None if enabled is None else encode_document(enabled)

    def command(tx: Transaction) -> None:
        tx.put_configuration(still(tx, bucket).id, ConfigurationKind.LOGGING, stored)

    await region.metadata.write(command)
    return Answer()


async def get_bucket_logging(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketLogging")
    stored = region.metadata.reader.configuration(bucket.id, ConfigurationKind.LOGGING)
    return Answer(output={} if stored is None else {"LoggingEnabled": decode_document(stored)})


def _check_target(request: Request, region: Region, source: Bucket, enabled: Document) -> None:
    """The target must be a bucket of the same account in the same region.

    Raises:
        InvalidTargetBucketForLogging, CrossLocationLoggingProhibitted, AccessControlListNotSupported.
    """
    name: str = enabled["TargetBucket"]
    home = request.deployment.directory.bucket_home(name)
    if home is None:
        raise InvalidTargetBucketForLogging(TargetBucket=name)
    if home.owner != source.owner:
        raise InvalidTargetBucketForLogging(
            "The owner for the bucket to be logged and the target bucket must be the same.", TargetBucket=name
        )
    if home.region != region.name:
        raise CrossLocationLoggingProhibitted(
            SourceBucketLocation=_location(region.name), TargetBucketLocation=_location(home.region)
        )
    target = region.metadata.reader.bucket(name)
    if target is None:
        raise InvalidTargetBucketForLogging(TargetBucket=name)
    access = access_of(request.deployment, region, target)
    if enabled.get("TargetGrants") and access.ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED:
        raise AccessControlListNotSupported("Target grants not allowed for bucket owner enforced buckets")


def _location(region: str) -> str | None:
    """AWS: us-east-1 has no location constraint, and is not named."""
    return None if region == _US_EAST_1 else region
