"""What the grants of an access control list permit.

Source: S3 User Guide, "Access control list (ACL) overview", "Mapping of ACL permissions and access policy permissions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farshore.model.access import Principal, PrincipalKind
from farshore.model.access_control import ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY, Permission
from farshore.model.access_log import LOG_DELIVERY_SERVICE


@dataclass(frozen=True, slots=True)
class Wanted:
    """The permissions of which any one is enough, and whether they stand in the bucket's ACL or the object's."""

    permissions: frozenset[Permission]
    of_bucket: bool


def permissions_for(action: str) -> Wanted | None:
    """Which grants permit an action (`s3:GetObject`); None when no grant does."""
    return _WANTED.get(action)


def in_group(principal: Principal, group: str) -> bool:
    """Whether the caller belongs to a predefined group."""
    if group == ALL_USERS:
        return True
    if group == LOG_DELIVERY:
        return principal.kind is PrincipalKind.SERVICE and principal.arn == LOG_DELIVERY_SERVICE
    return group == AUTHENTICATED_USERS and principal.kind not in (PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE)


def _wanted(permission: Permission, *, of_bucket: bool) -> Wanted:
    return Wanted(frozenset((permission, Permission.FULL_CONTROL)), of_bucket)


_BUCKET: Mapping[Permission, tuple[str, ...]] = {
    Permission.READ: ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    Permission.WRITE: ("s3:PutObject", "s3:DeleteObject"),
    Permission.READ_ACP: ("s3:GetBucketAcl",),
    Permission.WRITE_ACP: ("s3:PutBucketAcl",),
}
_OBJECT: Mapping[Permission, tuple[str, ...]] = {
    Permission.READ: ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectVersionForReplication"),
    Permission.READ_ACP: ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    Permission.WRITE_ACP: ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}
_WANTED: Mapping[str, Wanted] = {
    action: _wanted(permission, of_bucket=table is _BUCKET)
    for table in (_BUCKET, _OBJECT)
    for permission, actions in table.items()
    for action in actions
}
