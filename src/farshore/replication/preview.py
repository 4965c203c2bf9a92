"""Preview a replication configuration: what S3 would say of it, and what of the bucket's versions it would cover, were
they written now. Nothing is changed.

The bucket is walked in pieces, each a read of its own: what changes meanwhile may be counted in part.
Source: S3 User Guide, "Replication configuration file elements"; API Reference, PutBucketReplication.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from farshore.metadata.store import Reader
from farshore.metadata.survey import KEYS_END
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.errors import MalformedXML, S3Error
from farshore.model.objects import Version
from farshore.model.replication import ReplicationConfiguration
from farshore.replication.preview_tally import Tally
from farshore.replication.previewed import DestinationPreview, Preview, PreviewError, RulePreview, Scanned
from farshore.replication.role_steps import RoleStep, RoleSteps
from farshore.semantics.key_ranges import KeyRanges
from farshore.semantics.replication_config import (
    check_destinations,
    check_source_versioning,
    compile_configuration,
    validate,
)
from farshore.service.bucket_replication import destination_facts
from farshore.service.deployment import Deployment, Region

PIECE_VERSIONS = 20_000
"""Versions in one read."""

SCAN_S_MAX = 25.0
"""A bucket that takes longer is previewed in part."""


async def preview(
    deployment: Deployment, region: Region, bucket: Bucket, document: Mapping[str, Any], *, with_role: bool
) -> Preview:
    """Preview a configuration, by botocore's member names, for a bucket.

    Args:
        with_role: also show what its role may do, which is for callers who may pass the role.
    """
    checked, errors = _check(deployment, bucket, document)
    if checked is None:
        return refused(region, bucket, errors)
    tally, scanned = await _scan(region, bucket, checked)
    rules = tuple(tally.rules())
    steps = RoleSteps(deployment) if with_role else None
    destinations = tuple(
        _destination(deployment, bucket, name, tally, _role(steps, (region, bucket), checked, name, rules))
        for name in dict.fromkeys(rule.destination for rule in rules)
    )
    return Preview(
        bucket=bucket.name,
        region=region.name,
        valid=not errors,
        errors=errors,
        scanned=scanned,
        rules=rules,
        overlaps=tuple(tally.overlaps()),
        destinations=destinations,
        left_out=tuple(tally.left_out()),
    )


def refused(region: Region, bucket: Bucket, errors: Sequence[PreviewError]) -> Preview:
    """Preview a document that is no configuration: its errors, and nothing counted."""
    return Preview(
        bucket=bucket.name,
        region=region.name,
        valid=False,
        errors=tuple(errors),
        scanned=Scanned(versions=0, bytes=0, elapsed_s=0.0, complete=False),
        rules=(),
        overlaps=(),
        destinations=(),
        left_out=(),
    )


def preview_error(error: S3Error) -> PreviewError:
    """An error as a preview tells it."""
    return PreviewError(
        code=error.code,
        message=error.message,
        status=error.status,
        details=error.details,
        member=error.member if isinstance(error, MalformedXML) else "",
    )


def _check(
    deployment: Deployment, bucket: Bucket, document: Mapping[str, Any]
) -> tuple[ReplicationConfiguration | None, tuple[PreviewError, ...]]:
    """The configuration, unless it cannot be read, and every error that is found, in S3's order."""
    try:
        valid = validate(document, source_bucket=bucket.name, new_rule_id=_rule_ids(document))
    except S3Error as error:
        return None, (preview_error(error),)
    errors: list[PreviewError] = []
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_source_versioning(bucket.versioning),
        lambda: check_destinations(valid, lambda name: destination_facts(deployment, name)),
    )
    for check in checks:
        try:
            check()
        except S3Error as error:
            errors.append(preview_error(error))
    return compile_configuration(valid), tuple(errors)


def _rule_ids(document: Mapping[str, Any]) -> Callable[[], str]:
    """Names for rules without an id, which get one when the configuration is put: rule-1, rule-2, …"""
    given = {rule.get("ID") for rule in document.get("Rules") or ()}

    def ids() -> Iterator[str]:
        number = 0
        while True:
            number += 1
            if f"rule-{number}" not in given:
                yield f"rule-{number}"

    return ids().__next__


async def _scan(region: Region, bucket: Bucket, configuration: ReplicationConfiguration) -> tuple[Tally, Scanned]:
    tally = Tally(configuration, bucket.id)
    ranges = KeyRanges(rule.filter.prefix for rule in configuration.rules)
    began = time.monotonic()
    start = b""
    while start != KEYS_END and time.monotonic() - began < SCAN_S_MAX:
        start = await region.metadata.read(lambda reader, start=start: _piece(reader, tally, ranges, bucket.id, start))
    scanned = Scanned(
        versions=tally.versions,
        bytes=tally.bytes,
        elapsed_s=round(time.monotonic() - began, 3),
        complete=start == KEYS_END,
    )
    await region.metadata.read(tally.hint)
    return tally, scanned


def _piece(reader: Reader, tally: Tally, ranges: KeyRanges, bucket_id: int, start: bytes) -> bytes:
    """Count the next piece: keys that begin with the same prefixes of rules. Returns where the one after it starts."""
    first = reader.survey.first_key(bucket_id, start)
    if first is None:
        return KEYS_END
    end = min(ranges.end_of(first), reader.survey.key_after(bucket_id, first, PIECE_VERSIONS))
    if end == first:  # One key has more versions than a piece: all of them belong to it.
        end = first + b"\x00"
    tally.add(reader, first, end)
    return end


def _role(
    steps: RoleSteps | None,
    source: tuple[Region, Bucket],
    configuration: ReplicationConfiguration,
    destination: str,
    previews: Sequence[RulePreview],
) -> tuple[RoleStep, ...]:
    """What the role may do for a version of the strongest rule to a destination: one that is there, else of any key."""
    if steps is None:
        return ()
    place, rule = next(found for found in enumerate(configuration.rules) if found[1].destination == destination)
    samples = previews[place].samples_in
    bucket = source[1]
    version = Version(
        bucket_id=bucket.id,
        key=samples[0] if samples else f"{rule.filter.prefix}example",
        version_id="",
        created_us=0,
        owner=bucket.owner,
        tags=dict(rule.filter.tags),
    )
    return steps.steps(configuration.role, source, rule, version)


def _destination(
    deployment: Deployment, bucket: Bucket, name: str, tally: Tally, role: tuple[RoleStep, ...]
) -> DestinationPreview:
    facts = destination_facts(deployment, name)
    home = deployment.directory.bucket_home(name)
    counts = tally.of_destination(name)
    return DestinationPreview(
        destination=name,
        region=None if home is None else home.region,
        exists=facts is not None,
        versioned=facts is not None and facts.versioning is VersioningStatus.ENABLED,
        other_account=facts is not None and facts.owner != bucket.owner,
        rules=tuple(tally.rules_to(name)),
        covers=counts,
        role=role,
    )
