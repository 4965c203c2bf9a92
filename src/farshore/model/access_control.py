"""Access control lists, object ownership and public access settings: what is stored of who may use a bucket.

Source: S3 User Guide, "Access control list (ACL) overview", "Controlling ownership of objects and disabling ACLs for
your bucket", "Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
PUBLIC_GROUPS = frozenset((ALL_USERS, AUTHENTICATED_USERS))


class ObjectOwnership(StrEnum):
    """Who owns what other accounts write, and whether ACLs count."""

    BUCKET_OWNER_ENFORCED = "BucketOwnerEnforced"
    BUCKET_OWNER_PREFERRED = "BucketOwnerPreferred"
    OBJECT_WRITER = "ObjectWriter"


class Permission(StrEnum):
    """What a grant of an ACL gives."""

    FULL_CONTROL = "FULL_CONTROL"
    READ = "READ"
    WRITE = "WRITE"
    READ_ACP = "READ_ACP"
    WRITE_ACP = "WRITE_ACP"


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """One grant. Its grantee is a canonical user (64 hex digits) or a group (a URI)."""

    grantee: str
    permission: Permission

    @property
    def is_group(self) -> bool:
        return self.grantee.startswith("http")

    @property
    def is_public(self) -> bool:
        """Whether it is given to everyone, or to everyone with an account."""
        return self.grantee in PUBLIC_GROUPS


class PublicAccessBlock(msgspec.Struct, frozen=True, kw_only=True):
    """The four switches of Block Public Access, all off where nothing is configured."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


NOTHING_BLOCKED = PublicAccessBlock()
