"""The port of Replication Time Control: tasks that ought to have arrived by now, and of which that is still to be told.

Contract, as for the region's store: reads are synchronous and see the last committed state; changes are made inside
commands, which may be run more than once and leave nothing behind when they raise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from farshore.model.replication import ReplicationTask


class ThresholdReader(Protocol):
    def next_us(self) -> int | None:
        """When the next task misses its threshold, in the past where it has; None when none may. One look-up."""
        ...


class ThresholdTransaction(ThresholdReader, Protocol):
    def passed(self, now_us: int, limit: int) -> list[ReplicationTask]:
        """Tasks whose threshold has come and of which nothing has been told, longest past first."""
        ...

    def task(self, task_id: int) -> ReplicationTask | None:
        """A task as it stands now; None when it is settled. Who claimed it earlier may not know what was told since."""
        ...

    def missed(self, ids: Sequence[int]) -> None:
        """It has been told of these tasks that they missed their threshold."""
        ...

    def untracked(self, ids: Sequence[int]) -> None:
        """These tasks have no threshold any more."""
        ...
