"""The port of a region's Batch Operations jobs: jobs, their manifests, tasks in flight, results.

A job lives in the region that it was created in. Its manifest is stored in segments; rows are drawn from them in order,
and a drawn task is either done at once or in flight until whoever finishes it says so. Counts, tasks in flight and
results change in the transaction of what they count, so that a crash loses no task and counts none twice.

Contract, as for the region's store: reads are synchronous and see the last committed state; changes are made inside
commands, which may be run more than once and leave nothing behind when they raise.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from farshore.model.batch import Job, JobStatus, JobTask


class JobReader(Protocol):
    def job(self, job_id: str) -> Job | None: ...

    def by_number(self, number: int) -> Job | None: ...

    def by_token(self, account_id: str, token: str) -> Job | None:
        """The job that was created with this ClientRequestToken."""
        ...

    def tags(self, number: int) -> dict[str, str]: ...

    def unfinished(self) -> list[Job]:
        """Jobs that have not ended, by number."""
        ...

    def listed(self, account_id: str, statuses: Collection[JobStatus], below: int, limit: int) -> list[Job]:
        """An account's jobs with a number below this one, newest first; of all statuses when none is given."""
        ...

    def ended_before(self, before_us: int, limit: int) -> list[Job]: ...

    def segment(self, number: int, place: int) -> bytes:
        """A part of a job's manifest, from 0. Raises KeyError when it is not there."""
        ...

    def rows_stored(self, number: int) -> int:
        """Rows in all segments of a job."""
        ...

    def has_tasks(self) -> bool:
        """Whether any job has a task in flight. Cheap: asked for every change that replication settles."""
        ...

    def tasks(self, number: int, after: int, limit: int) -> list[JobTask]:
        """A job's tasks in flight, of places after this one, in order."""
        ...

    def tasks_of_version(self, bucket_id: int, key: str, version_id: str) -> list[JobTask]:
        """Tasks of any job that are in flight for this version."""
        ...

    def results(self, number: int, failed: bool, after: int, limit: int) -> list[tuple[int, bytes]]:
        """(id, content) of results that succeeded or failed, with ids after this one, in order."""
        ...


class JobTransaction(JobReader, Protocol):
    def add(self, job: Job, tags: dict[str, str]) -> Job:
        """Store a new job; returns it with its number. AssertionError if its token was used."""
        ...

    def put(self, job: Job) -> None:
        """Replace what changes in a job: status, priority, counts, state."""
        ...

    def put_tags(self, number: int, tags: dict[str, str]) -> None: ...

    def add_segment(self, number: int, place: int, rows: int, content: bytes) -> None: ...

    def add_tasks(self, tasks: Sequence[JobTask]) -> None: ...

    def remove_tasks(self, number: int, places: Sequence[int]) -> None: ...

    def add_results(self, number: int, failed: bool, content: bytes) -> None:
        """Store results of tasks, which all succeeded or all failed."""
        ...

    def drop_work(self, number: int) -> None:
        """Forget a job's manifest, tasks in flight and results."""
        ...

    def delete(self, number: int) -> None:
        """Forget a job."""
        ...
