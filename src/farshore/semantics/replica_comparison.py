"""Compare a replica with what replication makes of its source: one by one, field by field, and many by a digest.

What decides is what is stored on both sides, never a status.
Source: S3 User Guide, "What does Amazon S3 replicate?" (a replica keeps version id, time, metadata, ETag).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from farshore.model.objects import Part, Version
from farshore.model.verification import Field

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Latitude:
    """Where more than one value is right, since what decided at the delivery may be otherwise by now.

    storage_classes: of replicas; None for any. owners: account ids. without_tags: no tags are right too.
    """

    storage_classes: frozenset[str] | None = frozenset()
    owners: frozenset[str] = frozenset()
    without_tags: bool = False


NO_LATITUDE = Latitude()


def differing(
    expected: Version, replica: Version, *, latitude: Latitude = NO_LATITUDE, in_order: bool = True
) -> tuple[Field, ...]:
    """In what a replica differs from the replica that its source makes; empty when they are equal.

    Args:
        expected: as `service.replicas.as_replica` makes it. Both have the same key and version id.
        in_order: whether the replica is marked as the current version exactly when it is the newest of its key.
    """
    mine, there = expected.attributes, replica.attributes
    checks = (
        (Field.VERSION_TIME, expected.created_us == replica.created_us),
        (Field.LATEST, in_order),
        (Field.DELETE_MARKER, expected.delete_marker == replica.delete_marker),
        (Field.SIZE, expected.size == replica.size),
        (Field.ETAG, expected.etag == replica.etag),
        (Field.CHECKSUM, mine.checksum == there.checksum),
        (Field.PARTS, _parts(mine.parts) == _parts(there.parts)),
        (Field.HEADERS, mine.headers == there.headers),
        (Field.METADATA, mine.metadata == there.metadata),
        (Field.STORAGE_CLASS, _is_one_of(replica.storage_class, expected.storage_class, latitude.storage_classes)),
        (Field.ENCRYPTION, mine.server_side_encryption == there.server_side_encryption),
        (Field.TAGS, expected.tags == replica.tags or (latitude.without_tags and not replica.tags)),
        (Field.ACL, expected.acl == replica.acl or _acls_are_apart(expected, replica)),
        (Field.OWNER, _is_one_of(replica.owner, expected.owner, latitude.owners)),
        (Field.REPLICA, replica.is_replica),
    )
    return tuple(field for field, same in checks if not same)


def row_of(version: Version, *, in_order: bool = True) -> bytes:
    """Everything that is compared of a replica, as bytes: equal exactly when `differing` finds nothing without
    latitude, but for ACLs that are apart."""
    attributes = version.attributes
    return _encode(
        (
            version.key,
            version.version_id,
            version.created_us,
            in_order,
            version.delete_marker,
            version.size,
            version.etag,
            version.storage_class,
            version.owner,
            version.is_replica,
            _ordered(attributes.headers),
            _ordered(attributes.metadata),
            attributes.checksum,
            _parts(attributes.parts),
            attributes.server_side_encryption,
            _ordered(version.tags),
            version.acl,
        )
    )


def digest_of(rows: Iterable[bytes]) -> bytes:
    """The digest of a range: SHA-256 over its rows, in order."""
    return hashlib.sha256(b"".join(rows)).digest()


def _ordered(given: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(given.items())) if len(given) > 1 else given


def _parts(parts: tuple[Part, ...]) -> list[tuple[object, ...]]:
    """What of parts travels: neither where their bytes are, nor when they were uploaded."""
    return [(part.number, part.size, part.etag, part.checksum) for part in parts]


def _is_one_of(found: str, expected: str, others: frozenset[str] | None) -> bool:
    return found == expected or others is None or found in others


def _acls_are_apart(expected: Version, replica: Version) -> bool:
    """Between different owners, and where the owner was overridden, ACLs do not travel."""
    return expected.owner != replica.owner or replica.attributes.owner_overridden or replica.delete_marker
