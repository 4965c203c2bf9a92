"""Response headers that say where each destination of a version stands, for clients that ask for them.

x-farshore-replication-status: true                                                      (asked)
x-farshore-replication-1: destination=logs-west; status=FAILED; rule=all; at=2026-01-…; reason=DstBucketUnversioned
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import DestinationState
from farshore.runtime.iso_time import iso_time
from farshore.service.access import may
from farshore.service.deployment import Region, Request

STATUS_HEADER = "x-farshore-replication-status"
PREFIX = "x-farshore-replication-"


def destination_headers(request: Request, region: Region, bucket: Bucket, version: Version) -> dict[str, str]:
    """The headers of a version that the caller may read; none where they are not asked for with `true`, and none to who
    may not read the bucket's replication configuration, which they tell of."""
    if request.headers.get(STATUS_HEADER, "").lower() != "true":
        return {}
    if not may(request, region, bucket, "s3:GetReplicationConfiguration"):
        return {}
    return state_headers(version.destinations)


def state_headers(states: Sequence[DestinationState]) -> dict[str, str]:
    """One header for each destination, numbered from 1."""
    return {f"{PREFIX}{number}": _text(state) for number, state in enumerate(states, 1)}


def _text(state: DestinationState) -> str:
    parts = [
        f"destination={state.bucket}",
        f"status={state.status.value}",
        f"rule={quote(state.rule_id, safe='')}",
        f"at={iso_time(state.at_us)}",
    ]
    if state.reason is not None:
        parts.append(f"reason={state.reason.value}")
    return "; ".join(parts)
