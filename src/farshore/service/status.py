"""How the deployment stands, as far as the caller may see: their buckets, what waits for replication, what failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from heapq import nlargest
from typing import Any

from farshore.metadata.store import Failure, Reader
from farshore.model.buckets import Bucket
from farshore.model.events import EventBacklog
from farshore.service.access import SEES_REPLICATION, may
from farshore.service.deployment import Region, Request

FAILURES_MAX = 50
"""Recent failures shown of a deployment, newest first."""


async def deployment_status(request: Request) -> dict[str, Any]:
    """What `farshore status` shows of the buckets that the caller may list in its own account, as JSON values.

    Counts of objects walk an index: this is for people and monitors, not for every request.

    Returns:
        account; hidden: there are buckets of the account that the caller may not list; regions: [{region, buckets:
        [{bucket, versioning, objects, bytes, replication_hidden, waiting: [{destination,
        tasks_pending, bytes_pending, oldest_pending_age_s}]}]}]; failures: [{region, bucket, key, version_id,
        destination, rule, code, detail, at}] (at: ISO 8601, UTC); events: [{region, destination, waiting,
        oldest_age_s, delivered, dropped, last_error}] of destinations of the account; flushes: of the metadata to
        disk, by the process that answers, since its start.
        What waits, and failures, are shown to who may see them in `/-/replication/status`, else `replication_hidden`.
    """
    account = request.principal.account_id
    served = request.deployment.regions.values()
    regions: list[dict[str, Any]] = []
    failures: list[tuple[int, dict[str, Any]]] = []
    events: list[dict[str, Any]] = []
    hidden = False
    for region in served:
        owned = await region.metadata.read(lambda reader: [each for each in reader.buckets() if each.owner == account])
        shown = [bucket for bucket in owned if may(request, region, bucket, "s3:ListBucket")]
        hidden |= len(shown) < len(owned)
        told = frozenset(bucket.id for bucket in shown if _may_see_replication(request, region, bucket))
        buckets, failed = await region.metadata.read(partial(_region, shown, told, request.now_us))
        regions.append({"region": region.name, "buckets": buckets})
        events += [
            {"region": region.name, **_backlog(backlog, request.now_us)}
            for backlog in region.metadata.reader.events.backlogs()
            if backlog.destination.split(":")[4] == account
        ]
        failures += [(at_us, {"region": region.name, **failure}) for at_us, failure in failed]
    newest = nlargest(FAILURES_MAX, failures, key=lambda failure: failure[0])
    return {
        "account": account,
        "hidden": hidden,
        "regions": regions,
        "failures": [failure for _, failure in newest],
        "events": events,
        "flushes": sum(region.metadata.flushes() for region in served),
    }


def _may_see_replication(request: Request, region: Region, bucket: Bucket) -> bool:
    return all(may(request, region, bucket, action) for action in SEES_REPLICATION)


def _region(
    shown: Sequence[Bucket], told: Collection[int], now_us: int, reader: Reader
) -> tuple[list[dict[str, Any]], list[tuple[int, dict[str, Any]]]]:
    """The buckets in one region that are shown, and (time, failure) of the newest failures.

    Args:
        told: ids of those whose replication is shown, too.
    """
    waiting: dict[int, list[dict[str, Any]]] = {}
    for lane in reader.lanes():
        if lane.bucket_id in told:
            waiting.setdefault(lane.bucket_id, []).append(
                {
                    "destination": lane.destination,
                    "tasks_pending": lane.tasks,
                    "bytes_pending": lane.bytes,
                    "oldest_pending_age_s": max(0, now_us - lane.oldest_enqueued_us) / 1e6,
                }
            )
    buckets: list[dict[str, Any]] = []
    failures: list[tuple[int, dict[str, Any]]] = []
    for bucket in shown:
        objects, size = reader.counts(bucket.id)
        buckets.append(
            {
                "bucket": bucket.name,
                "versioning": bucket.versioning or "Unversioned",
                "objects": objects,
                "bytes": size,
                "replication_hidden": bucket.id not in told,
                "waiting": sorted(waiting.get(bucket.id, []), key=lambda lane: lane["destination"]),
            }
        )
        if bucket.id in told:
            failures += [_failure(bucket, failed) for failed in reader.failures(bucket.id, FAILURES_MAX)]
    return buckets, failures


def _backlog(backlog: EventBacklog, now_us: int) -> dict[str, Any]:
    age_us = 0 if backlog.oldest_us is None else max(0, now_us - backlog.oldest_us)
    return {
        "destination": backlog.destination,
        "waiting": backlog.events,
        "oldest_age_s": age_us / 1e6,
        "delivered": backlog.delivered,
        "dropped": backlog.dropped,
        "last_error": backlog.last_error,
    }


def _failure(bucket: Bucket, failed: Failure) -> tuple[int, dict[str, Any]]:
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
