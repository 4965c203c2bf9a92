"""CloudWatch's GetMetricData: values of metrics, and of expressions over them, in pages.

Metric math is there but for what needs other services of AWS; Metrics Insights is not.
Source: CloudWatch API Reference, GetMetricData; CloudWatch User Guide, "Using math expressions".
AWS words the faults of expressions in ways that it does not document; here they begin `Error in expression`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from farshore.model.query_errors import ValidationError
from farshore.semantics.metric_expression import Call, Name, Tree, Unparsable, parse, walk
from farshore.semantics.metric_math import FUNCTIONS, SERIES_MAX, Impossible, Known, Series, evaluate
from farshore.semantics.metric_points import MINUTE_S, is_period, is_statistic, round_start, statistic
from farshore.semantics.metric_search import Search, Unsearchable, found_of, read_search
from farshore.service.cloudwatch import authorize, page_token, read_metric, read_token, times
from farshore.service.deployment import Params, Request
from farshore.service.published_metrics import published_metrics

QUERIES_MAX = 500
POINTS_MAX = 100_800
EXPRESSION_MAX = 2048

_SERIES_MAX = 1000
"""A place in a token is that of the query, times this, and that of the time series in what comes of it."""

_FROM_THE_FIRST = -1
"""In a token: of the time series where the next page begins, nothing was answered yet."""

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_NOT_HERE = frozenset(
    ("ANOMALY_DETECTION_BAND", "DATE", "DAY", "DB_PERF_INSIGHTS", "EPOCH", "HOUR", "INSIGHT_RULE_METRIC", "LAMBDA",
     "MINUTE", "MONTH", "SERVICE_QUOTA", "SLICE", "SORT", "YEAR")
)  # fmt: skip
"""Functions of AWS's that are not implemented."""


