"""Retry failures of a bucket, or of one version: by cause, destination and prefix, a bounded number at a time, from a
place on.

Failures that come after the retry began are left for another one, so that one that fails again at once ends the retry
instead of keeping it going for ever.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from farshore.metadata.store import Reader, Transaction
from farshore.model.buckets import Bucket
from farshore.model.errors import InvalidArgument
from farshore.model.replication import FailureCode, ReplicationStatus
from farshore.model.replication_record import FailedVersion
from farshore.runtime.slices import slices
from farshore.service.deployment import Deployment, Region
from farshore.service.redrive import Redriven, redrive

AT_ONCE = 100
"""Failures driven again in one command, during which others wait."""

MATCHED_MAX = 2_000
"""Failures driven again by one call."""

LOOKED_AT_MAX = 50_000
"""Failures that one call looks at, for those with the prefix."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which failures. cause: a failure code; None for all. destination: None for all.

    key: those of one version of this key; version_id: which, None for the current one.
    """

    cause: str | None = None
    destination: str | None = None
    prefix: str = ""
    key: str | None = None
    version_id: str | None = None

    def takes(self, destination: str, code: str) -> bool:
        return self.cause in (None, code) and self.destination in (None, destination)


_Stored = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number that a store can hold: a place comes from the client."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a retry goes on: causes by (destination, code), in each by (failed_us, row). until_us: when it began."""

    until_us: _Stored
    destination: str = ""
    code: str = ""
    failed_us: _Stored = 0
    row: _Stored = 0


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """What one call did.

    matched: failures that were selected. retried: those that are PENDING now (0 of a dry run).
    left: of the others those that no rule would take now, by the code that they would fail with.
    by_cause: `matched` by code. next: to go on from; None at the end.
    """

    matched: int
    retried: int
    bytes: int
    left: dict[str, int]
    by_cause: dict[str, int]
    next: str | None


async def retry_failures(
    deployment: Deployment,
    region: Region,
    bucket: Bucket,
    selection: Selection,
    place: Place,
    *,
    permitted: Callable[[str, str], bool],
    dry_run: bool,
) -> Retried:
    """Drive the next failures of a selection again, or only count them.

    Args:
        permitted: (key, version id) -> whether the caller may.
    """
    found, after = await region.metadata.read(lambda reader: _select(reader, bucket.id, selection, place))
    done = Redriven()
    for some in slices(found, AT_ONCE):
        part = [each for each in some if permitted(each.key, each.version_id)]
        refused = len(some) - len(part)
        if refused:
            done.left[FailureCode.INITIATE_REPLICATION_NOT_PERMITTED.value] += refused
        if dry_run:
            continue
        some = await region.metadata.write(lambda tx, part=part: _redrive(tx, deployment, bucket, part))
        done.count += some.count
        done.bytes += some.bytes
        done.left += some.left
    if done.count:
        deployment.ring(region.name)
    return Retried(
        matched=len(found),
        retried=done.count,
        bytes=done.bytes,
        left=dict(done.left),
        by_cause=dict(Counter(each.code for each in found)),
        next=None if after is None else encode_place(after),
    )


def _redrive(tx: Transaction, deployment: Deployment, bucket: Bucket, failures: Sequence[FailedVersion]) -> Redriven:
    now = tx.bucket_by_id(bucket.id)
    if now is None:
        return Redriven()
    configuration = deployment.configurations.get(tx, now)
    return redrive(tx, configuration, bucket.id, failures, deployment.clock.now_us())


def encode_place(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode("ascii")


def decode_place(text: str) -> Place:
    """Raises InvalidArgument."""
    try:
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(text.encode("ascii")), type=Place)
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidArgument("from is not where a call ended", ArgumentName="from", ArgumentValue=text) from error


def _select(
    reader: Reader, bucket_id: int, selection: Selection, place: Place
) -> tuple[Sequence[FailedVersion], Place | None]:
    """The next failures of a selection, and where to go on."""
    if selection.key is not None:
        return _of_version(reader, bucket_id, selection.key, selection), None
    found: list[FailedVersion] = []
    looked_at = 0
    causes = sorted((each.destination, each.code) for each in reader.records.failure_causes(bucket_id))
    for destination, code in causes:
        if (destination, code) < (place.destination, place.code):
            continue
        if not selection.takes(destination, code):
            continue
        same = (destination, code) == (place.destination, place.code)
        after = (place.failed_us, place.row) if same else (0, 0)
        for failure in reader.records.scan_failures(bucket_id, destination, code, after=after, until_us=place.until_us):
            looked_at += 1
            if failure.key.startswith(selection.prefix):
                found.append(failure)
            if len(found) == MATCHED_MAX or looked_at == LOOKED_AT_MAX:
                return found, Place(place.until_us, destination, code, failure.failed_us, failure.row)
    return found, None


def _of_version(reader: Reader, bucket_id: int, key: str, selection: Selection) -> list[FailedVersion]:
    """The failures of one version; none when it is not there."""
    version_id = selection.version_id
    version = reader.current(bucket_id, key) if version_id is None else reader.version(bucket_id, key, version_id)
    if version is None:
        return []
    failures = [
        FailedVersion(
            row=version.row,
            destination=state.bucket,
            code="" if state.reason is None else state.reason.value,
            failed_us=state.at_us,
            key=version.key,
            version_id=version.version_id,
        )
        for state in version.destinations
        if state.status is ReplicationStatus.FAILED
    ]
    return [each for each in failures if selection.takes(each.destination, each.code)]
