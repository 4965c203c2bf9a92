"""POST /-/replication/statuses: the replication status of many versions, as HeadObject would tell each.

A listing does not tell it, on AWS neither: whoever shows a page of a bucket would need a HeadObject for each line.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from farshore.metadata.store import Reader
from farshore.model.buckets import Bucket
from farshore.model.errors import InvalidArgument
from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus
from farshore.semantics import naming, versioning
from farshore.service.access import bucket_for, decide
from farshore.service.deployment import Region, Request

VERSIONS_MAX = 250
"""Versions in one question: the decisions on them are made on the event loop, at tens of microseconds each."""

NONE = "NONE"
"""An object that no rule took."""


class AskedVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version; the current one of the key where no id is given."""

    key: str
    version_id: str | None = None


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    versions: Annotated[tuple[AskedVersion, ...], msgspec.Meta(max_length=VERSIONS_MAX)] = ()


class Statuses(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of the question. None: there is no such object, or the caller may not read it."""

    bucket: str
    statuses: list[str | None]


async def statuses(request: Request, document: bytes) -> Statuses:
    """Needs s3:ListBucket, as absence is told, and for each version what HeadObject needs.

    Raises:
        InvalidArgument: the document is not `{"versions": [{"key": …, "version_id": …}]}`, or has too many.
        KeyTooLongError and the like: a key or version id that is none.
    """
    region, bucket = bucket_for(request, "s3:ListBucket")
    asked = _asked(document)

    def read(reader: Reader) -> list[Version | None]:
        return [
            reader.current(bucket.id, each.key)
            if each.version_id is None
            else reader.version(bucket.id, each.key, each.version_id)
            for each in asked
        ]

    found = await region.metadata.read(read)
    return Statuses(
        bucket=bucket.name,
        statuses=[_status(request, region, bucket, *each) for each in zip(asked, found, strict=True)],
    )


def _asked(document: bytes) -> tuple[AskedVersion, ...]:
    try:
        asked = msgspec.json.decode(document, type=Asked).versions
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(str(error), ArgumentName="document", ArgumentValue="") from error
    for each in asked:
        if not each.key:
            raise InvalidArgument("a version has a key", ArgumentName="key", ArgumentValue="")
        naming.check_key(each.key)
        if each.version_id is not None:
            versioning.check_version_id(each.version_id)
    return asked


def _status(
    request: Request, region: Region, bucket: Bucket, asked: AskedVersion, version: Version | None
) -> str | None:
    if version is None or version.delete_marker:
        return None
    action, params = "s3:GetObject", dict[str, Any]()
    if asked.version_id is not None:
        action, params = "s3:GetObjectVersion", {"VersionId": asked.version_id}
    decision, _ = decide(request, region, bucket, action, key=asked.key, version=version, params=params)
    if not decision.allowed:
        return None
    status: ReplicationStatus | None = version.replication_status
    return NONE if status is None else status.value
