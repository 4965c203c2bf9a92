"""What an attempt to deliver a task came to."""

from __future__ import annotations

from dataclasses import dataclass

from farshore.model.replication import FailureCode, ReplicationTask, TaskKind


@dataclass(frozen=True, slots=True)
class Delivered:
    """The destination has it.

    seen_us: `at_us` of the destination's state in the version that was delivered.
    owner_override: the version was given to the destination's owner. None where no version was brought.
    """

    seen_us: int
    owner_override: bool | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It is refused for good, with AWS's failure code.

    seen_us: as `Delivered`, where it was refused for what the version was like; None where that does not matter.
    changed: the changes of metadata that were refused, where others arrived; empty for all.
    """

    code: FailureCode
    detail: str = ""
    seen_us: int | None = None
    changed: tuple[TaskKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """Transient trouble: it stays PENDING and comes again.

    own: it is the trouble of this task alone, and says nothing of the destination.
    """

    error: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """There is nothing to deliver any more: the version was permanently deleted, or its state is settled."""


Outcome = Delivered | Failed | Retry | Dropped


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claimed task and what came of it."""

    task: ReplicationTask
    outcome: Outcome
