"""Results: ratios, targets, comparisons, and how they read."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from farshore.bench.report import number, show
from farshore.bench.results import Results, Row, Target, changes
from farshore.bench.targets import judge


def results(*rows: Row, targets: list[Target] | None = None) -> Results:
    return Results(
        at="2026-01-01T00:00:00+00:00", plan="quick", environment={"cores": "2"}, rows=list(rows), targets=targets or []
    )


def test_a_ratio_needs_a_value_and_its_floor() -> None:
    row = Row(section="requests", name="GET", values={"cpu_us": 90.0, "per_s": 10.0}, floors={"cpu_us": 30.0})
    assert row.ratio("cpu_us") == 3.0
    assert row.ratio("per_s") is None
    assert row.ratio("p50_ms") is None


@pytest.mark.parametrize(
    ("value", "at_least", "held"), [(3.0, False, True), (3.1, False, False), (3.0, True, True), (2.9, True, False)]
)
def test_a_target_holds_at_its_bound(value: float, at_least: bool, held: bool) -> None:
    assert Target(name="t", bound=3.0, at_least=at_least, value=value).held is held


def test_targets_are_judged_on_what_was_measured() -> None:
    rows = [
        Row(section="requests", name="GET 1 KiB × 64", values={"per_s": 9_000, "cpu_us": 100}, floors={"cpu_us": 30}),
        Row(section="requests", name="PUT 1 KiB × 64", values={"per_s": 6_000, "fsyncs_per_put": 0.05}),
        Row(section="processes", name="GET", values={"per_s": 18_000}, floors={"per_s": 10_000}),
        Row(section="list", name="1,000 keys: cost", values={"cost_ratio": 1.5}),
        Row(section="large", name="PUT 64 MiB", values={"mib_s": 500}, floors={"mib_s": 600}),
        Row(section="replication", name="that wait", values={"drained_per_s": 5_000}),
        Row(section="replication", name="while", values={"lag_p99_s": 0.4}),
        Row(section="memory", name="api 1", values={"memory_mib": 151}),
        Row(section="batch", name="manifest of 9 versions", values={"per_s": 99_000}),
        Row(section="batch", name="manifest of 9 versions: background", values={"memory_mib": 149}),
        Row(section="batch", name="manifest of 9 versions: api 1", values={"memory_mib": 999}),
        Row(section="batch", name="CSV manifest of 9 rows", values={"per_s": 1}),
        Row(section="batch", name="9 existing objects", values={"per_s": 5_001}),
    ]
    verdicts = {(target.value, target.bound): target.held for target in judge(rows)}
    assert verdicts == {
        (100 / 30, 3): False,
        (9_000, 10_000): False,
        (0.05, 0.1): True,
        (6_000, 5_000): True,
        (1.8, 1.6): True,
        (1.5, 1.3): False,
        (500 / 600, 0.6): True,
        (151, 150): False,
        (0.4, 2): True,
        (5_000, 6_000): False,
        (99_000, 100_000): False,
        (149, 150): True,
        (5_001, 5_000): True,
    }


def test_nothing_measured_is_nothing_judged() -> None:
    assert judge([]) == []


def test_a_comparison_says_by_how_much_the_later_run_is_better() -> None:
    before = results(Row(section="requests", name="GET", values={"per_s": 100, "cpu_us": 50, "p50_ms": 0, "x_s": 1}))
    after = results(
        Row(section="requests", name="GET", values={"per_s": 150, "cpu_us": 25, "p50_ms": 1}),
        Row(section="requests", name="HEAD", values={"per_s": 1}),
    )
    found = {change.measure: change.better for change in changes(before, after)}
    assert found == {"per_s": 1.5, "cpu_us": 2.0}


@pytest.mark.parametrize(
    ("value", "text"),
    [(12345.6, "12,346"), (99.96, "100.0"), (12.345, "12.3"), (1.234, "1.23"), (0.0123, "0.012"), (0, "0.00")],
)
def test_numbers_show_what_matters_of_them(value: float, text: str) -> None:
    assert number(value) == text


def test_a_report_shows_values_beside_floors_and_verdicts() -> None:
    row = Row(section="requests", name="GET 1 KiB × 64", values={"cpu_us": 111.0}, floors={"cpu_us": 37.0})
    moved = Row(section="replication", name="2,000 × 1 KiB", values={"lag_p99_s": 0.5})
    verdict = Target(name="GET: server CPU", bound=3.0, at_least=False, value=3.0)
    output = io.StringIO()
    show(Console(file=output, width=120), results(row, moved, targets=[verdict]), earlier=results(row))
    text = output.getvalue()
    for part in ("cores 2", "GET 1 KiB × 64", "111", "37.0", "3.00", "lag p99 s 0.500", "held", "× 1.00"):
        assert part in text, text
