"""CloudWatch's metric math: what an expression comes to, from the time series of other queries.

A value is a number, a time series, or several of them. Operators and functions that take one take several too, where
AWS lets them, each by itself. A point that no number comes of (a division by zero, say) is left out.
Source: CloudWatch User Guide, "Metric math syntax and functions".
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from statistics import fmean, pstdev
from typing import TypeVarTuple, Unpack

from farshore.semantics.metric_expression import Call, Listing, Name, Negated, Number, Operation, Text, Tree


class Impossible(ValueError):  # noqa: N818 - named for what is so.
    """An expression that cannot be evaluated; the message says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """A time series: time in seconds -> value, ascending. label: what it is called in answers."""

    label: str
    period_s: int
    values: Mapping[int, float]


SERIES_MAX = 500
"""Of an array."""

POINTS_MAX = 100_800
"""That are filled in one time series."""

Ts = TypeVarTuple("Ts")

Value = float | Series | tuple[Series, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an expression may refer to.

    results: of other queries, by id. metrics: ids of those that are metrics themselves, in their order.
    searches: what the calls of SEARCH have found.
    start_s, end_s: the time that is asked for, up to now at most; points begin at start_s.
    period_s: of series that come of a number alone.
    """

    results: Mapping[str, Value]
    metrics: Sequence[str]
    start_s: int
    end_s: int
    period_s: int = 60
    searches: Mapping[Call, tuple[Series, ...]] = field(default_factory=dict[Call, tuple[Series, ...]])


def evaluate(tree: Tree, known: Known) -> Series | tuple[Series, ...]:
    """The time series that an expression comes to; a tuple where it makes an array of them.

    Raises:
        Impossible.
    """
    value = _value(tree, known)
    if isinstance(value, Series | tuple):
        return value
    raise Impossible("The result must be a time series, and is a number; see TIME_SERIES.")


def _value(tree: Tree, known: Known) -> Value:
    match tree:
        case Number(value=value):
            return value
        case Name(id=name):
            return known.results[name]
        case Negated(operand=operand):
            return _each(lambda value: -value, _value(operand, known))
        case Operation():
            return _operation(tree, known)
        case Listing(items=items):
            return _bounded([one for item in items for one in _several(_value(item, known))])
        case Call(function="SEARCH"):
            return known.searches[tree]
        case Call(function=function, arguments=arguments):
            return _call(function, arguments, known)
        case Text(value=value):
            raise Impossible(f"'{value}' stands where a time series or a number must.")


def _operation(tree: Operation, known: Known) -> Value:
    """A chain of operations leans to the left as far as it is long: not descended, but gone along."""
    chain = [tree]
    while isinstance(chain[-1].left, Operation):
        chain.append(chain[-1].left)
    value = _value(chain[-1].left, known)
    for operation in reversed(chain):
        value = _combine(_OPERATORS[operation.operator], value, _value(operation.right, known))
    return value


def _call(function: str, arguments: Sequence[Tree], known: Known) -> Value:
    if function == "METRICS":
        return _metrics(arguments, known)
    if function == "FILL":
        return _fill(arguments, known)
    values = [_value(argument, known) for argument in arguments]
    if function == "IF":
        if len(values) not in (2, 3):
            raise Impossible("IF takes two or three arguments.")
        return _choose(*values)
    if len(values) != 1:
        raise Impossible(f"{function} takes one argument.")
    (value,) = values
    if function in _OF_POINTS:
        return _each(_OF_POINTS[function], value)
    if function in _OF_SERIES:
        return _each_series(_OF_SERIES[function], value)
    if function in _SUMMARIES:
        return _summarise(function, value)
    return _SPECIAL[function](value, known)


def _summarise(function: str, value: Value) -> Value:
    """Of one time series a number; of several one time series, time by time."""
    summary, missing = _SUMMARIES[function]
    match value:
        case Series(values=values):
            return _number(summary, list(values.values()))
        case tuple() as several:
            times = sorted({at_s for series in several for at_s in series.values})
            by_time: dict[int, float] = {}
            for at_s in times:
                there = [series.values[at_s] for series in several if at_s in series.values]
                filled = there if missing is None else [*there, *[missing] * (len(several) - len(there))]
                by_time[at_s] = summary(filled)
            return Series(function, _period(several), _finite(by_time))
        case number:
            return number


def _metrics(arguments: Sequence[Tree], known: Known) -> tuple[Series, ...]:
    match arguments:
        case ():
            part = ""
        case (Text(value=part),):
            pass
        case _:
            raise Impossible("METRICS takes a text in quotes, or nothing.")
    return _bounded([one for name in known.metrics if part in name for one in _several(known.results[name])])


def _fill(arguments: Sequence[Tree], known: Known) -> Value:
    if len(arguments) != 2:
        raise Impossible("FILL takes two arguments.")
    filled = _value(arguments[0], known)
    if isinstance(arguments[1], Text):
        way = arguments[1].value
        if way not in ("REPEAT", "LINEAR"):
            raise Impossible("FILL takes a number, REPEAT or LINEAR.")
        return _each_series(lambda series: _interpolated(series, known, way), filled)
    number = _value(arguments[1], known)
    if not isinstance(number, float):
        raise Impossible("FILL takes a number, REPEAT or LINEAR.")
    return _each_series(
        lambda series: {at_s: series.values.get(at_s, number) for at_s in _grid(series.period_s, known)}, filled
    )


def _interpolated(series: Series, known: Known, way: str) -> dict[int, float]:
    """Missing values between others: as the last one before, or on the line between both. None before the first."""
    filled = dict(series.values)
    times = sorted(filled)
    if way == "REPEAT" and times:
        times.append(max(times[-1], *_grid(series.period_s, known)[-1:]) + series.period_s)
    for before_s, after_s in pairwise(times):
        first = filled[before_s]
        slope = 0.0 if way == "REPEAT" else (filled[after_s] - first) / (after_s - before_s)
        for at_s in range(before_s + series.period_s, after_s, series.period_s):
            filled[at_s] = first + slope * (at_s - before_s)
    return {at_s: filled[at_s] for at_s in sorted(filled)}


def _choose(condition: Value, then: Value, otherwise: Value | None = None) -> Value:
    """IF: where the condition is not zero the one, elsewhere the other; nothing without another."""
    if isinstance(condition, float) and isinstance(then, float) and isinstance(otherwise, float | None):
        return then if condition else (math.nan if otherwise is None else otherwise)
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        if chosen is not None and not isinstance(chosen, float):
            return chosen
    given = (condition, then, otherwise)
    frame = next((value for value in given if isinstance(value, Series)), None)
    if frame is None or any(isinstance(value, tuple) for value in given):
        raise Impossible("IF takes numbers and single time series.")
    found: dict[int, float] = {}
    for at_s in sorted({at_s for value in given if isinstance(value, Series) for at_s in value.values}):
        holds = _at(condition, at_s)
        chosen = None if holds is None else then if holds else otherwise
        value = None if chosen is None else _at(chosen, at_s)
        if value is not None:
            found[at_s] = value
    return Series(frame.label, frame.period_s, found)


def _at(value: Value, at_s: int) -> float | None:
    return value.values.get(at_s) if isinstance(value, Series) else value if isinstance(value, float) else None


def _combine(operate: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Two numbers, or what two time series have at the same time; one of several by itself, or pair by pair."""
    match left, right:
        case float(), float():
            return _number(operate, left, right)
        case Series(), Series():
            common = {at_s: _number(operate, value, right.values[at_s]) for at_s, value in _pairs(left, right)}
            return replace(left, values=_finite(common))
        case tuple(), tuple():
            if len(left) != len(right):
                raise Impossible("Two arrays of time series must have the same length.")
            return tuple(_series(_combine(operate, one, other)) for one, other in zip(left, right, strict=True))
        case tuple(), _:
            return tuple(_series(_combine(operate, one, right)) for one in left)
        case _, tuple():
            return tuple(_series(_combine(operate, left, other)) for other in right)
        case Series(), float():
            return _each(lambda value: operate(value, right), left)
        case _:
            assert isinstance(left, float), left
            return _each(lambda value: operate(left, value), right)


def _pairs(left: Series, right: Series) -> Iterable[tuple[int, float]]:
    return ((at_s, value) for at_s, value in left.values.items() if at_s in right.values)


def _each(change: Callable[[float], float], value: Value) -> Value:
    """Every point by itself."""
    match value:
        case Series():
            return replace(value, values=_finite({at_s: _number(change, one) for at_s, one in value.values.items()}))
        case tuple():
            return tuple(_series(_each(change, one)) for one in value)
        case number:
            return _number(change, number)


def _each_series(change: Callable[[Series], dict[int, float]], value: Value) -> Value:
    changed = tuple(replace(one, values=_finite(change(one))) for one in _several(value))
    return changed if isinstance(value, tuple) else changed[0]


def _several(value: Value) -> tuple[Series, ...]:
    match value:
        case Series():
            return (value,)
        case tuple():
            return value
        case _:
            raise Impossible("A time series is needed where a number stands.")


def _bounded(several: Sequence[Series]) -> tuple[Series, ...]:
    if len(several) > SERIES_MAX:
        raise Impossible(f"An array must not have more than {SERIES_MAX} time series.")
    return tuple(several)


def _series(value: Value) -> Series:
    assert isinstance(value, Series), value
    return value


def _period(several: Sequence[Series]) -> int:
    return min((series.period_s for series in several), default=60)


def _grid(period_s: int, known: Known) -> range:
    grid = range(known.start_s, known.end_s, period_s)
    if len(grid) > POINTS_MAX:
        raise Impossible(f"The time range holds more than {POINTS_MAX} periods.")
    return grid


def _number(compute: Callable[[Unpack[Ts]], float], *given: *Ts) -> float:
    """What is computed; not a number where that cannot be."""
    try:
        return compute(*given)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan


def _finite(values: Mapping[int, float]) -> dict[int, float]:
    return {at_s: value for at_s, value in values.items() if math.isfinite(value)}


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": math.pow,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "AND": lambda left, right: float(bool(left and right)),
    "OR": lambda left, right: float(bool(left or right)),
}

