"""Events of replication: what became of operations, told to whoever listens, in the transaction that settles them.

A failure is told for rules with metrics, the threshold's events for those with Replication Time Control. Replicas are
told in their own bucket as any other new version is.
Source: S3 User Guide, "Receiving replication failure events with Amazon S3 Event Notifications".
"""

from __future__ import annotations

from collections.abc import Sequence

from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket
from farshore.model.events import EventName, NotificationConfiguration, ReplicationEventData
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationRule, ReplicationTask
from farshore.service.deployment import Deployment, Region
from farshore.service.notifications import announce
from farshore.service.replicas import Accepted, Arrival

_OF_THRESHOLD = (EventName.REPLICATION_MISSED_THRESHOLD, EventName.REPLICATION_AFTER_THRESHOLD)


class Announcing:
    """Tells of what is settled in one command, for tasks of one source bucket.

    Args:
        now_us: when it is settled.
    """

    def __init__(self, deployment: Deployment, region: Region, now_us: int) -> None:
        self._deployment = deployment
        self._region = region
        self._now_us = now_us

    def failed(self, tx: Transaction, task: ReplicationTask, version: Version, code: FailureCode) -> bool:
        """It ended FAILED.

        Returns:
            Whether it had missed the threshold by then; whoever listens or not.
        """
        bucket, listeners = self._listeners(tx, task)
        if bucket is None or not (listeners or self._is_late(task)):
            return False
        task = self._as_it_stands(tx, task)
        rule = self._rule(tx, bucket, task)
        timed = rule is not None and rule.replication_time
        late = self._is_late(task) and (timed or task.missed)
        if not listeners:
            return late
        if late and not task.missed:
            self._tell(tx, bucket, listeners, EventName.REPLICATION_MISSED_THRESHOLD, task, version)
        if rule is not None and rule.metered:
            self._tell(tx, bucket, listeners, EventName.REPLICATION_FAILED, task, version, code.value)
        elif task.threshold_us is not None:
            self._tell(tx, bucket, listeners, EventName.REPLICATION_NOT_TRACKED, task, version)
        return late

    def completed(self, tx: Transaction, task: ReplicationTask, version: Version) -> bool:
        """It arrived: that is told when it did so after the threshold, and that it missed it, where nobody has yet.

        Returns:
            Whether it arrived late, its rule having Replication Time Control; whoever listens or not.
        """
        if not self._is_late(task):
            return False
        bucket, listeners = self._listeners(tx, task)
        task = self._as_it_stands(tx, task)
        if bucket is None or task.threshold_us is None:
            return False
        timed = self._is_timed(tx, bucket, task)
        if timed and listeners:
            if not task.missed:
                self._tell(tx, bucket, listeners, EventName.REPLICATION_MISSED_THRESHOLD, task, version)
            self._tell(tx, bucket, listeners, EventName.REPLICATION_AFTER_THRESHOLD, task, version)
        elif listeners:
            self._tell(tx, bucket, listeners, EventName.REPLICATION_NOT_TRACKED, task, version)
        return timed

    def missed(self, tx: Transaction, task: ReplicationTask, version: Version) -> bool:
        """It has not arrived within the threshold.

        Returns:
            Whether it is still tracked: its rule stands, with Replication Time Control. If not, no more is told.
        """
        bucket, listeners = self._listeners(tx, task)
        if bucket is None:
            return False
        tracked = self._is_timed(tx, bucket, task)
        name = EventName.REPLICATION_MISSED_THRESHOLD if tracked else EventName.REPLICATION_NOT_TRACKED
        if listeners:
            self._tell(tx, bucket, listeners, name, task, version)
        return tracked

    def _is_late(self, task: ReplicationTask) -> bool:
        return task.threshold_us is not None and task.threshold_us <= self._now_us

    def _as_it_stands(self, tx: Transaction, task: ReplicationTask) -> ReplicationTask:
        """Of what is late more may have been told since it was claimed."""
        return (tx.thresholds.task(task.id) or task) if self._is_late(task) else task

    def _listeners(self, tx: Transaction, task: ReplicationTask) -> tuple[Bucket | None, NotificationConfiguration]:
        bucket = tx.bucket_by_id(task.bucket_id)
        return bucket, {} if bucket is None else self._deployment.notifications.get(tx, bucket)

    def _is_timed(self, tx: Transaction, bucket: Bucket, task: ReplicationTask) -> bool:
        rule = self._rule(tx, bucket, task)
        return rule is not None and rule.replication_time

    def _rule(self, tx: Transaction, bucket: Bucket, task: ReplicationTask) -> ReplicationRule | None:
        """The rule that the task was made by, if it stands."""
        configuration = self._deployment.configurations.get(tx, bucket)
        rules = () if configuration is None else configuration.rules
        return next(
            (
                rule
                for rule in rules
                if rule.enabled and rule.id == task.rule_id and rule.destination == task.destination
            ),
            None,
        )

    def _tell(
        self,
        tx: Transaction,
        bucket: Bucket,
        listeners: NotificationConfiguration,
        name: EventName,
        task: ReplicationTask,
        version: Version,
        failure_reason: str = "",
    ) -> None:
        data = ReplicationEventData(
            rule_id=task.rule_id,
            destination_bucket=task.destination,
            operation=task.kind.value,
            requested_us=task.enqueued_us,
            failure_reason=failure_reason,
            threshold_us=self._threshold(name, task),
            took_us=self._now_us - task.enqueued_us if name is EventName.REPLICATION_AFTER_THRESHOLD else None,
        )
        announce(tx, listeners, self._region, bucket, name, version, self._now_us, data)

    def _threshold(self, name: EventName, task: ReplicationTask) -> int | None:
        """How long it might have taken, for the events that say so."""
        if name not in _OF_THRESHOLD or task.threshold_us is None:
            return None
        return task.threshold_us - task.enqueued_us


def announce_replicas(
    tx: Transaction,
    deployment: Deployment,
    region: Region,
    bucket_id: int,
    arrivals: Sequence[Arrival],
    accepted: Sequence[Accepted],
    now_us: int,
) -> None:
    """Inside the command that takes replicas in: tell of those that are new in their bucket."""
    bucket = tx.bucket_by_id(bucket_id)
    listeners = {} if bucket is None else deployment.notifications.get(tx, bucket)
    if bucket is None or not listeners:
        return
    for arrival, result in zip(arrivals, accepted, strict=True):
        if result is Accepted.STORED and not arrival.changed:
            marker = arrival.version.delete_marker
            name = EventName.DELETE_MARKER_CREATED if marker else EventName.PUT
            announce(tx, listeners, region, bucket, name, arrival.version, now_us)
