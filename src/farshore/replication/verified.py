"""What a verification says, line by line: the answer of `/-/replication/verify`, of which docs/verify.md is the
description. `line` says which of these a line is."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from farshore.model.replication import FailureCode, ReplicationStatus
from farshore.model.verification import Field, VerificationCounts


class Kind(StrEnum):
    MISSING = "MISSING"
    """It ought to be in the destination, and is not."""
    DIFFERENT = "DIFFERENT"
    """It is in the destination, and not as its source makes it."""
    EXTRA = "EXTRA"
    """It is in the destination, and not in the source."""
    SOURCE_DAMAGED = "SOURCE_DAMAGED"
    """The bytes of the source itself are lost, or are not those that were stored. Only a deep verification tells."""


class Why(StrEnum):
    """What is known of how it came to be so."""

    REFUSED = "REFUSED"
    """The destination refused it for good; `code` is the reason."""
    DELETED_THERE = "DELETED_THERE"
    """The replica was permanently deleted in the destination."""
    NO_TASK = "NO_TASK"
    """It is PENDING, but nothing is on its way."""
    UNRECORDED = "UNRECORDED"
    """A rule took it, but the version does not say so."""
    WRITTEN_THERE = "WRITTEN_THERE"
    """It is no replica: somebody wrote it into the destination."""


class Damaged(StrEnum):
    """Whose bytes are damaged."""

    SOURCE = "SOURCE"
    DESTINATION = "DESTINATION"


class Repair(StrEnum):
    """What becomes of a difference."""

    ON_ITS_WAY = "ON_ITS_WAY"
    """It goes again, through the ordinary engine."""
    LEFT = "LEFT"
    """It cannot be repaired so: `code`, or the kind, says why."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A version as one side has it: what ListObjectVersions tells."""

    last_modified: str
    latest: bool
    delete_marker: bool
    size: int
    etag: str
    storage_class: str


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="begun"):
    """versions: of the source, to be looked at."""

    bucket: str
    region: str
    destination: str
    destination_region: str
    prefix: str
    deep: bool
    versions: int


class Difference(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="difference"):
    """One version that is not as it ought to be.

    fields: in what it differs. damaged: whose body is. source, found: as either side has it; null where it is absent.
    status, code: what the source says of it. why: null where that is not known. repair: null when none was asked for.
    """

    destination: str
    kind: Kind
    key: str
    version_id: str
    fields: tuple[Field, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    source: Shown | None = None
    found: Shown | None = None
    status: ReplicationStatus | None = None
    code: FailureCode | None = None
    why: Why | None = None
    repair: Repair | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="progress"):
    """Comes at least every few seconds, so that a reader knows that there is life."""

    destination: str
    counts: VerificationCounts


class Result(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="result"):
    """The end of one destination. complete: False when the server stopped before. equal: no difference was found.

    digest: SHA-256 over what was compared and found, in order: of two verifications that found the same it is the same.
    """

    destination: str
    complete: bool
    equal: bool
    counts: VerificationCounts
    took_s: float
    digest: str


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="error"):
    """The verification could not go on."""

    code: str
    message: str


Line = Begun | Difference | Progress | Result | Broken
