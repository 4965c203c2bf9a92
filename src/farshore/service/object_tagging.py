"""Tags of an object version. A change of tags makes no new version; it replicates to where the version did.

Source: API Reference, PutObjectTagging, GetObjectTagging, DeleteObjectTagging.
"""

from __future__ import annotations

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.events import EventName
from farshore.model.objects import Version
from farshore.model.replication import TaskKind
from farshore.semantics import tagging
from farshore.semantics.metadata_sync import edited
from farshore.service import outbox
from farshore.service.access import still, version_for
from farshore.service.answers import live_version
from farshore.service.deployment import Answer, Params, Request
from farshore.service.notifications import notify

_EVENTS = {"Put": EventName.TAGGING_PUT, "Delete": EventName.TAGGING_DELETE}


async def get_object_tagging(request: Request) -> Answer:
    _, bucket, found = version_for(request, "s3:GetObjectTagging")
    version = live_version(request, bucket, found)
    return Answer(output={"TagSet": tag_set(version.tags), **_named(bucket, version)})


async def put_object_tagging(request: Request) -> Answer:
    tags = tagging.check_tag_set(request.params["Tagging"].get("TagSet", []), limit=tagging.OBJECT_TAGS_MAX)
    return await _replace_tags(request, tags, "Put")


async def delete_object_tagging(request: Request) -> Answer:
    return await _replace_tags(request, {}, "Delete")


def tag_set(tags: dict[str, str]) -> list[Params]:
    """AWS's TagSet of a tag dictionary."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


async def _replace_tags(request: Request, tags: dict[str, str], verb: str) -> Answer:
    region, bucket, there = version_for(request, f"s3:{verb}ObjectTagging")
    live_version(request, bucket, there)
    key: str = request.params["Key"]
    version_id: str | None = request.params.get("VersionId")

    def command(tx: Transaction) -> tuple[Bucket, Version, bool]:
        now = still(tx, bucket)
        found = tx.current(bucket.id, key) if version_id is None else tx.version(bucket.id, key, version_id)
        version = live_version(request, now, found)
        tx.set_tags(version.row, tags, edited(version, TaskKind.TAGS, request.now_us))
        if version.attributes.tags_at_creation is None and tags != version.tags:
            attributes = msgspec.structs.replace(version.attributes, tags_at_creation=version.tags)
            tx.set_attributes(version.row, attributes)
        configuration = request.deployment.configurations.get(tx, now)
        replicates = outbox.record_change(tx, configuration, version, TaskKind.TAGS, request.now_us)
        notify(tx, request, region, now, _EVENTS[verb], version)
        return now, version, replicates

    bucket, version, replicates = await region.metadata.write(command)
    if replicates:
        request.deployment.ring(region.name)
    return Answer(output=_named(bucket, version))


def _named(bucket: Bucket, version: Version) -> Params:
    return {} if bucket.versioning is VersioningStatus.UNVERSIONED else {"VersionId": version.version_id}
