"""Buckets: create, head, delete, list, location.

Source: API Reference, CreateBucket, HeadBucket, DeleteBucket, ListBuckets, GetBucketLocation; recorded answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import msgspec

from farshore.metadata.store import Transaction
from farshore.model import errors
from farshore.model.access import canonical_user_id
from farshore.model.access_control import Grant, ObjectOwnership
from farshore.model.buckets import Bucket, BucketHome, ConfigurationKind
from farshore.model.errors import (
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    IllegalLocationConstraintException,
    InvalidArgument,
    InvalidBucketAclWithBlockPublicAccessError,
    InvalidLocationConstraint,
    OperationAborted,
)
from farshore.semantics import access_control, listing, naming, tagging
from farshore.service import bucket_config
from farshore.service.access import ALL_BUCKETS, bucket_for, require_in_account, still
from farshore.service.bucket_access import encode_grants
from farshore.service.deployment import Answer, Deployment, Params, Region, Request
from farshore.service.multipart import throw_away
from farshore.service.ownership import known_users

_LISTED_MAX = 10_000
_ABORTED_IN_A_COMMAND = 256
"""Uploads and parts that one command removes, during which other writes wait; of a single upload all."""

_US_EAST_1 = "us-east-1"
_EU_WEST_1 = "eu-west-1"


@dataclass(frozen=True, slots=True)
class _New:
    """What a new bucket begins with. ownership, grants: None for the defaults. location: another name than the region's
    that it was asked for by, and is answered with."""

    tags: dict[str, str]
    ownership: ObjectOwnership | None
    grants: tuple[Grant, ...] | None
    location: str | None


async def create_bucket(request: Request) -> Answer:
    """Reserve the name in the directory, then make the bucket in its region.

    A crash between the two leaves a reserved name without a bucket: the owner's next CreateBucket mends it, or what the
    server does now and again (`app/bucket_names.py`). A bucket has the time of its entry, so that whoever deletes the
    one gives up the other, and no entry that was made meanwhile.
    """
    params = request.params
    name: str = params["Bucket"]
    for action in _create_actions(params):
        require_in_account(request, action, f"arn:aws:s3:::{name}")
    naming.check_bucket_name(name)
    ownership, grants = _ownership_of_new(request)
    if params.get("ObjectLockEnabledForBucket"):
        raise errors.NotImplemented(Header="x-amz-bucket-object-lock-enabled")
    region = _region_of_new(request)
    asked: list[Params] = params.get("CreateBucketConfiguration", {}).get("Tags", [])
    tags = tagging.check_tag_set(asked, limit=tagging.BUCKET_TAGS_MAX)
    home = BucketHome(name=name, region=region.name, owner=request.principal.account_id, created_us=request.now_us)
    standing = await request.deployment.directory.reserve_bucket(home)
    if standing.owner != home.owner:
        raise BucketAlreadyExists(BucketName=name)
    entry = home if standing == home else await _take_over(request, standing)
    new = _New(tags, ownership, grants, "EU" if _constraint(params) == "EU" else None)
    made = entry is not None and await _insert(request, request.deployment.regions[entry.region], entry, new)
    if not made and (request.region, standing.region) != (_US_EAST_1, _US_EAST_1):
        # AWS: there, creating one's own bucket again answers 200.
        raise BucketAlreadyOwnedByYou(BucketName=name)
    location = f"/{name}" if region.name == _US_EAST_1 else f"http://{name}.s3.amazonaws.com/"
    return Answer(output={"Location": location, "BucketArn": f"arn:aws:s3:::{name}"})


async def _take_over(request: Request, standing: BucketHome) -> BucketHome | None:
    """The caller's own entry, which stood already, renewed where it has no bucket: a DeleteBucket that has removed the
    bucket, and is about to release the entry, then leaves the new one alone.

    Returns None where the bucket is there, as far as can be seen: it may be deleted at any time, and its entry with it,
    so that nothing may be made under this one.
    """
    region = request.deployment.regions.get(standing.region)
    if region is None or region.metadata.reader.bucket(standing.name) is not None:
        return None
    renewed = msgspec.structs.replace(standing, created_us=max(request.now_us, standing.created_us + 1))
    now = await request.deployment.directory.reserve_bucket(renewed, over=standing)
    if now != renewed:
        raise OperationAborted()
    return renewed


def _create_actions(params: Params) -> list[str]:
    """What a caller must be permitted to create a bucket as the request describes it."""
    actions = ["s3:CreateBucket"]
    if access_control.has_acl(params):
        actions.append("s3:PutBucketAcl")
    if "ObjectOwnership" in params:
        actions.append("s3:PutBucketOwnershipControls")
    if params.get("CreateBucketConfiguration", {}).get("Tags"):
        actions.append("s3:TagResource")
    return actions


def _ownership_of_new(request: Request) -> tuple[ObjectOwnership | None, tuple[Grant, ...] | None]:
    """The ownership and the ACL that a request asks for, None for the defaults.

    Raises:
        InvalidBucketAclWithObjectOwnership: an ACL where the owner is enforced, as it is by default.
        InvalidBucketAclWithBlockPublicAccessError: a public one, since new buckets block them.
    """
    params = request.params
    asked: str | None = params.get("ObjectOwnership")
    if asked is not None and asked not in frozenset(ObjectOwnership):
        raise InvalidArgument(
            f"Invalid x-amz-object-ownership header: {asked}",
            ArgumentName="x-amz-object-ownership",
            ArgumentValue=asked,
        )
    if asked is None or asked == ObjectOwnership.BUCKET_OWNER_ENFORCED:
        access_control.check_bucket_acl(params)
        return None, None
    owner = canonical_user_id(request.principal.account_id)
    is_known = known_users(request.deployment).__contains__
    grants = access_control.bucket_grants(params, owner=owner, is_known=is_known)
    if grants is not None and any(grant.is_public for grant in grants):
        raise InvalidBucketAclWithBlockPublicAccessError()
    return ObjectOwnership(asked), grants


async def _insert(request: Request, region: Region, entry: BucketHome, new: _New) -> bool:
    """Make the bucket of an entry that the caller has just made, unless one is there. Returns whether it did.

    Raises:
        BucketAlreadyExists: another's is there, which had lost its name, and has it again.
    """

    def command(tx: Transaction) -> bool | Bucket:
        there = tx.bucket(entry.name)
        if there is not None and there.owner != entry.owner:
            return there
        if there is not None:
            # Another request made it under the entry that this one has renewed.
            tx.set_created(there.id, max(there.created_us, entry.created_us))
            return False
        made = tx.create_bucket(entry.name, entry.owner, entry.created_us)
        if new.tags:
            bucket_config.store_tags(tx, made.id, new.tags)
        if new.ownership is not None:
            tx.put_configuration(made.id, ConfigurationKind.OWNERSHIP, new.ownership.value.encode())
        if new.grants is not None:
            tx.put_configuration(made.id, ConfigurationKind.ACL, encode_grants(new.grants))
        if new.location is not None:
            tx.put_configuration(made.id, ConfigurationKind.LOCATION, new.location.encode())
        return True

    made = await region.metadata.write(command)
    if isinstance(made, Bucket):
        rightful = msgspec.structs.replace(entry, owner=made.owner, created_us=made.created_us)
        await request.deployment.directory.reserve_bucket(rightful, over=entry)
        raise BucketAlreadyExists(BucketName=entry.name)
    return made


def _constraint(params: Params) -> str | None:
    """The LocationConstraint; an empty one is none (recorded)."""
    return params.get("CreateBucketConfiguration", {}).get("LocationConstraint") or None


def _region_of_new(request: Request) -> Region:
    """The region asked for by LocationConstraint, or by the endpoint (the region that the request was signed for)."""
    deployment = request.deployment
    constraint = _constraint(request.params)
    name = _EU_WEST_1 if constraint == "EU" else constraint
    if request.region != _US_EAST_1:
        if constraint is None:
            raise IllegalLocationConstraintException()
        if name != request.region:
            raise IllegalLocationConstraintException(
                f"The {constraint} location constraint is incompatible for the region specific endpoint "
                "this request was sent to."
            )
    elif name == _US_EAST_1 or (name is not None and name not in deployment.regions):
        raise InvalidLocationConstraint(LocationConstraint=constraint)
    region = deployment.regions.get(name or request.region)
    if region is None:
        raise InvalidLocationConstraint(LocationConstraint=constraint or request.region)
    return region


async def head_bucket(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:ListBucket")
    return Answer(
        output={"BucketRegion": region.name, "BucketArn": f"arn:aws:s3:::{bucket.name}", "AccessPointAlias": False},
        headers={"Content-Type": "application/xml"},  # AWS: though there is no body (recorded).
    )


async def get_bucket_location(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketLocation")
    if region.name == _US_EAST_1:
        return Answer()
    asked = region.metadata.reader.configuration(bucket.id, ConfigurationKind.LOCATION)
    return Answer(output={"LocationConstraint": region.name if asked is None else asked.decode()})


async def delete_bucket(request: Request) -> Answer:
    """Delete an empty bucket: first in its region, then its name. Multipart uploads in progress are aborted.

    Many uploads are aborted in several commands. A crash, or an object that is written between two of them, leaves the
    bucket as it is, without the uploads that are gone already.
    """
    region, bucket = bucket_for(request, "s3:DeleteBucket")
    deleted: Bucket | None = None
    while deleted is None:
        deleted = await region.metadata.write(lambda tx: _delete_or_abort_some(tx, bucket, request.now_us))
    request.deployment.located.pop(bucket.name, None)
    entry = BucketHome(name=deleted.name, region=region.name, owner=deleted.owner, created_us=deleted.created_us)
    await request.deployment.directory.release_bucket(entry)
    return Answer()


def _delete_or_abort_some(tx: Transaction, bucket: Bucket, now_us: int) -> Bucket | None:
    """Inside a command: abort uploads, up to a bound, and delete the bucket if none are left; returns it if so."""
    now = still(tx, bucket)
    if tx.has_versions(bucket.id):
        raise _not_empty(bucket)
    removed = 0
    for upload in list(islice(tx.scan_uploads(bucket.id, b"", True), _ABORTED_IN_A_COMMAND)):
        removed += 1 + throw_away(tx, upload, now_us)
        if removed >= _ABORTED_IN_A_COMMAND:
            return None
    tx.delete_bucket(bucket.id)
    return now


def _not_empty(bucket: Bucket) -> BucketNotEmpty:
    if bucket.versioning:
        message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
        return BucketNotEmpty(message, BucketName=bucket.name)
    return BucketNotEmpty(BucketName=bucket.name)


async def list_buckets(request: Request) -> Answer:
    """The caller's buckets by name; `BucketRegion` filters, and is named in the answer, only when asked for."""
    require_in_account(request, "s3:ListAllMyBuckets", ALL_BUCKETS)
    params = request.params
    limit: int = params.get("MaxBuckets", _LISTED_MAX)
    if not 1 <= limit <= _LISTED_MAX:
        raise InvalidArgument(
            f"Argument max-buckets must be an integer between 1 and {_LISTED_MAX}",
            ArgumentName="max-buckets",
            ArgumentValue=limit,
        )
    token: str | None = params.get("ContinuationToken")
    prefix: str = params.get("Prefix", "")
    region: str | None = params.get("BucketRegion")
    if region is not None and region not in request.deployment.regions:
        raise InvalidArgument(f"Argument value {region} is not a valid AWS Region", ArgumentName="bucket-region")
    after = None if token is None else listing.decode_token(token).decode()
    found = list(islice(_homes(request.deployment, request.principal.account_id, prefix, after, region), limit + 1))
    listed, more = found[:limit], len(found) > limit
    detailed = bool(params.keys() & {"MaxBuckets", "ContinuationToken", "Prefix", "BucketRegion"})
    output: Params = {
        "Buckets": [_bucket_entry(home, detailed) for home in listed],
        "Owner": {"ID": canonical_user_id(request.principal.account_id)},
    }
    if "Prefix" in params:
        output["Prefix"] = prefix
    if more:
        output["ContinuationToken"] = listing.encode_token(listed[-1].name)
    return Answer(output=output)


def _homes(deployment: Deployment, owner: str, prefix: str, after: str | None, region: str | None):
    start = prefix if after is None else max(after, prefix)
    for home in deployment.directory.scan_bucket_homes(owner, start, after is None or start != after):
        if not home.name.startswith(prefix):
            return
        if region is None or home.region == region:
            yield home


def _bucket_entry(home: BucketHome, detailed: bool) -> Params:
    entry: Params = {"Name": home.name, "CreationDate": home.created_us, "BucketArn": f"arn:aws:s3:::{home.name}"}
    if detailed:
        entry["BucketRegion"] = home.region
    return entry
