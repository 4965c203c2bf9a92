"""The schedule of lanes, against a dictionary that is searched through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farshore.replication.schedule import LaneKey, Schedule

lanes = st.tuples(st.integers(1, 3), st.sampled_from(("a", "b")))
times = st.integers(0, 9)
steps = st.one_of(
    st.tuples(st.just("put"), lanes, times),
    st.tuples(st.just("take"), times),
    st.tuples(st.just("keep"), st.sets(lanes)),
)


@given(st.lists(steps, max_size=200))
def test_the_lane_that_is_due_first_is_taken_first(history: list[tuple[str, ...]]) -> None:
    schedule, known = Schedule(), dict[LaneKey, int]()
    for step in history:
        match step:
            case ("put", key, due_us):
                schedule.put(key, due_us)
                known[key] = min(due_us, known.get(key, due_us))
            case ("take", now_us):
                taken = schedule.take(now_us)
                due = {key: due_us for key, due_us in known.items() if due_us <= now_us}
                assert (taken is None) == (not due)
                if taken is not None:
                    assert due[taken] == min(due.values())
                    del known[taken]
            case _:
                schedule.keep(step[1])
                known = {key: due_us for key, due_us in known.items() if key in step[1]}
        assert len(schedule) == len(known)
        assert schedule.next_us() == min(known.values(), default=None)


def test_times_that_are_outdated_do_not_pile_up() -> None:
    schedule = Schedule()
    schedule.put((1, "other"), 5)
    for due_us in range(100_000, 0, -1):
        schedule.put((1, "a"), due_us)
    assert len(schedule._order) < 1000
    assert schedule.take(10) == (1, "a")
    assert schedule.take(10) == (1, "other")
    assert schedule.take(10) is None
