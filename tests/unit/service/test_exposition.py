"""What Prometheus is told: of replication by route, of events by destination, of what the processes have counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.support.delivery import deliver, put_rule, replace_bucket
from tests.support.deployment import EAST, WEST, Deployed, in_deployment

from farshore.metadata.store import Transaction
from farshore.model.events import Event, EventName, EventOrigin
from farshore.service.exposition import (
    ACCESS_LOGS,
    DURATION_BOUNDS_S,
    RECONCILED,
    REQUESTS,
    SIZES,
    SUM_SLOT,
    WORKER,
    Counted,
    exposition,
)
from farshore.transports.audit_log import AUDIT

QUEUE = "arn:aws:sqs:us-east-1:111122223333:queue"
ROUTE = {"region": EAST, "source_bucket": "source", "destination_bucket": "there", "rule_id": "rule"}


class Told:
    """What is told now. Fails when two samples have the same name and labels: Prometheus takes one of them."""

    def __init__(self, samples: dict[tuple[str, frozenset[tuple[str, str]]], float]) -> None:
        self._samples = samples

    @classmethod
    async def by(cls, deployed: Deployed, counted: Counted | None = None) -> Told:
        found = [
            ((family.name + suffix, frozenset(labels.items())), value)
            for family in await exposition(deployed.deployment, counted or {})
            for suffix, labels, value in family.samples
        ]
        twice = [name for name, count in Counter(name for name, _ in found).items() if count > 1]
        assert not twice, twice
        return cls(dict(found))

    def of(self, name: str, **labels: str) -> float | None:
        return self._samples.get((f"farshore_{name}", frozenset(labels.items())))

    def of_route(self, name: str, **more: str) -> float | None:
        return self.of(f"replication_{name}", **ROUTE, **more)

    def sources(self) -> set[str]:
        """The source buckets that anything is told of."""
        return {dict(labels)["source_bucket"] for _, labels in self._samples if "source_bucket" in dict(labels)}


async def make_route(deployed: Deployed, source: str = "source") -> None:
    await deployed.bucket(source)
    await put_rule(deployed, source, "there", ID="rule")


def test_a_route_is_told_what_waits_since_when_what_arrived_how_fast_and_what_failed(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        await deployed.bucket("there", WEST)
        await make_route(deployed)
        await deployed.put("source", "arrives", b"x" * 100)
        deployed.clock.move(2)
        await deliver(deployed)
        suspended = {"Status": "Suspended"}
        await deployed.s3("PutBucketVersioning", Bucket="there", region=WEST, VersioningConfiguration=suspended)
        await deployed.put("source", "fails")
        await deliver(deployed)
        await deployed.put("source", "waits", b"x" * 30)
        await deliver(deployed, deployed.deployment_of({EAST: deployed.stores[EAST]}))
        deployed.clock.move(1000)
        told = await Told.by(deployed)
        assert told.of_route("operations_pending") == 1
        assert told.of_route("bytes_pending") == 30
        assert told.of_route("oldest_pending_age_seconds") == 1000
        assert told.of_route("operations_completed_total") == 1
        assert told.of_route("bytes_completed_total") == 100
        assert told.of_route("operations_failed_total", code="DstBucketUnversioned") == 1
        assert told.of_route("retries_total") == 1
        assert told.of_route("latency_seconds_count") == 1
        assert told.of_route("latency_seconds_bucket", le="1") == 0
        assert told.of_route("latency_seconds_bucket", le="2.5") == 1
        assert 2 <= (told.of_route("latency_seconds_sum") or 0) < 2.1

    in_deployment(tmp_path, test)


def test_of_deleted_buckets_what_waits_is_told_together_and_nothing_else(tmp_path: Path) -> None:
    """They have no names any more, and rules are often called the same."""

    async def test(deployed: Deployed) -> None:
        await deployed.bucket("there", WEST)
        for source in ("first", "second", "settled"):
            await make_route(deployed, source)
            await deployed.put(source, "arrives")
        await deliver(deployed)
        for source in ("first", "second"):
            await deployed.put(source, "waits", b"x" * 10)
            deployed.clock.move(60)
        await replace_bucket(deployed, EAST, "first", "444455556666")
        for source in ("second", "settled"):
            await replace_bucket(deployed, EAST, source, None)
        told = await Told.by(deployed)
        assert told.sources() == {""}
        unnamed = {**ROUTE, "source_bucket": ""}
        assert told.of("replication_operations_pending", **unnamed) == 2
        assert told.of("replication_bytes_pending", **unnamed) == 20
        assert 120 <= (told.of("replication_oldest_pending_age_seconds", **unnamed) or 0) < 121
        assert told.of("replication_operations_completed_total", **unnamed) is None
        await deliver(deployed)
        assert (await Told.by(deployed)).sources() == set()

    in_deployment(tmp_path, test)


def test_a_destination_of_events_is_told_what_waits_and_what_became_of_the_others(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        origin = EventOrigin(
            name=EventName.PUT, region=EAST, bucket="b", bucket_owner="111122223333", configuration_id="c"
        )
        event = Event(at_us=deployed.clock.now_us(), request_id="r")

        def add(tx: Transaction) -> None:
            for _ in range(3):
                tx.events.add(QUEUE, origin, event)

        await deployed.write(add)
        await deployed.write(lambda tx: tx.events.unreachable(QUEUE, "away"))
        first = deployed.stores[EAST].metadata.reader.events.page(QUEUE, 0, 1)[0]
        await deployed.write(lambda tx: tx.events.delivered(QUEUE, [first.id]))
        await deployed.write(lambda tx: tx.events.drop(QUEUE, before_us=0, keep=1, limit=10))
        deployed.clock.move(90)
        told = await Told.by(deployed)
        of = {"region": EAST, "destination": QUEUE}
        assert told.of("events_pending", **of) == 1
        assert told.of("event_oldest_pending_age_seconds", **of) == 90
        assert told.of("events_delivered_total", **of) == 1
        assert told.of("events_dropped_total", **of) == 1
        assert told.of("event_failed_attempts_total", **of) == 1

    in_deployment(tmp_path, test)


def test_what_the_processes_have_counted_is_told_by_its_names(tmp_path: Path) -> None:
    async def test(deployed: Deployed) -> None:
        durations = [0] * (SUM_SLOT + 1)
        durations[0], durations[len(DURATION_BOUNDS_S)], durations[SUM_SLOT] = 4, 1, 45_000_000
        told = await Told.by(
            deployed,
            {
                (REQUESTS, "s3", "PutObject", "503", "SlowDown"): durations,
                (WORKER, EAST): [1_800_000_000, 3, 2, 1],
                (RECONCILED, EAST): [7],
                (SIZES, EAST): [5, 500],
                AUDIT: [11, 1],
                ACCESS_LOGS: [12, 2],
            },
        )
        asked = {"service": "s3", "operation": "PutObject", "status": "503", "code": "SlowDown"}
        assert told.of("request_duration_seconds_count", **asked) == 5
        assert told.of("request_duration_seconds_bucket", **asked, le="0.001") == 4
        assert told.of("request_duration_seconds_bucket", **asked, le="30") == 4
        assert told.of("request_duration_seconds_sum", **asked) == 45
        lanes = [told.of("replication_lanes", region=EAST, state=state) for state in ("running", "resting", "waiting")]
        assert lanes == [3, 2, 1]
        assert told.of("replication_worker_seen_timestamp_seconds", region=EAST) == 1_800_000_000
        assert told.of("replication_reconciled_total", region=EAST) == 7
        assert (told.of("objects", region=EAST), told.of("object_bytes", region=EAST)) == (5, 500)
        records = [told.of("audit_records_total", outcome=outcome) for outcome in ("written", "lost")]
        lines = [told.of("access_log_lines_total", outcome=outcome) for outcome in ("delivered", "lost")]
        assert (records, lines) == ([11, 1], [12, 2])
        for region in (EAST, WEST):
            assert (told.of("metadata_bytes", region=region, part="data") or 0) > 0
            free, size = (told.of(f"disk_{what}_bytes", region=region) for what in ("free", "size"))
            assert 0 < (free or 0) <= (size or 0)

    in_deployment(tmp_path, test)
