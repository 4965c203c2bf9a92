"""Steps that replication tests share: versioning, rules, and waiting for what must come true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

ROLE = "arn:aws:iam::111122223333:role/replication"


def enable_versioning(client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def rule(destination: str, *, priority: int = 1, delete_markers: bool = False, **members: Any) -> dict[str, Any]:
    """A V2 rule for all objects; `members` replace or add (Filter, Status, ID, …); Destination members merge."""
    extra = members.pop("Destination", {})
    return {
        "Status": "Enabled",
        "Priority": priority,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled" if delete_markers else "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}", **extra},
        **members,
    }


def put_rules(client: Any, source: str, *rules: dict[str, Any]) -> None:
    client.put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": ROLE, "Rules": list(rules)})


def put_rule(client: Any, source: str, destination: str, **members: Any) -> None:
    put_rules(client, source, rule(destination, **members))


def wait_for(holds: Callable[[], Any], deadline_s: float, what: str) -> Any:
    """Ask until the answer is true (and return it), from outside of the server there is no signal to wait on."""
    deadline = time.monotonic() + deadline_s
    while True:
        answer = holds()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {deadline_s} s: {what}"
        time.sleep(0.01)
