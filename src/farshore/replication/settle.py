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
from farshore.semantics.replication_status import state_of, with_state
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
    settling = _Settling(tx, now_us, random, announcing, Recording(tx, now_us, rests_until_us))
    versions = tx.versions([name_of(each.task) for each in attempts if not isinstance(each.outcome, Dropped)])
    for attempt in attempts:
        version = versions.get(name_of(attempt.task))
        match attempt.outcome:
            case Dropped():
                settling.done(attempt.task)
            case Retry(error=error):
                settling.retried(attempt.task, version, error)
            case Delivered() | Failed() as outcome:
                settling.ended(attempt.task, version, outcome)
    return settling.write()


class _Settling:
    """What attempts of one lane came to, gathered, and written at the end: few statements, however many attempts."""

    def __init__(
        self,
        tx: Transaction,
        now_us: int,
        random: Callable[[], float],
        announcing: Announcing,
        recording: Recording,
    ) -> None:
        self._tx = tx
        self._now_us = now_us
        self._random = random
        self._announcing = announcing
        self._recording = recording
        self._accounts = Settled(now_us)
        self._done: list[ReplicationTask] = []
        self._again: list[tuple[int, int, str]] = []
        self._changes: list[tuple[int, ReplicationStatus, Sequence[DestinationState]]] = []
        self._states: dict[VersionName, Sequence[DestinationState]] = {}

    def done(self, task: ReplicationTask) -> None:
        """There is nothing more to do for it."""
        self._done.append(task)

    def retried(self, task: ReplicationTask, version: Version | None, error: str) -> None:
        """It met transient trouble, and comes again."""
        due_us = self._now_us + int(backoff_s(max(1, task.attempts), self._random) * 1e6)
        self._again.append((task.id, due_us, error))
        self._accounts.retried(task)
        self._recording.retried(task, version, error)

    def ended(self, task: ReplicationTask, version: Version | None, outcome: Delivered | Failed) -> None:
        """It arrived or was refused, unless another task of the version has settled the same, or it changed since."""
        name = name_of(task)
        found = None if name in self._states else _pending(version, task)
        if found is None:
            self.done(task)
            return
        version, state = found
        if outcome.seen_us not in (None, state.at_us):
            self._again.append((task.id, self._now_us, ""))
            return
        aggregate, self._states[name] = _settled(version, state, outcome, self._now_us)
        self._changes.append((version.row, aggregate, self._states[name]))
        self.done(task)
        if isinstance(outcome, Failed):
            self._accounts.failed(task, outcome.code)
            late = self._announcing.failed(self._tx, task, version, outcome.code)
            self._recording.failed(task, version, outcome.code, outcome.detail, late=late)
        else:
            self._accounts.completed(task)
            late = self._announcing.completed(self._tx, task, version)
            self._recording.completed(task, version, late=late)

    def write(self) -> bool:
        """Returns whether a job of Batch Replication went on by it."""
        tx = self._tx
        if self._changes:
            tx.set_replications(self._changes)
        self._accounts.write(tx.metrics)
        self._recording.write()
        removed = tx.remove_tasks([task.id for task in self._done])
        if self._again:
            tx.reschedule_tasks(self._again)
        return replications_settled(tx, [task for task in self._done if task.id in removed], self._states, self._now_us)


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
    return with_state(version, new)
