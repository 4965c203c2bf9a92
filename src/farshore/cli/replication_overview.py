"""`farshore replication status` without a bucket: every rule of the account, and what failed, by cause."""

from __future__ import annotations

from typing import Any

from farshore.cli.connection import OwnApi
from farshore.cli.output import human_age, human_bytes, short_time, table

_COLUMNS = ("bucket", "rule", "destination", "pending", "bytes", "oldest", "rate", "failed")
_CAUSES = ("bucket", "cause", "destination", "count", "since", "last key")


def look_at_all(api: OwnApi) -> dict[str, Any]:
    """The server's answers, page after page, as one."""
    found: dict[str, Any] = api.get("/-/replication/overview", {})
    while found["next"] is not None:
        more = api.get("/-/replication/overview", {"from": found["next"]})
        found = {**more, "buckets": [*found["buckets"], *more["buckets"]]}
    return found


def shown_of_all(found: dict[str, Any], width: int | None) -> str:
    buckets: list[dict[str, Any]] = found["buckets"]
    if not buckets:
        return "No bucket has a replication configuration that you may see: nothing is replicated."
    stopped = "; replication is STOPPED by the server's settings" if not found["replicates"] else ""
    rows = [_row(bucket, rule) for bucket in buckets for rule in bucket["rules"]]
    parts = [f"All buckets at {short_time(found['at'])} UTC{stopped}", ""]
    parts.append(table([_COLUMNS, *rows], right=range(3, len(_COLUMNS)), width=width))
    statuses = [bucket["status"] for bucket in buckets if bucket["status"] is not None]
    parts += [
        f"{status['bucket']}: {each['destination']} rests until {short_time(each['rests_until'])}: {each['error']}"
        for status in statuses
        for each in status["destinations"]
        if each["error"]
    ]
    causes = [_cause(status["bucket"], each) for status in statuses for each in status["failures"]]
    if causes:
        parts += ["", "Failures by cause (times in UTC):", table([_CAUSES, *causes], right=(3,), width=width)]
    return "\n".join(parts)


def _row(bucket: dict[str, Any], rule: dict[str, Any]) -> tuple[str, ...]:
    """A rule's line: what waits is the rule's own, the rest its destination's. Unknown where it may not be seen."""
    name = rule["rule"] if rule["enabled"] else f"{rule['rule']} (Disabled)"
    start = (bucket["bucket"], name, rule["destination"])
    status = bucket["status"]
    if status is None:
        return (*start, *("?" for _ in _COLUMNS[len(start) :]))
    there = next(each for each in status["destinations"] if each["destination"] == rule["destination"])
    waiting = next((each for each in there["rules"] if each["rule"] == rule["rule"]), {"operations": 0, "bytes": 0})
    return (
        *start,
        str(waiting["operations"]),
        human_bytes(waiting["bytes"]),
        "" if there["oldest_age_s"] is None else human_age(there["oldest_age_s"]),
        f"{there['operations_per_s']:.1f}/s",
        str(there["failed"]),
    )


def _cause(bucket: str, each: dict[str, Any]) -> tuple[str, ...]:
    return bucket, each["code"], each["destination"], str(each["count"]), short_time(each["since"]), each["last_key"]
