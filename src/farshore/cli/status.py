"""`farshore status`: buckets, what waits for replication and for how long, what failed and why."""

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


def _buckets(regions: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("region", "bucket", "versioning", title="Buckets")
    for name in ("objects", "size"):
        table.add_column(name, justify="right")
    table.add_column("waiting for")
    for name in ("tasks", "bytes", "oldest"):
        table.add_column(name, justify="right")
    for region in regions:
        if not region["buckets"]:
            table.add_row(region["region"], "-")
        for bucket in region["buckets"]:
            about = [region["region"], bucket["bucket"], bucket["versioning"], str(bucket["objects"])]
            about.append(human_bytes(bucket["bytes"]))
            lanes: list[list[str]] = [
                [
                    lane["destination"],
                    str(lane["tasks_pending"]),
                    human_bytes(lane["bytes_pending"]),
                    human_age(lane["oldest_pending_age_s"]),
                ]
                for lane in bucket["waiting"]
            ] or [["-", "0", "", ""]]
            for number, lane in enumerate(lanes):
                table.add_row(*(about if number == 0 else [""] * len(about)), *lane)
    return table


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
