"""The metrics that an account sees in a region: which there are, and their points, those of the present minute too.

Metrics belong to the account that owns the source bucket. What waits and how late it is are published in the region of
the destination bucket, failures in that of the source.
Source: S3 User Guide, "Monitoring progress with replication metrics", "Metrics and dimensions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from farshore.metadata.store import Reader
from farshore.model.metrics import MetricName, Point, Route
from farshore.semantics.metric_points import DAY_S, MINUTE_S, minute_points
from farshore.service.deployment import Deployment, Region
from farshore.service.metric_routes import configured_routes, is_metered, published_in

NAMESPACE = "AWS/S3"
LISTED_S = 14 * DAY_S
"""A metric without points is listed for so long after its last one, as CloudWatch lists it."""

_NAMES = {name.value: name for name in MetricName}
_DIMENSIONS = ("SourceBucket", "DestinationBucket", "RuleId")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One metric. store: the region that keeps it. region: where it is published. last_s: start of its last minute."""

    store: Region
    region: str
    source: str
    route: Route
    name: MetricName
    last_s: int

    def as_metric(self) -> dict[str, Any]:
        """AWS's Metric structure."""
        values = (self.source, self.route.destination, self.route.rule_id)
        dimensions = [{"Name": name, "Value": value} for name, value in zip(_DIMENSIONS, values, strict=True)]
        return {"Namespace": NAMESPACE, "MetricName": self.name.value, "Dimensions": dimensions}


async def published_metrics(deployment: Deployment, account_id: str, region: str) -> list[Published]:
    """The account's metrics in a region that have had points lately, or have them now; by bucket, route and name."""
    now_s = deployment.clock.now_us() // 1_000_000
    found: dict[tuple[str, Route, MetricName], Published] = {}
    for store in deployment.regions.values():
        reader = store.metadata.reader
        names = {bucket.id: bucket.name for bucket in reader.buckets() if bucket.owner == account_id}
        for route in configured_routes(deployment, reader, metered=True):
            for name in MetricName:
                if name is MetricName.OPERATIONS_FAILED and not _has_settled(reader, route):
                    continue
                if route.bucket_id in names and published_in(deployment, store, route.destination, name) == region:
                    _add(found, store, region, names[route.bucket_id], route, name, now_s)
        for series in await store.metadata.read(lambda reader: reader.metrics.series()):
            if series.region != region or series.route.bucket_id not in names or series.last_s is None:
                continue
            if series.last_s >= now_s - LISTED_S:
                _add(found, store, region, names[series.route.bucket_id], series.route, series.name, series.last_s)
    return [found[key] for key in sorted(found)]


def find_metric(deployment: Deployment, account_id: str, region: str, metric: Mapping[str, Any]) -> Published | None:
    """The account's metric that AWS's Metric structure names; None when there is none.

    A bucket of another account, or one that is not there, is none: nothing is told of it.
    """
    name = _NAMES.get(metric.get("MetricName", ""))
    given: Sequence[Mapping[str, str]] = metric.get("Dimensions", ())
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in given}
    if name is None or metric.get("Namespace") != NAMESPACE or set(dimensions) != set(_DIMENSIONS):
        return None
    source, destination, rule_id = (dimensions[each] for each in _DIMENSIONS)
    home = deployment.directory.bucket_home(source)
    store = None if home is None or home.owner != account_id else deployment.regions.get(home.region)
    bucket = None if store is None else store.metadata.reader.bucket(source)
    if store is None or bucket is None:
        return None
    route = Route(bucket.id, destination, rule_id)
    return Published(store=store, region=region, source=source, route=route, name=name, last_s=0)


async def read_points(deployment: Deployment, metric: Published, start_s: int, end_s: int) -> list[Point]:
    """The points of a metric that begin in this time, ascending. The minute under way counts as it stands now."""
    store = metric.store

    def read(reader: Reader) -> tuple[list[Point], Point | None]:
        series_id = reader.metrics.find_series(metric.route, metric.name, metric.region)
        kept = [] if series_id is None else reader.metrics.points(series_id, start_s, end_s)
        return kept, _present(reader, metric, now_us) if measured else None

    now_us = deployment.clock.now_us()
    measured = is_metered(deployment, store.metadata.reader, metric.route) and metric.region == published_in(
        deployment, store, metric.route.destination, metric.name
    )
    kept, present = await store.metadata.read(read)
    if present is None or not start_s <= present.at_s < end_s:
        return kept
    if metric.name is not MetricName.OPERATIONS_FAILED:
        # A minute that is being closed is there already: of what is no sum, the higher counts.
        highest = max((point.maximum for point in kept if point.at_s == present.at_s), default=present.maximum)
        kept = [point for point in kept if point.at_s != present.at_s]
        if highest > present.maximum:
            present = Point(present.at_s, MINUTE_S, 1, highest, highest, highest)
    return [*kept, present]


def _present(reader: Reader, metric: Published, now_us: int) -> Point | None:
    """The minute under way; None when it has nothing of this metric, or before the first minute."""
    minute_s = reader.metrics.minute()
    if minute_s is None:
        return None
    pending, account = reader.metrics.pending_on(metric.route), reader.metrics.account(metric.route)
    return minute_points(pending, account, at_s=minute_s, end_us=now_us).get(metric.name)


def _has_settled(reader: Reader, route: Route) -> bool:
    tally = reader.metrics.account(route).tally
    return tally.completed + tally.failures > 0


def _add(
    found: dict[tuple[str, Route, MetricName], Published],
    store: Region,
    region: str,
    source: str,
    route: Route,
    name: MetricName,
    last_s: int,
) -> None:
    key = (source, route, name)
    if key not in found or found[key].last_s < last_s:
        found[key] = Published(store=store, region=region, source=source, route=route, name=name, last_s=last_s)
