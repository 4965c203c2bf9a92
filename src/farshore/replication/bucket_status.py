"""How replication of one bucket stands: by destination what waits, how fast it goes and how long it will take; what
failed, by cause.

Costs by rules, destinations and causes, whatever the bucket and the backlog hold: it may be asked every second, and of
many buckets at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from farshore.metadata.store import Reader
from farshore.model.buckets import Bucket
from farshore.model.metrics import Account, Pending
from farshore.model.replication import ReplicationRule
from farshore.model.replication_record import FailureCause, LaneRecord, PendingAgain
from farshore.model.verification import VerificationCounts, VerificationRecord, found_equal
from farshore.runtime.iso_time import iso_time
from farshore.semantics.rates import rate_now, time_left_s
from farshore.service.deployment import Deployment, Region

_OfRoute = TypeVar("_OfRoute", Pending, Account)


class RouteStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What waits under one rule."""

    rule: str
    operations: int
    bytes: int


class LastVerification(msgspec.Struct, frozen=True, kw_only=True):
    """The last verification of the whole bucket that came to its end. equal: it found no difference."""

    at: str
    took_s: float
    deep: bool
    equal: bool
    counts: VerificationCounts
    digest: str


class DestinationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One destination.

    pending_operations, pending_bytes: what waits. again_operations: so many of it are no live changes: Batch
        Replication's, and failures that were driven again. oldest_at, oldest_age_s: the oldest live change that waits.
    operations_per_s, bytes_per_s: what arrives now, averaged over about a minute. time_left_s: until all that waits has
        arrived at this rate; null when it cannot be said, and where replication is stopped.
    completed_operations, completed_bytes: since the first, they only grow. failed: versions that stand FAILED.
    rests_until, error: the destination is left alone until then, since everything met this transient trouble.
    last_verification: null when it was never verified.
    """

    destination: str
    region: str | None
    pending_operations: int
    pending_bytes: int
    again_operations: int
    oldest_at: str | None
    oldest_age_s: float | None
    operations_per_s: float
    bytes_per_s: float
    time_left_s: float | None
    completed_operations: int
    completed_bytes: int
    failed: int
    rests_until: str | None
    error: str
    rules: tuple[RouteStatus, ...]
    last_verification: LastVerification | None


class CauseStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Failures with the same cause; the first and the last by the time at which they failed."""

    destination: str
    code: str
    count: int
    since: str
    last_at: str
    first_key: str
    first_version_id: str
    last_key: str
    last_version_id: str


class BucketStatus(msgspec.Struct, frozen=True, kw_only=True):
    """replicates: False where the server was started with replication stopped."""

    bucket: str
    region: str
    at: str
    replicates: bool
    destinations: tuple[DestinationStatus, ...]
    failures: tuple[CauseStatus, ...]


async def bucket_status(deployment: Deployment, region: Region, bucket: Bucket) -> BucketStatus:
    now_us = deployment.clock.now_us()
    rules = rules_of(deployment, region, bucket)
    (found,) = await bucket_statuses(deployment, region, {bucket: rules}, now_us)
    return found


def rules_of(deployment: Deployment, region: Region, bucket: Bucket) -> tuple[ReplicationRule, ...]:
    """The bucket's rules now; none without a configuration. On the event loop: compiled rules are its own."""
    configuration = deployment.configurations.get(region.metadata.reader, bucket)
    return () if configuration is None else configuration.rules


