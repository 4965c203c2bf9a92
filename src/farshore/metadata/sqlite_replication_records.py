"""What is recorded of replication, in a region's SQLite file: the port's `RecordTransaction` over one connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from farshore.metadata import named_sql
from farshore.metadata.sqlite_rows import Row
from farshore.metadata.sqlite_session import Session
from farshore.model.replication import FailureCode
from farshore.model.replication_record import (
    AttemptOutcome,
    AttemptRecord,
    ConfigurationChange,
    FailedVersion,
    FailureCause,
    LaneRecord,
)
from farshore.model.verification import VerificationRecord

CHANGES_MAX = 50
CHANGES_BYTES_MAX = 4 * 1024 * 1024
"""Configurations kept of a bucket; the present one is kept whatever its size."""

ATTEMPTS_MAX = 8
"""Records of attempts kept of each version and destination."""

_SQL = named_sql.load("replication_records")

_encode = msgspec.msgpack.Encoder().encode
_decode_verification = msgspec.msgpack.Decoder(VerificationRecord).decode


class SqliteReplicationRecords:
    """Reads on any connection; changes on the writer's, inside a command. `session` is the connection's."""

    def __init__(self, session: Session) -> None:
        self._one = session.one
        self._all = session.all
        self._iterate = session.iterate
        self._run = session.run

    def history(self, bucket_id: int) -> list[ConfigurationChange]:
        return [_to_change(row) for row in self._all(_SQL["history"], (bucket_id,))]

    def attempts(self, row: int) -> list[AttemptRecord]:
        return [_to_attempt(found) for found in self._all(_SQL["attempts"], (row,))]

    def failure_causes(self, bucket_id: int) -> list[FailureCause]:
        causes: list[FailureCause] = []
        for destination, code, count in self._all(_SQL["failure_counts"], (bucket_id,)):
            which = (bucket_id, destination, code)
            first, last = self._one(_SQL["first_failure"], which), self._one(_SQL["last_failure"], which)
            assert first is not None and last is not None, which
            causes.append(
                FailureCause(
                    destination=destination, code=code, count=count, first=_to_failed(first), last=_to_failed(last)
                )
            )
        return causes

    def scan_failures(
        self, bucket_id: int, destination: str, code: str, *, after: tuple[int, int], until_us: int
    ) -> Iterator[FailedVersion]:
        bindings = (bucket_id, destination, code, *after, until_us)
        for row in self._iterate(_SQL["scan_failures"], bindings):
            yield _to_failed(row)

    def failing_buckets(self) -> list[int]:
        return [row[0] for row in self._all(_SQL["failing_buckets"])]

    def lanes(self, bucket_id: int) -> list[LaneRecord]:
        return [_to_lane(row) for row in self._all(_SQL["lanes"], (bucket_id,))]

    def lane(self, bucket_id: int, destination: str) -> LaneRecord:
        row = self._one(_SQL["lane"], (bucket_id, destination))
        return LaneRecord(destination=destination) if row is None else _to_lane(row)

    def last_homes(self, bucket_id: int) -> dict[str, str]:
        return {row[0]: row[1] for row in self._all(_SQL["last_homes"], (bucket_id,))}

    def verifications(self, bucket_id: int) -> list[VerificationRecord]:
        return [_decode_verification(row[0]) for row in self._all(_SQL["verifications"], (bucket_id,))]

    def put_last_homes(self, bucket_id: int, homes: Mapping[str, str]) -> None:
        self._run(_SQL["forget_last_homes"], (bucket_id,))
        for destination, region in homes.items():
            self._run(_SQL["add_last_home"], (bucket_id, destination, region))

    def put_verification(self, bucket_id: int, record: VerificationRecord) -> None:
        self._run(_SQL["put_verification"], (bucket_id, record.destination, _encode(record)))

    def add_change(self, bucket_id: int, at_us: int, document: bytes | None) -> None:
        row = self._one(_SQL["last_change"], (bucket_id,))
        last = None if row is None else _to_change(row)
        if document == (None if last is None else last.document):
            return
        self._run(_SQL["add_change"], (bucket_id, 1 if last is None else last.number + 1, at_us, document))
        beyond = self._one(_SQL["changes_beyond"], (bucket_id, CHANGES_MAX, CHANGES_BYTES_MAX))
        if beyond is not None and beyond[0] is not None:
            self._run(_SQL["forget_changes"], (bucket_id, beyond[0]))

    def add_attempt(self, row: int, attempt: AttemptRecord) -> None:
        last = self._one(_SQL["last_attempt"], (row, attempt.destination))
        if last is not None and last[1:] == (attempt.outcome, attempt.code, attempt.detail):
            self._run(_SQL["repeat_attempt"], (row, attempt.destination, last[0], attempt.last_us, attempt.times))
            return
        number = 1 if last is None else last[0] + 1
        self._run(_SQL["add_attempt"], (row, number, *_attempt_row(attempt)))
        if number > ATTEMPTS_MAX:
            self._run(_SQL["forget_attempts"], (row, attempt.destination, number - ATTEMPTS_MAX))

    def put_lane(self, bucket_id: int, lane: LaneRecord) -> None:
        self._run(
            _SQL["put_lane"],
            (
                bucket_id,
                lane.destination,
                lane.since_us,
                lane.at_us,
                lane.operations_rate,
                lane.bytes_rate,
                lane.rests_until_us,
                lane.error,
            ),
        )

    def add_failure(self, row: int, destination: str, code: str, failed_us: int) -> None:
        """Index a state that fails. Of those that a version had before, a trigger disposes."""
        self._run(_SQL["add_failure"], (row, destination, code, failed_us))

    def forget_bucket(self, bucket_id: int) -> None:
        """Drop what is recorded of a bucket that is deleted."""
        self._run(_SQL["forget_history"], (bucket_id,))
        self._run(_SQL["forget_lanes"], (bucket_id,))
        self._run(_SQL["forget_verifications"], (bucket_id,))
        self._run(_SQL["forget_last_homes"], (bucket_id,))


def _to_change(row: Row) -> ConfigurationChange:
    number, at_us, after_row, document = row
    return ConfigurationChange(number=number, at_us=at_us, after_row=after_row, document=document)


def _to_attempt(row: Row) -> AttemptRecord:
    destination, first_us, last_us, times, outcome, code, detail = row
    return AttemptRecord(
        destination=destination,
        first_us=first_us,
        last_us=last_us,
        times=times,
        outcome=AttemptOutcome(outcome),
        code=None if code is None else FailureCode(code),
        detail=detail,
    )


def _attempt_row(attempt: AttemptRecord) -> Row:
    return (
        attempt.destination,
        attempt.first_us,
        attempt.last_us,
        attempt.times,
        attempt.outcome,
        attempt.code,
        attempt.detail,
    )


def _to_failed(row: Row) -> FailedVersion:
    of_row, destination, code, failed_us, key, version_id = row
    return FailedVersion(
        row=of_row, destination=destination, code=code, failed_us=failed_us, key=key.decode(), version_id=version_id
    )


def _to_lane(row: Row) -> LaneRecord:
    destination, since_us, at_us, operations_rate, bytes_rate, rests_until_us, error = row
    return LaneRecord(
        destination=destination,
        since_us=since_us,
        at_us=at_us,
        operations_rate=operations_rate,
        bytes_rate=bytes_rate,
        rests_until_us=rests_until_us,
        error=error,
    )
