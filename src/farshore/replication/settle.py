"""Write what attempts came to: destination states, status, and what becomes of the tasks, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from farshore.metadata.store import Transaction
from farshore.model.objects import Version
from farshore.model.replication import DestinationState, ReplicationStatus, ReplicationTask
from farshore.replication.outcome import Attempt, Delivered, Dropped, Failed, Retry
from farshore.semantics.replication_status import aggregate_status
from farshore.semantics.retry import backoff_s


def settle(tx: Transaction, attempts: Sequence[Attempt], now_us: int, random: Callable[[], float]) -> None:
    """Inside a command of the source's region: settle the attempts of one lane.

    A version that changed while it was on its way (its state is later than the one delivered) is not settled: its task
    is due again at once.

    Args:
        random: draws from [0, 1), for the jitter of retries.
    """
    done: list[int] = []
    again: list[tuple[int, int, str]] = []
    for attempt in attempts:
        task = attempt.task
        match attempt.outcome:
            case Dropped():
                done.append(task.id)
            case Retry(error):
                due_us = now_us + int(backoff_s(max(1, task.attempts), random) * 1e6)
                again.append((task.id, due_us, error))
            case Delivered(seen_us):
                if _complete(tx, task, seen_us, now_us):
                    done.append(task.id)
                else:
                    again.append((task.id, now_us, ""))
            case Failed(code, detail):
                found = _pending(tx, task)
                if found is not None:
                    version, state = found
                    _set_state(
                        tx,
                        version,
                        DestinationState(state.bucket, ReplicationStatus.FAILED, state.rule_id, now_us, code, detail),
                    )
                done.append(task.id)
    if done:
        tx.remove_tasks(done)
    if again:
        tx.reschedule_tasks(again)


def state_of(version: Version, destination: str) -> DestinationState | None:
    """Where the destination of a version stands; None when the version does not go there."""
    return next((state for state in version.destinations if state.bucket == destination), None)


def _complete(tx: Transaction, task: ReplicationTask, seen_us: int, now_us: int) -> bool:
    """False when the version has changed since it was read for the delivery."""
    found = _pending(tx, task)
    if found is None:
        return True
    version, state = found
    if state.at_us != seen_us:
        return False
    _set_state(tx, version, DestinationState(state.bucket, ReplicationStatus.COMPLETED, state.rule_id, now_us))
    return True


def _pending(tx: Transaction, task: ReplicationTask) -> tuple[Version, DestinationState] | None:
    """The version and its pending state; None when it is gone or settled."""
    version = tx.version(task.bucket_id, task.key, task.version_id)
    state = None if version is None else state_of(version, task.destination)
    if version is None or state is None or state.status is not ReplicationStatus.PENDING:
        return None
    return version, state


def _set_state(tx: Transaction, version: Version, new: DestinationState) -> None:
    states = tuple(new if state.bucket == new.bucket else state for state in version.destinations)
    status = aggregate_status([state.status for state in states], replica=version.is_replica)
    tx.set_replication(version.row, status, states)
