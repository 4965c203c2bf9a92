"""GET /-/replication/overview: every replication rule of the caller's account, and how each source bucket stands.

Whoever watches a whole account would need a request for each of its buckets, again and again.
"""

from __future__ import annotations

import msgspec

from farshore.model.buckets import Bucket
from farshore.model.replication import ReplicationRule
from farshore.replication.bucket_status import BucketStatus, bucket_statuses, rules_of
from farshore.runtime.iso_time import iso_time
from farshore.service.access import ALL_BUCKETS, may, require_in_account
from farshore.service.deployment import Region, Request

BUCKETS_MAX = 100
"""Buckets in one answer: what the caller may see of each is decided on the event loop."""


class RuleListed(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    priority: int
    enabled: bool
    destination: str


class SourceBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket with rules, the strongest first, or with failures under rules that are gone.

    status: as `/-/replication/status` answers; null where the caller may not see it.
    """

    bucket: str
    region: str
    rules: tuple[RuleListed, ...]
    status: BucketStatus | None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """next: what to go on `from`; null at the end."""

    at: str
    replicates: bool
    buckets: list[SourceBucket]
    next: str | None


async def overview(request: Request, after: str) -> Overview:
    """The source buckets of the regions that this server serves, by name, from the first after this name.

    Needs s3:ListAllMyBuckets. Of each bucket the rules are shown to who has s3:GetReplicationConfiguration on it, else
    it is left out; how it stands to who has s3:ListBucketVersions too, as `/-/replication/status` does.
    """
    require_in_account(request, "s3:ListAllMyBuckets", ALL_BUCKETS)
    deployment = request.deployment
    page, following = _page(request, after)
    shown = [
        (region, bucket, rules_of(deployment, region, bucket))
        for region, bucket in page
        if may(request, region, bucket, "s3:GetReplicationConfiguration")
    ]
    now_us = deployment.clock.now_us()
    statuses: dict[str, BucketStatus] = {}
    for region in deployment.regions.values():
        wanted = {
            bucket: rules
            for home, bucket, rules in shown
            if home is region and may(request, region, bucket, "s3:ListBucketVersions")
        }
        if wanted:
            found = await bucket_statuses(deployment, region, wanted, now_us)
            statuses.update((each.bucket, each) for each in found)
    return Overview(
        at=iso_time(now_us),
        replicates=deployment.replicates,
        buckets=[
            SourceBucket(
                bucket=bucket.name,
                region=region.name,
                rules=_strongest_first(rules),
                status=statuses.get(bucket.name),
            )
            for region, bucket, rules in shown
            if rules or bucket.name in statuses
        ],
        next=following,
    )


def _page(request: Request, after: str) -> tuple[list[tuple[Region, Bucket]], str | None]:
    """The account's next source buckets, whoever may see them, and the name to go on from."""
    account = request.principal.account_id
    found = [
        (region, bucket)
        for region in request.deployment.regions.values()
        for bucket in region.metadata.reader.source_buckets(account, after, BUCKETS_MAX + 1)
    ]
    found.sort(key=lambda each: each[1].name)
    page = found[:BUCKETS_MAX]
    return page, page[-1][1].name if len(found) > BUCKETS_MAX else None


def _strongest_first(rules: tuple[ReplicationRule, ...]) -> tuple[RuleListed, ...]:
    return tuple(
        RuleListed(rule=rule.id, priority=rule.priority, enabled=rule.enabled, destination=rule.destination)
        for rule in sorted(rules, key=lambda rule: -rule.priority)
    )
