"""How the deployment stands, as far as the caller may see: their buckets, what waits for replication, what failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from heapq import nlargest
from typing import Any

from farshore.metadata.store import Failure, Reader
from farshore.metadata.tasks import Lane
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.events import EventBacklog
from farshore.runtime.slices import slices
from farshore.semantics.notification_config import destinations_of
from farshore.service.access import ALL_BUCKETS, SEES_REPLICATION, may, may_in_account
from farshore.service.configurations import decode_document
from farshore.service.deployment import Region, Request

BUCKETS_AT_ONCE = 20
"""Buckets between two waits: what the caller may see of each is decided on the event loop, by up to four decisions."""

FAILURES_MAX = 50
"""Recent failures shown of a deployment, newest first."""

_SEES_DESTINATIONS = "s3:GetBucketNotification"
_UNNAMED = "the server's settings do not name this destination"

_Dated = tuple[int, dict[str, Any]]
"""A failure as it is shown, after its time."""


async def deployment_status(request: Request) -> dict[str, Any]:
    """What `farshore status` shows of the buckets that the caller may list in its own account, as JSON values.

    Counts of objects walk an index: this is for people and monitors, not for every request.

    Returns:
        account; replicates: False where the server was started with replication stopped; hidden: there are buckets of
        the account that the caller may not list; regions: [{region, buckets: [{bucket, versioning, objects, bytes,
        replication_hidden, waiting: [{destination, tasks_pending, bytes_pending, oldest_pending_age_s}]}]}];
        failures: [{region, bucket, key, version_id, destination, rule, code, detail, at}] (at: ISO 8601, UTC);
        events: [{region, destination, waiting, oldest_age_s, delivered, dropped, last_error}] of destinations of the
        account; events_hidden: there are others of the account; flushes: of the metadata to disk, by the process that
        answers, since its start.
        What waits, and failures, are shown to who may see them in `/-/replication/status`, else `replication_hidden`.
        A destination of events is shown to who may read the notification configuration of a bucket that sends there;
        one that no bucket of the account sends to any more, to who may read that of every bucket.
    """
    served = request.deployment.regions.values()
    seen = [await _seen(request, region) for region in served]
    failures = [failure for each in seen for failure in each.failures]
    return {
        "account": request.principal.account_id,
        "replicates": request.deployment.replicates,
        "hidden": any(each.hidden for each in seen),
        "regions": [{"region": each.region, "buckets": each.buckets} for each in seen],
        "failures": [failure for _, failure in nlargest(FAILURES_MAX, failures, key=lambda failure: failure[0])],
        "events": [event for each in seen for event in each.events],
        "events_hidden": any(each.events_hidden for each in seen),
        "flushes": sum(region.metadata.flushes() for region in served),
    }


@dataclass(slots=True)
class _Seen:
    """What the caller sees of a region; filled some buckets at a time. failures: the newest of each bucket."""

    region: str
    buckets: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    hidden: bool = False
    failures: list[_Dated] = field(default_factory=list[_Dated])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    events_hidden: bool = False


@dataclass(frozen=True, slots=True)
class _Owned:
    """What there is of an account in a region, whoever may see it.

    destinations: of events, of the account. senders: those that a bucket sends to, by the bucket's id; of buckets that
    have a notification configuration.
    """

    buckets: Sequence[Bucket]
    lanes: Mapping[int, list[Lane]]
    destinations: Sequence[EventBacklog]
    senders: Mapping[int, frozenset[str]]


async def _seen(request: Request, region: Region) -> _Seen:
    owned = await region.metadata.read(partial(_owned, request.principal.account_id))
    seen = _Seen(region.name)
    told_of: set[str] = set()
    for some in slices(owned.buckets, BUCKETS_AT_ONCE):
        listed = [bucket for bucket in some if may(request, region, bucket, "s3:ListBucket")]
        told = frozenset(bucket.id for bucket in listed if _may_see_replication(request, region, bucket))
        for bucket in some:
            if bucket.id in owned.senders and may(request, region, bucket, _SEES_DESTINATIONS):
                told_of |= owned.senders[bucket.id]
        lanes = {bucket_id: owned.lanes.get(bucket_id, []) for bucket_id in told}
        buckets, failures = await region.metadata.read(partial(_buckets, listed, lanes, request.now_us))
        seen.buckets += buckets
        seen.failures += [(at_us, {"region": region.name, **failure}) for at_us, failure in failures]
        seen.hidden |= len(listed) < len(some)
    if may_in_account(request, _SEES_DESTINATIONS, ALL_BUCKETS):
        told_of |= {each.destination for each in owned.destinations}.difference(*owned.senders.values())
    shown = [each for each in owned.destinations if each.destination in told_of]
    named = request.deployment.event_destinations
    seen.events += [
        {"region": region.name, **_backlog(each, request.now_us, named=each.destination in named)} for each in shown
    ]
    seen.events_hidden = len(shown) < len(owned.destinations)
    return seen


def _may_see_replication(request: Request, region: Region, bucket: Bucket) -> bool:
    return all(may(request, region, bucket, action) for action in SEES_REPLICATION)


def _owned(account: str, reader: Reader) -> _Owned:
    buckets = [bucket for bucket in reader.buckets() if bucket.owner == account]
    lanes: dict[int, list[Lane]] = {}
    for lane in reader.lanes():
        lanes.setdefault(lane.bucket_id, []).append(lane)
    backlogs = [each for each in reader.events.backlogs() if each.destination.split(":")[4] == account]
    senders: dict[int, frozenset[str]] = {}
    for bucket in reader.buckets_with(ConfigurationKind.NOTIFICATION) if backlogs else ():
        stored = reader.configuration(bucket.id, ConfigurationKind.NOTIFICATION)
        if stored is not None and bucket.owner == account:
            senders[bucket.id] = frozenset(arn for _, arn in destinations_of(decode_document(stored)))
    return _Owned(buckets, lanes, backlogs, senders)


def _buckets(
    listed: Sequence[Bucket], told: Mapping[int, Collection[Lane]], now_us: int, reader: Reader
) -> tuple[list[dict[str, Any]], list[_Dated]]:
    """Some buckets as they are shown, and the newest failures.

    Args:
        told: what waits of those whose replication is shown, too.
    """
    buckets: list[dict[str, Any]] = []
    failures: list[_Dated] = []
    for bucket in listed:
        objects, size = reader.counts(bucket.id)
        waiting = sorted(told.get(bucket.id, ()), key=lambda lane: lane.destination)
        buckets.append(
            {
                "bucket": bucket.name,
                "versioning": bucket.versioning or "Unversioned",
                "objects": objects,
                "bytes": size,
                "replication_hidden": bucket.id not in told,
                "waiting": [_waiting(lane, now_us) for lane in waiting],
            }
        )
        if bucket.id in told:
            failures += [_failure(bucket, failed) for failed in reader.failures(bucket.id, FAILURES_MAX)]
    return buckets, failures


def _waiting(lane: Lane, now_us: int) -> dict[str, Any]:
    return {
        "destination": lane.destination,
        "tasks_pending": lane.tasks,
        "bytes_pending": lane.bytes,
        "oldest_pending_age_s": max(0, now_us - lane.oldest_enqueued_us) / 1e6,
    }


def _backlog(backlog: EventBacklog, now_us: int, *, named: bool) -> dict[str, Any]:
    """named: the server's settings say where it is. What went wrong while they did is not why its events wait now."""
    age_us = 0 if backlog.oldest_us is None else max(0, now_us - backlog.oldest_us)
    return {
        "destination": backlog.destination,
        "waiting": backlog.events,
        "oldest_age_s": age_us / 1e6,
        "delivered": backlog.delivered,
        "dropped": backlog.dropped,
        "last_error": backlog.last_error if named or not backlog.events else _UNNAMED,
    }


def _failure(bucket: Bucket, failed: Failure) -> _Dated:
    state = failed.state
    return state.at_us, {
        "bucket": bucket.name,
        "key": failed.key,
        "version_id": failed.version_id,
        "destination": state.bucket,
        "rule": state.rule_id,
        "code": state.reason,
        "detail": state.detail,
        "at": datetime.fromtimestamp(state.at_us / 1e6, UTC).isoformat(timespec="milliseconds"),
    }
