"""The end of a route's minute: what was counted in it becomes points of the series that CloudWatch's API reads.

A minute ends by itself, or for a route when its rule begins or ceases to be measured: what was counted until then
belongs to the rules that there were.
"""

from __future__ import annotations

from farshore.metadata.metrics import MetricTransaction
from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket
from farshore.model.metrics import MetricName, Route
from farshore.model.replication import ReplicationConfiguration
from farshore.semantics.metric_points import MINUTE_S, minute_points
from farshore.service.deployment import Deployment, Region
from farshore.service.metric_routes import published_in

Published = dict[MetricName, str]
"""Where each metric of a route is published; what is not published is not there."""


def places_of(deployment: Deployment, region: Region, route: Route) -> Published:
    """Where the metrics of a route from a region are published while it is measured."""
    places = {name: published_in(deployment, region, route.destination, name) for name in MetricName}
    return {name: place for name, place in places.items() if place is not None}


def write_points(metrics: MetricTransaction, route: Route, published: Published, *, at_s: int, end_us: int) -> None:
    """Inside a command: points for what a route has counted in a minute.

    Args:
        at_s: when the minute began. end_us: when it ended for the route.
    """
    points = minute_points(metrics.pending_on(route), metrics.account(route), at_s=at_s, end_us=end_us)
    for name, point in points.items():
        if name not in published:
            continue
        series_id = metrics.series_id(route, name, published[name])
        if name is MetricName.OPERATIONS_FAILED:
            metrics.add_point(series_id, point)
        else:
            metrics.raise_point(series_id, point)


def rules_change(
    tx: Transaction,
    deployment: Deployment,
    region: Region,
    bucket: Bucket,
    after: ReplicationConfiguration | None,
    now_us: int,
) -> None:
    """Inside the command that changes a bucket's rules, before it does: end the minute of routes that are measured no
    longer, and begin it for those that are from now on.

    Args:
        bucket: its row as the command sees it. after: the rules that come.
    """
    at_s = tx.metrics.minute()
    if at_s is None:
        return
    measured, will_be = (_measured(bucket, rules) for rules in (deployment.configurations.get(tx, bucket), after))
    for route in sorted(measured - will_be):
        end_us = min(now_us, (at_s + MINUTE_S) * 1_000_000)
        write_points(tx.metrics, route, places_of(deployment, region, route), at_s=at_s, end_us=end_us)
    for route in measured ^ will_be:
        tx.metrics.begin_route(route)


def _measured(bucket: Bucket, configuration: ReplicationConfiguration | None) -> set[Route]:
    rules = () if configuration is None else configuration.rules
    return {Route(bucket.id, rule.destination, rule.id) for rule in rules if rule.enabled and rule.metered}