async def bucket_statuses(
    deployment: Deployment, region: Region, rules: Mapping[Bucket, Sequence[ReplicationRule]], now_us: int
) -> list[BucketStatus]:
    """How several buckets of a region stand, on one snapshot, in the order of `rules`: each bucket's own."""

    def read(reader: Reader) -> list[_Source]:
        pending, accounts = _by_bucket(reader.metrics.pending()), _by_bucket(reader.metrics.accounts())
        return [_read(reader, bucket.id, pending[bucket.id], accounts[bucket.id]) for bucket in rules]

    sources = await region.metadata.read(read)
    return [
        BucketStatus(
            bucket=bucket.name,
            region=region.name,
            at=iso_time(now_us),
            replicates=deployment.replicates,
            destinations=tuple(
                _destination(source, name, _region_of(deployment, name), now_us, deployment.replicates)
                for name in _destinations(source, (rule.destination for rule in rules[bucket]))
            ),
            failures=tuple(_cause(each) for each in source.causes),
        )
        for bucket, source in zip(rules, sources, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What is recorded of a source bucket; by destination, where there is one record of each. pending: operations."""

    pending: Sequence[Pending]
    accounts: Sequence[Account]
    causes: Sequence[FailureCause]
    lanes: Mapping[str, LaneRecord]
    again: Mapping[str, PendingAgain]
    verified: Mapping[str, VerificationRecord]


def _read(reader: Reader, bucket_id: int, pending: Sequence[Pending], accounts: Sequence[Account]) -> _Source:
    records = reader.records
    return _Source(
        pending=[each for each in pending if each.operations],
        accounts=accounts,
        causes=records.failure_causes(bucket_id),
        lanes={lane.destination: lane for lane in records.lanes(bucket_id)},
        again={each.destination: each for each in reader.pending_again(bucket_id)},
        verified={each.destination: each for each in records.verifications(bucket_id)},
    )


def _by_bucket(routes: Iterable[_OfRoute]) -> Mapping[int, Sequence[_OfRoute]]:
    found: defaultdict[int, list[_OfRoute]] = defaultdict(list)
    for each in routes:
        found[each.route.bucket_id].append(each)
    return found


def _destinations(source: _Source, named: Iterable[str]) -> Iterable[str]:
    """Those that the rules name, then those that something waits or failed for though no rule names them any more."""
    waiting = (each.route.destination for each in source.pending)
    return dict.fromkeys((*named, *waiting, *source.again, *(cause.destination for cause in source.causes)))


def _region_of(deployment: Deployment, destination: str) -> str | None:
    home = deployment.directory.bucket_home(destination)
    return None if home is None else home.region


def _destination(source: _Source, name: str, region: str | None, now_us: int, replicates: bool) -> DestinationStatus:
    lane = source.lanes.get(name, LaneRecord(destination=name))
    waiting = [each for each in source.pending if each.route.destination == name]
    tallies = [each.tally for each in source.accounts if each.route.destination == name]
    more = source.again.get(name, PendingAgain(destination=name, operations=0, bytes=0))
    operations = sum(each.operations for each in waiting) + more.operations
    size = sum(each.bytes for each in waiting) + more.bytes
    rate = rate_now(lane.since_us, lane.at_us, lane.operations_rate, now_us)
    bytes_rate = rate_now(lane.since_us, lane.at_us, lane.bytes_rate, now_us)
    oldest_us = min((each.oldest_us for each in waiting if each.oldest_us is not None), default=None)
    resting = lane.rests_until_us > now_us and operations > 0
    return DestinationStatus(
        destination=name,
        region=region,
        pending_operations=operations,
        pending_bytes=size,
        again_operations=more.operations,
        oldest_at=None if oldest_us is None else iso_time(oldest_us),
        oldest_age_s=None if oldest_us is None else max(0, now_us - oldest_us) / 1e6,
        operations_per_s=round(rate, 3),
        bytes_per_s=round(bytes_rate, 1),
        time_left_s=_longer(time_left_s(operations, rate), time_left_s(size, bytes_rate)) if replicates else None,
        completed_operations=sum(tally.completed for tally in tallies),
        completed_bytes=sum(tally.completed_bytes for tally in tallies),
        failed=sum(cause.count for cause in source.causes if cause.destination == name),
        rests_until=iso_time(lane.rests_until_us) if resting else None,
        error=lane.error if resting else "",
        rules=tuple(
            RouteStatus(rule=each.route.rule_id, operations=each.operations, bytes=each.bytes) for each in waiting
        ),
        last_verification=_verification(source.verified.get(name)),
    )


def _verification(record: VerificationRecord | None) -> LastVerification | None:
    if record is None:
        return None
    return LastVerification(
        at=iso_time(record.ended_us),
        took_s=round((record.ended_us - record.began_us) / 1e6, 3),
        deep=record.deep,
        equal=found_equal(record.counts),
        counts=record.counts,
        digest=record.digest,
    )


def _longer(by_operations: float | None, by_bytes: float | None) -> float | None:
    """What takes longer decides: many small operations, or a few large ones."""
    if by_operations is None or by_bytes is None:
        return None
    return round(max(by_operations, by_bytes), 1)


def _cause(cause: FailureCause) -> CauseStatus:
    return CauseStatus(
        destination=cause.destination,
        code=cause.code,
        count=cause.count,
        since=iso_time(cause.first.failed_us),
        last_at=iso_time(cause.last.failed_us),
        first_key=cause.first.key,
        first_version_id=cause.first.version_id,
        last_key=cause.last.key,
        last_version_id=cause.last.version_id,
    )
