"""`farshore status`: buckets, what waits for replication and for how long, what failed and why; events that wait."""

from __future__ import annotations

from typing import Any

import typer

from farshore.cli.connection import Data, EndpointUrl, Profile, connect
from farshore.cli.output import (
    DID_NOT_HOLD,
    Json,
    fail,
    human_age,
    human_bytes,
    plain,
    print_json,
    print_table,
    short_time,
)

_LACKING = "s3:ListBucket on a bucket is needed to see it"
_LACKING_OF_REPLICATION = (
    "s3:GetReplicationConfiguration and s3:ListBucketVersions on a bucket are needed to see its replication."
)

_LACKING_OF_EVENTS = "you lack s3:GetBucketNotification on buckets that send to them."


def status(endpoint_url: EndpointUrl = None, data: Data = None, profile: Profile = None, json: Json = False) -> None:
    """Show the buckets that you own: what waits for each destination, since when, and recent failures."""
    found = connect(endpoint_url, data, profile).get_json("/-/status")
    if json:
        print_json(found)
        return
    found = plain(found)
    _show_buckets(found)
    if not found["replicates"]:
        typer.echo("Replication is STOPPED by the server's settings: what waits goes on waiting.")
    if found["failures"]:
        typer.echo(_failures(found["failures"]))
    held_up = [each for each in found["events"] if each["waiting"] or each["dropped"]]
    if held_up:
        typer.echo(_events(held_up))
    if found["events_hidden"]:
        typer.echo(f"Destinations of events are not all shown: {_LACKING_OF_EVENTS}", err=True)


def _show_buckets(found: dict[str, Any]) -> None:
    """A line for each bucket. Ends the command when there are some, and none may be shown."""
    rows: list[tuple[str, ...]] = [("bucket", "region", "versioning", "objects", "size", "waiting to be replicated")]
    for region in found["regions"]:
        for bucket in region["buckets"]:
            waiting = "\n".join(map(_lane, bucket["waiting"])) or ("(hidden)" if bucket["replication_hidden"] else "-")
            counts = (str(bucket["objects"]), human_bytes(bucket["bytes"]))
            rows += [(bucket["bucket"], region["region"], bucket["versioning"], *counts, waiting)]
    if len(rows) > 1:
        print_table(rows, right=(3, 4))
        if any(bucket["replication_hidden"] for region in found["regions"] for bucket in region["buckets"]):
            typer.echo(f"(hidden): {_LACKING_OF_REPLICATION}", err=True)
        if found["hidden"]:
            typer.echo("Other buckets of the account are not shown: you lack s3:ListBucket on them.", err=True)
    elif found["hidden"]:
        fail(f"you may see none of the buckets of account {found['account']}: {_LACKING}", DID_NOT_HOLD)
    else:
        typer.echo(f"No buckets yet, in {', '.join(region['region'] for region in found['regions'])}.")


def _lane(lane: dict[str, Any]) -> str:
    size, age = human_bytes(lane["bytes_pending"]), human_age(lane["oldest_pending_age_s"])
    return f"{lane['tasks_pending']} to {lane['destination']} ({size}, oldest {age})"


def _events(events: list[dict[str, Any]]) -> str:
    """Lines for destinations where events wait, or were given up."""
    lines = ["Events that wait for their destination:"]
    for each in events:
        age = human_age(each["oldest_age_s"])
        dropped = f", {each['dropped']} given up" if each["dropped"] else ""
        lines.append(f"  {each['waiting']} for {each['destination']} (oldest {age}{dropped})")
        if each["last_error"]:
            lines.append(f"      {each['last_error']}")
    return "\n".join(lines)


def _failures(failures: list[dict[str, Any]]) -> str:
    """Lines, not a table: keys and details are long."""
    lines = ["Recent failures, newest first (times in UTC):"]
    for failure in failures:
        lines.append(
            f"  {short_time(failure['at'])} {failure['bucket']} -> {failure['destination']}: {failure['code']}"
            f" {failure['key']} (version {failure['version_id']}, rule {failure['rule']})"
        )
        if failure["detail"]:
            lines.append(f"      {failure['detail']}")
    return "\n".join(lines)
