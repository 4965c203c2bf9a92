"""Who makes a request."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import lru_cache

import msgspec


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the deployment. id: 12 digits."""

    id: str
    name: str
    created_us: int


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An access key with its secret: only ever in memory and in the directory, never printed or logged.

    user_id: unique id (AIDA…) of the user that it belongs to; None for the account's root.
    """

    id: str
    secret: str
    account_id: str
    active: bool = True
    user_id: str | None = None
    created_us: int = 0

    def __repr__(self) -> str:
        return f"AccessKey(id={self.id!r}, account_id={self.account_id!r})"


class PrincipalKind(StrEnum):
    """What a caller is, spelled as the condition key `aws:PrincipalType` spells it (a service has no such value)."""

    ROOT = "Account"
    USER = "User"
    ASSUMED_ROLE = "AssumedRole"
    SERVICE = "Service"
    ANONYMOUS = "Anonymous"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The authenticated caller; `ANONYMOUS` when a request carries no credentials.

    account_id: 12 digits; empty for an anonymous caller and for a service.
    arn: of the root, the user, or the role's session (`arn:aws:sts::A:assumed-role/NAME/SESSION`); of a service its
    name (`s3.amazonaws.com`).
    unique_id: `aws:userid`: the account id, a user's AIDA…, a session's `AROA…:SESSION`.
    name: of a user (`aws:username`); empty otherwise.
    role_arn: of an assumed role, with its path; empty otherwise.
    tags: of the user, or of the role and its session (`aws:PrincipalTag/…`).
    """

    account_id: str
    arn: str
    access_key_id: str
    kind: PrincipalKind = PrincipalKind.ROOT
    unique_id: str = ""
    name: str = ""
    role_arn: str = ""
    tags: dict[str, str] = {}

    @property
    def anonymous(self) -> bool:
        return self.kind is PrincipalKind.ANONYMOUS


ANONYMOUS = Principal(account_id="", arn="", access_key_id="", kind=PrincipalKind.ANONYMOUS, unique_id="anonymous")


def service_principal(name: str) -> Principal:
    """A service of the deployment that acts for itself (`s3.amazonaws.com`)."""
    return Principal(account_id="", arn=name, access_key_id="", kind=PrincipalKind.SERVICE)


ANONYMOUS_USER_ID = "65a011a29cdf8ec533ec3d1ccaae921c"
"""The Owner/ID of what an anonymous caller wrote. Source: AWS shows this one."""


@lru_cache(maxsize=4096)
def canonical_user_id(account_id: str) -> str:
    """The Owner/ID that S3 shows for an account, 64 hex digits: stable, derived from the account id."""
    if not account_id:
        return ANONYMOUS_USER_ID
    return hashlib.sha256(b"farshore canonical user " + account_id.encode()).hexdigest()