async def get_metric_data(request: Request) -> Params:
    """Values of up to 500 metrics and expressions, in pages of up to 100,800 data points."""
    authorize(request)
    params = request.params
    queries: Sequence[Params] = params["MetricDataQueries"]
    expressions = _check_queries(queries)
    needs = _order(queries, expressions)
    span = times(params, ValidationError)
    limit: int = params.get("MaxDatapoints", POINTS_MAX)
    if not 1 <= limit <= POINTS_MAX:
        raise ValidationError(f"The value {limit} for parameter MaxDatapoints must be between 1 and {POINTS_MAX}.")
    ascending = params.get("ScanBy") == "TimestampAscending"
    first, after_s = read_token(request) if params.get("NextToken") else (0, _FROM_THE_FIRST)
    computing = _Computing(request, queries, expressions, needs, span)
    results: list[Params] = []
    for index, query in enumerate(queries[first // _SERIES_MAX :], first // _SERIES_MAX):
        if not query.get("ReturnData", True):
            continue
        for place, series in enumerate(await computing.series(query["Id"]), index * _SERIES_MAX):
            if place < first:
                continue
            values = sorted(series.values.items(), reverse=not ascending)
            if place == first and after_s != _FROM_THE_FIRST:
                values = [(at_s, value) for at_s, value in values if (at_s > after_s if ascending else at_s < after_s)]
            page, rest = values[:limit], values[limit:]
            limit -= len(page)
            results.append(_result(query, series.label, page, complete=not rest))
            if rest:
                last_s = page[-1][0] if page else _FROM_THE_FIRST
                return {"MetricDataResults": results, "NextToken": page_token(request, place, last_s), "Messages": []}
    return {"MetricDataResults": results, "Messages": []}


@dataclass(frozen=True, slots=True)
class _Expression:
    """An expression, read. searches: what its calls of SEARCH ask for."""

    tree: Tree
    searches: Mapping[Call, Search]


class _Computing:
    """Reads metrics and evaluates expressions as they are needed, each once.

    Args:
        expressions: by id. needs: as `_order` says.
        span: start and end, in seconds.
    """

    def __init__(
        self,
        request: Request,
        queries: Sequence[Params],
        expressions: Mapping[str, _Expression],
        needs: Mapping[str, Sequence[str]],
        span: tuple[int, int],
    ) -> None:
        self._request = request
        self._queries = {query["Id"]: query for query in queries}
        self._expressions = expressions
        self._needs = needs
        self._span = span
        self._metrics = tuple(query["Id"] for query in queries if "MetricStat" in query)
        self._results: dict[str, Series | tuple[Series, ...]] = {}
        self._published: list[Params] | None = None

    async def series(self, query_id: str) -> tuple[Series, ...]:
        """What comes of a query. Raises ValidationError."""
        asked = {query_id}
        for needing in reversed(list(self._needs)):
            if needing in asked:
                asked.update(self._needs[needing])
        for needed in self._needs:
            if needed in asked and needed not in self._results:
                self._results[needed] = await self._come(self._queries[needed])
        found = self._results[query_id]
        return (found,) if isinstance(found, Series) else found

    async def _come(self, query: Params) -> Series | tuple[Series, ...]:
        expression = self._expressions.get(query["Id"])
        if expression is None:
            stat: Params = query["MetricStat"]
            label = query.get("Label") or _label(query, list(self._queries.values()))
            return await self._read(stat["Metric"], stat["Stat"], stat["Period"], stat.get("Unit"), label)
        known = self._known(query)
        searches = {call: await self._searched(search, known.period_s) for call, search in expression.searches.items()}
        label = query.get("Label") or query["Id"]
        try:
            found = evaluate(expression.tree, replace(known, searches=searches))
        except Impossible as error:
            raise _fault(query["Id"], str(error)) from error
        if isinstance(found, Series):
            return replace(found, label=label)
        return tuple(replace(series, label=f"{label} {series.label}") for series in found)

    async def _read(self, metric: Params, stat: str, period_s: int, unit: str | None, label: str) -> Series:
        points = await read_metric(self._request, metric, *self._span, period_s, unit)
        values = ((point.at_s, statistic(point, stat)) for point in points)
        return Series(label, period_s, {at_s: float(value) for at_s, value in values if value is not None})

    async def _searched(self, search: Search, period_s: int) -> tuple[Series, ...]:
        """Time series of the metrics that a search finds; of more than an array takes the first."""
        if self._published is None:
            account_id, region = self._request.principal.account_id, self._request.region
            published = await published_metrics(self._request.deployment, account_id, region)
            self._published = [each.as_metric() for each in published]
        found = [metric for metric in self._published if search.finds(found_of(metric))][:SERIES_MAX]
        period_s = search.period_s or period_s
        return tuple([await self._read(each, search.stat, period_s, None, _long_label(each)) for each in found])

    def _known(self, query: Params) -> Known:
        start_s, end_s = self._span
        now_s = self._request.now_us // 1_000_000
        periods = [self._queries[name]["MetricStat"]["Period"] for name in self._metrics]
        return Known(
            results=self._results,
            metrics=self._metrics,
            start_s=round_start(start_s, now_s),
            end_s=min(end_s, now_s // MINUTE_S * MINUTE_S + MINUTE_S),
            period_s=query.get("Period") or min(periods, default=MINUTE_S),
        )


def _check_queries(queries: Sequence[Params]) -> dict[str, _Expression]:
    """The expressions by id. Raises ValidationError."""
    if not 1 <= len(queries) <= QUERIES_MAX:
        raise ValidationError(
            f"The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."
            if queries
            else "The parameter MetricDataQueries must contain at least one item."
        )
    faults = [fault for number, query in enumerate(queries, 1) for fault in _faults(query, number)]
    if faults:
        raise ValidationError("\n".join(faults))
    ids = {query["Id"] for query in queries}
    if len(ids) < len(queries):
        raise ValidationError("The values for parameter id in MetricDataQueries are not unique.")
    return {query["Id"]: _parsed(query, ids) for query in queries if "Expression" in query}


def _order(queries: Sequence[Params], expressions: Mapping[str, _Expression]) -> dict[str, Sequence[str]]:
    """Every id with those that it needs, each after all of these. Raises ValidationError: one refers to itself."""
    metrics = [query["Id"] for query in queries if "MetricStat" in query]
    needs: dict[str, list[str]] = {query["Id"]: [] for query in queries}
    needs |= {query_id: _references(each.tree, metrics) for query_id, each in expressions.items()}
    try:
        return {query_id: needs[query_id] for query_id in TopologicalSorter(needs).static_order()}
    except CycleError as error:
        raise _fault(error.args[1][0], "It refers to itself.") from error


def _faults(query: Params, number: int) -> Iterator[str]:
    """What is wrong with one query."""
    place = f"MetricDataQueries.member.{number}"
    if not _ID.fullmatch(query["Id"]):
        yield (
            f"The value {query['Id']} for parameter {place}.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    stat: Params | None = query.get("MetricStat")
    if stat is not None and "Expression" in query:
        yield f"The parameters {place}.Expression and {place}.MetricStat are mutually exclusive."
    elif stat is not None:
        if not is_statistic(stat["Stat"]):
            yield f"The value {stat['Stat']} for parameter {place}.MetricStat.Stat is not a valid statistic."
        if not is_period(stat["Period"]):
            yield f"The parameter {place}.MetricStat.Period must be a multiple of 60."
    elif "Expression" not in query:
        yield f"At least one of the parameters {place}.Expression and {place}.MetricStat must be specified."
    elif len(query["Expression"]) > EXPRESSION_MAX:
        yield f"The parameter {place}.Expression must not be longer than {EXPRESSION_MAX} characters."
    elif not is_period(query.get("Period", MINUTE_S)):
        yield f"The parameter {place}.Period must be a multiple of 60."


def _parsed(query: Params, ids: set[str]) -> _Expression:
    """An expression whose functions are served and whose names there are."""
    text: str = query["Expression"]
    if text.lstrip().upper().startswith("SELECT "):
        raise _fault(query["Id"], "Metrics Insights is not implemented.")
    try:
        tree = parse(text)
        searches = {
            part: read_search(part) for part in walk(tree) if isinstance(part, Call) and part.function == "SEARCH"
        }
    except (Unparsable, Unsearchable) as error:
        raise _fault(query["Id"], str(error)) from error
    for part in walk(tree):
        match part:
            case Name(id=name) if name not in ids:
                raise _fault(query["Id"], f"No query has the id '{name}'.")
            case Call(function=function) if function in _NOT_HERE:
                raise _fault(query["Id"], f"The function {function} is not implemented.")
            case Call(function=function) if function not in FUNCTIONS:
                raise _fault(query["Id"], f"There is no function {function}.")
            case _:
                continue
    return _Expression(tree, searches)


def _references(tree: Tree, metrics: Sequence[str]) -> list[str]:
    """The ids that an expression needs; all metrics where it asks for METRICS."""
    names = [part.id for part in walk(tree) if isinstance(part, Name)]
    if any(isinstance(part, Call) and part.function == "METRICS" for part in walk(tree)):
        names += metrics
    return list(dict.fromkeys(names))


def _fault(query_id: str, why: str) -> ValidationError:
    return ValidationError(f"Error in expression '{query_id}': {why}")


def _result(query: Params, label: str, values: Sequence[tuple[int, float]], *, complete: bool) -> Params:
    return {
        "Id": query["Id"],
        "Label": label,
        "Timestamps": [at_s * 1_000_000 for at_s, _ in values],
        "Values": [value for _, value in values],
        "StatusCode": "Complete" if complete else "PartialData",
    }


def _label(query: Params, queries: Sequence[Params]) -> str:
    """The metric's name; with its dimensions where several queries ask for metrics of this name."""
    metric: Params = query["MetricStat"]["Metric"]
    name: str = metric.get("MetricName", "")
    if sum(other.get("MetricStat", {}).get("Metric", {}).get("MetricName") == name for other in queries) == 1:
        return name
    return _long_label(metric)


def _long_label(metric: Params) -> str:
    values = [dimension["Value"] for dimension in metric.get("Dimensions", ())]
    return " ".join([*values, metric.get("MetricName", "")])
