"""`farshore replication status`: what waits for each destination, how long it will take, what failed and why; of one
bucket, or of all."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from farshore.cli.connection import RESTART_S_MAX, Data, EndpointUrl, OwnApi, Profile, connect
from farshore.cli.names import bucket_name
from farshore.cli.output import Json, human_age, human_bytes, plain, print_json, short_time, table, terminal_width
from farshore.cli.replication_overview import look_at_all, shown_of_all

OneOrAll = Annotated[
    str | None,
    typer.Argument(
        metavar="BUCKET",
        parser=bucket_name,
        help="The source bucket; all of the account without one.",
        show_default=False,
    ),
]

FOLLOW_S = 1.0
"""Between two looks."""

_COLUMNS = ("destination", "region", "pending", "bytes", "oldest", "rate", "time left", "failed")
_CAUSES = ("cause", "destination", "count", "since", "last", "first key", "last key")


def status(
    bucket: OneOrAll = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on showing it, until interrupted.")] = False,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Show how replication stands: pending, oldest, rate and time left by destination; failures by cause.

    Of one bucket, or, without one, of every bucket of the account that has rules, or failures of earlier ones.
    With --follow and --json it prints a line at every look, and where standard output is no terminal the tables. It
    waits two minutes for a server that restarts.
    """
    connection = connect(endpoint_url, data, profile)

    def look_now(api: OwnApi) -> dict[str, Any]:
        return look_at_all(api) if bucket is None else look(api, bucket)

    shown = shown_of_all if bucket is None else _shown
    found = look_now(connection.api())
    if follow:
        patient = connection.api(patience_s=RESTART_S_MAX)
        _follow(found, lambda: look_now(patient), shown, json)
    elif json:
        print_json(found)
    else:
        typer.echo(shown(plain(found), terminal_width(sys.stdout)))


def look(api: OwnApi, bucket: str) -> dict[str, Any]:
    return api.get("/-/replication/status", {"bucket": bucket})


def _follow(
    found: dict[str, Any],
    look_now: Callable[[], dict[str, Any]],
    shown: Callable[[dict[str, Any], int | None], str],
    json: bool,
) -> None:
    """Show what was found, and go on looking."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()

    def text() -> Text:
        return Text(shown(plain(found), console.width))

    try:
        if json:
            while True:
                print_json(found)
                time.sleep(FOLLOW_S)
                found = look_now()
        if not console.is_terminal:
            # Nothing can be drawn over: a file or a pipe gets every look as it comes.
            while True:
                typer.echo(shown(plain(found), None) + "\n")
                time.sleep(FOLLOW_S)
                found = look_now()
        with Live(text(), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(FOLLOW_S)
                found = look_now()
                live.update(text(), refresh=True)
    except KeyboardInterrupt:
        return


def _shown(found: dict[str, Any], width: int | None) -> str:
    if not found["destinations"]:
        return f"{found['bucket']} ({found['region']}) has no replication configuration: nothing of it is replicated."
    stopped = "; replication is STOPPED by the server's settings" if not found["replicates"] else ""
    parts = [f"{found['bucket']} ({found['region']}) at {short_time(found['at'])} UTC{stopped}", ""]
    parts.append(table([_COLUMNS, *map(_row, found["destinations"])], right=range(2, len(_COLUMNS)), width=width))
    parts += [
        f"{each['destination']} rests until {short_time(each['rests_until'])}: {each['error']}"
        for each in found["destinations"]
        if each["error"]
    ]
    parts += [_verified(each) for each in found["destinations"] if each["last_verification"]]
    if found["failures"]:
        causes = [_CAUSES, *map(_cause, found["failures"])]
        parts += ["", "Failures by cause (times in UTC):", table(causes, right=(2,), width=width)]
    return "\n".join(parts)


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
    return (
        f"{each['destination']} was verified {how}at {short_time(last['at'])}: {found}{': ' if named else ''}{named}."
    )


def _cause(each: dict[str, Any]) -> tuple[str, ...]:
    since, last = short_time(each["since"]), short_time(each["last_at"])
    return each["code"], each["destination"], str(each["count"]), since, last, each["first_key"], each["last_key"]


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    pending = each["pending_operations"]
    left = "" if not pending else "unknown" if each["time_left_s"] is None else human_age(each["time_left_s"])
    return (
        each["destination"],
        each["region"] or "no such bucket",
        str(pending),
        human_bytes(each["pending_bytes"]),
        "" if each["oldest_age_s"] is None else human_age(each["oldest_age_s"]),
        f"{each['operations_per_s']:.1f}/s, {human_bytes(int(each['bytes_per_s']))}/s",
        left,
        str(each["failed"]),
    )
