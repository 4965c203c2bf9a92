"""The port of what is recorded of replication for people who ask: configurations as they followed each other, attempts
that did not go plainly, failures by cause, how deliveries go.

Contract, as for the region's store: reads are synchronous and see the last committed state; changes are made inside
commands. What is recorded of a version goes with it, what is recorded of a bucket with the bucket. Failures follow the
states of versions by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from farshore.model.replication_record import (
    AttemptRecord,
    ConfigurationChange,
    FailedVersion,
    FailureCause,
    LaneRecord,
)
from farshore.model.verification import VerificationRecord


class RecordReader(Protocol):
    def history(self, bucket_id: int) -> list[ConfigurationChange]:
        """The bucket's replication configurations, oldest first; the oldest may be forgotten."""
        ...

    def attempts(self, row: int) -> list[AttemptRecord]:
        """Attempts to deliver a version that were not a plain first success, by destination, oldest first."""
        ...

    def failure_causes(self, bucket_id: int) -> list[FailureCause]:
        """The bucket's failures by destination and code, most first. Costs by causes, not by failures."""
        ...

    def scan_failures(
        self, bucket_id: int, destination: str, code: str, *, after: tuple[int, int], until_us: int
    ) -> Iterator[FailedVersion]:
        """Failures of one cause that came after this (failed_us, row) and until this time, in that order."""
        ...

    def failing_buckets(self) -> list[int]:
        """The buckets that have failures."""
        ...

    def lanes(self, bucket_id: int) -> list[LaneRecord]:
        """How deliveries from the bucket go, by destination."""
        ...

    def lane(self, bucket_id: int, destination: str) -> LaneRecord:
        """Of one destination; all zero when nothing was delivered there."""
        ...

    def last_homes(self, bucket_id: int) -> dict[str, str]:
        """The regions of destinations, as they were when a configuration that names them was last put."""
        ...

    def verifications(self, bucket_id: int) -> list[VerificationRecord]:
        """The last verification against each destination."""
        ...


class RecordTransaction(RecordReader, Protocol):
    def add_change(self, bucket_id: int, at_us: int, document: bytes | None) -> None:
        """Record a change of the bucket's replication configuration; the same document again is none."""
        ...

    def add_attempt(self, row: int, attempt: AttemptRecord) -> None:
        """Record an attempt, within the bound. One like the last one to its destination adds to that record."""
        ...

    def put_lane(self, bucket_id: int, lane: LaneRecord) -> None:
        """Replace what is recorded of a destination."""
        ...

    def put_last_homes(self, bucket_id: int, homes: Mapping[str, str]) -> None:
        """Remember the regions of destinations, in place of all that was remembered."""
        ...

    def put_verification(self, bucket_id: int, record: VerificationRecord) -> None:
        """Replace the last verification against its destination."""
        ...
