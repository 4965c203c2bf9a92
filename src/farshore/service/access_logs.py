"""Server access logs: lines of requests, gathered by this process, delivered as objects to the buckets that want them.

Best effort, as on AWS: a request never waits for its line, and lines may be lost (a crash, a target that does not let
them in). They are delivered now and then, earlier where many have come, and when the server stops. Nothing is logged of
a delivery itself.
Source: S3 User Guide, "Logging requests with server access logging", "Enabling Amazon S3 server access logging",
"Permissions for log delivery".
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from farshore.blobs.store import BlobsUnavailable
from farshore.metadata.store import StoreUnavailable
from farshore.model.access import canonical_user_id, service_principal
from farshore.model.access_control import Grant, ObjectOwnership, Permission
from farshore.model.access_log import LOG_DELIVERY_SERVICE, AccessLogging, PartitionDate
from farshore.model.audit import AuditRecord
from farshore.model.buckets import Bucket
from farshore.model.errors import S3Error
from farshore.model.objects import Version
from farshore.runtime import ids
from farshore.runtime.together import first_of
from farshore.semantics import access_log, object_attributes
from farshore.semantics.bucket_logging import object_key
from farshore.service.access import access_of, bucket_for
from farshore.service.bodies import discard, expectations, receive
from farshore.service.configurations import access_loggings
from farshore.service.deployment import Answer, Deployment, Params, Region, Request
from farshore.service.exposition import ACCESS_LOGS
from farshore.service.locating import bucket_here
from farshore.service.put_object import commit_version, with_content
from farshore.service.trail import CopySource
from farshore.service.written_bodies import WrittenWhole

OBJECT_BYTES = 5 * 1024 * 1024
WAITING_BYTES_MAX = 32 * 1024 * 1024

_DELIVERED, _LOST = range(2)
"""Slots of the counters' block, as ACCESS_LOGS_SLOTS."""

log = structlog.get_logger()


class Logged(NamedTuple):
    """A bucket that keeps a log."""

    region: str
    bucket: Bucket
    logging: AccessLogging


@dataclass(slots=True)
class _Lines:
    """Lines that go into one object. day: of the records, where it is part of the key, else empty."""

    logged: Logged
    day: str
    texts: list[str] = field(default_factory=list[str])
    size: int = 0


_Name = tuple[str, int, int, str]
"""What goes into one object: region, id and generation of the bucket, day."""


