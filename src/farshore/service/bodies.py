"""Bodies in and out: receive one into storage with its digests checked, copy stored ones, find a version's bytes.

A small body is kept beside its version, a larger one becomes a blob. Whatever fails, no bytes are left behind.
Source: API Reference, PutObject, UploadPart; User Guide, "Checking object integrity in Amazon S3"; recorded answers.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar

import msgspec

from farshore.blobs.store import BlobStore, BlobsUnavailable
from farshore.model.errors import EntityTooLarge, IncompleteBody, InternalError, XAmzContentSHA256Mismatch
from farshore.model.objects import Checksum, ChecksumType, Version
from farshore.semantics import checksums
from farshore.semantics.ranges import ByteRange
from farshore.service.deployment import Body, Region, Request, RequestBody
from farshore.service.intake import Digests, Intake

T = TypeVar("T")

INLINE_BYTES_MAX = 64 * 1024
"""Bodies up to here are kept beside their version: one flush stores both."""

BODY_BYTES_MAX = 5 * 1024**3
"""The largest body of one PutObject, UploadPart or copy."""

_READS_MAX = 10


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are stored, or about to be stored with their version.

    etag: hex MD5 of the bytes; empty when it was not asked for.
    checksum: to be stored with them, full-object.
    confirmed: the client's own checksum, which held; None if it sent none.
    inline: the bytes, when they are kept beside the version; empty for an empty body.
    blob: where they are otherwise, durable, and referred to by nothing yet.
    """

    size: int
    etag: str
    checksum: Checksum
    confirmed: Checksum | None = None
    inline: bytes | None = None
    blob: str | None = None


