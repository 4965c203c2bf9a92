"""Get and put the ACLs of buckets and objects.

Where a bucket enforces its owner (the default), reads show full control of the owner, and writes are taken only where
they would say just that.
Source: API Reference, GetBucketAcl, PutBucketAcl, GetObjectAcl, PutObjectAcl; User Guide, "Controlling ownership of
objects and disabling ACLs for your bucket"; recorded answers.
"""

from __future__ import annotations

from farshore.auth.evaluate import ResourceAccess
from farshore.metadata.store import Transaction
from farshore.model.access import canonical_user_id
from farshore.model.access_control import Grant, ObjectOwnership
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.errors import AccessControlListNotSupported
from farshore.model.events import EventName
from farshore.model.objects import Version
from farshore.model.replication import TaskKind
from farshore.semantics import access_control
from farshore.semantics.metadata_sync import edited
from farshore.service import outbox
from farshore.service.access import access_of, bucket_for, enforced_owner, still, version_for
from farshore.service.answers import live_version
from farshore.service.bucket_access import encode_grants, owner_grants
from farshore.service.deployment import Answer, Region, Request
from farshore.service.notifications import notify
from farshore.service.ownership import check_public_acl, known_users


async def get_bucket_acl(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketAcl")
    access = access_of(request.deployment, region, bucket)
    grants = owner_grants(bucket.owner) if _is_enforced(access) else access.bucket_grants
    return Answer(output=access_control.shown(canonical_user_id(bucket.owner), grants))


async def get_object_acl(request: Request) -> Answer:
    region, bucket, version = _addressed_object(request, "s3:GetObjectAcl")
    access = access_of(request.deployment, region, bucket)
    owner = enforced_owner(request.deployment, region, bucket) or version.owner
    grants = owner_grants(owner) if _is_enforced(access) or version.acl is None else version.acl
    return Answer(output=access_control.shown(canonical_user_id(owner), grants))


async def put_bucket_acl(request: Request) -> Answer:
    """Replace the bucket's ACL."""
    params = request.params
    region, bucket = bucket_for(request, "s3:PutBucketAcl")
    owner = canonical_user_id(bucket.owner)
    is_known = known_users(request.deployment).__contains__
    access = access_of(request.deployment, region, bucket)
    from_headers = access_control.bucket_grants(params, owner=owner, is_known=is_known)
    grants = access_control.put_grants(params, from_headers, owner=owner, is_known=is_known)
    if _is_enforced(access):
        if access_control.has_acl(params):
            raise AccessControlListNotSupported()
        _accept_only(grants, owner_grants(bucket.owner))
        return Answer()
    check_public_acl(request, bucket, access.block, grants, "s3:PutBucketAcl")
    stored = encode_grants(grants)

    def command(tx: Transaction) -> None:
        tx.put_configuration(still(tx, bucket).id, ConfigurationKind.ACL, stored)

    await region.metadata.write(command)
    return Answer()


async def put_object_acl(request: Request) -> Answer:
    """Replace the ACL of an object version. It makes no new version."""
    params = request.params
    key: str = params["Key"]
    region, bucket, version = _addressed_object(request, "s3:PutObjectAcl")
    access = access_of(request.deployment, region, bucket)
    owner = canonical_user_id(enforced_owner(request.deployment, region, bucket) or version.owner)
    is_known = known_users(request.deployment).__contains__
    from_headers = access_control.object_grants(
        params, owner=owner, bucket_owner=canonical_user_id(bucket.owner), is_known=is_known
    )
    grants = access_control.put_grants(params, from_headers, owner=owner, is_known=is_known)
    if _is_enforced(access):
        if access_control.has_acl(params):
            access_control.check_object_acl(params, by_owner=request.principal.account_id == bucket.owner)
        else:
            _accept_only(grants, owner_grants(bucket.owner))
        return Answer()
    check_public_acl(request, bucket, access.block, grants, "s3:PutObjectAcl", key)

    def command(tx: Transaction) -> bool:
        there = still(tx, bucket)
        now = live_version(request, there, tx.version(bucket.id, key, version.version_id))
        tx.set_acl(now.row, grants, edited(now, TaskKind.ACL, request.now_us))
        configuration = request.deployment.configurations.get(tx, there)
        replicates = outbox.record_change(tx, configuration, now, TaskKind.ACL, request.now_us)
        notify(tx, request, region, there, EventName.ACL_PUT, now)
        return replicates

    if await region.metadata.write(command):
        request.deployment.ring(region.name)
    return Answer()


def _addressed_object(request: Request, action: str) -> tuple[Region, Bucket, Version]:
    region, bucket, found = version_for(request, action)
    return region, bucket, live_version(request, bucket, found)


def _is_enforced(access: ResourceAccess) -> bool:
    return access.ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED


def _accept_only(grants: tuple[Grant, ...], allowed: tuple[Grant, ...]) -> None:
    if grants != allowed:
        raise AccessControlListNotSupported()
