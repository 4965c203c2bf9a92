"""A rate is what happens now, in constant space."""

from __future__ import annotations

import pytest

from farshore.semantics.rates import WINDOW_S, counted, rate_now, time_left_s

START_US = 1_700_000_000_000_000


def steady(rate: float, seconds: int, *, step_s: float = 1.0) -> tuple[tuple[int, int, float], int]:
    """The state after something has happened at this rate for so long, and the time then."""
    state, now_us = (0, 0, 0.0), START_US
    for _ in range(int(seconds / step_s)):
        now_us += int(step_s * 1e6)
        state = counted(*state, count=rate * step_s, now_us=now_us)
    return state, now_us


@pytest.mark.parametrize("seconds", [2, 10, 60, 600, 3600])
def test_a_steady_rate_is_told_from_the_second_second_on(seconds: int) -> None:
    state, now_us = steady(100.0, seconds)
    assert rate_now(*state, now_us) == pytest.approx(100.0, rel=0.05)


def test_what_has_stopped_fades_and_is_gone_in_the_end() -> None:
    state, now_us = steady(100.0, 600)
    assert rate_now(*state, now_us + int(WINDOW_S * 1e6)) == pytest.approx(100 / 2.718, rel=0.05)
    assert rate_now(*state, now_us + 3600 * 10**6) == 0.0


def test_after_a_long_pause_counting_begins_anew() -> None:
    state, now_us = steady(1000.0, 600)
    now_us += 3600 * 10**6
    state = counted(*state, count=5, now_us=now_us)
    assert rate_now(*state, now_us) == pytest.approx(5.0, rel=0.05)


def test_a_clock_that_goes_back_does_no_harm() -> None:
    state, now_us = steady(100.0, 600)
    earlier = counted(*state, count=1, now_us=now_us - 10**6)
    assert earlier[1] == now_us
    assert rate_now(*earlier, now_us - 10**6) == pytest.approx(100.0, rel=0.05)


def test_nothing_counted_is_no_rate() -> None:
    assert rate_now(0, 0, 0.0, START_US) == 0.0


@pytest.mark.parametrize(("count", "rate", "left"), [(0, 0.0, 0.0), (10, 2.0, 5.0), (10, 0.0, None)])
def test_time_left(count: int, rate: float, left: float | None) -> None:
    assert time_left_s(count, rate) == left