class Expectations(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of its body.

    algorithm: of the checksum to store.
    given: algorithm of the checksum that the client sends; its value is None when it follows in a trailer.
    sha256: hex digest that was signed.
    part: errors are worded as UploadPart's.
    """

    algorithm: str = checksums.DEFAULT_ALGORITHM
    given: str | None = None
    value: str | None = None
    md5: bytes | None = None
    sha256: str | None = None
    part: bool = False

    def digests(self) -> Digests:
        """What must be computed to know whether all holds."""
        algorithms = [self.algorithm]
        if self.given is not None:
            algorithms.append(self.given)
        if self.sha256 is not None:
            algorithms.append("SHA256")
        return Digests(algorithms)

    def confirm(self, digests: Digests, trailers: Mapping[str, str]) -> Checksum | None:
        """Compare with what arrived; returns the client's checksum.

        Raises:
            XAmzContentSHA256Mismatch, BadDigest, MalformedTrailerError, InvalidRequest.
        """
        if self.sha256 is not None:
            computed = base64.b64decode(digests.checksum("SHA256").value).hex()
            if computed != self.sha256:
                raise XAmzContentSHA256Mismatch(
                    ClientComputedContentSHA256=self.sha256, S3ComputedContentSHA256=computed
                )
        if self.md5 is not None:
            checksums.verify_md5(self.md5, digests.md5(), part=self.part)
        if self.given is None:
            return None
        confirmed = digests.checksum(self.given)
        value = checksums.trailer_value(self.given, trailers) if self.value is None else self.value
        checksums.verify(confirmed, value)
        return confirmed


class StoredBytesDiffer(Exception):  # noqa: N818 - named for what is so, as the blob store's errors.
    """Stored bytes are not those that were once received: their checksum is another. Permanent."""


def expectations(request: Request, *, algorithm: str | None = None) -> Expectations:
    """What the request says of its body.

    Args:
        algorithm: of a part, the checksum algorithm that its upload named.
    Raises:
        InvalidDigest, InvalidRequest, NotImplemented.
    """
    params = request.params
    part = request.operation == "UploadPart"
    given, value = checksums.requested_checksum(params, request.headers.get("x-amz-trailer"))
    stored = checksums.part_algorithm(algorithm, given) if part else given or checksums.DEFAULT_ALGORITHM
    md5 = checksums.check_content_md5(params.get("ContentMD5"))
    return Expectations(algorithm=stored, given=given, value=value, md5=md5, sha256=request.content_sha256, part=part)


async def receive(
    body: RequestBody, blobs: BlobStore, expected: Expectations, *, inline_limit: int = INLINE_BYTES_MAX
) -> Received:
    """Take a request's body into storage.

    Args:
        inline_limit: the largest body to return inline; an empty one is inline always.
    Raises:
        EntityTooLarge, IncompleteBody, the errors of `Expectations.confirm` and of the body. BlobsUnavailable.
    """
    announced = body.length
    digests = expected.digests()
    if announced is None or announced > INLINE_BYTES_MAX:
        _check_size(announced or 0)
        async with Intake(blobs, digests, announced) as intake:
            async for piece in body.pieces():
                await intake.take(piece)
                _check_size(intake.size)
            return await _conclude(intake, digests, expected, body, inline_limit)
    data = await body.read_all(INLINE_BYTES_MAX)
    digests.update(data)
    _check_announced(announced, len(data))
    confirmed = expected.confirm(digests, body.trailers())
    return await _keep(data, blobs, digests, expected.algorithm, confirmed, inline_limit)


async def receive_stored(
    body: Body,
    blobs: BlobStore,
    *,
    algorithm: str,
    inline_limit: int = INLINE_BYTES_MAX,
    known: Checksum | None = None,
    md5: bool = True,
) -> Received:
    """Copy stored bytes, of any blob store, in constant memory.

    Args:
        algorithm: of the checksum to store.
        known: the full-object checksum that these bytes have had so far, compared while they are copied.
        md5: False when no ETag is wanted.
    Raises:
        StoredBytesDiffer: they no longer have the known checksum. BlobMissing, BlobsUnavailable.
    """
    assert known is None or known.type is ChecksumType.FULL_OBJECT, known
    digests = Digests([algorithm] if known is None else [algorithm, known.algorithm], md5=md5)
    if body.length > INLINE_BYTES_MAX:
        async with Intake(blobs, digests, body.length) as intake:
            async for piece in pieces_of(body):
                await intake.take(piece)
            await intake.finish()
            _check_known(digests, known)
            blob = await intake.commit()
            return _received(intake.size, digests, algorithm, blob=blob)
    data = b"".join([piece async for piece in pieces_of(body)])
    digests.update(data)
    _check_known(digests, known)
    return await _keep(data, blobs, digests, algorithm, None, inline_limit)


async def discard(blobs: BlobStore, received: Received) -> None:
    """Throw away what was received for a change that was refused, and so refers to it certainly not.

    Where that is not certain (a cancelled write, a failing disk) leave it: the collector removes it if it is an orphan.
    """
    if received.blob is not None:
        with contextlib.suppress(BlobsUnavailable):
            await blobs.delete([received.blob])


class BodyReplaced(Exception):  # noqa: N818 - named for what is so, as the blob store's errors.
    """A version and its inline body are gone since the version was read; a repeat finds what came instead."""


def until_found(read: Callable[[], T]) -> T:
    """Read a version and its body by `body_of`, again when it was replaced in between.

    Raises:
        InternalError: it was replaced every time.
    """
    for _ in range(_READS_MAX):
        with contextlib.suppress(BodyReplaced):
            return read()
    raise InternalError()


def body_of(version: Version, region: Region, window: ByteRange | None = None) -> Body:
    """Where a version's bytes are, all of them or those of the window.

    Raises:
        BodyReplaced: the version was replaced since it was read, and its inline body with it.
    """
    start, length = (0, version.size) if window is None else (window.start, window.length)
    if length == 0:
        return Body(length=0, inline=b"")
    if version.inline:
        try:
            inline = region.metadata.reader.body(version.row)
        except KeyError:
            raise BodyReplaced from None
        return Body(length=length, inline=inline if window is None else memoryview(inline)[start : start + length])
    if version.blob is not None:
        return Body(length=length, blobs=((version.blob, start, length),), store=region.blobs)
    return Body(length=length, blobs=tuple(_ranges_of_parts(version, start, length)), store=region.blobs)


async def pieces_of(body: Body) -> AsyncIterator[bytes | memoryview]:
    """A stored body in order. Raises BlobMissing, BlobsUnavailable."""
    if body.inline is not None:
        yield body.inline
        return
    for blob, offset, length in body.blobs:
        assert body.store is not None, body
        async for piece in body.store.read(blob, offset, length):
            yield piece


def _ranges_of_parts(version: Version, start: int, length: int) -> list[tuple[str, int, int]]:
    """(blob, offset, length) of each part that the range touches."""
    ranges: list[tuple[str, int, int]] = []
    end = start + length
    position = 0
    for part in version.attributes.parts:
        first, last = max(start, position), min(end, position + part.size)
        if first < last:
            assert part.blob is not None, part
            ranges.append((part.blob, first - position, last - first))
        position += part.size
    assert end <= position, version
    return ranges


async def _conclude(
    intake: Intake, digests: Digests, expected: Expectations, body: RequestBody, inline_limit: int
) -> Received:
    """The body has ended: check it, and make it a blob, or keep it inline if it turned out small."""
    _check_announced(body.length, intake.size)
    inline = intake.whole() if intake.size <= inline_limit else None
    if inline is None:
        await intake.finish()
    else:
        digests.update(inline)
    confirmed = expected.confirm(digests, body.trailers())
    blob = await intake.commit() if inline is None else None
    return _received(intake.size, digests, expected.algorithm, confirmed=confirmed, inline=inline, blob=blob)


async def _keep(
    data: bytes, blobs: BlobStore, digests: Digests, algorithm: str, confirmed: Checksum | None, inline_limit: int
) -> Received:
    """A small body, hashed and checked: inline, or as a blob where its owner has no place for inline bytes."""
    if len(data) <= inline_limit or not data:
        return _received(len(data), digests, algorithm, confirmed=confirmed, inline=data)
    async with await blobs.create() as writer:
        await writer.write(data)
        blob = await writer.commit()
    return _received(len(data), digests, algorithm, confirmed=confirmed, blob=blob)


def _received(
    size: int,
    digests: Digests,
    algorithm: str,
    *,
    confirmed: Checksum | None = None,
    inline: bytes | None = None,
    blob: str | None = None,
) -> Received:
    return Received(
        size=size,
        etag=digests.md5().hex(),
        checksum=digests.checksum(algorithm),
        confirmed=confirmed,
        inline=inline,
        blob=blob,
    )


def _check_size(size: int) -> None:
    if size > BODY_BYTES_MAX:
        raise EntityTooLarge(ProposedSize=size, MaxSizeAllowed=BODY_BYTES_MAX)


def _check_announced(announced: int | None, size: int) -> None:
    if announced is not None and size != announced:
        raise IncompleteBody(NumberBytesExpected=announced, NumberBytesProvided=size)


def _check_known(digests: Digests, known: Checksum | None) -> None:
    if known is not None and digests.checksum(known.algorithm) != known:
        raise StoredBytesDiffer(f"expected {known.algorithm} {known.value}")
