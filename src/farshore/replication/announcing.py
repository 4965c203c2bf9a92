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
from farshore.runtime import ids
from farshore.service.deployment import Deployment, Region
from farshore.service.notifications import Occasion, announce
from farshore.service.replicas import Accepted, Arrival


class Announcing:
    """Tells of what is settled in one command, for tasks of one source bucket.

    Args:
        now_us: when it is settled.
    """

    def __init__(self, deployment: Deployment, region: Region, now_us: int) -> None:
        self._deployment = deployment
        self._region = region
        self._now_us = now_us
        self._told = False

    @property
    def told(self) -> bool:
        """Whether there are events now that are to be delivered."""
        return self._told

    def failed(self, tx: Transaction, task: ReplicationTask, version: Version, code: FailureCode) -> None:
        """It ended FAILED."""
        bucket, listeners = self._listeners(tx, task)
        if bucket is None or not listeners:
            return
        if self._is_metered(tx, bucket, task):
            self._tell(tx, bucket, listeners, EventName.REPLICATION_FAILED, task, version, code.value)
        elif _is_timed(task):
            self._tell(tx, bucket, listeners, EventName.REPLICATION_NOT_TRACKED, task, version)

    def completed(self, tx: Transaction, task: ReplicationTask, version: Version) -> None:
        """It arrived: that is told when it did so after the threshold."""
        late = task.missed or (task.threshold_us is not None and task.threshold_us < self._now_us)
        if not late:
            return
        bucket, listeners = self._listeners(tx, task)
        if bucket is not None and listeners:
            tracked = self._is_metered(tx, bucket, task)
            name = EventName.REPLICATION_AFTER_THRESHOLD if tracked else EventName.REPLICATION_NOT_TRACKED
            self._tell(tx, bucket, listeners, name, task, version)

    def missed(self, tx: Transaction, task: ReplicationTask, version: Version) -> None:
        """It has not arrived within the threshold."""
        bucket, listeners = self._listeners(tx, task)
        if bucket is not None and listeners:
            tracked = self._is_metered(tx, bucket, task)
            name = EventName.REPLICATION_MISSED_THRESHOLD if tracked else EventName.REPLICATION_NOT_TRACKED
            self._tell(tx, bucket, listeners, name, task, version)

    def _listeners(self, tx: Transaction, task: ReplicationTask) -> tuple[Bucket | None, NotificationConfiguration]:
        bucket = tx.bucket_by_id(task.bucket_id)
        return bucket, () if bucket is None else self._deployment.notifications.get(tx, bucket)

    def _is_metered(self, tx: Transaction, bucket: Bucket, task: ReplicationTask) -> bool:
        """Whether the rule that the task was made by stands, and is metered."""
        rule = self._rule(tx, bucket, task)
        return rule is not None and rule.metered

    def _rule(self, tx: Transaction, bucket: Bucket, task: ReplicationTask) -> ReplicationRule | None:
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
        )
        occasion = Occasion(now_us=self._now_us, region=self._region.name, request_id=ids.request_id())
        self._told |= announce(tx, listeners, bucket, name, version, occasion, replication=data)


def announce_replicas(
    tx: Transaction,
    deployment: Deployment,
    region: Region,
    bucket_name: str,
    arrivals: Sequence[Arrival],
    accepted: Sequence[Accepted],
    now_us: int,
) -> bool:
    """Inside the command that takes replicas in: tell of those that are new in their bucket.

    Returns:
        Whether there are events now that are to be delivered.
    """
    bucket = tx.bucket(bucket_name)
    listeners = () if bucket is None else deployment.notifications.get(tx, bucket)
    if bucket is None or not listeners:
        return False
    told = False
    for arrival, result in zip(arrivals, accepted, strict=True):
        if result is Accepted.STORED and not arrival.changed:
            marker = arrival.version.delete_marker
            name = EventName.DELETE_MARKER_CREATED if marker else EventName.PUT
            occasion = Occasion(now_us=now_us, region=region.name, request_id=ids.request_id())
            told |= announce(tx, listeners, bucket, name, arrival.version, occasion)
    return told


def _is_timed(task: ReplicationTask) -> bool:
    return task.missed or task.threshold_us is not None
