"""`farshore replication status`: what waits for each destination, how long it will take, what failed and why."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farshore.cli.connection import Data, EndpointUrl, OwnApi, Profile, connect
from farshore.cli.output import Json, human_age, human_bytes, print_json

if TYPE_CHECKING:
    from rich.console import Group

BucketName = Annotated[str, typer.Argument(help="The source bucket.", show_default=False)]

FOLLOW_S = 1.0
"""Between two looks."""


def status(
    bucket: BucketName,
    follow: Annotated[bool, typer.Option("--follow", help="Go on showing it, until interrupted.")] = False,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Show how replication of a bucket stands: pending, oldest, rate and time left by destination; failures by cause.

    With --follow and --json it prints a line at every look.
    """
    api = connect(endpoint_url, data, profile).api()
    if follow:
        _follow(api, bucket, json)
        return
    found = look(api, bucket)
    if json:
        print_json(found)
        return
    from rich.console import Console

    Console().print(_shown(found))


def look(api: OwnApi, bucket: str) -> dict[str, Any]:
    return api.get("/-/replication/status", {"bucket": bucket})


def _follow(api: OwnApi, bucket: str, json: bool) -> None:
    from rich.live import Live

    try:
        if json:
            while True:
                print_json(look(api, bucket))
                time.sleep(FOLLOW_S)
        with Live(_shown(look(api, bucket)), auto_refresh=False) as live:
            while True:
                time.sleep(FOLLOW_S)
                live.update(_shown(look(api, bucket)), refresh=True)
    except KeyboardInterrupt:
        return


def _shown(found: dict[str, Any]) -> Group:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    stopped = "" if found["replicates"] else "; replication is STOPPED by the server's settings"
    table = Table("destination", "region", title=f"{found['bucket']} ({found['region']}) at {found['at']}{stopped}")
    for name in ("pending", "bytes", "oldest", "rate", "time left", "failed"):
        table.add_column(name, justify="right")
    for each in found["destinations"]:
        table.add_row(*_row(each))
    lines: list[Table | Text] = [table]
    lines += [
        Text(f"{each['destination']} rests until {each['rests_until']}: {each['error']}")
        for each in found["destinations"]
        if each["error"]
    ]
    lines += [Text(_verified(each)) for each in found["destinations"] if each["last_verification"]]
    if found["failures"]:
        causes = Table("failed at", "cause", title="Failures by cause")
        for name in ("count", "since", "last"):
            causes.add_column(name, justify="right")
        causes.add_column("first key")
        causes.add_column("last key")
        for cause in found["failures"]:
            causes.add_row(
                cause["destination"],
                cause["code"],
                str(cause["count"]),
                cause["since"],
                cause["last_at"],
                Text(cause["first_key"]),
                Text(cause["last_key"]),
            )
        lines.append(causes)
    return Group(*lines)


def _verified(each: dict[str, Any]) -> str:
    last = each["last_verification"]
    counts = last["counts"]
    found = "equal" if last["equal"] else "NOT equal"
    named = ", ".join(
        f"{counts[name]} {name.replace('_', ' ')}"
        for name in ("missing", "different", "source_damaged", "extra")
        if counts[name]
    )
    how = "in depth " if last["deep"] else ""
    return f"{each['destination']} was verified {how}at {last['at']}: {found}{': ' if named else ''}{named}."


def _row(each: dict[str, Any]) -> list[str]:
    pending = each["pending_operations"]
    left = "" if not pending else "unknown" if each["time_left_s"] is None else human_age(each["time_left_s"])
    return [
        each["destination"],
        each["region"] or "no such bucket",
        str(pending),
        human_bytes(each["pending_bytes"]),
        "" if each["oldest_age_s"] is None else human_age(each["oldest_age_s"]),
        f"{each['operations_per_s']:.1f}/s, {human_bytes(int(each['bytes_per_s']))}/s",
        left,
        str(each["failed"]),
    ]
