"""What monitoring reads at `/-/metrics`: the whole deployment as this machine's processes and stores know it.

Replication's numbers come from the stores, in the moment of the question: they hold even while nothing replicates. What
only a process knows (requests, lanes at work) comes from the processes' shared counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from farshore.metadata.store import Reader
from farshore.model.events import EventBacklog
from farshore.model.metrics import LATENCY_BOUNDS_S, Account, Pending, Route
from farshore.runtime.counters import Name
from farshore.service.deployment import Deployment, Region
from farshore.transports.audit_log import AUDIT, AUDIT_SLOTS
from farshore.wire.prometheus_text import Family, Labels

REQUESTS = "requests"
"""Counters: (REQUESTS, service, operation, status, code) -> requests by class of duration, and their sum."""

DURATION_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SUM_SLOT = 19
"""Microseconds, in a block of REQUESTS."""

_REQUEST_LABELS: Sequence[str] = ("service", "operation", "status", "code")

WORKER = "replication worker"
"""Counters: (WORKER, region) -> WORKER_SLOTS."""

WORKER_SLOTS = ("seen", "running", "resting", "waiting")
"""seen: when the worker last looked for tasks, in seconds since the epoch; then lanes by state."""

RECONCILED = "reconciled"
"""Counters: (RECONCILED, region) -> versions that were PENDING without a task, and got one."""

SIZES = "sizes"
"""Counters: (SIZES, region) -> current objects, their bytes."""

ACCESS_LOGS = ("access logs",)
ACCESS_LOGS_SLOTS = ("delivered", "lost")
"""Counters: ACCESS_LOGS -> lines of server access logs by what became of them."""

Counted = Mapping[Name, Sequence[int]]


async def exposition(deployment: Deployment, counted: Counted) -> list[Family]:
    """Every family of metrics.

    Args:
        counted: the sums of all processes' counters.
    """
    families, events = _Replication(), _Events()
    for region in deployment.regions.values():
        now_us = deployment.clock.now_us()
        names = {bucket.id: bucket.name for bucket in region.metadata.reader.buckets()}
        pending, accounts = await region.metadata.read(_routes)
        for backlog in region.metadata.reader.events.backlogs():
            events.add(region, backlog, now_us)
        for each in _shown(pending, names):
            families.add_pending(_labels(region, names, each.route), each, now_us)
        for each in accounts:
            if each.route.bucket_id in names:
                families.add_account(_labels(region, names, each.route), each)
    return [
        *families.all(),
        *events.all(),
        *_workers(counted),
        *await _stores(deployment, counted),
        *_requests(counted),
        *_logs(counted),
    ]


def _routes(reader: Reader) -> tuple[list[Pending], list[Account]]:
    return reader.metrics.pending(), reader.metrics.accounts()


def _shown(pending: Sequence[Pending], names: Mapping[int, str]) -> Iterator[Pending]:
    """What waits, each route by labels of its own. Deleted buckets have no name: what still waits of them to the same
    destination under rules of the same id is added up, and otherwise they are not shown."""
    unnamed: dict[tuple[str, str], Pending] = {}
    for each in pending:
        route = each.route
        if route.bucket_id in names:
            yield each
        elif each.operations:
            key = (route.destination, route.rule_id)
            unnamed[key] = each if key not in unnamed else _together(unnamed[key], each)
    yield from unnamed.values()


def _together(one: Pending, other: Pending) -> Pending:
    ages_us = [each.oldest_us for each in (one, other) if each.oldest_us is not None]
    return Pending(
        route=one.route,
        operations=one.operations + other.operations,
        bytes=one.bytes + other.bytes,
        oldest_us=min(ages_us, default=None),
    )


def _labels(region: Region, names: Mapping[int, str], route: Route) -> Labels:
    """A bucket that was deleted while something of it still waits has no name any more."""
    return {
        "region": region.name,
        "source_bucket": names.get(route.bucket_id, ""),
        "destination_bucket": route.destination,
        "rule_id": route.rule_id,
    }


class _Replication:
    """The families that have a value for each rule and destination."""

    def __init__(self) -> None:
        prefix = "farshore_replication"
        self.operations = Family(f"{prefix}_operations_pending", "gauge", "Operations that wait to be replicated.")
        self.bytes = Family(f"{prefix}_bytes_pending", "gauge", "Bytes of the operations that wait to be replicated.")
        self.age = Family(
            f"{prefix}_oldest_pending_age_seconds",
            "gauge",
            "Age of the oldest operation that waits: by how much the destination is behind. 0 when nothing waits.",
        )
        self.completed = Family(f"{prefix}_operations_completed_total", "counter", "Operations that arrived.")
        self.completed_bytes = Family(f"{prefix}_bytes_completed_total", "counter", "Bytes of what arrived.")
        self.failed = Family(
            f"{prefix}_operations_failed_total", "counter", "Operations that ended FAILED, by AWS's failure code."
        )
        self.retries = Family(
            f"{prefix}_retries_total", "counter", "Attempts that met transient trouble; the operation comes again."
        )
        self.latency = Family(
            f"{prefix}_latency_seconds", "histogram", "From the write at the source until the destination has it."
        )

    def add_pending(self, labels: Labels, pending: Pending, now_us: int) -> None:
        age_us = 0 if pending.oldest_us is None else max(0, now_us - pending.oldest_us)
        self.operations.add(labels, pending.operations)
        self.bytes.add(labels, pending.bytes)
        self.age.add(labels, age_us / 1e6)

    def add_account(self, labels: Labels, account: Account) -> None:
        tally = account.tally
        self.completed.add(labels, tally.completed)
        self.completed_bytes.add(labels, tally.completed_bytes)
        self.retries.add(labels, tally.retried)
        self.latency.add_histogram(labels, LATENCY_BOUNDS_S, tally.latencies, tally.latency_us / 1e6)
        for code, count in sorted(tally.failed.items()):
            self.failed.add({**labels, "code": code}, count)

    def all(self) -> Iterator[Family]:
        yield from (self.operations, self.bytes, self.age, self.completed, self.completed_bytes, self.failed)
        yield from (self.retries, self.latency)


class _Events:
    """The families that have a value for each destination of events."""

    def __init__(self) -> None:
        self.waiting = Family("farshore_events_pending", "gauge", "Events that wait for their destination.")
        self.age = Family(
            "farshore_event_oldest_pending_age_seconds",
            "gauge",
            "Age of the oldest event that waits, else 0.",
        )
        self.delivered = Family("farshore_events_delivered_total", "counter", "Events that their destination has.")
        self.dropped = Family("farshore_events_dropped_total", "counter", "Events that were given up.")
        self.failed = Family("farshore_event_failed_attempts_total", "counter", "Deliveries that did not succeed.")

    def add(self, region: Region, backlog: EventBacklog, now_us: int) -> None:
        labels = {"region": region.name, "destination": backlog.destination}
        age_us = 0 if backlog.oldest_us is None else max(0, now_us - backlog.oldest_us)
        self.waiting.add(labels, backlog.events)
        self.age.add(labels, age_us / 1e6)
        self.delivered.add(labels, backlog.delivered)
        self.dropped.add(labels, backlog.dropped)
        self.failed.add(labels, backlog.failed_attempts)

    def all(self) -> Iterator[Family]:
        yield from (self.waiting, self.age, self.delivered, self.dropped, self.failed)


def _workers(counted: Counted) -> Iterator[Family]:
    lanes = Family("farshore_replication_lanes", "gauge", "Lanes (source bucket and destination) by what they do.")
    seen = Family(
        "farshore_replication_worker_seen_timestamp_seconds",
        "gauge",
        "When the replication worker last looked for tasks. It looks every few seconds; if this stands, it is dead.",
    )
    reconciled = Family(
        "farshore_replication_reconciled_total",
        "counter",
        "Pending operations that had lost their task, and were given one. There should be none: look at the disk.",
    )
    for name, values in counted.items():
        if name[0] == RECONCILED:
            reconciled.add({"region": name[1]}, values[0])
        if name[0] == WORKER:
            labels = {"region": name[1]}
            seen.add(labels, values[0])
            for slot, state in enumerate(WORKER_SLOTS[1:], 1):
                lanes.add({**labels, "state": state}, values[slot])
    yield from (seen, lanes, reconciled)


async def _stores(deployment: Deployment, counted: Counted) -> Sequence[Family]:
    files = Family("farshore_metadata_bytes", "gauge", "Size of a region's metadata, by file.")
    free = Family("farshore_disk_free_bytes", "gauge", "Free space where a region's bodies are stored.")
    total = Family("farshore_disk_size_bytes", "gauge", "Size of the disk where a region's bodies are stored.")
    objects = Family("farshore_objects", "gauge", "Current objects of a region, counted now and then.")
    sizes = Family("farshore_object_bytes", "gauge", "Bytes of the current objects of a region, counted now and then.")
    for region in deployment.regions.values():
        for part, size in region.metadata.sizes().items():
            files.add({"region": region.name, "part": part}, size)
        space = await region.blobs.space()
        free.add({"region": region.name}, space.free_bytes)
        total.add({"region": region.name}, space.total_bytes)
    for name, values in counted.items():
        if name[0] == SIZES:
            objects.add({"region": name[1]}, values[0])
            sizes.add({"region": name[1]}, values[1])
    return (files, free, total, objects, sizes)


def _requests(counted: Counted) -> Iterator[Family]:
    requests = Family(
        "farshore_request_duration_seconds",
        "histogram",
        "Requests by operation, status and AWS error code (empty for none), with the time until they were answered.",
    )
    for name, values in sorted(counted.items()):
        if name[0] == REQUESTS and len(name) == 5:
            labels: Labels = dict(zip(_REQUEST_LABELS, name[1:], strict=True))
            counts = values[: len(DURATION_BOUNDS_S) + 1]
            requests.add_histogram(labels, DURATION_BOUNDS_S, counts, values[SUM_SLOT] / 1e6)
    yield requests


def _logs(counted: Counted) -> Iterator[Family]:
    """What became of the lines of logs; lost are those that could not be written, or not as fast as they came."""
    for name, of_what, block, outcomes in (
        ("farshore_audit_records_total", "Records for the audit log", AUDIT, AUDIT_SLOTS),
        ("farshore_access_log_lines_total", "Lines of buckets' server access logs", ACCESS_LOGS, ACCESS_LOGS_SLOTS),
    ):
        lines = Family(name, "counter", f"{of_what}, by what became of them.")
        for outcome, count in zip(outcomes, counted.get(block, ()), strict=False):
            lines.add({"outcome": outcome}, count)
        yield lines
