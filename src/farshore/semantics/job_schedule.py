"""Which of an account's jobs run: at most six, the highest priorities first.

Source: S3 User Guide, "Assigning job priority"; "S3 Batch Replication" (6 active jobs an account).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from farshore.model.batch import Job, JobStatus

ACTIVE_MAX = 6
"""Jobs of one account that are Active at the same time in a region."""

_MAY_RUN = frozenset((JobStatus.READY, JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED))


def schedule(jobs: Iterable[Job]) -> list[tuple[Job, JobStatus]]:
    """The jobs whose status is to change, and what it becomes.

    Of equal priorities the older goes first. A job that is being paused becomes active again only once it is paused.
    """
    accounts: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if job.status in _MAY_RUN:
            accounts[job.account_id].append(job)
    changes: list[tuple[Job, JobStatus]] = []
    for candidates in accounts.values():
        candidates.sort(key=lambda job: (-job.priority, job.number))
        for place, job in enumerate(candidates):
            if place < ACTIVE_MAX:
                if job.status in (JobStatus.READY, JobStatus.PAUSED):
                    changes.append((job, JobStatus.ACTIVE))
            elif job.status is JobStatus.ACTIVE:
                changes.append((job, JobStatus.PAUSING))
    return changes
