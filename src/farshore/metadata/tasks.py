"""The port of the replication outbox: tasks, written in the same transaction as the change that they are to bring.

Part of the region's store, whose contract holds here too. A *lane* is what waits in one source bucket for one
destination. A task that is claimed is not due before its lease ends: a worker that dies gives its tasks back by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from farshore.model.replication import ReplicationTask
from farshore.model.replication_record import PendingAgain, PendingTask


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one destination of one source bucket."""

    bucket_id: int
    destination: str
    tasks: int
    bytes: int
    oldest_enqueued_us: int


class DueLane(msgspec.Struct, frozen=True, kw_only=True):
    """A lane that has tasks. due_us: when the first of them may be tried."""

    bucket_id: int
    destination: str
    due_us: int


class BatchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a claim Batch Replication may take.

    share: of the claim's limit, from 0 to 1, where live tasks would fill it. large: tasks of more than large_bytes.
    """

    share: float = 1.0
    large: int = 1_000_000
    large_bytes: int = 0


NO_BATCH_LIMITS = BatchLimits()


class TaskReader(Protocol):
    def pending_tasks(self, after_id: int, limit: int) -> list[ReplicationTask]:
        """Tasks by id, ascending, whether due or not."""
        ...

    def lanes(self) -> list[Lane]:
        """What waits, per source bucket and destination. Costs by rules, not by tasks."""
        ...

    def due_lanes(self) -> list[DueLane]:
        """The lanes that have tasks. Costs by lanes, not by tasks."""
        ...

    def lanes_since(self, task_id: int) -> list[DueLane]:
        """The lanes that have newer tasks than this; due when the first of these is. Costs by the newer tasks."""
        ...

    def lane_due(self, bucket_id: int, destination: str) -> int | None:
        """When the first task of a lane may be tried; None when it has none."""
        ...

    def tasks_of_version(self, bucket_id: int, key: str, version_id: str) -> list[PendingTask]:
        """What waits of one version, by destination."""
        ...

    def newest_task(self) -> int:
        """The id of the newest task that waits, of any bucket; 0 when none does."""
        ...

    def has_tasks(self, bucket_id: int, up_to: int) -> bool:
        """Whether a task of the bucket waits that is not newer than this id. May walk the bucket's newer ones."""
        ...

    def pending_again(self, bucket_id: int) -> list[PendingAgain]:
        """What waits of a bucket beside live changes, by destination. Costs by destinations."""
        ...


class TaskTransaction(TaskReader, Protocol):
    def add_tasks(self, tasks: Sequence[ReplicationTask]) -> None: ...

    def claim_tasks(
        self,
        *,
        bucket_id: int,
        destination: str,
        now_us: int,
        lease_until_us: int,
        limit: int,
        batch: BatchLimits = NO_BATCH_LIMITS,
    ) -> list[ReplicationTask]:
        """Due tasks of a lane, oldest due first; each gets `due_us = lease_until_us` and `attempts + 1`.

        Tasks of Batch Replication come behind the live ones. Each kind takes the places that the other leaves free.
        """
        ...

    def renew_tasks(self, ids: Sequence[int], lease_until_us: int) -> None:
        """Lengthen the leases of claimed tasks."""
        ...

    def reschedule_tasks(self, tasks: Sequence[tuple[int, int, str]]) -> None:
        """(task id, due_us, last error) each: not before then."""
        ...

    def release_tasks(self, *, bucket_id: int, destination: str, now_us: int, limit: int) -> int:
        """Make up to `limit` tasks of a lane that are due later due now; returns how many there were."""
        ...

    def remove_tasks(self, ids: Sequence[int]) -> set[int]:
        """Returns those that were there: whoever settles a task twice counts it once."""
        ...

    def remove_tasks_of_version(self, bucket_id: int, key: str, version_id: str) -> list[ReplicationTask]:
        """Whatever waits of one version, claimed or not; returned as it stood."""
        ...
