"""`farshore explain`: why a version is, or is not, at its destinations, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from farshore.cli.connection import Data, EndpointUrl, Profile, connect
from farshore.cli.names import parse_uri
from farshore.cli.output import Json, plain, print_json

S3Uri = Annotated[str, typer.Argument(metavar="s3://BUCKET/KEY", help="The object.", show_default=False)]
VersionId = Annotated[str | None, typer.Option("--version-id", metavar="ID", help="The version [the current one].")]


def explain(
    uri: S3Uri,
    version_id: VersionId = None,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Explain where a version of an object stands in replication: every rule, every attempt, and the one change that
    would mend it."""
    bucket, key = parse_uri(uri)
    api = connect(endpoint_url, data, profile).api()
    found = api.get("/-/explain", {"bucket": bucket, "key": key, "version-id": version_id})
    if json:
        print_json(found)
        return
    typer.echo("\n".join(_text(plain(found))))


def _text(found: dict[str, Any]) -> Iterator[str]:
    version = f" (version {found['version_id']})" if found["version_id"] else ""
    kind = "delete marker " if found["delete_marker"] else ""
    yield f"{kind}s3://{found['bucket']}/{found['key']}{version}"
    reason = "" if found["reason"] == found["status"] else f": {found['reason']}"
    yield f"Status {found['status'] or 'none'}{reason}" + (f" ({found['code']})" if found["code"] else "")
    yield found["summary"]
    yield from _remedy(found["remedy"], "")
    if found["destinations"]:
        yield "\nDestinations:"
    for destination in found["destinations"]:
        yield from _destination(destination)
    if found["jobs"]:
        yield "\nJobs of Batch Replication that failed before it was on its way:"
        yield from _attempts(found["jobs"])
    if found["rules"]:
        yield "\nRules, strongest first:"
    for rule in found["rules"]:
        yield from _rule(rule)


def _destination(found: dict[str, Any]) -> Iterator[str]:
    code = f" {found['code']}" if found["code"] else ""
    place = found["region"] or "no such bucket"
    yield f"  {found['destination']} ({place}): {found['status']}{code} since {found['at']}"
    for text in (found["detail"], found["note"]):
        if text:
            yield f"      {text}"
    waiting = found["waiting"]
    if waiting:
        when = f", next try {waiting['next_try_at']}" if waiting["next_try_at"] else ""
        error = f": {waiting['error']}" if waiting["error"] else ""
        if waiting["missed_threshold"]:
            error += f"; missed threshold: it ought to have arrived by {waiting['threshold']}"
        yield f"      {waiting['hold']} since {waiting['since']}, tried {waiting['attempts']} times{when}{error}"
    yield from _attempts(found["attempts"])
    yield from _remedy(found["remedy"], "      ")


def _attempts(found: list[dict[str, Any]]) -> Iterator[str]:
    for attempt in found:
        about = " ".join(part for part in (attempt["outcome"], attempt["code"], attempt["detail"]) if part)
        yield f"      {attempt['last_at']} {about}" + (
            f" ({attempt['times']} times since {attempt['first_at']})" if attempt["times"] > 1 else ""
        )


def _rule(found: dict[str, Any]) -> Iterator[str]:
    state = "covers it" if found["covers"] else found["reason"]
    off = "" if found["enabled"] else ", Disabled"
    yield f"  {found['rule']} (priority {found['priority']}{off}) to {found['destination']}: {state}"
    if found["detail"]:
        yield f"      {found['detail']}"
    for check in found["checks"]:
        if check["then"] is False or not check["now"]:
            then = {True: "held", False: "did not hold", None: "is forgotten"}[check["then"]]
            now = "holds now" if check["now"] else "does not hold now"
            yield f"      {check['check']}: {then} when it was written, {now}"
    for step in found["role"]:
        if not step["allowed"]:
            yield f"      the role may not do {step['action']} on {step['resource']}: {step['statement']}"
    for change in found["changes"]:
        yield f"      {change['at']} {change['change'].lower()}"
    yield from _remedy(found["remedy"], "      ")


def _remedy(found: dict[str, Any] | None, indent: str) -> Iterator[str]:
    if found is None:
        return
    yield f"{indent}To mend it: {found['text']}."
    for command in (found["command"], found["then"]):
        if command:
            yield f"{indent}    {command}"
    if found["instead"]:
        yield f"{indent}  or instead"
        yield f"{indent}    {found['instead']}"
    for each in found["lacks"] or ():
        whose = "" if each["own"] else ", which is another account's"
        yield f"{indent}  You may not do it: {each['action']} on {each['resource']} is not permitted to you{whose}."
