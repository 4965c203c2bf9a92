"""Who makes a request."""

from __future__ import annotations

import hashlib

import msgspec


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the deployment. id: 12 digits."""

    id: str
    name: str
    created_us: int


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An access key with its secret: only ever in memory and in the directory, never printed or logged."""

    id: str
    secret: str
    account_id: str
    active: bool = True

    def __repr__(self) -> str:
        return f"AccessKey(id={self.id!r}, account_id={self.account_id!r})"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The authenticated caller; `ANONYMOUS` when a request carries no credentials."""

    account_id: str
    arn: str
    access_key_id: str

    @property
    def anonymous(self) -> bool:
        return not self.account_id


ANONYMOUS = Principal(account_id="", arn="", access_key_id="")


def canonical_user_id(account_id: str) -> str:
    """The 64-hex-digit Owner/ID that S3 shows for an account: stable, derived from the account id."""
    return hashlib.sha256(b"farshore canonical user " + account_id.encode()).hexdigest()
