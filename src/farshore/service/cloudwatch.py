"""CloudWatch, as far as replication metrics need it: ListMetrics, GetMetricStatistics, and what all operations share.

Source: CloudWatch API Reference; messages quoted from AWS's answers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from farshore.auth.context import LazyContext, global_values
from farshore.auth.evaluate import AccessRequest, evaluate
from farshore.model.metrics import MetricName, Point
from farshore.model.query_errors import (
    AccessDenied,
    InvalidNextToken,
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)
from farshore.semantics.metric_points import UNITS, gather, is_period, is_statistic, round_start, statistic
from farshore.service.circumstances import circumstances_of
from farshore.service.deployment import Params, Request
from farshore.service.published_metrics import Published, find_metric, published_metrics, read_points

LISTED_MAX = 500
DATAPOINTS_MAX = 1440
RECENT_S = 3 * 3600


async def list_metrics(request: Request) -> Params:
    """The caller's account's metrics in this region, 500 at a time."""
    authorize(request)
    params = request.params
    start = read_token(request) if "NextToken" in params else (0, 0)
    listed = [
        metric
        for metric in await published_metrics(request.deployment, request.principal.account_id, request.region)
        if _is_wanted(params, metric.as_metric()) and _is_recent(request, metric)
    ]
    page = listed[start[0] : start[0] + LISTED_MAX]
    output: Params = {"Metrics": [metric.as_metric() for metric in page]}
    if len(listed) > start[0] + len(page):
        output["NextToken"] = page_token(request, start[0] + len(page), 0)
    return output


async def get_metric_statistics(request: Request) -> Params:
    """Statistics of one metric, up to 1,440 data points, in no order."""
    authorize(request)
    params = request.params
    names: list[str] = [*params.get("Statistics", ()), *params.get("ExtendedStatistics", ())]
    if not names:
        raise InvalidParameterCombination(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        )
    for name in params.get("ExtendedStatistics", ()):
        if not is_statistic(name):
            raise InvalidParameterValue(f"The value {name} for parameter ExtendedStatistics is not supported.")
    start_s, end_s = times(params, InvalidParameterValue)
    period_s: int = params["Period"]
    if not is_period(period_s):
        raise InvalidParameterValue("The parameter Period must be a multiple of 60.")
    count = (end_s - start_s) // period_s
    if count > DATAPOINTS_MAX:
        raise InvalidParameterCombination(
            f"You have requested up to {count:,} datapoints, which exceeds the limit of {DATAPOINTS_MAX:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    points = await read_metric(request, params, start_s, end_s, period_s, params.get("Unit"))
    unit = UNITS[MetricName(params["MetricName"])] if points else "None"
    return {
        "Label": params["MetricName"],
        "Datapoints": [_datapoint(point, params.get("Statistics", ()), names, unit) for point in points],
    }


def authorize(request: Request) -> None:
    """Refuse who may not. These actions have no resource: whoever is allowed them sees the whole account's metrics."""
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
    circumstances = circumstances_of(request, request.principal.account_id)
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


def times(params: Params, refusal: type[ValidationError | InvalidParameterValue]) -> tuple[int, int]:
    """StartTime and EndTime in seconds."""
    start: datetime = params["StartTime"]
    end: datetime = params["EndTime"]
    start_s, end_s = int(start.timestamp()), int(end.timestamp())
    if start_s == end_s:
        raise refusal("The parameter StartTime must not equal parameter EndTime.")
    if start_s > end_s:
        raise refusal("The parameter StartTime must be less than the parameter EndTime.")
    return start_s, end_s


async def read_metric(
    request: Request, metric: Params, start_s: int, end_s: int, period_s: int, unit: str | None
) -> list[Point]:
    """The points of a metric that AWS's structure names, of the asked period; none for one that is not there."""
    found = find_metric(request.deployment, request.principal.account_id, request.region, metric)
    if found is None or (unit is not None and unit != UNITS[found.name]):
        return []
    start_s = round_start(start_s, request.now_us // 1_000_000)
    kept = await read_points(request.deployment, found, start_s, end_s)
    return gather(kept, start_s=start_s, period_s=period_s)


def _datapoint(point: Point, plain: Sequence[str], names: Sequence[str], unit: str) -> Params:
    values = {name: value for name in names if (value := statistic(point, name)) is not None}
    datapoint: Params = {name: values[name] for name in plain}
    extended = {name: value for name, value in values.items() if name not in plain}
    if extended:
        datapoint["ExtendedStatistics"] = extended
    return {"Timestamp": point.at_s * 1_000_000, **datapoint, "Unit": unit}


def page_token(request: Request, index: int, value: int) -> str:
    """Where the next page begins, as two numbers; good for this very request alone."""
    text = f"{index}.{value}.{_digest(request)}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_token(request: Request) -> tuple[int, int]:
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
