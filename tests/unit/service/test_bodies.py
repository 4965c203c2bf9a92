"""Bodies in and out of storage."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.bodies import Arriving, FaultyBlobs, files_under

from farshore.blobs.filesystem import FilesystemBlobStore
from farshore.blobs.store import BlobMissing, BlobsUnavailable
from farshore.metadata.sqlite import SqliteMetadataStore
from farshore.model.access import ANONYMOUS
from farshore.model.errors import (
    BadDigest,
    EntityTooLarge,
    IncompleteBody,
    InvalidDigest,
    InvalidRequest,
    MalformedTrailerError,
    S3Error,
    XAmzContentSHA256Mismatch,
)
from farshore.model.objects import Attributes, Checksum, Part, Version
from farshore.semantics import checksums
from farshore.semantics.ranges import ByteRange
from farshore.service import bodies
from farshore.service.bodies import (
    INLINE_BYTES_MAX,
    BodyReplaced,
    Expectations,
    Received,
    StoredBytesDiffer,
    body_of,
    discard,
    expectations,
    pieces_of,
    receive,
    receive_stored,
)
from farshore.service.deployment import Body, Region, Request
from farshore.service.intake import BUFFER_BYTES, BUFFERS

SEED = 20_251_124
SIZES = [
    0,
    1,
    INLINE_BYTES_MAX - 1,
    INLINE_BYTES_MAX,
    INLINE_BYTES_MAX + 1,
    BUFFER_BYTES - 1,
    BUFFER_BYTES,
    BUFFER_BYTES + 1,
    BUFFERS * BUFFER_BYTES,
    (BUFFERS + 2) * BUFFER_BYTES + 1,
]
SMALL, LARGE = 1024, 3 * BUFFER_BYTES + 100


def some_bytes(size: int) -> bytes:
    return random.Random(SEED).randbytes(size)


@asynccontextmanager
async def store_in(folder: Path) -> AsyncGenerator[FilesystemBlobStore]:
    store = FilesystemBlobStore.open(folder)
    try:
        yield store
    finally:
        await store.close()


def in_store(folder: Path, test: Callable[[FilesystemBlobStore], Awaitable[None]]) -> None:
    async def run() -> None:
        async with store_in(folder) as store:
            await test(store)

    asyncio.run(run())


async def bytes_of(body: Body) -> bytes:
    data = b"".join([bytes(piece) async for piece in pieces_of(body)])
    assert len(data) == body.length
    return data


async def received_bytes(received: Received, store: FilesystemBlobStore) -> bytes:
    if received.blob is None:
        assert received.inline is not None
        return received.inline
    assert received.inline is None
    return await bytes_of(Body(length=received.size, blobs=((received.blob, 0, received.size),), store=store))


def request_of(
    params: dict[str, Any], *, operation: str = "PutObject", headers: dict[str, str] | None = None
) -> Request:
    deployment: Any = None
    body: Any = None
    return Request(
        deployment=deployment,
        principal=ANONYMOUS,
        operation=operation,
        params=params,
        body=body,
        request_id="R",
        now_us=0,
        region="us-east-1",
        headers=headers or {},
    )


@pytest.mark.parametrize("piece", [64 * 1024, 100_003])
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_a_body_of_any_length_is_stored_as_it_came(tmp_path: Path, size: int, announced: bool, piece: int) -> None:
    data = some_bytes(size)

    async def test(store: FilesystemBlobStore) -> None:
        received = await receive(Arriving(data, size if announced else None, piece=piece), store, Expectations())
        assert received.size == size
        assert received.etag == hashlib.md5(data).hexdigest()
        assert received.checksum == checksums.compute("CRC64NVME", data)
        assert received.confirmed is None
        assert (received.blob is None) == (size <= INLINE_BYTES_MAX)
        assert await received_bytes(received, store) == data
        assert [path.name for path in files_under(tmp_path)] == ([received.blob] if received.blob else [])

    in_store(tmp_path, test)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("size", [0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1])
def test_a_part_is_a_blob_however_small_unless_it_is_empty(tmp_path: Path, size: int, announced: bool) -> None:
    data = some_bytes(size)

    async def test(store: FilesystemBlobStore) -> None:
        body = Arriving(data, size if announced else None)
        received = await receive(body, store, Expectations(part=True), inline_limit=0)
        assert (received.blob is None) == (size == 0)
        assert await received_bytes(received, store) == data

    in_store(tmp_path, test)


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
@pytest.mark.parametrize("in_trailer", [False, True])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_right_digests_of_every_kind_are_confirmed_and_stored(
    tmp_path: Path, size: int, in_trailer: bool, algorithm: str
) -> None:
    data = some_bytes(size)
    checksum = checksums.compute(algorithm, data)
    params: dict[str, Any] = {"ContentMD5": base64.b64encode(hashlib.md5(data).digest()).decode()}
    name = f"x-amz-checksum-{algorithm.lower()}"
    headers = {"x-amz-trailer": name} if in_trailer else {}
    if not in_trailer:
        params[f"Checksum{algorithm}"] = checksum.value

    async def test(store: FilesystemBlobStore) -> None:
        request = request_of(params, headers=headers)
        request.content_sha256 = hashlib.sha256(data).hexdigest()
        body = Arriving(data, size, trailers={name: checksum.value} if in_trailer else {})
        received = await receive(body, store, expectations(request))
        assert received.checksum == received.confirmed == checksum

    in_store(tmp_path, test)


WRONG_MD5 = hashlib.md5(b"other").digest()
WRONG_SHA256 = hashlib.sha256(b"other").hexdigest()


def wrong(algorithm: str) -> str:
    return checksums.compute(algorithm, b"other").value


@pytest.mark.parametrize(
    ("expected", "trailers", "error", "message"),
    [
        (Expectations(md5=WRONG_MD5), {}, BadDigest, "The Content-MD5 you specified did not match what we received."),
        (
            Expectations(sha256=WRONG_SHA256),
            {},
            XAmzContentSHA256Mismatch,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
        *[
            (
                Expectations(algorithm=algorithm, given=algorithm, value=wrong(algorithm)),
                {},
                BadDigest,
                f"The {algorithm} you specified did not match the calculated checksum.",
            )
            for algorithm in checksums.ALGORITHMS
        ],
        (
            Expectations(algorithm="CRC32", given="CRC32"),
            {"x-amz-checksum-crc32": wrong("CRC32")},
            BadDigest,
            "The CRC32 you specified did not match the calculated checksum.",
        ),
        (
            Expectations(algorithm="CRC32", given="CRC32"),
            {"x-amz-checksum-crc32": "AAA"},
            InvalidRequest,
            "Value for x-amz-checksum-crc32 header is invalid.",
        ),
        (
            Expectations(algorithm="CRC32", given="CRC32"),
            {},
            MalformedTrailerError,
            MalformedTrailerError.default_message,
        ),
    ],
)
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_body_that_is_not_what_was_promised_is_refused_and_leaves_nothing(
    tmp_path: Path, size: int, expected: Expectations, trailers: dict[str, str], error: type[S3Error], message: str
) -> None:
    async def test(store: FilesystemBlobStore) -> None:
        with pytest.raises(error) as refused:
            await receive(Arriving(some_bytes(size), size, trailers=trailers), store, expected)
        assert refused.value.message == message
        assert files_under(tmp_path) == []

    in_store(tmp_path, test)


def test_a_refusal_names_both_digests_as_aws_does(tmp_path: Path) -> None:
    """An object's expected MD5 is shown in hex, a part's in base64 (recorded); SHA-256 in hex."""
    data = b"data"
    calculated = base64.b64encode(hashlib.md5(data).digest()).decode()
    cases = [
        (Expectations(md5=WRONG_MD5), {"ExpectedDigest": WRONG_MD5.hex(), "CalculatedDigest": calculated}),
        (
            Expectations(md5=WRONG_MD5, part=True),
            {"ExpectedDigest": base64.b64encode(WRONG_MD5).decode(), "CalculatedDigest": calculated},
        ),
        (
            Expectations(sha256=WRONG_SHA256),
            {
                "ClientComputedContentSHA256": WRONG_SHA256,
                "S3ComputedContentSHA256": hashlib.sha256(data).hexdigest(),
            },
        ),
    ]

    async def test(store: FilesystemBlobStore) -> None:
        for expected, details in cases:
            with pytest.raises(S3Error) as refused:
                await receive(Arriving(data, len(data)), store, expected)
            assert refused.value.details == details

    in_store(tmp_path, test)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("loud", [True, False])
def test_a_body_that_ends_early_is_incomplete_and_leaves_nothing(tmp_path: Path, size: int, loud: bool) -> None:
    data = some_bytes(size)

    async def test(store: FilesystemBlobStore) -> None:
        body = Arriving(data, size, cut=size // 2, piece=256) if loud else Arriving(data[:-1], size)
        with pytest.raises(IncompleteBody):
            await receive(body, store, Expectations())
        assert files_under(tmp_path) == []

    in_store(tmp_path, test)


def test_a_body_announced_too_large_is_refused_before_a_byte_of_it_is_read(tmp_path: Path) -> None:
    async def never(number: int) -> None:
        raise AssertionError(number)

    async def test(store: FilesystemBlobStore) -> None:
        with pytest.raises(EntityTooLarge) as refused:
            await receive(Arriving(b"x", 5 * 1024**3 + 1, before_piece=never), store, Expectations())
        assert refused.value.details == {"ProposedSize": "5368709121", "MaxSizeAllowed": "5368709120"}

    in_store(tmp_path, test)


def test_a_body_that_grows_too_large_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_BYTES_MAX", LARGE)

    async def test(store: FilesystemBlobStore) -> None:
        assert (await receive(Arriving(some_bytes(LARGE)), store, Expectations())).size == LARGE
        left = files_under(tmp_path)
        with pytest.raises(EntityTooLarge):
            await receive(Arriving(some_bytes(LARGE + 1)), store, Expectations())
        assert files_under(tmp_path) == left

    in_store(tmp_path, test)


@pytest.mark.parametrize("step", ["write 0", "write 3", "commit"])
def test_a_disk_that_fails_at_any_step_leaves_nothing(tmp_path: Path, step: str) -> None:
    async def test(store: FilesystemBlobStore) -> None:
        faulty = FaultyBlobs(store)
        faulty.fails = {step}
        with pytest.raises(BlobsUnavailable, match=step):
            await receive(Arriving(some_bytes(LARGE), LARGE), faulty, Expectations())
        assert files_under(tmp_path) == []

    in_store(tmp_path, test)


@pytest.mark.parametrize("at_piece", [0, 20, 60])
def test_a_body_cancelled_on_its_way_leaves_nothing(tmp_path: Path, at_piece: int) -> None:
    async def test(store: FilesystemBlobStore) -> None:
        reached = asyncio.Event()

        async def stall(number: int) -> None:
            if number == at_piece:
                reached.set()
                await asyncio.Event().wait()

        body = Arriving(some_bytes(5 * BUFFER_BYTES), 5 * BUFFER_BYTES, before_piece=stall)
        task = asyncio.create_task(receive(body, store, Expectations()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert files_under(tmp_path) == []

    in_store(tmp_path, test)


@pytest.mark.parametrize("at_step", ["write 0", "write 2", "commit"])
def test_a_body_cancelled_while_the_disk_stalls_leaves_nothing(tmp_path: Path, at_step: str) -> None:
    async def test(store: FilesystemBlobStore) -> None:
        reached = asyncio.Event()

        async def stall(step: str, data: object) -> None:
            if step == at_step:
                reached.set()
                await asyncio.Event().wait()

        slow = FaultyBlobs(store)
        slow.before = stall
        task = asyncio.create_task(receive(Arriving(some_bytes(LARGE), LARGE), slow, Expectations()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert files_under(tmp_path) == []

    in_store(tmp_path, test)


def test_a_slow_disk_holds_back_its_client_and_memory_stays_flat(tmp_path: Path) -> None:
    piece = 64 * 1024
    size = 12 * BUFFER_BYTES
    asked = 0
    written = 0
    buffers: set[int] = set()
    full = asyncio.Event()

    async def count(number: int) -> None:
        nonlocal asked
        asked = number * piece
        assert asked - written <= BUFFERS * BUFFER_BYTES
        if asked == BUFFERS * BUFFER_BYTES:
            full.set()

    async def wait(step: str, data: bytes | bytearray | memoryview) -> None:
        nonlocal written
        if isinstance(data, memoryview):
            await full.wait()  # The disk begins only when the client cannot go on: then every buffer is full.
            buffers.add(id(data.obj))
            written += len(data)

    async def test(store: FilesystemBlobStore) -> None:
        slow = FaultyBlobs(store)
        slow.before = wait
        received = await receive(
            Arriving(some_bytes(size), size, piece=piece, before_piece=count), slow, Expectations()
        )
        assert received.etag == hashlib.md5(some_bytes(size)).hexdigest()
        assert len(buffers) == BUFFERS

    in_store(tmp_path, test)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"ContentMD5": "MTIz"}, InvalidDigest),
        ({"ChecksumCRC32": "not base64"}, InvalidRequest),
        ({"ChecksumAlgorithm": "CRC32"}, InvalidRequest),
    ],
)
def test_digests_that_cannot_be_are_refused_before_the_body(params: dict[str, Any], error: type[S3Error]) -> None:
    with pytest.raises(error):
        expectations(request_of(params))


def test_a_part_of_an_upload_without_algorithm_is_compared_with_its_own_and_stored_with_the_default(
    tmp_path: Path,
) -> None:
    given = checksums.compute("CRC32C", b"abc")

    async def test(store: FilesystemBlobStore) -> None:
        wanted = expectations(request_of({"ChecksumCRC32C": given.value}, operation="UploadPart"))
        received = await receive(Arriving(b"abc", 3), store, wanted, inline_limit=0)
        assert received.confirmed == given
        assert received.checksum == checksums.compute("CRC64NVME", b"abc")

    in_store(tmp_path, test)


def test_a_part_with_another_checksum_than_its_upload_is_refused() -> None:
    request = request_of({"ChecksumCRC32C": checksums.compute("CRC32C", b"").value}, operation="UploadPart")
    with pytest.raises(InvalidRequest, match="expected checksum Type: sha256, actual checksum Type: crc32c"):
        expectations(request, algorithm="SHA256")


@pytest.mark.parametrize("size", [1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, LARGE])
def test_stored_bytes_are_copied_and_compared_with_what_is_known(tmp_path: Path, size: int) -> None:
    data = some_bytes(size)

    async def test(store: FilesystemBlobStore) -> None:
        source = await receive(Arriving(b"<" + data + b">", size + 2), store, Expectations(), inline_limit=0)
        assert source.blob is not None
        body = Body(length=size, blobs=((source.blob, 1, size),), store=store)
        known = checksums.compute("CRC64NVME", data)
        copied = await receive_stored(body, store, algorithm="SHA1", known=known)
        assert await received_bytes(copied, store) == data
        assert copied.etag == hashlib.md5(data).hexdigest()
        assert copied.checksum == checksums.compute("SHA1", data)
        unasked = await receive_stored(body, store, algorithm="CRC64NVME", inline_limit=0, md5=False)
        assert (unasked.etag, unasked.checksum, unasked.inline) == ("", known, None)
        kept = files_under(tmp_path)
        with pytest.raises(StoredBytesDiffer):
            await receive_stored(body, store, algorithm="SHA1", known=checksums.compute("CRC64NVME", data + b"!"))
        with pytest.raises(BlobMissing):
            short = Body(length=size + 2, blobs=((source.blob, 1, size + 2),), store=store)
            await receive_stored(short, store, algorithm="SHA1")
        assert files_under(tmp_path) == kept

    in_store(tmp_path, test)


def test_a_discarded_body_leaves_nothing_and_a_failing_disk_is_left_to_the_collector(tmp_path: Path) -> None:
    async def test(store: FilesystemBlobStore) -> None:
        received = await receive(Arriving(some_bytes(LARGE), LARGE), store, Expectations())
        faulty = FaultyBlobs(store)
        faulty.fails = {"delete"}
        await discard(faulty, received)
        assert len(files_under(tmp_path)) == 1
        await discard(store, received)
        assert files_under(tmp_path) == []
        await discard(store, await receive(Arriving(b"inline", 6), store, Expectations()))

    in_store(tmp_path, test)


def version(**members: Any) -> Version:
    return Version(bucket_id=1, key="k", version_id="v", created_us=1, owner="111122223333", **members)


@pytest.mark.parametrize(
    ("window", "ranges"),
    [
        (None, (("a", 0, 5), ("b", 0, 7), ("d", 0, 2))),
        (ByteRange(0, 0), (("a", 0, 1),)),
        (ByteRange(4, 5), (("a", 4, 1), ("b", 0, 1))),
        (ByteRange(5, 11), (("b", 0, 7),)),
        (ByteRange(6, 12), (("b", 1, 6), ("d", 0, 1))),
        (ByteRange(13, 13), (("d", 1, 1),)),
        (ByteRange(12, 11), ()),
    ],
)
def test_a_range_of_a_multipart_object_touches_only_its_parts(
    tmp_path: Path, window: ByteRange | None, ranges: tuple[tuple[str, int, int], ...]
) -> None:
    parts = (Part(1, 5, "", "a"), Part(2, 7, "", "b"), Part(4, 0, "", None), Part(9, 2, "", "d"))
    metadata: Any = None

    async def test(store: FilesystemBlobStore) -> None:
        region = Region("us-east-1", metadata, store)
        body = body_of(version(size=14, attributes=Attributes(parts=parts)), region, window)
        assert body.blobs == ranges
        assert body.length == sum(length for _, _, length in ranges)

    in_store(tmp_path, test)


def test_a_version_reads_from_its_blob_or_from_beside_it_whole_or_in_part(tmp_path: Path) -> None:
    async def run() -> None:
        metadata = SqliteMetadataStore.open(tmp_path / "meta" / "region.db", "us-east-1")
        async with store_in(tmp_path / "blobs") as store:
            region = Region("us-east-1", metadata, store)
            data = some_bytes(LARGE)
            received = await receive(Arriving(data, LARGE), store, Expectations())
            large = version(size=LARGE, blob=received.blob)
            assert await bytes_of(body_of(large, region)) == data
            assert await bytes_of(body_of(large, region, ByteRange(9, LARGE - 9))) == data[9 : LARGE - 8]

            bucket = await metadata.write(lambda tx: tx.create_bucket("b", "111122223333", 1))
            small = Version(bucket_id=bucket.id, key="k", version_id="v", created_us=1, owner="", size=5, inline=True)
            await metadata.write(lambda tx: tx.insert_version(small, b"small"))
            found = metadata.reader.current(bucket.id, "k")
            assert found is not None
            assert await bytes_of(body_of(found, region)) == b"small"
            assert await bytes_of(body_of(found, region, ByteRange(1, 3))) == b"mal"
            assert await bytes_of(body_of(version(), region)) == b""
            await metadata.write(lambda tx: tx.remove_version(found))
            with pytest.raises(BodyReplaced):
                body_of(found, region)
        await metadata.close()

    asyncio.run(run())


def test_the_default_checksum_is_that_of_aws() -> None:
    assert Expectations().digests().checksum("CRC64NVME") == Checksum("CRC64NVME", "AAAAAAAAAAA=")
