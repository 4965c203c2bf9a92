"""Which jobs run: six of an account, the highest priorities first, the older of equals first."""

from __future__ import annotations

import pytest
from tests.support.jobs import ACCOUNT, job_of

from farshore.model.batch import Job, JobStatus
from farshore.semantics.job_schedule import ACTIVE_MAX, schedule

S = JobStatus


def jobs(*given: tuple[JobStatus, int], account: str = ACCOUNT, first: int = 1) -> list[Job]:
    """(status, priority) each, numbered in order."""
    return [
        job_of(number=number, status=status, priority=priority, account_id=account)
        for number, (status, priority) in enumerate(given, first)
    ]


def changes(given: list[Job]) -> list[tuple[int, JobStatus]]:
    return sorted((job.number, status) for job, status in schedule(given))


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        pytest.param([(S.READY, 1)] * 3, [(1, S.ACTIVE), (2, S.ACTIVE), (3, S.ACTIVE)], id="there is room"),
        pytest.param([(S.READY, 1)] * 8, [(number, S.ACTIVE) for number in range(1, 7)], id="the older first"),
        pytest.param([(S.ACTIVE, 1)] * 6 + [(S.READY, 1)], [], id="an equal one waits"),
        pytest.param([(S.ACTIVE, 5)] * 6 + [(S.READY, 1)], [], id="a lower one waits"),
        pytest.param(
            [(S.ACTIVE, 5)] * 5 + [(S.ACTIVE, 4), (S.READY, 9)],
            [(6, S.PAUSING), (7, S.ACTIVE)],
            id="a higher one takes the place of the lowest",
        ),
        pytest.param(
            [(S.ACTIVE, 5)] * 6 + [(S.READY, 9)],
            [(6, S.PAUSING), (7, S.ACTIVE)],
            id="of equals the youngest makes place",
        ),
        pytest.param(
            [(S.ACTIVE, 5)] * 5 + [(S.PAUSED, 1)], [(6, S.ACTIVE)], id="a paused one goes on when there is room"
        ),
        pytest.param([(S.ACTIVE, 5)] * 5 + [(S.PAUSING, 1)], [], id="what is being paused is first paused"),
        pytest.param([(S.ACTIVE, 5)] * 6 + [(S.PAUSED, 4)], [], id="a paused one waits for room"),
        pytest.param(
            [(S.ACTIVE, 5)] * 6 + [(S.PAUSED, 6)], [(6, S.PAUSING), (7, S.ACTIVE)], id="its priority was raised"
        ),
        pytest.param(
            [(status, 9) for status in S if status not in (S.READY, S.ACTIVE, S.PAUSING, S.PAUSED)]
            + [(S.READY, 1)] * 6,
            [(number, S.ACTIVE) for number in range(10, 16)],
            id="what does not run takes no place",
        ),
    ],
)
def test_the_highest_priorities_run(given: list[tuple[JobStatus, int]], changed: list[tuple[int, JobStatus]]) -> None:
    assert changes(jobs(*given)) == changed


def test_an_account_takes_no_place_of_another() -> None:
    """The limit is an account's in a region: a region's jobs are all that is ever asked about."""
    mine, others = jobs(*[(S.ACTIVE, 1)] * ACTIVE_MAX), jobs(*[(S.READY, 0)] * 7, account="444455556666", first=20)
    assert changes([*mine, *others]) == [(number, S.ACTIVE) for number in range(20, 26)]
