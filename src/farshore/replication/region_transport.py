"""The transport to a region of this process: straight into its stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec

from farshore.blobs.store import BlobsUnavailable
from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.blobs import BlobReader
from farshore.model.buckets import Bucket
from farshore.model.objects import Checksum, ChecksumType, Part, Version
from farshore.model.replication import FailureCode
from farshore.replication.announcing import announce_replicas
from farshore.semantics.checksums import DEFAULT_ALGORITHM
from farshore.service.bodies import receive_stored
from farshore.service.deployment import Body, Deployment, Region
from farshore.service.replicas import Accepted, Arrival, accept, accept_known
from farshore.transports.transport import Change, TransientError

T = TypeVar("T")

_REFUSED = {
    Accepted.STORED: None,
    Accepted.THERE_ALREADY: None,
    Accepted.HARD_DELETED: FailureCode.DST_OBJECT_HARD_DELETED,
    Accepted.BUCKET_UNVERSIONED: FailureCode.DST_BUCKET_UNVERSIONED,
    Accepted.VERSION_MISSING: FailureCode.DST_VERSION_NOT_FOUND,
}


class RegionTransport:
    """`Transport` into one region."""

    def __init__(self, deployment: Deployment, region: Region) -> None:
        self._deployment = deployment
        self._region = region

    async def put_many(self, bucket: Bucket, changes: Sequence[Change]) -> list[FailureCode | None]:
        arrivals = [
            Arrival(
                version=change.version,
                body=change.body,
                changed=change.changed,
                two_way=change.two_way,
                replace=change.replace,
            )
            for change in changes
        ]
        return [_refusal(bucket, accepted) for accepted in await self._accept(bucket, arrivals)]

    async def put_streamed(
        self, bucket: Bucket, version: Version, source: BlobReader, *, replace: bool = False
    ) -> FailureCode | None:
        known = await self._write(lambda tx: accept_known(tx, bucket.id, version, replace=replace))
        if known is not None:
            return _refusal(bucket, known)
        copied: list[str] = []
        try:
            moved = await self._copy_blobs(version, source, copied)
        except BlobsUnavailable as error:
            await self._discard(copied)
            raise TransientError(f"bodies of {self._region.name}: {error}") from error
        except BaseException:
            await self._discard(copied)
            raise
        # From here on the blobs may be referred to, whatever is raised: then the collector of orphans decides.
        (accepted,) = await self._accept(bucket, [Arrival(version=moved, replace=replace)])
        if accepted is not Accepted.STORED:
            await self._discard(copied)
        return _refusal(bucket, accepted)

    async def _accept(self, bucket: Bucket, arrivals: Sequence[Arrival]) -> list[Accepted]:
        now_us = self._deployment.clock.now_us()

        def command(tx: Transaction) -> list[Accepted]:
            accepted = accept(tx, bucket.id, arrivals, now_us)
            announce_replicas(tx, self._deployment, self._region, bucket.id, arrivals, accepted, now_us)
            return accepted

        return await self._write(command)

    async def _write(self, command: Callable[[Transaction], T]) -> T:
        try:
            return await self._region.metadata.write(command)
        except StoreUnavailable as error:
            raise TransientError(f"metadata of {self._region.name}: {error}") from error

    async def _copy_blobs(self, version: Version, source: BlobReader, copied: list[str]) -> Version:
        """The version with blobs of this region; `copied` gathers them as they come to be."""
        if version.blob is not None:
            blob = await self._copy(source, version.blob, version.size, version.attributes.checksum, copied)
            return msgspec.structs.replace(version, blob=blob)
        parts: list[Part] = []
        for part in version.attributes.parts:
            if part.blob is not None:
                blob = await self._copy(source, part.blob, part.size, part.checksum, copied)
                part = msgspec.structs.replace(part, blob=blob)
            parts.append(part)
        return msgspec.structs.replace(
            version, attributes=msgspec.structs.replace(version.attributes, parts=tuple(parts))
        )

    async def _copy(
        self, source: BlobReader, blob: str, size: int, checksum: Checksum | None, copied: list[str]
    ) -> str:
        """Copy one blob, comparing its bytes with the checksum that they had when they were first received."""
        known = checksum if checksum is not None and checksum.type is ChecksumType.FULL_OBJECT else None
        received = await receive_stored(
            Body(length=size, blobs=((blob, 0, size),), store=source),
            self._region.blobs,
            algorithm=DEFAULT_ALGORITHM if known is None else known.algorithm,
            inline_limit=0,
            known=known,
            md5=False,
        )
        assert received.blob is not None, (blob, size)
        copied.append(received.blob)
        return received.blob

    async def _discard(self, blobs: Sequence[str]) -> None:
        """Throw away what nothing refers to; what cannot be removed now is left to the collector."""
        with suppress(BlobsUnavailable):
            await self._region.blobs.delete(blobs)


def _refusal(bucket: Bucket, accepted: Accepted) -> FailureCode | None:
    if accepted is Accepted.BUCKET_GONE:
        # Whether its name has another bucket, or none, is for the next turn to see.
        raise TransientError(f"bucket {bucket.name} was deleted during the delivery")
    return _REFUSED[accepted]
