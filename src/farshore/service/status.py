"""How the deployment stands, as far as the caller may see: their buckets, what waits for replication, what failed."""

from __future__ import annotations

from datetime import UTC, datetime
from heapq import nlargest
from typing import Any

from farshore.auth.evaluate import NO_POLICIES, AccessRequest, IdentityPolicies, evaluate
from farshore.metadata.store import Failure, Reader
from farshore.model.access import Principal
from farshore.model.buckets import Bucket
from farshore.model.events import EventBacklog
from farshore.service.bucket_access import read_access
from farshore.service.deployment import Deployment

FAILURES_MAX = 50
"""Recent failures shown of a deployment, newest first."""


async def deployment_status(
    deployment: Deployment, principal: Principal, policies: IdentityPolicies = NO_POLICIES
) -> dict[str, Any]:
    """What `farshore status` shows of the buckets that the caller may list in its own account, as JSON values.

    Counts of objects walk an index: this is for people and monitors, not for every request.

    Returns:
        account; hidden: there are buckets of the account that the caller may not list; regions: [{region, buckets:
        [{bucket, versioning, objects, bytes, waiting: [{destination,
        tasks_pending, bytes_pending, oldest_pending_age_s}]}]}]; failures: [{region, bucket, key, version_id,
        destination, rule, code, detail, at}] (at: ISO 8601, UTC); events: [{region, destination, waiting,
        oldest_age_s, delivered, dropped, last_error}] of destinations of the account; flushes: of the metadata to
        disk, by the process that answers, since its start.
    """
    now_us = deployment.clock.now_us()
    regions: list[dict[str, Any]] = []
    failures: list[tuple[int, dict[str, Any]]] = []
    events: list[dict[str, Any]] = []
    hidden = False
    for region in deployment.regions.values():
        buckets, failed, some_hidden = await region.metadata.read(
            lambda reader: _region(reader, principal, policies, now_us)
        )
        hidden |= some_hidden
        regions.append({"region": region.name, "buckets": buckets})
        events += [
            {"region": region.name, **_backlog(backlog, now_us)}
            for backlog in region.metadata.reader.events.backlogs()
            if backlog.destination.split(":")[4] == principal.account_id
        ]
        failures += [(at_us, {"region": region.name, **failure}) for at_us, failure in failed]
    newest = nlargest(FAILURES_MAX, failures, key=lambda failure: failure[0])
    return {
        "account": principal.account_id,
        "hidden": hidden,
        "regions": regions,
        "failures": [failure for _, failure in newest],
        "events": events,
        "flushes": sum(region.metadata.flushes() for region in deployment.regions.values()),
    }


def _region(
    reader: Reader, principal: Principal, policies: IdentityPolicies, now_us: int
) -> tuple[list[dict[str, Any]], list[tuple[int, dict[str, Any]]], bool]:
    """The caller's buckets in one region, (time, failure) of their newest failures, and whether some are hidden."""
    waiting: dict[int, list[dict[str, Any]]] = {}
    for lane in reader.lanes():
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
    hidden = False
    for bucket in reader.buckets():
        if bucket.owner != principal.account_id:
            continue
        if not _may_list(reader, principal, policies, bucket):
            hidden = True
            continue
        objects, size = reader.counts(bucket.id)
        buckets.append(
            {
                "bucket": bucket.name,
                "versioning": bucket.versioning or "Unversioned",
                "objects": objects,
                "bytes": size,
                "waiting": sorted(waiting.get(bucket.id, []), key=lambda lane: lane["destination"]),
            }
        )
        failures += [_failure(bucket, failed) for failed in reader.failures(bucket.id, FAILURES_MAX)]
    return buckets, failures, hidden


def _may_list(reader: Reader, principal: Principal, policies: IdentityPolicies, bucket: Bucket) -> bool:
    request = AccessRequest(
        principal=principal,
        policies=policies,
        action="s3:ListBucket",
        resource=f"arn:aws:s3:::{bucket.name}",
        resource_account=bucket.owner,
        context={},
    )
    return evaluate(request, read_access(reader, bucket)).allowed


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
