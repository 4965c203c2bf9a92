"""The states of jobs: which may follow which, what a change does to the job, and when failures end it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.support.jobs import job_of

from farshore.model.batch import ENDED, JobFailure, JobStatus
from farshore.semantics.job_states import NEXT, active_s, failed_too_often, may_move, moved

S = JobStatus

ALLOWED = {
    (S.NEW, S.PREPARING),
    (S.PREPARING, S.READY),
    (S.PREPARING, S.SUSPENDED),
    (S.SUSPENDED, S.READY),
    (S.READY, S.ACTIVE),
    (S.ACTIVE, S.PAUSING),
    (S.PAUSING, S.PAUSED),
    (S.PAUSED, S.ACTIVE),
    (S.ACTIVE, S.COMPLETING),
    (S.COMPLETING, S.COMPLETE),
    (S.CANCELLING, S.CANCELLED),
    (S.FAILING, S.FAILED),
    *((status, S.CANCELLING) for status in S if status not in ENDED and status is not S.CANCELLING),
    *((status, S.FAILING) for status in (S.PREPARING, S.SUSPENDED, S.ACTIVE, S.PAUSING, S.PAUSED, S.COMPLETING)),
}
"""User Guide, "Job statuses": everything else is refused."""


@pytest.mark.parametrize(("before", "after"), list(itertools.product(S, S)))
def test_a_status_is_followed_by_those_that_aws_names_and_by_no_other(before: JobStatus, after: JobStatus) -> None:
    job = job_of(status=before)
    assert may_move(job, after) is ((before, after) in ALLOWED)
    if (before, after) in ALLOWED:
        assert moved(job, after, 5).status is after
    else:
        with pytest.raises(AssertionError):
            moved(job, after, 5)


def test_a_job_that_has_ended_stays_so() -> None:
    assert {status for status in S if not NEXT[status]} == ENDED


@pytest.mark.parametrize("status", S)
def test_only_an_ended_job_has_a_time_of_its_end(status: JobStatus) -> None:
    before = next(before for before, after in ALLOWED if after is status) if status is not S.NEW else None
    job = job_of(status=S.NEW) if before is None else moved(job_of(status=before), status, 7)
    assert job.ended_us == (7 if status in ENDED else None)


def test_time_in_active_is_added_up_over_pauses() -> None:
    job = moved(job_of(status=S.READY), S.ACTIVE, 10_000_000)
    assert active_s(job, 13_500_000) == 3
    for status, at_s in ((S.PAUSING, 14), (S.PAUSED, 20), (S.ACTIVE, 30)):
        job = moved(job, status, at_s * 1_000_000)
    assert active_s(job, 31_000_000) == 5
    assert active_s(moved(job, S.COMPLETING, 33_000_000), 99_000_000) == 7


def test_reasons_of_failures_gather() -> None:
    first, second = JobFailure("A", "a"), JobFailure("B", "b")
    job = moved(job_of(status=S.ACTIVE), S.FAILING, 1, failure=first)
    assert moved(job, S.FAILED, 2, failure=second).state.failures == (first, second)


@pytest.mark.parametrize(
    ("counts", "ends"),
    [
        ({"drawn": 999, "failed": 999}, False),
        ({"drawn": 1000, "failed": 1000}, True),
        ({"drawn": 1000, "failed": 500, "succeeded": 500}, False),
        ({"drawn": 1000, "failed": 501, "succeeded": 499}, True),
        ({"drawn": 4000, "failed": 1500}, False),
        ({"drawn": 2999, "failed": 1500}, True),
        ({"drawn": 10_000, "failed": 5000, "succeeded": 5000}, False),
    ],
)
def test_a_job_ends_once_more_than_half_of_what_it_began_has_failed_after_a_thousand(
    counts: dict[str, Any], ends: bool
) -> None:
    """What is in flight has not failed: early failures do not outrun slow successes."""
    assert failed_too_often(job_of(total=20_000, **counts)) is ends
