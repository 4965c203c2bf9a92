"""Whatever clients, rules, faults and crashes do in whatever order: nothing is lost, and statuses tell the truth.

Hypothesis makes histories of writes, deletes, changes of rules and deliveries that fail or are killed half-way. After
every step a version has exactly one task for each destination where it is PENDING, and none elsewhere; once everything
works again, all that was to go has gone, byte for byte, and nothing else.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.deployment import Deployed, in_deployment
from tests.support.histories import DESTINATIONS, FAULTS, KEYS, LARGE, RULES, History
from tests.support.logs import captured_logs

keys = st.sampled_from(KEYS)
numbers = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("put"), keys, st.sampled_from((0, 5, LARGE))),
    st.tuples(st.just("delete"), keys),
    st.tuples(st.just("remove"), keys, numbers),
    st.tuples(st.just("remove_there"), st.sampled_from(tuple(DESTINATIONS)), keys, numbers),
    st.tuples(st.just("tag"), keys, numbers, st.sampled_from(("x", "y"))),
    st.tuples(st.just("rules"), st.sampled_from(tuple(RULES))),
    st.tuples(st.just("batch"), keys, numbers),
    st.tuples(st.just("retry")),
    *[st.tuples(st.just("deliver"), st.sampled_from(FAULTS), st.integers(1, 6))] * 3,
)


@pytest.mark.timeout(300)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(steps, min_size=4, max_size=30))
def test_nothing_is_lost_and_statuses_are_true(history: list[tuple[Any, ...]]) -> None:
    async def test(deployed: Deployed) -> None:
        done = History(deployed)
        await done.prepare()
        actions: dict[str, Any] = {
            "put": done.put,
            "delete": done.delete,
            "remove": done.remove,
            "remove_there": done.remove_there,
            "tag": done.tag,
            "rules": done.set_rules,
            "batch": done.batch,
            "retry": done.retry,
            "deliver": done.deliver,
        }
        await done.set_rules("both")
        for name, *arguments in history:
            await actions[name](*arguments)
            done.check()
        # Twice: a version that changed while a killed process had it is due again after the first.
        await done.deliver("none", 0)
        await done.deliver("none", 0)
        done.check()
        await done.check_end()

    with tempfile.TemporaryDirectory() as folder, captured_logs():
        in_deployment(Path(folder), test)
