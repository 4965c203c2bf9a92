"""What is recorded of replication for people who ask: configurations as they followed each other, attempts that did not
go plainly, failures by cause, how deliveries to a destination go."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from farshore.model.replication import FailureCode


class ConfigurationChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a bucket's replication configuration.

    number: counts the bucket's changes from 1; earlier ones may be forgotten.
    after_row: versions with a greater `Version.row` were inserted under this configuration, or under a later one. Times
        do not tell: an upload that began before the change may have ended after it.
    document: the configuration from now on, as stored; None when it was deleted.
    """

    number: int
    at_us: int
    after_row: int
    document: bytes | None


class AttemptOutcome(StrEnum):
    """What an attempt to deliver came to."""

    DELIVERED = "DELIVERED"
    DELIVERED_LATE = "DELIVERED_LATE"
    """It arrived after the threshold of Replication Time Control."""
    RETRIED = "RETRIED"
    """Transient trouble: it comes again."""
    FAILED = "FAILED"
    """Refused for good."""
    FAILED_LATE = "FAILED_LATE"
    """Refused for good, after the threshold of Replication Time Control."""


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts with the same outcome that followed each other; many become one record that counts them.

    destination: empty where a job of Batch Replication did not get as far as one. detail: in words for a person.
    """

    destination: str
    first_us: int
    last_us: int
    times: int
    outcome: AttemptOutcome
    code: FailureCode | None = None
    detail: str = ""


class FailedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A destination of a version that stands FAILED."""

    row: int
    destination: str
    code: str
    failed_us: int
    key: str
    version_id: str


class FailureCause(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of one bucket that have destination and code in common. first, last: by the time of the failure."""

    destination: str
    code: str
    count: int
    first: FailedVersion
    last: FailedVersion


class LaneRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How deliveries from a bucket to a destination go.

    since_us, at_us, operations_rate, bytes_rate: the state of `semantics.rates`.
    rests_until_us: the destination is left alone until then, since all that was tried met transient trouble; 0 when it
        is not. error: what the trouble was.
    """

    destination: str
    since_us: int = 0
    at_us: int = 0
    operations_rate: float = 0.0
    bytes_rate: float = 0.0
    rests_until_us: int = 0
    error: str = ""


class PendingAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a destination beside live changes: of Batch Replication, and failures that were driven again."""

    destination: str
    operations: int
    bytes: int


class PendingTask(msgspec.Struct, frozen=True, kw_only=True):
    """A replication task as it waits.

    leased: a worker has it, until `due_us` at the latest. threshold_us: as `ReplicationTask`.
    """

    destination: str
    kind: str
    enqueued_us: int
    due_us: int
    attempts: int
    last_error: str
    leased: bool
    threshold_us: int | None = None
