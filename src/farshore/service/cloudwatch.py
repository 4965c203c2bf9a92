"""CloudWatch, as far as replication metrics need it: ListMetrics, GetMetricData, GetMetricStatistics.

Source: CloudWatch API Reference; messages quoted from AWS's answers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from farshore.auth.context import Circumstances, LazyContext, global_values
from farshore.auth.evaluate import AccessRequest, evaluate
from farshore.model import query_errors
from farshore.model.metrics import MetricName, Point
from farshore.model.query_errors import (
    AccessDenied,
    InvalidNextToken,
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)
from farshore.semantics.metric_points import UNITS, gather, is_statistic, round_start, statistic
from farshore.service.deployment import Params, Request
from farshore.service.published_metrics import Published, find_metric, published_metrics, read_points

LISTED_MAX = 500
QUERIES_MAX = 500
POINTS_MAX = 100_800
DATAPOINTS_MAX = 1440
RECENT_S = 3 * 3600

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_FROM_THE_FIRST = -1
"""In a token: of the query where the next page begins, nothing was answered yet."""


async def list_metrics(request: Request) -> Params:
    """The caller's account's metrics in this region, 500 at a time."""
    _authorize(request)
    params = request.params
    start = _read_token(request) if "NextToken" in params else (0, 0)
    listed = [
        metric
        for metric in await published_metrics(request.deployment, request.principal.account_id, request.region)
        if _is_wanted(params, metric.as_metric()) and _is_recent(request, metric)
    ]
    page = listed[start[0] : start[0] + LISTED_MAX]
    output: Params = {"Metrics": [metric.as_metric() for metric in page]}
    if len(listed) > start[0] + len(page):
        output["NextToken"] = _token(request, start[0] + len(page), 0)
    return output


async def get_metric_data(request: Request) -> Params:
    """Values of up to 500 metrics, in pages of up to 100,800 data points.

    Metric math and Metrics Insights (Expression) are not implemented.
    """
    _authorize(request)
    params = request.params
    queries: Sequence[Params] = params["MetricDataQueries"]
    _check_queries(queries)
    start_s, end_s = _times(params, ValidationError)
    limit: int = params.get("MaxDatapoints", POINTS_MAX)
    if not 1 <= limit <= POINTS_MAX:
        raise ValidationError(f"The value {limit} for parameter MaxDatapoints must be between 1 and {POINTS_MAX}.")
    ascending = params.get("ScanBy") == "TimestampAscending"
    first, after_s = _read_token(request) if params.get("NextToken") else (0, _FROM_THE_FIRST)
    results: list[Params] = []
    for index, query in enumerate(queries[first:], first):
        if not query.get("ReturnData", True):
            continue
        values = await _values(request, query["MetricStat"], start_s, end_s)
        if not ascending:
            values.reverse()
        if index == first and after_s != _FROM_THE_FIRST:
            values = [(at_s, value) for at_s, value in values if (at_s > after_s if ascending else at_s < after_s)]
        page, rest = values[:limit], values[limit:]
        limit -= len(page)
        results.append(_result(query, queries, page, complete=not rest))
        if rest:
            last_s = page[-1][0] if page else _FROM_THE_FIRST
            return {"MetricDataResults": results, "NextToken": _token(request, index, last_s), "Messages": []}
    return {"MetricDataResults": results, "Messages": []}


async def get_metric_statistics(request: Request) -> Params:
    """Statistics of one metric, up to 1,440 data points, in no order."""
    _authorize(request)
    params = request.params
    names: list[str] = [*params.get("Statistics", ()), *params.get("ExtendedStatistics", ())]
    if not names:
        raise InvalidParameterCombination(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        )
    for name in params.get("ExtendedStatistics", ()):
        if not is_statistic(name):
            raise InvalidParameterValue(f"The value {name} for parameter ExtendedStatistics is not supported.")
    start_s, end_s = _times(params, InvalidParameterValue)
    period_s: int = params["Period"]
    if not _is_period(period_s):
        raise InvalidParameterValue("The parameter Period must be a multiple of 60.")
    count = (end_s - start_s) // period_s
    if count > DATAPOINTS_MAX:
        raise InvalidParameterCombination(
            f"You have requested up to {count:,} datapoints, which exceeds the limit of {DATAPOINTS_MAX:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    points = await _points(request, params, start_s, end_s, period_s, params.get("Unit"))
    unit = UNITS[MetricName(params["MetricName"])] if points else "None"
    return {
        "Label": params["MetricName"],
        "Datapoints": [_datapoint(point, params.get("Statistics", ()), names, unit) for point in points],
    }


def _authorize(request: Request) -> None:
    """These actions have no resource: whoever is allowed them sees the metrics of the whole account."""
    action = f"cloudwatch:{request.operation}"
    decision = evaluate(
        AccessRequest(
            principal=request.principal,
            policies=request.policies,
            action=action,
            resource="*",
            resource_account=request.principal.account_id,
            context=_context(request),
        )
    )
    request.trail.note(action, "*", decision)
    if not decision.allowed:
        raise AccessDenied(
            f"User: {request.principal.arn} is not authorized to perform: {action} {decision.because(action)}"
        )


def _context(request: Request) -> LazyContext:
    circumstances = Circumstances(
        principal=request.principal,
        now_us=request.now_us,
        region=request.region,
        source_address=request.source_address,
        secure=request.secure,
        headers=request.headers,
        resource_account=request.principal.account_id,
        token_issued_us=None if request.session is None else request.session.issued_us,
    )
    return LazyContext(lambda key: global_values(circumstances, key))


def _is_wanted(params: Params, metric: Params) -> bool:
    """Whether the filters of ListMetrics let a metric through."""
    if params.get("Namespace", metric["Namespace"]) != metric["Namespace"]:
        return False
    if params.get("MetricName", metric["MetricName"]) != metric["MetricName"]:
        return False
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}
    wanted: Sequence[Mapping[str, str]] = params.get("Dimensions", ())
    return all(
        each["Name"] in dimensions and each.get("Value", dimensions[each["Name"]]) == dimensions[each["Name"]]
        for each in wanted
    )


def _is_recent(request: Request, metric: Published) -> bool:
    return "RecentlyActive" not in request.params or metric.last_s >= request.now_us // 1_000_000 - RECENT_S


def _check_queries(queries: Sequence[Params]) -> None:
    if not 1 <= len(queries) <= QUERIES_MAX:
        raise ValidationError(
            f"The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."
            if queries
            else "The parameter MetricDataQueries must contain at least one item."
        )
    faults = [fault for number, query in enumerate(queries, 1) for fault in _faults(query, number)]
    if faults:
        raise ValidationError("\n".join(faults))
    if len({query["Id"] for query in queries}) < len(queries):
        raise ValidationError("The values for parameter id in MetricDataQueries are not unique.")


def _faults(query: Params, number: int) -> Iterator[str]:
    """What is wrong with one query. Raises NotImplemented for an expression."""
    place = f"MetricDataQueries.member.{number}"
    if not _ID.fullmatch(query["Id"]):
        yield (
            f"The value {query['Id']} for parameter {place}.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    stat: Params | None = query.get("MetricStat")
    if stat is not None and "Expression" in query:
        yield f"The parameters {place}.Expression and {place}.MetricStat are mutually exclusive."
    elif "Expression" in query:
        raise query_errors.NotImplemented(f"{place}.Expression: metric math is not implemented")
    elif stat is None:
        yield f"At least one of the parameters {place}.Expression and {place}.MetricStat must be specified."
    else:
        if not is_statistic(stat["Stat"]):
            yield f"The value {stat['Stat']} for parameter {place}.MetricStat.Stat is not a valid statistic."
        if not _is_period(stat["Period"]):
            yield f"The parameter {place}.MetricStat.Period must be a multiple of 60."


def _is_period(period_s: int) -> bool:
    return period_s % 60 == 0 or period_s in _SHORT_PERIODS


def _times(params: Params, refusal: type[ValidationError | InvalidParameterValue]) -> tuple[int, int]:
    """StartTime and EndTime in seconds."""
    start: datetime = params["StartTime"]
    end: datetime = params["EndTime"]
    start_s, end_s = int(start.timestamp()), int(end.timestamp())
    if start_s == end_s:
        raise refusal("The parameter StartTime must not equal parameter EndTime.")
    if start_s > end_s:
        raise refusal("The parameter StartTime must be less than the parameter EndTime.")
    return start_s, end_s


async def _points(
    request: Request, metric: Params, start_s: int, end_s: int, period_s: int, unit: str | None
) -> list[Point]:
    """The points of a metric that AWS's structure names, of the asked period; none for one that is not there."""
    found = find_metric(request.deployment, request.principal.account_id, request.region, metric)
    if found is None or (unit is not None and unit != UNITS[found.name]):
        return []
    start_s = round_start(start_s, request.now_us // 1_000_000)
    kept = await read_points(request.deployment, found, start_s, end_s)
    return gather(kept, start_s=start_s, period_s=period_s)


async def _values(request: Request, stat: Params, start_s: int, end_s: int) -> list[tuple[int, float]]:
    """(time, value) of one query, ascending."""
    points = await _points(request, stat["Metric"], start_s, end_s, stat["Period"], stat.get("Unit"))
    values = ((point.at_s, statistic(point, stat["Stat"])) for point in points)
    return [(at_s, value) for at_s, value in values if value is not None]


def _result(query: Params, queries: Sequence[Params], values: Sequence[tuple[int, float]], *, complete: bool) -> Params:
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or _label(query, queries),
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
    return " ".join([*(dimension["Value"] for dimension in metric.get("Dimensions", ())), name])


def _datapoint(point: Point, plain: Sequence[str], names: Sequence[str], unit: str) -> Params:
    values = {name: value for name in names if (value := statistic(point, name)) is not None}
    datapoint: Params = {name: values[name] for name in plain}
    extended = {name: value for name, value in values.items() if name not in plain}
    if extended:
        datapoint["ExtendedStatistics"] = extended
    return {"Timestamp": point.at_s * 1_000_000, **datapoint, "Unit": unit}


def _token(request: Request, index: int, value: int) -> str:
    """Where the next page begins; good for this very request alone."""
    text = f"{index}.{value}.{_digest(request)}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_token(request: Request) -> tuple[int, int]:
    try:
        text = base64.urlsafe_b64decode(request.params["NextToken"].encode()).decode()
        index, value, digest = text.split(".")
        if digest == _digest(request):
            return int(index), int(value)
    except (ValueError, binascii.Error):
        pass
    raise InvalidNextToken()


def _digest(request: Request) -> str:
    asked: dict[str, Any] = {name: value for name, value in request.params.items() if name != "NextToken"}
    encoded = msgspec.json.encode(
        [request.principal.account_id, request.region, request.operation, asked], order="deterministic"
    )
    return hashlib.sha256(encoded).hexdigest()[:16]