_OF_POINTS: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": math.log,
    "LOG10": math.log10,
}

_OF_SERIES: dict[str, Callable[[Series], dict[int, float]]] = {
    "DIFF": lambda series: {at: value - before for (_, before), (at, value) in pairwise(series.values.items())},
    "DIFF_TIME": lambda series: {at: float(at - was) for was, at in pairwise(series.values)},
    "RATE": lambda series: {
        at: (value - before) / (at - was) for (was, before), (at, value) in pairwise(series.values.items())
    },
    "RUNNING_SUM": lambda series: dict(zip(series.values, accumulate(series.values.values()), strict=True)),
}

_SUMMARIES: dict[str, tuple[Callable[[Sequence[float]], float], float | None]] = {
    "AVG": (fmean, 0.0),
    "DATAPOINT_COUNT": (lambda values: float(len(values)), None),
    "MAX": (max, None),
    "MIN": (min, None),
    "STDDEV": (pstdev, 0.0),
    "SUM": (math.fsum, None),
}
"""With the value that stands for a missing one where there are several time series; None: it is left out."""


def _time_series(value: Value, known: Known) -> Series:
    if not isinstance(value, float):
        raise Impossible("TIME_SERIES takes a number.")
    return Series("TIME_SERIES", known.period_s, _finite(dict.fromkeys(_grid(known.period_s, known), value)))


def _one_of(value: Value, place: int, function: str) -> Series:
    if not isinstance(value, tuple) or not value:
        raise Impossible(f"{function} takes an array of time series.")
    return value[place]


_SPECIAL: dict[str, Callable[[Value, Known], Value]] = {
    "FIRST": lambda value, _: _one_of(value, 0, "FIRST"),
    "LAST": lambda value, _: _one_of(value, -1, "LAST"),
    "METRIC_COUNT": lambda value, _: float(len(_several(value))),
    "PERIOD": lambda value, _: float(_period(_several(value))),
    "REMOVE_EMPTY": lambda value, _: tuple(series for series in _several(value) if series.values),
    "TIME_SERIES": _time_series,
}

FUNCTIONS = frozenset((*_OF_POINTS, *_OF_SERIES, *_SUMMARIES, *_SPECIAL, "FILL", "IF", "METRICS", "SEARCH"))
"""Those that are served."""
