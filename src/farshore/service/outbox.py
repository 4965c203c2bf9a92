"""The outbox: which replication tasks a change makes, planned inside the transaction of that change.

A version has at most one task for each destination: while its state there is PENDING a task exists, and the worker
re-reads the version when the task's turn comes. A further change of a pending version therefore makes no second task;
it only raises the time of the state (`at_us`), by which the worker sees that what it has just delivered is not the
latest, and delivers again.
Source: S3 User Guide, "What does Amazon S3 replicate?", "Getting replication status information".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.objects import Version
from farshore.model.replication import (
    DestinationState,
    ReplicationConfiguration,
    ReplicationRule,
    ReplicationStatus,
    ReplicationTask,
    TaskKind,
)
from farshore.semantics.replication_eligibility import Cause, eligible_destinations
from farshore.semantics.replication_status import status_of

THRESHOLD_US = 15 * 60 * 1_000_000
"""Within this time an operation under Replication Time Control ought to arrive. Delete markers are not under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a change of an existing version means for replication: its new status and states, and tasks to add."""

    status: ReplicationStatus
    destinations: tuple[DestinationState, ...]
    tasks: tuple[ReplicationTask, ...]


def kind_of(version: Version) -> TaskKind:
    """What a task brings that brings the version itself."""
    return TaskKind.DELETE_MARKER if version.delete_marker else TaskKind.OBJECT


def plan_version(
    configuration: ReplicationConfiguration | None, version: Version, now_us: int
) -> tuple[Version, Sequence[ReplicationTask]]:
    """A new version or delete marker with its status, and one task for each destination it goes to."""
    if configuration is None:
        return version, ()
    marker = version.delete_marker
    rules = eligible_destinations(configuration, version, cause=Cause.DELETE if marker else Cause.WRITE).rules
    if not rules:
        return version, ()
    kind = kind_of(version)
    pending = msgspec.structs.replace(
        version,
        replication_status=ReplicationStatus.PENDING,
        destinations=tuple(
            DestinationState(rule.destination, ReplicationStatus.PENDING, rule.id, now_us) for rule in rules
        ),
    )
    return pending, [_task(version, rule, kind, now_us) for rule in rules]


def plan_change(
    configuration: ReplicationConfiguration | None, version: Version, kind: TaskKind, now_us: int
) -> Planned | None:
    """Where a change of a version's tags or ACL goes: to the destinations that have the version, or will.

    Args:
        version: as it was before, with its status and destinations.
        kind: TAGS or ACL.
    Returns:
        None when the change is not replicated.
    """
    if configuration is None:
        return None
    rules = eligible_destinations(configuration, version, cause=_CAUSES[kind]).rules
    if not rules:
        return None
    states = {state.bucket: state for state in version.destinations}
    tasks: list[ReplicationTask] = []
    for rule in rules:
        before = states.get(rule.destination)
        states[rule.destination] = _pending(rule, before, kind, now_us)
        if before is None or before.status is not ReplicationStatus.PENDING:
            tasks.append(_task(version, rule, kind, now_us))
    return Planned(
        status=status_of(version, states.values()),
        destinations=tuple(states.values()),
        tasks=tuple(tasks),
    )


def record_change(
    tx: Transaction, configuration: ReplicationConfiguration | None, version: Version, kind: TaskKind, now_us: int
) -> bool:
    """Inside the command of a change: write its status and tasks. Arguments as `plan_change`; whether it replicates."""
    planned = plan_change(configuration, version, kind, now_us)
    if planned is None:
        return False
    tx.set_replication(version.row, planned.status, planned.destinations)
    tx.add_tasks(planned.tasks)
    return True


def plan_batch(configuration: ReplicationConfiguration, version: Version, now_us: int) -> Planned | None:
    """Where Batch Replication takes an existing version: to every destination that an enabled rule names for it now.

    Destinations that have it already are asked again, and say so. What is on its way stays so, and where a change of
    metadata is, the version itself goes in its place. A failure at a destination that no rule names any more is
    forgotten, or the version could never become COMPLETED.

    Returns:
        None when no rule takes it.
    Source: S3 User Guide, "Replicating existing objects with Batch Replication".
    """
    rules = eligible_destinations(configuration, version, cause=Cause.BATCH).rules
    if not rules:
        return None
    named = {rule.destination for rule in rules}
    states = {
        state.bucket: state
        for state in version.destinations
        if state.bucket in named or state.status is not ReplicationStatus.FAILED
    }
    kind = kind_of(version)
    tasks: list[ReplicationTask] = []
    for rule in rules:
        before = states.get(rule.destination)
        waiting = before is not None and before.status is ReplicationStatus.PENDING
        if before is None or not waiting or before.changed:
            states[rule.destination] = DestinationState(
                rule.destination,
                ReplicationStatus.PENDING,
                rule.id,
                now_us if before is None else max(now_us, before.at_us + 1),
                # A replica that was to be replaced, and was not, is damaged still: that it is there is not enough.
                replace=before is not None and before.replace,
            )
        if not waiting:
            tasks.append(_task(version, rule, kind, now_us, batch=True))
    return Planned(
        status=status_of(version, states.values()),
        destinations=tuple(states.values()),
        tasks=tuple(tasks),
    )


def again_task(version: Version, rule: ReplicationRule, kind: TaskKind, now_us: int, note: str) -> ReplicationTask:
    """A task for what was settled or lost, and goes again. note: why, for people."""
    return msgspec.structs.replace(_task(version, rule, kind, now_us, batch=True), last_error=note)


def lost_task(version: Version, state: DestinationState, now_us: int) -> ReplicationTask:
    """A task for a destination where the version stands PENDING though no task is there, as no rule decides anew."""
    kind = kind_of(version)
    return ReplicationTask(
        bucket_id=version.bucket_id,
        key=version.key,
        version_id=version.version_id,
        destination=state.bucket,
        kind=state.changed[0] if state.changed else kind,
        enqueued_us=now_us,
        due_us=now_us,
        size=version.size,
        last_error="no task was there",
        rule_id=state.rule_id,
        batch=True,
    )


_CAUSES = {TaskKind.TAGS: Cause.METADATA, TaskKind.ACL: Cause.ACL}


def _pending(rule: ReplicationRule, before: DestinationState | None, kind: TaskKind, now_us: int) -> DestinationState:
    """The state of a destination that a change is on its way to: later than the state before, whatever the clock.

    A change joins others that wait, and goes with the version itself while that is what waits.
    """
    if before is None:
        return DestinationState(rule.destination, ReplicationStatus.PENDING, rule.id, now_us, changed=(kind,))
    waiting = before.status is ReplicationStatus.PENDING
    changed = tuple(dict.fromkeys((*before.changed, kind))) if waiting and before.changed else (kind,)
    return DestinationState(
        rule.destination,
        ReplicationStatus.PENDING,
        rule.id,
        max(now_us, before.at_us + 1),
        changed=() if waiting and not before.changed else changed,
        owner_override=before.owner_override,
        replace=waiting and before.replace,
    )


def _task(
    version: Version, rule: ReplicationRule, kind: TaskKind, now_us: int, *, batch: bool = False
) -> ReplicationTask:
    timed = rule.replication_time and kind is not TaskKind.DELETE_MARKER and not batch
    return ReplicationTask(
        bucket_id=version.bucket_id,
        key=version.key,
        version_id=version.version_id,
        destination=rule.destination,
        kind=kind,
        enqueued_us=now_us,
        due_us=now_us,
        size=version.size,
        rule_id=rule.id,
        threshold_us=now_us + THRESHOLD_US if timed else None,
        batch=batch,
    )
