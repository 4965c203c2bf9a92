"""The arithmetic of metrics: tallies, the points of a minute, how long points are kept, and statistics of them.

Source: S3 User Guide, "Monitoring progress with replication metrics"; CloudWatch API Reference, GetMetricData and
GetMetricStatistics; CloudWatch User Guide, "Statistics" and "Metrics retention".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from farshore.model.metrics import LATENCY_BOUNDS_S, Account, MetricName, Pending, Point, Tally
from farshore.model.replication import FailureCode

MINUTE_S = 60
DAY_S = 24 * 3600

RETENTION_S = {MINUTE_S: 15 * DAY_S, 300: 63 * DAY_S, 3600: 455 * DAY_S}
"""Period of a point -> how long it is kept before it goes into a point of the next longer period, or away."""

UNITS = {
    MetricName.BYTES_PENDING: "Bytes",
    MetricName.OPERATIONS_PENDING: "Count",
    MetricName.LATENCY: "Seconds",
    MetricName.OPERATIONS_FAILED: "Count",
}

_BOUNDS_US = tuple(int(bound * 1e6) for bound in LATENCY_BOUNDS_S)
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_STATISTICS = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")


def add_to_account(
    account: Account, *, completed: Sequence[tuple[int | None, int]], failed: Mapping[FailureCode, int], retried: int
) -> Account:
    """An account with what a batch of attempts came to.

    Args:
        completed: (latency in microseconds, bytes) of each operation that arrived. Without a latency: one of Batch
            Replication, whose latency AWS does not measure.
        failed: operations that ended FAILED, by code.
    """
    tally = account.tally
    latencies = list(tally.latencies)
    measured = [latency_us for latency_us, _ in completed if latency_us is not None]
    for latency_us in measured:
        latencies[bisect_left(_BOUNDS_US, latency_us)] += 1
    failures = dict(tally.failed)
    for code, count in failed.items():
        failures[code.value] = failures.get(code.value, 0) + count
    longest = max(measured, default=None)
    if account.minute_latency_us is not None:
        longest = account.minute_latency_us if longest is None else max(longest, account.minute_latency_us)
    return msgspec.structs.replace(
        account,
        tally=Tally(
            completed=tally.completed + len(completed),
            completed_bytes=tally.completed_bytes + sum(size for _, size in completed),
            retried=tally.retried + retried,
            failed=failures,
            latencies=tuple(latencies),
            latency_us=tally.latency_us + sum(measured),
        ),
        minute_completed=account.minute_completed + len(completed),
        minute_failed=account.minute_failed + sum(failed.values()),
        minute_latency_us=longest,
    )


def minute_points(pending: Pending, account: Account, *, at_s: int, end_us: int) -> dict[MetricName, Point]:
    """What a route's minute comes to.

    Of what waits, the most that waited at the same time. Latency is the longest that an operation had when it arrived,
    or has so far when it still waits: by how much the destination is behind. Of failures a share of all operations; no
    point without an operation.

    Args:
        at_s: when the minute began. end_us: when it ended, or now.
    """
    latency_us = max(account.minute_latency_us or 0, 0 if pending.oldest_us is None else end_us - pending.oldest_us)
    points = {
        MetricName.BYTES_PENDING: _sample(at_s, pending.peak_bytes),
        MetricName.OPERATIONS_PENDING: _sample(at_s, pending.peak_operations),
        MetricName.LATENCY: _sample(at_s, latency_us / 1e6),
    }
    operations = account.minute_completed + account.minute_failed
    if operations:
        points[MetricName.OPERATIONS_FAILED] = Point(
            at_s=at_s,
            period_s=MINUTE_S,
            samples=operations,
            total=account.minute_failed,
            minimum=0 if account.minute_completed else 1,
            maximum=1 if account.minute_failed else 0,
        )
    return points


def round_start(start_s: int, now_s: int) -> int:
    """A query's start time, rounded down to the resolution that points of its age have."""
    age_s = now_s - start_s
    for period_s, kept_s in RETENTION_S.items():
        if age_s <= kept_s:
            return start_s // period_s * period_s
    return start_s // 3600 * 3600


def gather(points: Iterable[Point], *, start_s: int, period_s: int) -> list[Point]:
    """Points of the asked period, which begin at `start_s`, from those that are kept; ascending, none that are empty.

    Points that are kept at a longer period than the asked one, or at one that does not divide it, say nothing of it.
    """
    gathered: dict[int, Point] = {}
    for point in points:
        if period_s % point.period_s:
            continue
        at_s = start_s + (point.at_s - start_s) // period_s * period_s
        before = gathered.get(at_s)
        gathered[at_s] = Point(
            at_s=at_s,
            period_s=period_s,
            samples=point.samples + (0 if before is None else before.samples),
            total=point.total + (0 if before is None else before.total),
            minimum=point.minimum if before is None else min(before.minimum, point.minimum),
            maximum=point.maximum if before is None else max(before.maximum, point.maximum),
        )
    return [gathered[at_s] for at_s in sorted(gathered)]


def is_period(period_s: float) -> bool:
    """Whether AWS has points of such a length."""
    return period_s > 0 and (period_s % 60 == 0 or period_s in _SHORT_PERIODS)


def is_statistic(name: str) -> bool:
    """Whether it is a statistic that is served: AWS's five, and percentiles (`p99`, `p99.9`)."""
    return name in _STATISTICS or _PERCENTILE.fullmatch(name) is not None


def statistic(point: Point, name: str) -> float | None:
    """A statistic of a point; None for a percentile of a point that holds different values, as on AWS.

    Args:
        name: for which `is_statistic` is true.
    """
    match name:
        case "SampleCount":
            return point.samples
        case "Sum":
            return point.total
        case "Average":
            return point.total / point.samples
        case "Minimum":
            return point.minimum
        case "Maximum":
            return point.maximum
        case _:
            return point.maximum if point.minimum == point.maximum else None


def _sample(at_s: int, value: float) -> Point:
    return Point(at_s=at_s, period_s=MINUTE_S, samples=1, total=value, minimum=value, maximum=value)
