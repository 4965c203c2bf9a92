"""Back-off of replication tasks."""

from __future__ import annotations

import pytest

from farshore.semantics.retry import backoff_s


@pytest.mark.parametrize(
    ("attempt", "bound"), [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (50, 60.0), (10**9, 60.0)]
)
def test_the_wait_lies_between_half_a_second_and_a_bound_that_doubles(attempt: int, bound: float) -> None:
    assert backoff_s(attempt, lambda: 0.0) == 0.5
    assert backoff_s(attempt, lambda: 1.0) == bound
    assert backoff_s(attempt, lambda: 0.5) == pytest.approx((0.5 + bound) / 2)


def test_there_is_no_wait_before_the_first_attempt() -> None:
    with pytest.raises(AssertionError):
        backoff_s(0, lambda: 0.0)
