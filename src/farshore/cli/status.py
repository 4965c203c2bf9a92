"""`farshore status`: buckets, what waits for replication and for how long, what failed and why; events that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from farshore.cli.connection import Data, EndpointUrl, Profile, connect
from farshore.cli.output import Json, human_age, human_bytes, print_json

if TYPE_CHECKING:
    from rich.table import Table


def status(endpoint_url: EndpointUrl = None, data: Data = None, profile: Profile = None, json: Json = False) -> None:
    """Show the buckets that you own: what waits for each destination, since when, and recent failures."""
    found = connect(endpoint_url, data, profile).get_json("/-/status")
    if json:
        print_json(found)
        return
    from rich.console import Console

    console = Console()
    console.print(_buckets(found["regions"]))
    if found["failures"]:
        typer.echo(_failures(found["failures"]))
    held_up = [each for each in found["events"] if each["waiting"] or each["dropped"]]
    if held_up:
        typer.echo(_events(held_up))


def _buckets(regions: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(title="Buckets")
    table.add_column("bucket", overflow="fold")
    table.add_column("region", no_wrap=True)
    table.add_column("versioning", no_wrap=True)
    for name in ("objects", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("waiting to be replicated", overflow="fold")
    for region in regions:
        for bucket in region["buckets"]:
            table.add_row(
                bucket["bucket"],
                region["region"],
                bucket["versioning"],
                str(bucket["objects"]),
                human_bytes(bucket["bytes"]),
                "\n".join(map(_lane, bucket["waiting"])) or "-",
            )
    if not table.row_count:
        table.add_row("no buckets yet", ", ".join(region["region"] for region in regions))
    return table


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
    lines = ["Recent failures, newest first:"]
    for failure in failures:
        lines.append(
            f"  {failure['at']} {failure['bucket']} -> {failure['destination']}: {failure['code']}"
            f" {failure['key']} (version {failure['version_id']}, rule {failure['rule']})"
        )
        if failure["detail"]:
            lines.append(f"      {failure['detail']}")
    return "\n".join(lines)
