"""What a bucket says of who may use it, compiled and kept by generation: policy, public access, ownership, ACL.

A bucket's row carries a generation that every change of its configuration raises, so what was compiled for a row holds
as long as that very row is what a request reads.
Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket", "Blocking public access to
your Amazon S3 storage" (new buckets have both since April 2023).
"""

from __future__ import annotations

import msgspec

from farshore.auth.bucket_policy import SOURCE, bound
from farshore.auth.evaluate import ResourceAccess
from farshore.auth.policy import Policy, PolicyKind, parse_policy
from farshore.auth.public_access import is_public
from farshore.metadata.store import Reader
from farshore.model.access import canonical_user_id
from farshore.model.access_control import (
    NOTHING_BLOCKED,
    Grant,
    ObjectOwnership,
    Permission,
    PublicAccessBlock,
)
from farshore.model.buckets import Bucket, ConfigurationKind

CACHED_MAX = 10_000
"""Buckets that are kept compiled; beyond that all are forgotten and compiled again when asked for."""

NEW_BUCKET_BLOCK = PublicAccessBlock(
    block_public_acls=True, ignore_public_acls=True, block_public_policy=True, restrict_public_buckets=True
)
REMOVED = b""
"""Stored where a configuration that new buckets have was deleted, which is not as if it had never been set."""

_BLOCK = msgspec.msgpack.Decoder(PublicAccessBlock).decode
_GRANTS = msgspec.msgpack.Decoder(tuple[Grant, ...]).decode
_encode = msgspec.msgpack.Encoder().encode


class StoredPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket's policy as it is kept.

    text: the normalised document. ids: the unique ids of the users and roles that its ARNs mean, by ARN.
    """

    text: str
    ids: dict[str, str] = {}


_POLICY = msgspec.msgpack.Decoder(StoredPolicy).decode


class BucketAccess:
    """What buckets say of who may use them. One for each process; not shared between threads."""

    __slots__ = ("_compiled",)

    def __init__(self) -> None:
        self._compiled: dict[Bucket, ResourceAccess] = {}

    def get(self, reader: Reader, bucket: Bucket) -> ResourceAccess:
        """Compiled for this very row.

        Args:
            reader: sees the store as it is when `bucket` is its row: the same transaction, or no later one.
        """
        found = self._compiled.get(bucket)
        if found is None:
            if len(self._compiled) >= CACHED_MAX:
                self._compiled.clear()
            found = self._compiled[bucket] = read_access(reader, bucket)
        return found


def read_access(reader: Reader, bucket: Bucket) -> ResourceAccess:
    """As the store has it now."""
    stored = stored_policy(reader, bucket)
    policy = None if stored is None else _compiled(stored)
    return ResourceAccess(
        policy=policy,
        policy_public=policy is not None and is_public(policy),
        block=stored_block(reader, bucket) or NOTHING_BLOCKED,
        ownership=stored_ownership(reader, bucket) or ObjectOwnership.OBJECT_WRITER,
        bucket_grants=stored_grants(reader, bucket),
    )


def _compiled(stored: StoredPolicy) -> Policy:
    return bound(parse_policy(stored.text, PolicyKind.RESOURCE, source=SOURCE), stored.ids)


def stored_policy(reader: Reader, bucket: Bucket) -> StoredPolicy | None:
    stored = reader.configuration(bucket.id, ConfigurationKind.POLICY)
    return None if stored is None else _POLICY(stored)


def stored_block(reader: Reader, bucket: Bucket) -> PublicAccessBlock | None:
    """The bucket's PublicAccessBlock; None where it was deleted."""
    stored = reader.configuration(bucket.id, ConfigurationKind.PUBLIC_ACCESS_BLOCK)
    if stored is None:
        return NEW_BUCKET_BLOCK
    return None if stored == REMOVED else _BLOCK(stored)


def stored_ownership(reader: Reader, bucket: Bucket) -> ObjectOwnership | None:
    """The bucket's ObjectOwnership; None where it was deleted, which leaves objects to their writers."""
    stored = reader.configuration(bucket.id, ConfigurationKind.OWNERSHIP)
    if stored is None:
        return ObjectOwnership.BUCKET_OWNER_ENFORCED
    return None if stored == REMOVED else ObjectOwnership(stored.decode())


def stored_grants(reader: Reader, bucket: Bucket) -> tuple[Grant, ...]:
    """The bucket's ACL."""
    stored = reader.configuration(bucket.id, ConfigurationKind.ACL)
    return owner_grants(bucket.owner) if stored is None else _GRANTS(stored)


def owner_grants(account_id: str) -> tuple[Grant, ...]:
    """The ACL `private`: full control to the owner."""
    return (Grant(canonical_user_id(account_id), Permission.FULL_CONTROL),)


def encode_policy(policy: StoredPolicy) -> bytes:
    return _encode(policy)


def encode_block(block: PublicAccessBlock) -> bytes:
    return _encode(block)


def encode_grants(grants: tuple[Grant, ...]) -> bytes:
    return _encode(grants)
