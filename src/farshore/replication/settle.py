"""Write what attempts came to: destination states, status, and what becomes of the tasks, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.objects import Version, VersionName
from farshore.model.replication import DestinationState, ReplicationStatus, ReplicationTask
from farshore.replication.accounts import Settled
from farshore.replication.announcing import Announcing
from farshore.replication.outcome import Attempt, Delivered, Dropped, Failed, Retry
from farshore.replication.recording import Recording
from farshore.semantics.replication_status import aggregate_status
from farshore.semantics.retry import backoff_s
from farshore.service.job_tasks import name_of, replications_settled


def settle(
    tx: Transaction,
    attempts: Sequence[Attempt],
    now_us: int,
    random: Callable[[], float],
    *,
    announcing: Announcing,
    rests_until_us: int = 0,
) -> bool:
    """Inside a command of the source's region: settle the attempts of one lane.

    A version that changed while it was on its way (its state is later than the one delivered) is not settled: its task
    is due again at once.

    Args:
        random: draws from [0, 1), for the jitter of retries.
        announcing: tells of failures and late arrivals.
        rests_until_us: the lane leaves its destination alone until then, if that is to come.
    Returns:
        whether a job of Batch Replication went on by it.
    """
    versions = tx.versions([name_of(each.task) for each in attempts if isinstance(each.outcome, Delivered | Failed)])
    done: list[ReplicationTask] = []
    states: dict[VersionName, Sequence[DestinationState]] = {}
    changes: list[tuple[int, ReplicationStatus, Sequence[DestinationState]]] = []
    again: list[tuple[int, int, str]] = []
    settled = Settled(now_us)
    recording = Recording(tx, now_us, rests_until_us)
    for attempt in attempts:
        task, name = attempt.task, name_of(attempt.task)
        match attempt.outcome:
            case Dropped():
                done.append(task)
            case Retry(error=error):
                due_us = now_us + int(backoff_s(max(1, task.attempts), random) * 1e6)
                again.append((task.id, due_us, error))
                settled.retried(task)
                recording.retried(task, error)
            case Delivered() | Failed() as outcome:
                found = None if name in states else _pending(versions.get(name), task)
                if found is not None and outcome.seen_us not in (None, found[1].at_us):
                    again.append((task.id, now_us, ""))
                    continue
                if found is not None:
                    aggregate, states[name] = _settled(*found, outcome, now_us)
                    changes.append((found[0].row, aggregate, states[name]))
                    if isinstance(outcome, Failed):
                        settled.failed(task, outcome.code)
                        recording.failed(task, found[0], outcome.code, outcome.detail)
                        announcing.failed(tx, task, found[0], outcome.code)
                    else:
                        settled.completed(task)
                        recording.completed(task, found[0])
                        announcing.completed(tx, task, found[0])
                done.append(task)
    if changes:
        tx.set_replications(changes)
    settled.write(tx.metrics)
    recording.write()
    if done:
        tx.remove_tasks([task.id for task in done])
    if again:
        tx.reschedule_tasks(again)
    return replications_settled(tx, done, states, now_us)


def state_of(version: Version, destination: str) -> DestinationState | None:
    """Where the destination of a version stands; None when the version does not go there."""
    return next((state for state in version.destinations if state.bucket == destination), None)


def _completed(before: DestinationState, outcome: Delivered, now_us: int) -> DestinationState:
    override = before.owner_override if outcome.owner_override is None else outcome.owner_override
    return DestinationState(before.bucket, ReplicationStatus.COMPLETED, before.rule_id, now_us, owner_override=override)


def _failed(before: DestinationState, outcome: Failed, now_us: int) -> DestinationState:
    return msgspec.structs.replace(
        before,
        status=ReplicationStatus.FAILED,
        at_us=now_us,
        reason=outcome.code,
        detail=outcome.detail,
        changed=outcome.changed or before.changed,
    )


def _pending(version: Version | None, task: ReplicationTask) -> tuple[Version, DestinationState] | None:
    """The version and its pending state; None when it is gone or settled."""
    state = None if version is None else state_of(version, task.destination)
    if version is None or state is None or state.status is not ReplicationStatus.PENDING:
        return None
    return version, state


def _settled(
    version: Version, before: DestinationState, outcome: Delivered | Failed, now_us: int
) -> tuple[ReplicationStatus, Sequence[DestinationState]]:
    """The version's status and states with one of its destinations settled: COMPLETED, or FAILED with a code."""
    new = _completed(before, outcome, now_us) if isinstance(outcome, Delivered) else _failed(before, outcome, now_us)
    states = tuple(new if state.bucket == new.bucket else state for state in version.destinations)
    return aggregate_status([state.status for state in states], replica=version.is_replica), states
