"""The words of verification: what a comparison of a source bucket with a destination counts, and what is kept of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Field(StrEnum):
    """What of a replica is compared with its source."""

    VERSION_TIME = "VERSION_TIME"
    """Last-Modified, which says where it stands among the versions of its key."""
    LATEST = "LATEST"
    """The newest version of the key is marked as the current one, and no other is."""
    DELETE_MARKER = "DELETE_MARKER"
    SIZE = "SIZE"
    ETAG = "ETAG"
    CHECKSUM = "CHECKSUM"
    PARTS = "PARTS"
    HEADERS = "HEADERS"
    METADATA = "METADATA"
    STORAGE_CLASS = "STORAGE_CLASS"
    ENCRYPTION = "ENCRYPTION"
    TAGS = "TAGS"
    ACL = "ACL"
    OWNER = "OWNER"
    REPLICA = "REPLICA"
    """It is marked as a replica."""
    BODY = "BODY"
    """Its bytes are those of its stored checksum. Read only by a deep verification."""


class VerificationCounts(msgspec.Struct, kw_only=True):
    """What a verification has counted so far.

    versions: of the source, looked at. not_expected: of these, those that no rule takes to the destination.
    equal, pending, missing, different, source_damaged: all others; pending ones are on their way, by a task.
    extra: versions of the destination that are not in the source, under the prefixes of the rules.
    repaired: missing and different ones that are on their way again. left: those that cannot be repaired.
    bytes: of bodies that were read.
    """

    versions: int = 0
    not_expected: int = 0
    equal: int = 0
    pending: int = 0
    missing: int = 0
    different: int = 0
    source_damaged: int = 0
    extra: int = 0
    repaired: int = 0
    left: int = 0
    bytes: int = 0


def found_equal(counts: VerificationCounts) -> bool:
    """Whether no difference was found; what is on its way is none."""
    return not (counts.missing or counts.different or counts.source_damaged or counts.extra)


class VerificationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A verification of a whole bucket that came to its end.

    digest: SHA-256, in hex, over all that was compared and found, in order.
    """

    destination: str
    began_us: int
    ended_us: int
    deep: bool
    counts: VerificationCounts
    digest: str
