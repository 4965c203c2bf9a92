"""Access control lists: canned ones, grants in headers, and the AccessControlPolicy document.

Where a bucket enforces its owner (as new buckets do), only what says the same is accepted: `check_…`.
Source: S3 User Guide, "Access control list (ACL) overview", "Controlling ownership of objects and disabling ACLs for
your bucket"; API Reference, PutBucketAcl, PutObjectAcl, PutObject, CreateBucket; answers recorded on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from farshore.model.access_control import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    LOG_DELIVERY,
    Grant,
    Permission,
)
from farshore.model.errors import (
    AccessControlListNotSupported,
    InvalidArgument,
    InvalidBucketAclWithObjectOwnership,
    InvalidRequest,
    MalformedACLError,
    MissingSecurityHeader,
    UnexpectedContent,
    UnresolvableGrantByEmailAddress,
)

Params = Mapping[str, Any]
IsKnown = Callable[[str], bool]
"""Whether a canonical user id is an account's."""

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
_GRANTS = {
    "GrantFullControl": ("x-amz-grant-full-control", Permission.FULL_CONTROL),
    "GrantRead": ("x-amz-grant-read", Permission.READ),
    "GrantReadACP": ("x-amz-grant-read-acp", Permission.READ_ACP),
    "GrantWrite": ("x-amz-grant-write", Permission.WRITE),
    "GrantWriteACP": ("x-amz-grant-write-acp", Permission.WRITE_ACP),
}
_GROUPS = frozenset((ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY))
_EC2 = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"
"""The canonical user that `aws-exec-read` names: Amazon EC2, which reads images."""
_GRANTEE_KINDS = frozenset(("id", "uri", "emailaddress"))
_GRANTS_MAX = 100

_CANNED: Mapping[str, tuple[tuple[str, Permission], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, Permission.READ),),
    "public-read-write": ((ALL_USERS, Permission.READ), (ALL_USERS, Permission.WRITE)),
    "authenticated-read": ((AUTHENTICATED_USERS, Permission.READ),),
    "aws-exec-read": ((_EC2, Permission.READ),),
    "log-delivery-write": ((LOG_DELIVERY, Permission.WRITE), (LOG_DELIVERY, Permission.READ_ACP)),
}


def has_acl(params: Params) -> bool:
    """Whether a request says anything of an ACL in its headers."""
    return "ACL" in params or not params.keys().isdisjoint(_GRANTS)


def check_object_acl(params: Params, *, by_owner: bool) -> None:
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


def check_bucket_acl(params: Params) -> None:
    """Accept CreateBucket without ACL, or with `private`, which says what holds anyway.

    Raises:
        InvalidArgument: no canned ACL. InvalidRequest: a canned ACL and grants together.
        InvalidBucketAclWithObjectOwnership: any other ACL.
    """
    acl = _canned(params, _BUCKET_ACLS)
    if acl not in (None, "private") or not params.keys().isdisjoint(_GRANTS):
        raise InvalidBucketAclWithObjectOwnership()


def object_grants(params: Params, *, owner: str, bucket_owner: str, is_known: IsKnown) -> tuple[Grant, ...] | None:
    """The ACL that a write's headers ask for; None when they ask for none (then it is `private`).

    Args:
        owner, bucket_owner: canonical user ids.
    Raises:
        InvalidArgument, InvalidRequest, UnresolvableGrantByEmailAddress.
    """
    acl = _canned(params, _OBJECT_ACLS)
    if acl is None:
        return _header_grants(params, is_known)
    full = Grant(owner, Permission.FULL_CONTROL)
    if acl.startswith("bucket-owner-"):
        if owner == bucket_owner:
            return (full,)
        given = Permission.READ if acl == "bucket-owner-read" else Permission.FULL_CONTROL
        return full, Grant(bucket_owner, given)
    return full, *(Grant(*grant) for grant in _CANNED[acl])


def bucket_grants(params: Params, *, owner: str, is_known: IsKnown) -> tuple[Grant, ...] | None:
    """As `object_grants`, for CreateBucket and PutBucketAcl."""
    acl = _canned(params, _BUCKET_ACLS)
    if acl is None:
        return _header_grants(params, is_known)
    return Grant(owner, Permission.FULL_CONTROL), *(Grant(*grant) for grant in _CANNED[acl])


