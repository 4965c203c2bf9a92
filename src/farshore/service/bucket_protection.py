"""Block Public Access and object ownership of a bucket.

New buckets have every switch on and enforce their owner, as on AWS since April 2023. Deleting a configuration is not
the same as its never having been set: then nothing is blocked, and objects belong to who wrote them.
Source: API Reference, PutPublicAccessBlock, PutBucketOwnershipControls and their reads and deletions; User Guide,
"Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

from farshore.metadata.store import Transaction
from farshore.model.access_control import ObjectOwnership, PublicAccessBlock
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.errors import (
    InvalidBucketAclWithObjectOwnership,
    MalformedXML,
    NoSuchPublicAccessBlockConfiguration,
    OwnershipControlsNotFoundError,
)
from farshore.service.access import bucket_for, still
from farshore.service.bucket_access import (
    REMOVED,
    encode_block,
    owner_grants,
    stored_block,
    stored_grants,
    stored_ownership,
)
from farshore.service.deployment import Answer, Params, Region, Request

_SWITCHES = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


async def put_public_access_block(request: Request) -> Answer:
    """Set the four switches; one that is not named is off."""
    region, bucket = bucket_for(request, "s3:PutBucketPublicAccessBlock")
    block = block_of_document(request.params["PublicAccessBlockConfiguration"])
    await _store(region, bucket, ConfigurationKind.PUBLIC_ACCESS_BLOCK, encode_block(block))
    return Answer()


async def get_public_access_block(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketPublicAccessBlock")
    block = stored_block(region.metadata.reader, bucket)
    if block is None:
        raise NoSuchPublicAccessBlockConfiguration(BucketName=bucket.name)
    return Answer(output={"PublicAccessBlockConfiguration": shown_block(block)})


async def delete_public_access_block(request: Request) -> Answer:
    """Nothing is blocked from now on."""
    region, bucket = bucket_for(request, "s3:PutBucketPublicAccessBlock")
    await _store(region, bucket, ConfigurationKind.PUBLIC_ACCESS_BLOCK, REMOVED)
    return Answer()


async def put_bucket_ownership_controls(request: Request) -> Answer:
    """Say who owns what is written, and whether ACLs count. ACLs that stop counting are kept."""
    region, bucket = bucket_for(request, "s3:PutBucketOwnershipControls")
    ownership = object_ownership(request.params["OwnershipControls"])

    def command(tx: Transaction) -> None:
        now = still(tx, bucket)
        enforced = ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED
        if enforced and stored_grants(tx, now) != owner_grants(now.owner):
            raise InvalidBucketAclWithObjectOwnership()
        tx.put_configuration(now.id, ConfigurationKind.OWNERSHIP, ownership.value.encode())

    await region.metadata.write(command)
    return Answer()


async def get_bucket_ownership_controls(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketOwnershipControls")
    ownership = stored_ownership(region.metadata.reader, bucket)
    if ownership is None:
        raise OwnershipControlsNotFoundError(BucketName=bucket.name)
    return Answer(output={"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership.value}]}})


async def delete_bucket_ownership_controls(request: Request) -> Answer:
    """Objects belong to their writers from now on."""
    region, bucket = bucket_for(request, "s3:PutBucketOwnershipControls")
    await _store(region, bucket, ConfigurationKind.OWNERSHIP, REMOVED)
    return Answer()


def block_of_document(document: Params) -> PublicAccessBlock:
    """A PublicAccessBlockConfiguration; a switch that is not named is off."""
    return PublicAccessBlock(**{field: bool(document.get(member, False)) for member, field in _SWITCHES.items()})


def shown_block(block: PublicAccessBlock) -> Params:
    """As a PublicAccessBlockConfiguration."""
    return {member: getattr(block, field) for member, field in _SWITCHES.items()}


def object_ownership(document: Params) -> ObjectOwnership:
    """The one rule of an OwnershipControls document. Raises MalformedXML."""
    rules: list[Params] = document.get("Rules", [])
    values = [rule.get("ObjectOwnership") for rule in rules]
    if len(values) != 1 or values[0] not in frozenset(ObjectOwnership):
        raise MalformedXML()
    return ObjectOwnership(values[0])


async def _store(region: Region, bucket: Bucket, kind: ConfigurationKind, stored: bytes) -> None:
    def command(tx: Transaction) -> None:
        tx.put_configuration(still(tx, bucket).id, kind, stored)

    await region.metadata.write(command)