class AccessLogs:
    """Of one process; belongs to its event loop.

    Args:
        every_s: between deliveries.
        object_bytes: so many bytes of one log are delivered without waiting for their time.
        waiting_bytes_max: of all logs; lines that come then are lost.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        every_s: float,
        object_bytes: int = OBJECT_BYTES,
        waiting_bytes_max: int = WAITING_BYTES_MAX,
    ) -> None:
        self._deployment = deployment
        self._every_s = every_s
        self._object_bytes = object_bytes
        self._waiting_bytes_max = waiting_bytes_max
        self._loggings = access_loggings()
        self._waiting: dict[_Name, _Lines] = {}
        self._size = 0
        self._full = asyncio.Event()
        self._tally = deployment.counters.block(*ACCESS_LOGS)

    def of(self, region: str, bucket: Bucket) -> Logged | None:
        """The bucket's logging; None where it keeps no log, or that cannot be known now."""
        try:
            logging = self._loggings.get(self._deployment.regions[region].metadata.reader, bucket)
        except StoreUnavailable:
            return None
        return None if logging is None else Logged(region, bucket, logging)

    def named(self, name: str) -> Logged | None:
        """As `of`, for a request that ended before its bucket was looked for."""
        try:
            found = bucket_here(self._deployment, name)
        except StoreUnavailable:
            return None
        return None if found is None else self.of(found[0].name, found[1])

    def take(self, logged: Logged, record: AuditRecord, at_us: int) -> None:
        """Take the line of a request."""
        bucket = logged.bucket
        self._add(logged, access_log.line(record, at_us, bucket_owner=bucket.owner, bucket=bucket.name), at_us)

    def take_copy_source(self, logged: Logged, record: AuditRecord, at_us: int, source: CopySource) -> None:
        """Take the line of what a copy read. logged: its source's bucket."""
        line = access_log.copy_source_line(
            record,
            at_us,
            bucket_owner=logged.bucket.owner,
            bucket=logged.bucket.name,
            key=source.key,
            version_id=source.version_id or "",
        )
        self._add(logged, line, at_us)

    def take_deleted(
        self, logged: Logged, record: AuditRecord, at_us: int, answer: Answer, entries: list[Params]
    ) -> None:
        """Take the lines of the entries of DeleteObjects, as they were answered."""
        errors: list[Params] = answer.output.get("Errors", [])
        codes = {(error["Key"], error.get("VersionId")): error["Code"] for error in errors}
        for entry in entries:
            code = codes.get((entry["Key"], entry.get("VersionId")), "")
            line = access_log.deleted_line(
                record,
                at_us,
                key=entry["Key"],
                version_id=entry.get("VersionId") or "",
                status=403 if code == "AccessDenied" else 400 if code else 204,
                code=code,
            )
            self._add(logged, line, at_us)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver now and then until `stop` is set, and all that is there at the end."""
        while not stop.is_set():
            await first_of(self._full, stop, within_s=self._every_s)
            await self.deliver()
        await self.deliver()  # What came while the last delivery was under way.

    async def deliver(self) -> None:
        """Deliver what waits. What a store cannot take now is tried again the next time."""
        self._full.clear()
        for name in list(self._waiting):
            lines = self._waiting.pop(name)
            self._size -= lines.size
            bucket, target = lines.logged.bucket.name, lines.logged.logging.target
            try:
                await self._put(lines)
            except (StoreUnavailable, BlobsUnavailable) as error:
                log.warning("access log waits for its store", bucket=bucket, target=target, error=str(error))
                self._keep(name, lines)
            except S3Error as error:
                count = len(lines.texts)
                self._tally[_LOST] += count
                log.warning(
                    "access log could not be delivered", bucket=bucket, target=target, code=error.code, lines=count
                )
            else:
                self._tally[_DELIVERED] += len(lines.texts)

    def _add(self, logged: Logged, line: str, at_us: int) -> None:
        size = len(line)
        if self._size + size > self._waiting_bytes_max:
            self._tally[_LOST] += 1
            return
        bucket = logged.bucket
        day = access_log.day(at_us) if logged.logging.partitioned is PartitionDate.EVENT_TIME else ""
        name = (logged.region, bucket.id, bucket.generation, day)
        lines = self._waiting.get(name)
        if lines is None:
            lines = self._waiting[name] = _Lines(logged, day)
        lines.texts.append(line)
        lines.size += size
        self._size += size
        if lines.size - size < self._object_bytes <= lines.size:
            self._full.set()

    def _keep(self, name: _Name, lines: _Lines) -> None:
        """Put back what could not be delivered, before what has come since."""
        since = self._waiting.get(name)
        if since is not None:
            lines.texts += since.texts
            self._size -= since.size
            lines.size += since.size
        self._waiting[name] = lines
        self._size += lines.size

    async def _put(self, lines: _Lines) -> None:
        """Write one object, as the log delivery service. Raises S3Error, StoreUnavailable, BlobsUnavailable."""
        clock = self._deployment.clock
        region_name, source, logging = lines.logged
        key = object_key(
            logging,
            account=source.owner,
            region=region_name,
            bucket=source.name,
            day=lines.day,
            delivered_us=clock.now_us(),
            unique=ids.request_id(),
        )
        request = Request(
            deployment=self._deployment,
            principal=service_principal(LOG_DELIVERY_SERVICE),
            operation="PutObject",
            params={
                "Bucket": logging.target,
                "Key": key,
                "ContentType": "text/plain",
                "ExpectedBucketOwner": source.owner,
            },
            body=WrittenWhole("".join(lines.texts).encode("utf-8", "backslashreplace")),
            request_id=ids.request_id(),
            now_us=clock.now_us(),
            region=region_name,
            secure=True,
            source_account=source.owner,
            source_arn=f"arn:aws:s3:::{source.name}",
        )
        region, target = bucket_for(request, "s3:PutObject")
        draft = Version(
            bucket_id=target.id,
            key=key,
            version_id="",
            created_us=0,
            owner=target.owner,
            acl=self._acl(region, target, logging.grants),
            attributes=object_attributes.put_attributes(request.params),
        )
        received = await receive(request.body, region.blobs, expectations(request))
        try:
            await commit_version(request, region, target, with_content(draft, received), received.inline or None)
        except S3Error:
            await discard(region.blobs, received)
            raise

    def _acl(self, region: Region, target: Bucket, grants: tuple[Grant, ...]) -> tuple[Grant, ...] | None:
        """Full control to the target's owner, and what the configuration grants besides, where ACLs count.

        On AWS the object is the delivery account's, which gives the owner full control; here there is no such account.
        """
        ownership = access_of(self._deployment, region, target).ownership
        if ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED or not grants:
            return None
        return (Grant(canonical_user_id(target.owner), Permission.FULL_CONTROL), *grants)
