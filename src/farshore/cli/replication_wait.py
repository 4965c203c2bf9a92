"""`farshore replication wait`: until replication has brought an object, or all that a bucket has to bring."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from farshore.cli.connection import RESTART_S_MAX, Connection, Data, EndpointUrl, Profile, connect
from farshore.cli.explain import VersionId
from farshore.cli.names import bucket_name, is_object, parse_uri
from farshore.cli.output import DID_NOT_HOLD, TIME_OVER, USED_WRONGLY, Json, fail, print_json

_PATH = "/-/replication/wait"

ASKED_S_MAX = 20.0
"""Seconds of one request."""

_NOTHING_TO_WAIT_FOR: Mapping[str | None, str] = {
    None: ": no rule took it; farshore explain says why",
    "REPLICA": ": it is itself a replica, and these are not replicated onwards",
}
"""Of a version that goes nowhere, by its status."""


def wait(
    what: Annotated[
        str, typer.Argument(metavar="s3://BUCKET/KEY|BUCKET", help="An object, or a bucket.", show_default=False)
    ],
    everything: Annotated[bool, typer.Option("--all", help="Wait for all that the bucket has to bring now.")] = False,
    version_id: VersionId = None,
    timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Seconds to wait at most.")] = 300.0,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Wait until every destination has an object, or until all that waits in a bucket now is settled.

    Exits with 0 when it arrived everywhere, 1 when a destination refused it for good (of a bucket: when anything in it
    stands FAILED) or nothing replicates it, 3 when the time is over. It waits two minutes for a server that restarts.
    """
    asked: dict[str, str | None] = {}
    if is_object(what):
        asked["bucket"], asked["key"] = parse_uri(what)
        asked["version-id"] = version_id
        if everything:
            fail("--all is for a bucket", USED_WRONGLY)
    else:
        asked["bucket"] = bucket_name(what)
        if not everything:
            fail(f"{what} is a bucket: give s3://BUCKET/KEY, or --all", USED_WRONGLY)
    found = _ask(connect(endpoint_url, data, profile), asked, timeout)
    if json:
        print_json(found)
    else:
        typer.echo(_text(found))
    if not found["settled"]:
        raise typer.Exit(TIME_OVER)
    if not found["arrived"]:
        raise typer.Exit(DID_NOT_HOLD)


def _ask(connection: Connection, asked: dict[str, str | None], timeout_s: float) -> dict[str, Any]:
    """Ask until it is settled or the time is over. A server that answered once may restart meanwhile."""
    end = time.monotonic() + timeout_s
    found = connection.api().get(_PATH, {**asked, "timeout": "0"})
    # The version that was the current one at the beginning, what the bucket had to bring then.
    name = "version-id" if "key" in found else "mark"
    asked = {**asked, name: found[name.replace("-", "_")]}
    while not found["settled"] and (left_s := end - time.monotonic()) > 0:
        api = connection.api(patience_s=min(left_s, RESTART_S_MAX))
        found = api.get(_PATH, {**asked, "timeout": f"{min(left_s, ASKED_S_MAX):.3f}"})
    return found


def _text(found: dict[str, Any]) -> str:
    if "key" not in found:
        if not found["settled"]:
            return f"{found['bucket']} still has something to bring."
        failed = ", ".join(f"{count} {code}" for code, count in sorted(found["failed"].items()))
        return f"{found['bucket']} has brought everything" + (f", but for what FAILED: {failed}." if failed else ".")
    stands = found["status"] or "no status"
    if not found["arrived"] and found["settled"] and not found["destinations"]:
        stands += _NOTHING_TO_WAIT_FOR.get(found["status"], "")
    lines = [f"s3://{found['bucket']}/{found['key']} (version {found['version_id']}): {stands}"]
    lines += [
        f"  {each['destination']}: {each['status']}" + (f" ({each['code']})" if each["code"] else "")
        for each in found["destinations"]
    ]
    return "\n".join(lines)
