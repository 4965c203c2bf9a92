"""Read stored bodies and compare them with the digests that were stored with them: which versions are damaged.

Bytes kept beside versions are read many at once, in a reading thread; blobs piece by piece, hashed in threads.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from farshore.blobs.store import BlobMissing
from farshore.metadata.store import Reader
from farshore.model.objects import Checksum, ChecksumType, Version
from farshore.runtime.slices import slices
from farshore.runtime.together import all_or_first_error
from farshore.semantics.checksums import ChecksumAccumulator
from farshore.service.deployment import Region

BLOBS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class _Stored:
    """Bytes of a blob, and the digest that they had when they were received."""

    blob: str
    size: int
    checksum: Checksum | None
    md5: str


async def damaged_bodies(region: Region, versions: Sequence[Version]) -> list[Version]:
    """Those of the versions whose bytes are lost, or are not those that were stored.

    A version that was removed meanwhile is not damaged.

    Raises:
        BlobsUnavailable, StoreUnavailable: nothing can be said now.
    """
    inline = [version for version in versions if version.inline]
    damaged = await region.metadata.read(lambda reader: [each for each in inline if _inline_damaged(reader, each)])
    with_blobs = [version for version in versions if version.blobs]
    for some in slices(with_blobs, BLOBS_AT_ONCE):
        sound = await all_or_first_error(_blobs_sound(region, version) for version in some)
        damaged += [version for version, is_sound in zip(some, sound, strict=True) if not is_sound]
    return [each for each in damaged if _stands(region, each)]


def body_matches(version: Version, body: bytes) -> bool:
    """Whether these are the bytes that were received for a version of one part."""
    digest = _Digest(_checksum_of(version), version.etag)
    digest.update(body)
    return len(body) == version.size and digest.matches()


def _inline_damaged(reader: Reader, version: Version) -> bool:
    try:
        body = reader.body(version.row)
    except KeyError:
        return True
    return not body_matches(version, body)


async def _blobs_sound(region: Region, version: Version) -> bool:
    for stored in _stored(version):
        digest = _Digest(stored.checksum, stored.md5)
        try:
            async for piece in region.blobs.read(stored.blob, 0, stored.size):
                await asyncio.to_thread(digest.update, piece)
        except BlobMissing:
            return False
        if not digest.matches():
            return False
    return True


def _stored(version: Version) -> Iterator[_Stored]:
    if version.blob is not None:
        yield _Stored(version.blob, version.size, _checksum_of(version), version.etag)
        return
    for part in version.attributes.parts:
        if part.blob is not None:
            yield _Stored(part.blob, part.size, part.checksum, part.etag)


def _checksum_of(version: Version) -> Checksum | None:
    """Of its bytes as a whole; None where it has none, or one of checksums of parts."""
    checksum = version.attributes.checksum
    return None if checksum is None or checksum.type is not ChecksumType.FULL_OBJECT else checksum


def _stands(region: Region, version: Version) -> bool:
    now = region.metadata.reader.version(version.bucket_id, version.key, version.version_id)
    return now is not None and now.row == version.row


class _Digest:
    """The stored checksum where there is one, else the MD5 of the ETag; without either nothing can be told."""

    def __init__(self, checksum: Checksum | None, etag: str) -> None:
        self._checksum = checksum
        self._etag = etag
        self._accumulator = None if checksum is None else ChecksumAccumulator(checksum.algorithm)
        self._md5 = hashlib.md5(usedforsecurity=False) if checksum is None and "-" not in etag else None

    def update(self, data: bytes | bytearray | memoryview) -> None:
        if self._accumulator is not None:
            self._accumulator.update(data)
        elif self._md5 is not None:
            self._md5.update(data)

    def matches(self) -> bool:
        if self._accumulator is not None:
            return self._accumulator.checksum() == self._checksum
        return self._md5 is None or self._md5.hexdigest() == self._etag
