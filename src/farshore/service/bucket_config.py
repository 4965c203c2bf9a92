"""Versioning and tags of a bucket, and the reads of what is not configured.

Source: API Reference, PutBucketVersioning, GetBucketVersioning, PutBucketTagging; recorded answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from farshore.metadata.store import Transaction
from farshore.model import errors
from farshore.model.buckets import ConfigurationKind
from farshore.model.errors import NoSuchTagSet, S3Error
from farshore.semantics import tagging
from farshore.semantics.versioning import versioning_change
from farshore.service.access import bucket_for, still
from farshore.service.deployment import Answer, Params, Request
from farshore.service.object_tagging import tag_set

Handler = Callable[[Request], Awaitable[Answer]]

_TAGS = msgspec.msgpack.Decoder(dict[str, str])


async def put_bucket_versioning(request: Request) -> Answer:
    """Enable or suspend versioning. A bucket with a replication configuration cannot be suspended."""
    document: Params = request.params["VersioningConfiguration"]
    versioning_change(document, replicated=False)
    region, bucket = bucket_for(request, "s3:PutBucketVersioning")

    def command(tx: Transaction) -> None:
        now = still(tx, bucket)
        replicated = tx.configuration(now.id, ConfigurationKind.REPLICATION) is not None
        status = versioning_change(document, replicated=replicated)
        if now.versioning is not status:
            tx.set_versioning(now.id, status)

    await region.metadata.write(command)
    return Answer()


async def get_bucket_versioning(request: Request) -> Answer:
    _, bucket = bucket_for(request, "s3:GetBucketVersioning")
    return Answer(output={"Status": bucket.versioning.value} if bucket.versioning else {})


async def put_bucket_tagging(request: Request) -> Answer:
    tags = tagging.check_tag_set(request.params["Tagging"].get("TagSet", []), limit=tagging.BUCKET_TAGS_MAX)
    region, bucket = bucket_for(request, "s3:PutBucketTagging")
    await region.metadata.write(lambda tx: store_tags(tx, still(tx, bucket).id, tags))
    return Answer(status=204)


async def get_bucket_tagging(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketTagging")
    stored = region.metadata.reader.configuration(bucket.id, ConfigurationKind.TAGGING)
    if stored is None:
        raise NoSuchTagSet(BucketName=bucket.name)
    return Answer(output={"TagSet": tag_set(_TAGS.decode(stored))})


async def delete_bucket_tagging(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:PutBucketTagging")
    await region.metadata.write(lambda tx: store_tags(tx, still(tx, bucket).id, {}))
    return Answer()


def store_tags(tx: Transaction, bucket_id: int, tags: dict[str, str]) -> None:
    """Inside a command: replace the bucket's tags."""
    tx.put_configuration(bucket_id, ConfigurationKind.TAGGING, msgspec.msgpack.encode(tags) if tags else None)


def _answers(action: str, output: Params) -> Handler:
    """A read of something that is never configured here, which AWS answers with an empty or default document."""

    async def read(request: Request) -> Answer:
        bucket_for(request, action)
        return Answer(output=dict(output))

    return read


def _refuses(action: str, error: type[S3Error]) -> Handler:
    """A read of something that is never configured here, which AWS answers with an error of its own."""

    async def read(request: Request) -> Answer:
        _, bucket = bucket_for(request, action)
        raise error(BucketName=bucket.name)

    return read


NOT_CONFIGURED: dict[str, Handler] = {
    "GetBucketAccelerateConfiguration": _answers("s3:GetAccelerateConfiguration", {}),
    "GetBucketCors": _refuses("s3:GetBucketCORS", errors.NoSuchCORSConfiguration),
    "GetBucketEncryption": _refuses(
        "s3:GetEncryptionConfiguration", errors.ServerSideEncryptionConfigurationNotFoundError
    ),
    "GetBucketLifecycleConfiguration": _refuses("s3:GetLifecycleConfiguration", errors.NoSuchLifecycleConfiguration),
    "GetBucketRequestPayment": _answers("s3:GetBucketRequestPayment", {"Payer": "BucketOwner"}),
    "GetBucketWebsite": _refuses("s3:GetBucketWebsite", errors.NoSuchWebsiteConfiguration),
    "GetObjectLockConfiguration": _refuses(
        "s3:GetBucketObjectLockConfiguration", errors.ObjectLockConfigurationNotFoundError
    ),
    "ListBucketAnalyticsConfigurations": _answers("s3:GetAnalyticsConfiguration", {"IsTruncated": False}),
    "ListBucketIntelligentTieringConfigurations": _answers(
        "s3:GetIntelligentTieringConfiguration", {"IsTruncated": False}
    ),
    "ListBucketInventoryConfigurations": _answers("s3:GetInventoryConfiguration", {"IsTruncated": False}),
    "ListBucketMetricsConfigurations": _answers("s3:GetMetricsConfiguration", {"IsTruncated": False}),
}
"""Reads of sub-resources that cannot be set (their writes answer NotImplemented), as AWS answers them when unset."""
