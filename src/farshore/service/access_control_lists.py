"""ACLs where there are none: every bucket is Bucket owner enforced.

Reads show full control of the bucket's owner; writes are taken only where they would say just that.
Source: User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
"""

from __future__ import annotations

from farshore.model.access import canonical_user_id
from farshore.model.buckets import Bucket
from farshore.model.errors import AccessControlListNotSupported
from farshore.semantics import access_control, versioning
from farshore.service.access import bucket_for, version_for
from farshore.service.answers import live_version
from farshore.service.deployment import Answer, Params, Request


async def get_bucket_acl(request: Request) -> Answer:
    _, bucket = bucket_for(request, "s3:GetBucketAcl")
    return Answer(output=_owner_only(bucket))


async def get_object_acl(request: Request) -> Answer:
    bucket = _addressed_object(request, "s3:GetObjectAcl")
    return Answer(output=_owner_only(bucket))


async def put_bucket_acl(request: Request) -> Answer:
    bucket_for(request, "s3:PutBucketAcl")
    if "ACL" not in request.params or request.params["ACL"] != "private":
        raise AccessControlListNotSupported()
    return Answer()


async def put_object_acl(request: Request) -> Answer:
    bucket = _addressed_object(request, "s3:PutObjectAcl")
    if "ACL" not in request.params:
        raise AccessControlListNotSupported()
    access_control.check_object_acl(request.params, by_owner=request.principal.account_id == bucket.owner)
    return Answer()


def _addressed_object(request: Request, action: str) -> Bucket:
    version_id: str | None = request.params.get("VersionId")
    if version_id is not None:
        versioning.check_version_id(version_id)
    _, bucket, found = version_for(request, action)
    live_version(request, bucket, found)
    return bucket


def _owner_only(bucket: Bucket) -> Params:
    owner = {"ID": canonical_user_id(bucket.owner)}
    grant = {"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"}
    return {"Owner": owner, "Grants": [grant]}
