"""What a batch of settled attempts adds to the record: attempts that did not go plainly, and how the lane goes."""

from __future__ import annotations

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationTask
from farshore.model.replication_record import AttemptOutcome, AttemptRecord, LaneRecord
from farshore.runtime.iso_time import iso_time
from farshore.semantics.rates import counted


class Recording:
    """Gathers what the attempts of one lane came to, in one command, and writes it.

    Args:
        now_us: when they are settled.
        rests_until_us: the lane leaves its destination alone until then; a time that has passed when it does not.
    """

    def __init__(self, tx: Transaction, now_us: int, rests_until_us: int) -> None:
        self._tx = tx
        self._now_us = now_us
        self._rests_until_us = rests_until_us
        self._lane: tuple[int, str] | None = None
        self._operations = 0
        self._bytes = 0
        self._error = ""

    def completed(self, task: ReplicationTask, version: Version, *, late: bool) -> None:
        """It arrived; at the first attempt and in time that is nothing to remember.

        Args:
            late: its rule has Replication Time Control, and the threshold had passed.
        """
        self._lane = (task.bucket_id, task.destination)
        self._operations += 1
        self._bytes += task.size
        if late:
            self._add(version, task, AttemptOutcome.DELIVERED_LATE, None, _ought(task))
        elif task.attempts > 1 or task.last_error:
            self._add(version, task, AttemptOutcome.DELIVERED)

    def failed(self, task: ReplicationTask, version: Version, code: FailureCode, detail: str, *, late: bool) -> None:
        """It is refused for good.

        Args:
            late: it had missed the threshold of Replication Time Control by then.
        """
        self._lane = (task.bucket_id, task.destination)
        if late:
            self._add(version, task, AttemptOutcome.FAILED_LATE, code, _ought(task))
        else:
            self._add(version, task, AttemptOutcome.FAILED, code, detail)

    def retried(self, task: ReplicationTask, version: Version | None, error: str) -> None:
        """It met transient trouble. version: None when it is gone."""
        self._lane = (task.bucket_id, task.destination)
        self._error = error
        if version is not None:
            self._add(version, task, AttemptOutcome.RETRIED, None, error)

    def write(self) -> None:
        """Write how the lane goes: its rate, and whether and why its destination is left alone."""
        if self._lane is None or self._tx.bucket_by_id(self._lane[0]) is None:
            return
        bucket_id, destination = self._lane
        before = self._tx.records.lane(bucket_id, destination)
        after = self._counted(before) if self._operations else before
        resting = self._rests_until_us > self._now_us
        after = msgspec.structs.replace(
            after,
            rests_until_us=self._rests_until_us if resting else 0,
            error=(self._error or before.error) if resting else "",
        )
        if after != before:
            self._tx.records.put_lane(bucket_id, after)

    def _counted(self, lane: LaneRecord) -> LaneRecord:
        since_us, at_us, operations_rate = counted(
            lane.since_us, lane.at_us, lane.operations_rate, count=self._operations, now_us=self._now_us
        )
        *_, bytes_rate = counted(lane.since_us, lane.at_us, lane.bytes_rate, count=self._bytes, now_us=self._now_us)
        return msgspec.structs.replace(
            lane, since_us=since_us, at_us=at_us, operations_rate=operations_rate, bytes_rate=bytes_rate
        )

    def _add(
        self,
        version: Version,
        task: ReplicationTask,
        outcome: AttemptOutcome,
        code: FailureCode | None = None,
        detail: str = "",
    ) -> None:
        attempt = AttemptRecord(
            destination=task.destination,
            first_us=self._now_us,
            last_us=self._now_us,
            times=1,
            outcome=outcome,
            code=code,
            detail=detail,
        )
        self._tx.records.add_attempt(version.row, attempt)


def _ought(task: ReplicationTask) -> str:
    """When it ought to have been there."""
    assert task.threshold_us is not None, task
    return f"it ought to have arrived by {iso_time(task.threshold_us)}"
