"""Our decisions beside those of an independent evaluator, on requests and policies made at random.

Its answers to many cases are recorded, so that the comparison runs everywhere; where it is installed
(`tests/differential/install_oracle`), new cases are put to it as well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.differential.cases import Case, cases, comparable, decide, simulation
from tests.differential.oracle import Oracle, installed
from tests.differential.record import RECORDED


def test_every_recorded_decision_is_ours() -> None:
    rows = json.loads(RECORDED.read_text())
    differing = [(row, ours) for row in rows if (ours := decide(row["case"])) != row["answer"]]
    assert differing == []
    answers = Counter(row["answer"] for row in rows)
    assert min(answers[each] for each in ("Allowed", "ImplicitlyDenied", "ExplicitlyDenied")) > len(rows) / 20


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    folder = installed()
    if folder is None:
        pytest.skip("the independent evaluator is not installed: tests/differential/install_oracle")
    one = Oracle(folder)
    yield one
    one.close()


@settings(
    max_examples=400,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(case=cases())
def test_new_cases_are_decided_alike(oracle: Oracle, case: Case) -> None:
    assume(comparable(case))
    answer = oracle.ask(simulation(case))
    assert answer == {"result": decide(case), "ignored": []}