def put_grants(
    params: Params, from_headers: tuple[Grant, ...] | None, *, owner: str, is_known: IsKnown
) -> tuple[Grant, ...]:
    """The ACL that PutBucketAcl or PutObjectAcl sets, by headers or by document.

    Args:
        from_headers: what `bucket_grants` or `object_grants` found.
        owner: canonical user id of the bucket or object, which the document must name.
    Raises:
        UnexpectedContent: both. MissingSecurityHeader: neither. MalformedACLError, InvalidArgument: the document.
    """
    document = params.get("AccessControlPolicy")
    if from_headers is not None:
        if document is not None:
            raise UnexpectedContent()
        return from_headers
    if document is None:
        raise MissingSecurityHeader(MissingHeaderName="x-amz-acl")
    return tuple(_document_grants(document, owner, is_known))


def grants_of(listed: Sequence[Params], is_known: IsKnown) -> tuple[Grant, ...]:
    """The grants of a document's list of them. Raises MalformedACLError, InvalidArgument."""
    return tuple(_document_grant(entry, is_known) for entry in listed)


def shown(owner: str, grants: tuple[Grant, ...]) -> dict[str, Any]:
    """The output of GetBucketAcl and GetObjectAcl."""
    return {
        "Owner": {"ID": owner},
        "Grants": [
            {
                "Grantee": {"Type": "Group", "URI": grant.grantee}
                if grant.is_group
                else {"Type": "CanonicalUser", "ID": grant.grantee},
                "Permission": grant.permission.value,
            }
            for grant in grants
        ],
    }


def _canned(params: Params, known: frozenset[str]) -> str | None:
    acl = params.get("ACL")
    if acl is None:
        return None
    if acl not in known:
        # AWS: this one has an empty message (recorded).
        raise InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=acl)
    if not params.keys().isdisjoint(_GRANTS):
        raise InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    return acl


def _header_grants(params: Params, is_known: IsKnown) -> tuple[Grant, ...] | None:
    """The grants of `x-amz-grant-…` headers, None when there is none. The owner gets only what it is given."""
    grants: list[Grant] = []
    for member, (header, permission) in _GRANTS.items():
        text: str | None = params.get(member)
        if text is None:
            continue
        for part in text.split(","):
            kind, equals, value = part.partition("=")
            kind = kind.strip().lower()
            value = value.strip().removeprefix('"').removesuffix('"')
            if not equals or kind not in _GRANTEE_KINDS or '"' in value:
                raise InvalidArgument("Argument format not recognized", ArgumentName=header, ArgumentValue=text)
            grants.append(Grant(_header_grantee(kind, value, is_known), permission))
    return tuple(grants) or None


def _header_grantee(kind: str, value: str, is_known: IsKnown) -> str:
    if kind == "uri":
        if value not in _GROUPS:
            raise InvalidArgument("Invalid group uri", ArgumentName="uri", ArgumentValue=value)
        return value
    if kind == "emailaddress":
        raise UnresolvableGrantByEmailAddress()
    if not is_known(value):
        raise InvalidArgument("Invalid id", ArgumentName="id", ArgumentValue=value)
    return value


def _document_grants(document: Params, owner: str, is_known: IsKnown) -> Iterator[Grant]:
    named: str | None = document.get("Owner", {}).get("ID")
    listed: list[dict[str, Any]] | None = document.get("Grants")
    if named is None or listed is None or len(listed) > _GRANTS_MAX:
        raise MalformedACLError()
    if named != owner:
        raise InvalidArgument("Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=named)
    yield from grants_of(listed, is_known)


def _document_grant(entry: Params, is_known: IsKnown) -> Grant:
    permission: str | None = entry.get("Permission")
    if permission not in frozenset(Permission):
        raise MalformedACLError()
    return Grant(_document_grantee(entry.get("Grantee", {}), is_known), Permission(permission))


def _document_grantee(grantee: Params, is_known: IsKnown) -> str:
    kind: str | None = grantee.get("Type")
    if kind == "Group" and "URI" in grantee:
        uri: str = grantee["URI"]
        if uri not in _GROUPS:
            raise InvalidArgument("Invalid group uri", ArgumentName="Group/URI", ArgumentValue=uri)
        return uri
    if kind == "AmazonCustomerByEmail" and "EmailAddress" in grantee:
        raise UnresolvableGrantByEmailAddress()
    if kind != "CanonicalUser" or "ID" not in grantee:
        raise MalformedACLError()
    user: str = grantee["ID"]
    if not is_known(user):
        raise InvalidArgument("Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=user)
    return user
