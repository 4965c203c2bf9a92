"""The words of replication metrics: what is counted of a rule and its destination, and what a data point is.

Source: S3 User Guide, "Monitoring progress with replication metrics"; CloudWatch User Guide, "Metrics concepts".
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class MetricName(StrEnum):
    """CloudWatch's names of S3's replication metrics."""

    BYTES_PENDING = "BytesPendingReplication"
    OPERATIONS_PENDING = "OperationsPendingReplication"
    LATENCY = "ReplicationLatency"
    OPERATIONS_FAILED = "OperationsFailedReplication"


class Route(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What a metric is of: a rule of a source bucket, and the destination that it leads to."""

    bucket_id: int
    destination: str
    rule_id: str


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What waits on a route now, and the most that waited since the last `MetricTransaction.begin_minute`.

    oldest_us: when the oldest operation that waits was enqueued; None when none waits.
    """

    route: Route
    operations: int = 0
    bytes: int = 0
    peak_operations: int = 0
    peak_bytes: int = 0
    oldest_us: int | None = None


LATENCY_BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)
"""Upper bounds of the classes by which latencies are counted; a last class has none. 900 s is the threshold of
Replication Time Control."""


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What has come of a route's operations since it began.

    completed, completed_bytes: operations that arrived. retried: attempts that met transient trouble.
    failed: by AWS's failure code.
    latencies: completed operations by class of `LATENCY_BOUNDS_S`, one more for those beyond. latency_us: their sum.
    """

    completed: int = 0
    completed_bytes: int = 0
    retried: int = 0
    failed: dict[str, int] = {}
    latencies: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS_S) + 1)
    latency_us: int = 0

    @property
    def failures(self) -> int:
        return sum(self.failed.values())


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A route's tally, and its part that belongs to the minute under way.

    minute_latency_us: the longest latency of an operation that arrived in it; None when none did.
    """

    route: Route
    tally: Tally = Tally()
    minute_completed: int = 0
    minute_failed: int = 0
    minute_latency_us: int | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of a route, as CloudWatch keeps it.

    region: where it is published. id: the store's handle. last_s: start of its latest minute; None without any.
    """

    route: Route
    name: MetricName
    region: str
    id: int = 0
    last_s: int | None = None


class Point(msgspec.Struct, frozen=True, array_like=True):
    """A statistic set: what was observed from `at_s` (seconds since the epoch) for `period_s`.

    samples may be 0, never in a point that is kept.
    """

    at_s: int
    period_s: int
    samples: float
    total: float
    minimum: float
    maximum: float
