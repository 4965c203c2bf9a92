"""The port of a region's Batch Operations jobs: jobs, their manifests, tasks in flight, results.

A job lives in the region that it was created in. Its manifest is stored in segments; a row is named by its place in the
manifest, from 0. Rows are drawn in order, and a drawn task is either done at once or in flight until whoever finishes
it says so. Counts, tasks in flight and results change in the transaction of what they count, so that a crash loses no
task and counts none twice.

Contract, as for the region's store: reads are synchronous and see the last committed state; changes are made inside
commands, which may be run more than once and leave nothing behind when they raise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from farshore.model.batch import Job, JobStatus, JobTask, Segment
from farshore.model.objects import VersionName


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

    def segment(self, number: int, place: int) -> Segment:
        """The part of a job's manifest that has the row of this place. Raises KeyError when it is not there."""
        ...

    def has_tasks(self) -> bool:
        """Whether any job has a `JobTask` in flight. Cheap: asked for every change that replication settles."""
        ...

    def places(self, number: int, after: int, limit: int) -> list[int]:
        """Places after this one of a job's tasks in flight that wait for no version, ascending."""
        ...

    def tasks_of_versions(self, versions: Iterable[VersionName]) -> list[JobTask]:
        """Tasks of any job that are in flight for these versions."""
        ...

    def result_block(self, number: int, failed: bool, after: int) -> int | None:
        """The next block after this one that has results which failed, or succeeded."""
        ...

    def results(self, number: int, failed: bool, block: int) -> list[bytes]:
        """What was stored of a block, in the order in which it was."""
        ...


class JobTransaction(JobReader, Protocol):
    def add(self, job: Job, tags: dict[str, str]) -> Job:
        """Store a new job; returns it with its number. AssertionError if its token was used."""
        ...

    def put(self, job: Job) -> None:
        """Replace what changes in a job: status, priority, counts, state."""
        ...

    def put_tags(self, number: int, tags: dict[str, str]) -> None: ...

    def add_segment(self, number: int, segment: Segment) -> None: ...

    def add_tasks(self, tasks: Sequence[JobTask]) -> None: ...

    def remove_tasks(self, tasks: Sequence[JobTask]) -> None: ...

    def add_results(self, number: int, failed: bool, block: int, content: bytes) -> None:
        """Store results of tasks of one block of places, which all succeeded or all failed."""
        ...

    def drop_work(self, number: int) -> None:
        """Forget a job's manifest, tasks in flight and results."""
        ...

    def delete(self, number: int) -> None:
        """Forget a job."""
        ...
