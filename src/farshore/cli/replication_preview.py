"""`farshore replication preview`: what a replication configuration would cover, before it is put."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from farshore.cli.connection import Data, EndpointUrl, Profile, connect
from farshore.cli.names import SourceBucket
from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, Json, fail, human_bytes, plain, print_json


def preview(
    bucket: SourceBucket,
    configuration: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The configuration: JSON as `aws s3api` takes and prints it, or XML; - reads it from standard input.",
            show_default=False,
        ),
    ],
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Show what a replication configuration would do, and change nothing: errors, objects and bytes by rule, overlaps.

    Exits with 1 when S3 would refuse the configuration.
    """
    text = _read(configuration)
    try:
        found = (
            connect(endpoint_url, data, profile).api().post("/-/replication/preview", {"bucket": bucket}, as_xml(text))
        )
    except NotOfTheSchema as error:
        found = {"bucket": bucket, "valid": False, "errors": error.errors}
    if json:
        print_json(found)
    else:
        typer.echo("\n".join(_text(plain(found))))
    if not found["valid"]:
        raise typer.Exit(DID_NOT_HOLD)


class NotOfTheSchema(ValueError):  # noqa: N818 - named for what is so.
    """JSON that cannot be written as S3's XML. errors: as a preview has them."""

    def __init__(self, report: str) -> None:
        super().__init__(report)
        self.errors = [_schema_error(line) for line in report.splitlines()]


def as_xml(text: str) -> bytes:
    """The document of PutBucketReplication. Ends the command when the text is neither JSON nor XML.

    Raises:
        NotOfTheSchema.
    """
    from botocore.serialize import create_serializer
    from botocore.session import Session
    from botocore.validate import ParamValidator

    if text.lstrip().startswith("<"):
        return text.encode()
    try:
        document = json_module.loads(text)
    except ValueError as error:
        fail(f"the configuration is neither JSON nor XML: {error}", USED_WRONGLY)
    if isinstance(document, dict) and "ReplicationConfiguration" in document:
        document = document["ReplicationConfiguration"]
    operation = Session().get_service_model("s3").operation_model("PutBucketReplication")
    params: Any = {"Bucket": "bucket", "ReplicationConfiguration": document}
    report = ParamValidator().validate(params, operation.input_shape)
    if report.has_errors():
        raise NotOfTheSchema(report.generate_report())
    body = create_serializer("rest-xml", include_validation=False).serialize_to_request(params, operation)["body"]
    assert isinstance(body, bytes), type(body)
    return body


def _schema_error(line: str) -> dict[str, Any]:
    """A finding of botocore, such as `Missing required parameter in ReplicationConfiguration.Rules[0]: "Status"`."""
    place = re.search(r"\bReplicationConfiguration(?:\.([\w.\[\]]+))?(?:: \"(\w+)\")?", line)
    members = [] if place is None else [name for name in place.groups() if name]
    return {
        "code": "ParamValidation",
        "message": re.sub(r"<class '(\w+)'>", r"\1", line),
        "status": 400,
        "details": {},
        "member": ".".join(members),
    }


def _read(path: Path) -> str:
    if str(path) == "-":
        return typer.get_text_stream("stdin").read()
    try:
        return path.read_text("utf-8")
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}", USED_WRONGLY)
    except UnicodeDecodeError:
        fail(f"cannot read {path}: it is no text in UTF-8", USED_WRONGLY)


def _text(found: dict[str, Any]) -> Iterator[str]:
    for error in found["errors"]:
        place = f" (at {error['member']})" if error["member"] else ""
        yield f"S3 would refuse it: {error['code']}: {error['message']}{place}"
    if not found["valid"] and not found.get("rules"):
        return
    scanned = found["scanned"]
    part = "" if scanned["complete"] else ", in part: it takes longer"
    size = human_bytes(scanned["bytes"])
    yield f"{found['bucket']} has {scanned['versions']} versions ({size}; {scanned['elapsed_s']} s{part})."
    yield "Written now, these would go:"
    for rule in found["rules"]:
        yield from _rule(rule)
    for overlap in found["overlaps"]:
        count = overlap["counts"]["versions"] + overlap["counts"]["delete_markers"]
        yield (
            f"  {overlap['winner']} takes {count} from {overlap['loser']}, both to {overlap['destination']}: "
            + ", ".join(overlap["samples"])
        )
    for destination in found["destinations"]:
        covers = destination["covers"]
        place = destination["region"] or "no such bucket"
        account = ", another account's" if destination["other_account"] else ""
        yield f"To {destination['destination']} ({place}{account}): {_counts(covers)}"
        if destination["exists"] and not destination["role"]:
            yield "    what the role may do there is shown to who may pass it: you need iam:PassRole on it"
        for step in destination["role"]:
            yield f"    {'allowed' if step['allowed'] else 'NOT allowed'}: {step['action']} on {step['resource']}"
            yield f"        {step['statement']}"
    for left in found["left_out"]:
        yield f"Nowhere, {left['reason']}: {_counts(left['counts'])}" + (
            f": {', '.join(left['samples'])}" if left["samples"] else ""
        )
    existing = sum(destination["covers"]["versions"] for destination in found["destinations"])
    if existing:
        yield "What is in the bucket already is not replicated by a rule: Batch Replication does that."


def _rule(rule: dict[str, Any]) -> Iterator[str]:
    off = "" if rule["enabled"] else ", Disabled"
    yield f"  {rule['rule']} (priority {rule['priority']}{off}) to {rule['destination']}: {_counts(rule['covers'])}"
    if rule["samples_in"]:
        yield f"      in:  {', '.join(rule['samples_in'])}"
    if rule["samples_out"]:
        yield "      out: " + ", ".join(f"{each['key']} ({each['reason']})" for each in rule["samples_out"])
    if rule["hint"]:
        yield f"      {rule['hint']}"


def _counts(counts: dict[str, Any]) -> str:
    text = f"{counts['objects']} objects ({human_bytes(counts['object_bytes'])})"
    text += f", {counts['versions']} versions ({human_bytes(counts['bytes'])})"
    if counts["delete_markers"]:
        text += f", {counts['delete_markers']} delete markers"
    return text
