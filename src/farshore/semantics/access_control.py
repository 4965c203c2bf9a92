"""Access control lists, where there are none: every bucket is Bucket owner enforced, as new buckets of AWS are.

Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket"; API Reference, PutObject
(`x-amz-acl`), CreateBucket; answers recorded on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from farshore.model.errors import (
    AccessControlListNotSupported,
    InvalidArgument,
    InvalidBucketAclWithObjectOwnership,
    InvalidRequest,
)

_OBJECT_ACLS = frozenset(
    (
        "private",
        "public-read",
        "public-read-write",
        "authenticated-read",
        "aws-exec-read",
        "bucket-owner-read",
        "bucket-owner-full-control",
    )
)
_BUCKET_ACLS = frozenset(("private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write"))
_GRANTS = frozenset(("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"))


def check_object_acl(params: Mapping[str, Any], *, by_owner: bool) -> None:
    """Accept a write of an object without ACL, or with one that says what holds anyway.

    Args:
        by_owner: the caller belongs to the bucket owner's account. Then `private` says that the bucket owner has full
            control; of another account it would say that the writer has.
    Raises:
        InvalidArgument: no canned ACL. InvalidRequest: a canned ACL and grants together.
        AccessControlListNotSupported: any other ACL.
    Source: as the module: "PUT requests that don't specify an ACL or specify bucket owner full control ACLs or
        equivalent forms". Clients that always send `private` work in their own account and fail in another.
    """
    acl = _canned(params, _OBJECT_ACLS)
    same = acl in (None, "bucket-owner-full-control") or (acl == "private" and by_owner)
    if not same or not params.keys().isdisjoint(_GRANTS):
        raise AccessControlListNotSupported()


def check_bucket_acl(params: Mapping[str, Any]) -> None:
    """Accept CreateBucket without ACL, or with `private`, which says what holds anyway.

    Raises:
        InvalidArgument: no canned ACL. InvalidRequest: a canned ACL and grants together.
        InvalidBucketAclWithObjectOwnership: any other ACL.
    """
    acl = _canned(params, _BUCKET_ACLS)
    if acl not in (None, "private") or not params.keys().isdisjoint(_GRANTS):
        raise InvalidBucketAclWithObjectOwnership()


def _canned(params: Mapping[str, Any], known: frozenset[str]) -> str | None:
    acl = params.get("ACL")
    if acl is None:
        return None
    if acl not in known:
        # AWS: this one has an empty message (recorded).
        raise InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=acl)
    if not params.keys().isdisjoint(_GRANTS):
        raise InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    return acl
