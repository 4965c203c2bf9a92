"""Metric math: what expressions come to, and which are none.

Source: CloudWatch User Guide, "Metric math syntax and functions".
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from farshore.semantics.metric_expression import Unparsable, parse
from farshore.semantics.metric_math import FUNCTIONS, Impossible, Known, Series, evaluate


def series(label: str, *values: float | None, period_s: int = 60) -> Series:
    """Values one after another; None where a point is missing."""
    points = {number * period_s: float(value) for number, value in enumerate(values) if value is not None}
    return Series(label, period_s, points)


M1 = series("one", 1, 2, None, 4)
M2 = series("two", 10, None, 30, 40)
M3 = series("three", -1.5, 0, 1.5, 0)
KNOWN = Known(
    results={"m1": M1, "m2": M2, "m3": M3, "e1": series("sum", 5, 6), "both": (M1, M2), "none": series("none")},
    metrics=("m1", "m2", "m3"),
    start_s=0,
    end_s=240,
)


def result(text: str, known: Known = KNOWN) -> list[list[float | None]]:
    """Each time series that comes of an expression, with None for missing points."""
    found = evaluate(parse(text), known)
    several = (found,) if isinstance(found, Series) else found
    return [[each.values.get(at_s) for at_s in range(0, 240, 60)] for each in several]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1", [1, 2, None, 4]),
        ("m1 + m2", [11, None, None, 44]),
        ("m1+1", [2, 3, None, 5]),
        ("10 - m1 * 2", [8, 6, None, 2]),
        ("(10 - m1) * 2", [18, 16, None, 12]),
        ("-m1", [-1, -2, None, -4]),
        ("2 - -m1", [3, 4, None, 6]),
        ("m1 ^ 2", [1, 4, None, 16]),
        ("m1*2^-1^2", [0.5, 1, None, 2]),
        ("-m1^2", [-1, -4, None, -16]),
        ("8/4/2*m1", [1, 2, None, 4]),
        ("10/m3", [-6.666666666666667, None, 6.666666666666667, None]),
        ("m3^0.5", [None, 0, 1.224744871391589, 0]),
        ("m1 / 0", [None, None, None, None]),
        ("m1 >= 2", [0, 1, None, 1]),
        ("m1 < 4 AND m1 != 1", [0, 1, None, 0]),
        ("m1 == 1 || m1 > 3 && m1 < 4", [1, 0, None, 0]),
        ("1.5e1 + m1*.5", [15.5, 16, None, 17]),
        ("ABS(m3)", [1.5, 0, 1.5, 0]),
        ("CEIL(m3)", [-1, 0, 2, 0]),
        ("FLOOR(m3)", [-2, 0, 1, 0]),
        ("LOG10(m1*10)", [1, math.log10(20), None, math.log10(40)]),
        ("LOG(m3)", [None, None, math.log(1.5), None]),
        ("m1 - SUM(m1)", [-6, -5, None, -3]),
        ("m1 * AVG(m2)", [26.666666666666668, 53.333333333333336, None, 106.66666666666667]),
        ("m1 + MAX(m1) + MIN(m1)", [6, 7, None, 9]),
        ("m1 * DATAPOINT_COUNT(m1)", [3, 6, None, 12]),
        ("m1 + STDDEV(m3 * 0)", [1, 2, None, 4]),
        ("SUM([m1, m2])", [11, 2, 30, 44]),
        ("AVG([m1, m2])", [5.5, 1, 15, 22]),
        ("MIN([m1, m2])", [1, 2, 30, 4]),
        ("MAX([m1, m2, m3])", [10, 2, 30, 40]),
        ("DATAPOINT_COUNT([m1, m2])", [2, 1, 1, 2]),
        ("SUM(METRICS())", [9.5, 2, 31.5, 44]),
        ('SUM(METRICS("m1"))', [1, 2, None, 4]),
        ("SUM(METRICS('x'))", [None, None, None, None]),
        ("m1 * METRIC_COUNT(METRICS())", [3, 6, None, 12]),
        ("FILL(m1, 0)", [1, 2, 0, 4]),
        ("FILL(m1, -1 * 7)", [1, 2, -7, 4]),
        ("FILL(m1, REPEAT)", [1, 2, 2, 4]),
        ("FILL(m1, LINEAR)", [1, 2, 3, 4]),
        ("FILL(m2, LINEAR)", [10, 20, 30, 40]),
        ("FILL(e1, REPEAT)", [5, 6, 6, 6]),
        ("FILL(e1, LINEAR)", [5, 6, None, None]),
        ("FILL(none, 3)", [3, 3, 3, 3]),
        ("FILL(none, REPEAT)", [None, None, None, None]),
        ("DIFF(m1)", [None, 1, None, 2]),
        ("DIFF_TIME(m1)", [None, 60, None, 120]),
        ("RATE(m1)", [None, 1 / 60, None, 2 / 120]),
        ("RUNNING_SUM(m1)", [1, 3, None, 7]),
        ("m1 / PERIOD(m1)", [1 / 60, 2 / 60, None, 4 / 60]),
        ("TIME_SERIES(7)", [7, 7, 7, 7]),
        ("TIME_SERIES(SUM(m1))", [7, 7, 7, 7]),
        ("IF(m1 > 1, m1, 0)", [0, 2, None, 4]),
        ("IF(m1 > 1, m1)", [None, 2, None, 4]),
        ("IF(m1, m2)", [10, None, None, 40]),
        ("IF(1, m1, m2)", [1, 2, None, 4]),
        ("IF(0, m1, m2)", [10, None, 30, 40]),
        ("FIRST(both)", [1, 2, None, 4]),
        ("LAST([m1, both])", [10, None, 30, 40]),
        ("e1 * 2", [10, 12, None, None]),
        ("m1" + "+m1" * 682, [683, 1366, None, 2732]),
    ],
)
def test_what_an_expression_comes_to(text: str, expected: list[float | None]) -> None:
    (found,) = result(text)
    assert [None if value is None else pytest.approx(value) for value in expected] == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("METRICS()", [[1, 2, None, 4], [10, None, 30, 40], [-1.5, 0, 1.5, 0]]),
        ("both * 2", [[2, 4, None, 8], [20, None, 60, 80]]),
        ("100 - both", [[99, 98, None, 96], [90, None, 70, 60]]),
        ("both / m1", [[1, 1, None, 1], [10, None, None, 10]]),
        ("both + both", [[2, 4, None, 8], [20, None, 60, 80]]),
        ("FILL(both, 0)", [[1, 2, 0, 4], [10, 0, 30, 40]]),
        ("RATE([m1, m2])", [[None, 1 / 60, None, 2 / 120], [None, None, 20 / 120, 10 / 60]]),
        ("REMOVE_EMPTY([m1, none])", [[1, 2, None, 4]]),
        ("[m1, [m2, m3]]", [[1, 2, None, 4], [10, None, 30, 40], [-1.5, 0, 1.5, 0]]),
        ("METRICS('nothing')", []),
    ],
)
def test_expressions_that_make_several_time_series(text: str, expected: list[Any]) -> None:
    assert [[None if value is None else pytest.approx(value) for value in each] for each in expected] == result(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ends too early"),
        ("m1 +", "ends too early"),
        ("m1 m2", "Unexpected 'm2'"),
        ("(m1", "')' is missing"),
        ("SUM(m1", "missing"),
        ("[m1 m2]", "',' is missing before 'm2'"),
        ("m1 % 2", "Unexpected '%'"),
        ("m1 = 2", "Unexpected '='"),
        ("1..2", "Unexpected"),
        ("'open", "Unexpected"),
        ("(" * 200 + "m1" + ")" * 200, "nested too deeply"),
        ("-" * 2000 + "m1", "nested too deeply"),
    ],
)
def test_texts_that_are_no_expressions(text: str, why: str) -> None:
    with pytest.raises(Unparsable, match="(?i)" + why.replace("(", r"\(").replace(")", r"\)").replace("'", "'")):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "7",
        "SUM(m1)",
        "'text'",
        "m1 + 'text'",
        "SUM(m1, m2)",
        "SUM()",
        "FILL(m1)",
        "FILL(m1, m2)",
        "FILL(m1, 'x')",
        "FILL(3, 0)",
        "RATE(3)",
        "METRICS(m1)",
        "FIRST(m1)",
        "FIRST(METRICS('nothing'))",
        "TIME_SERIES(m1)",
        "IF(m1)",
        "IF(both, 1, 2)",
        "both + [m1]",
        "PERIOD(1)",
    ],
)
def test_expressions_that_cannot_be_evaluated_say_so(text: str) -> None:
    with pytest.raises(Impossible):
        evaluate(parse(text), KNOWN)


def test_a_time_range_that_holds_too_much_is_not_filled() -> None:
    ages = Known(results={"m1": M1}, metrics=("m1",), start_s=0, end_s=2**40)
    for text in ("FILL(m1, 0)", "FILL(m1, REPEAT)", "TIME_SERIES(1)"):
        with pytest.raises(Impossible, match="periods"):
            evaluate(parse(text), ages)


def test_every_function_that_is_served_is_tried_here() -> None:
    tried = {
        mark.args[1][number][0]
        for test in (test_what_an_expression_comes_to, test_expressions_that_make_several_time_series)
        for mark in test.pytestmark  # pyright: ignore[reportFunctionMemberAccess]
        for number in range(len(mark.args[1]))
    }
    untried = {name for name in FUNCTIONS if not any(f"{name}(" in text for text in tried)}
    assert untried == {"SEARCH"}, "which is tried where there are metrics to be found: test_metric_data"
