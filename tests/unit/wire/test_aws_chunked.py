"""aws-chunked bodies, from an encoder of the tests' own, cut everywhere. Refusals: as observed on AWS."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.signing import ChunkEncoder

from farshore.auth.chunk_signatures import ChunkSigner
from farshore.auth.sigv4 import VerifiedSignature
from farshore.model.errors import (
    IncompleteBody,
    InvalidChunkSizeError,
    MalformedTrailerError,
    S3Error,
    SignatureDoesNotMatch,
)
from farshore.wire.aws_chunked import AwsChunkedDecoder, Mode

SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
TRAILERS = {"x-amz-checksum-crc32c": "sOO8/Q=="}
MODES: tuple[Mode, ...] = ("signed", "signed-trailer", "unsigned-trailer")
TERMINATED = "The request body terminated unexpectedly"
OTHER_LENGTH = "You did not provide the number of bytes specified by the Content-Length HTTP header"


class AnySignature:
    """A checker that takes every signature, and keeps what it was shown."""

    def __init__(self) -> None:
        self.chunks: list[tuple[str, str]] = []
        self.trailers: list[tuple[bytes, str]] = []

    def check_chunk(self, sha256_hex: str, signature: str) -> None:
        self.chunks.append((sha256_hex, signature))

    def check_trailer(self, canonical_trailers: bytes, signature: str) -> None:
        self.trailers.append((canonical_trailers, signature))


def signer() -> ChunkSigner:
    """A real one, that begins where `ChunkEncoder(SEED)` does."""
    return ChunkSigner(
        VerifiedSignature(
            access_key_id="AKIAIOSFODNN7EXAMPLE",
            signature=SEED,
            scope="20130524/us-east-1/s3/aws4_request",
            amz_date="20130524T000000Z",
            sign=ChunkEncoder(SEED).mac,
            canonical_request=b"PUT\n/",
        )
    )


def encode(mode: Mode, chunks: Sequence[bytes], trailers: dict[str, str] | None = None) -> bytes:
    seed = None if mode == "unsigned-trailer" else SEED
    return ChunkEncoder(seed).encode(chunks, None if mode == "signed" else trailers or {})


def decoder(mode: Mode, length: int, checker: Any = None) -> AwsChunkedDecoder:
    if mode == "unsigned-trailer":
        return AwsChunkedDecoder(mode, length, None)
    return AwsChunkedDecoder(mode, length, signer() if checker is None else checker)


def decode(
    mode: Mode, pieces: Iterable[bytes | memoryview], length: int, checker: Any = None
) -> tuple[bytes, dict[str, str]]:
    one = decoder(mode, length, checker)
    payload = b"".join(bytes(out) for piece in pieces for out in one.feed(piece))
    return payload, one.finish()


def expected_trailers(mode: Mode) -> dict[str, str]:
    return {} if mode == "signed" else TRAILERS


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "chunks", [(), (b"x",), (b"hello\r\nworld",), (b"a" * 8192, b"b" * 9000, b"c"), (b"a" * 65536, b"a" * 1024)]
)
def test_what_was_encoded_is_decoded(mode: Mode, chunks: tuple[bytes, ...]) -> None:
    payload = b"".join(chunks)
    body = encode(mode, chunks, TRAILERS)
    assert decode(mode, [body], len(payload)) == (payload, expected_trailers(mode))
    assert decode(mode, [memoryview(body)], len(payload)) == (payload, expected_trailers(mode))


@pytest.mark.parametrize("mode", MODES)
def test_a_body_is_decoded_wherever_it_is_cut(mode: Mode) -> None:
    payload = b"\r\n0;chunk-signature=\r\n"
    body = encode(mode, [payload], TRAILERS)
    decoded = (payload, expected_trailers(mode))
    for at in range(len(body) + 1):
        assert decode(mode, [body[:at], body[at:]], len(payload)) == decoded
    assert decode(mode, [bytes([byte]) for byte in body], len(payload)) == decoded
    assert decode(mode, [b"", *[bytes([byte]) for byte in body], b""], len(payload)) == decoded


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(MODES),
    sizes=st.lists(st.integers(8192, 12000), max_size=3),
    last=st.integers(0, 9000),
    piece=st.integers(1, 5000),
    seed=st.integers(0, 2**32),
)
def test_chunks_of_any_size_are_decoded_from_pieces_of_any_size(
    mode: Mode, sizes: list[int], last: int, piece: int, seed: int
) -> None:
    source = random.Random(seed)
    chunks = [source.randbytes(size) for size in (*sizes, last)]
    payload = b"".join(chunks)
    body = encode(mode, chunks, TRAILERS)
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)]
    assert decode(mode, pieces, len(payload)) == (payload, expected_trailers(mode))


def test_payload_is_handed_out_as_slices_of_what_was_fed_and_before_its_chunk_ends() -> None:
    one = AwsChunkedDecoder("signed", 100_000, AnySignature())
    head = f"{100_000:x};chunk-signature=abc\r\n".encode()
    first, second = head + b"a" * 60_000, b"b" * 30_000
    (piece,) = one.feed(first)
    assert piece.obj is first
    assert piece == b"a" * 60_000
    (piece,) = one.feed(second)
    assert piece.obj is second
    assert len(piece) == 30_000


def test_the_checker_is_shown_each_chunks_digest_and_the_trailers() -> None:
    checker = AnySignature()
    body = (
        b"2000;chunk-signature=s1\r\n" + b"a" * 8192 + b"\r\n1;chunk-signature=s2\r\nb\r\n0;chunk-signature=s3\r\n"
        b"X-Amz-Checksum-CRC32:  AAAAAA== \r\nx-amz-other:1\r\nx-amz-trailer-signature:s4\r\n\r\n"
    )
    _, trailers = decode("signed-trailer", [body], 8193, checker)
    digests = [hashlib.sha256(chunk).hexdigest() for chunk in (b"a" * 8192, b"b", b"")]
    assert checker.chunks == list(zip(digests, ["s1", "s2", "s3"], strict=True))
    assert checker.trailers == [(b"x-amz-checksum-crc32:AAAAAA==\nx-amz-other:1\n", "s4")]
    assert trailers == {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-other": "1"}


def test_a_signed_body_without_trailers_signs_a_lone_line_feed() -> None:
    checker = AnySignature()
    body = b"0;chunk-signature=s1\r\nx-amz-trailer-signature:s2\r\n\r\n"
    assert decode("signed-trailer", [body], 0, checker) == (b"", {})
    assert checker.trailers == [(b"\n", "s2")]


@pytest.mark.parametrize("mode", ["signed-trailer", "unsigned-trailer"])
def test_a_trailer_line_may_end_in_a_line_feed_before_its_crlf_as_the_published_example_shows(mode: Mode) -> None:
    body = ChunkEncoder(None if mode == "unsigned-trailer" else SEED).encode([b"hello"], TRAILERS, line_end=b"\n\r\n")
    for at in range(len(body) + 1):
        assert decode(mode, [body[:at], body[at:]], 5) == (b"hello", TRAILERS)


@pytest.mark.parametrize("header", [b"5 ; chunk-signature=s", b"5;chunk-signature = s ", b"0005;chunk-signature=s"])
def test_spaces_and_zeros_in_a_chunk_header_do_not_matter(header: bytes) -> None:
    checker = AnySignature()
    assert decode("signed", [header + b"\r\nhello\r\n0;chunk-signature=s\r\n\r\n"], 5, checker) == (b"hello", {})
    assert [signature for _, signature in checker.chunks] == ["s", "s"]


def test_sizes_are_hexadecimal_in_either_case() -> None:
    body = b"A\r\n0123456789\r\nb\r\n01234567890\r\n0\r\n\r\n"
    assert decode("unsigned-trailer", [body], 21) == (b"012345678901234567890", {})


def test_unsigned_chunks_may_be_small() -> None:
    assert decode("unsigned-trailer", [b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"], 3) == (b"abc", {})


@pytest.mark.parametrize("end", [b"", b"x-amz-checksum-crc32:AAAAAA==\r\n"])
def test_an_unsigned_body_may_end_without_its_last_crlf(end: bytes) -> None:
    payload, trailers = decode("unsigned-trailer", [b"1\r\na\r\n0\r\n" + end], 1)
    assert payload == b"a"
    assert trailers == ({"x-amz-checksum-crc32": "AAAAAA=="} if end else {})


@pytest.mark.parametrize("mode", MODES)
def test_line_ends_may_follow_the_end(mode: Mode) -> None:
    body = encode(mode, [b"x"], TRAILERS)
    assert decode(mode, [body + b"\r\n", b"\r", b"\n"], 1) == (b"x", expected_trailers(mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("junk", [b"x", b"\r\nx", b"0\r\n\r\n", b"\xff\xde\xad", b"\r\n" * 5000])
def test_other_data_after_the_end_is_refused(mode: Mode, junk: bytes) -> None:
    body = encode(mode, [b"x"], TRAILERS)
    for pieces in ([body + junk], [body, junk]):
        with pytest.raises(MalformedTrailerError):
            decode(mode, pieces, 1)


def test_the_last_of_a_trailers_values_counts() -> None:
    body = b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-checksum-crc32:BBBBBB==\r\n\r\n"
    assert decode("unsigned-trailer", [body], 0) == (b"", {"x-amz-checksum-crc32": "BBBBBB=="})


@pytest.mark.parametrize("mode", MODES)
def test_a_body_that_is_cut_short_is_refused(mode: Mode) -> None:
    payload = b"a" * 20
    body = encode(mode, [payload], TRAILERS)
    for at in range(len(body)):
        # AWS: an unsigned body may end after any of its lines once the last chunk is there.
        if mode == "unsigned-trailer" and b"\r\n0\r\n" in body[:at] and body[:at].endswith(b"\r\n"):
            continue
        with pytest.raises(IncompleteBody) as error:
            decode(mode, [body[:at]], len(payload))
        assert error.value.message == TERMINATED
        assert error.value.details == {}


@pytest.mark.parametrize("mode", ["signed", "signed-trailer"])
def test_a_changed_bit_anywhere_in_a_signed_body_is_refused(mode: Mode) -> None:
    chunks = [b"a" * 30]
    body = encode(mode, chunks, TRAILERS)
    assert decode(mode, [body], 30)
    for at in range(len(body)):
        changed = bytearray(body)
        changed[at] ^= 1
        with pytest.raises(S3Error):
            decode(mode, [bytes(changed)], 30)


def _swap(body: bytes) -> bytes:
    """Exchange the payloads of two chunks of the same size."""
    return body.replace(b"a" * 9000, b"_" * 9000).replace(b"b" * 9000, b"a" * 9000).replace(b"_" * 9000, b"b" * 9000)


def _drop_first(body: bytes) -> bytes:
    return body[body.index(b"a" * 9000) + 9002 :]


def _repeat_first(body: bytes) -> bytes:
    first = body[: body.index(b"a" * 9000) + 9002]
    return first + body


@pytest.mark.parametrize(("change", "length"), [(_swap, 18000), (_drop_first, 9000), (_repeat_first, 27000)])
@pytest.mark.parametrize("mode", ["signed", "signed-trailer"])
def test_signed_chunks_can_be_neither_moved_nor_dropped_nor_repeated(
    mode: Mode, change: Callable[[bytes], bytes], length: int
) -> None:
    body = encode(mode, [b"a" * 9000, b"b" * 9000], TRAILERS)
    with pytest.raises(SignatureDoesNotMatch):
        decode(mode, [change(body)], length)


def test_the_end_of_a_signed_body_cannot_be_made_up() -> None:
    body = encode("signed", [b"a" * 9000, b"b" * 9000])
    cut = body[: body.index(b"a" * 9000) + 9002]
    with pytest.raises(SignatureDoesNotMatch):
        decode("signed", [cut + b"0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n"], 9000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5_0\r\nhello\r\n0\r\n\r\n",
        b"\r\nhello\r\n0\r\n\r\n",
        b";x\r\nhello\r\n0\r\n\r\n",
        b"00000000000000005\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5\rhello\r0\r\r",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhello!\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello\r\n",
        b"5\r\nhello\r\n0",
        b"5\r\nhello\r\n0\r\n\r",
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\n",
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r",
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==",
        b" " * 300 + b"5\r\nhello\r\n0\r\n\r\n",
        b"5;" + b"x" * 300 + b"\r\nhello\r\n0\r\n\r\n",
        b"5" * 10_000,
    ],
)
def test_framing_that_is_none_is_refused(body: bytes) -> None:
    for pieces in ([body], [bytes([byte]) for byte in body]):
        with pytest.raises(IncompleteBody) as error:
            decode("unsigned-trailer", pieces, 5)
        assert error.value.message == TERMINATED
        assert error.value.details == {}


@pytest.mark.parametrize(
    "header",
    [
        b"5",
        b"5;",
        b"5;chunk-signature",
        b"5;chunk-signature=",
        b"5;chunk-signature= ",
        b"5;Chunk-Signature=s",
        b"5;signature=s",
        b"5;extra=param;chunk-signature=s",
        b"5;chunk-signature=s;extra=param",
    ],
)
def test_a_signed_chunk_needs_its_signature(header: bytes) -> None:
    with pytest.raises(IncompleteBody) as error:
        decode("signed", [header + b"\r\nhello\r\n0;chunk-signature=s\r\n\r\n"], 5, AnySignature())
    assert error.value.message == TERMINATED


@pytest.mark.parametrize(
    ("body", "expected", "provided"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", 6, 5),
        (b"5\r\nhello\r\n0\r\n", 6, 5),
        (b"a\r\nhellohello\r\n0\r\n\r\n", 5, 10),
        (b"5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", 5, 10),
        (b"4\r\nhell\r\n0\r\n\r\n1\r\no\r\n0\r\n\r\n", 5, 4),
        (b"ffffffffffffffff\r\n", 5, 0xFFFFFFFFFFFFFFFF),
        (b"0\r\n\r\n", 5, 0),
    ],
)
def test_a_body_of_another_length_than_announced_is_refused(body: bytes, expected: int, provided: int) -> None:
    with pytest.raises(IncompleteBody) as error:
        decode("unsigned-trailer", [body], expected)
    assert error.value.message == OTHER_LENGTH
    assert error.value.details == {"NumberBytesExpected": str(expected), "NumberBytesProvided": str(provided)}


def test_more_payload_than_announced_is_refused_before_it_is_handed_out() -> None:
    one = decoder("unsigned-trailer", 5)
    with pytest.raises(IncompleteBody):
        one.feed(b"6\r\nhello!")


@pytest.mark.parametrize("mode", ["signed", "signed-trailer"])
def test_only_the_last_signed_chunk_may_be_small(mode: Mode) -> None:
    body = encode(mode, [b"x" * 1024, b"y" * 4096, b"z" * 3072], TRAILERS)
    with pytest.raises(InvalidChunkSizeError) as error:
        decode(mode, [body], 8192)
    assert error.value.status == 403
    assert error.value.message == "Only the last chunk is allowed to have a size less than 8192 bytes"
    assert error.value.details == {"Chunk": "2", "BadChunkSize": "1024"}
    body = encode(mode, [b"x" * 8192, b"y" * 8191, b"z"], TRAILERS)
    with pytest.raises(InvalidChunkSizeError) as error:
        decode(mode, [body], 16384)
    assert error.value.details == {"Chunk": "3", "BadChunkSize": "8191"}


@pytest.mark.parametrize(
    "trailers",
    [
        b"bonus\r\n\r\n",
        b":value\r\n\r\n",
        b" : value\r\n\r\n",
        b"a:1\nb:2\n\r\n\r\n",
        b"x-amz-trailer-signature:" + b"0" * 64 + b"\r\n\r\n",
        b"a:" + b"x" * 9000 + b"\r\n\r\n",
        b"a:" + b"x" * 9000,
        b"a:1\r\n" * 3000 + b"\r\n",
    ],
)
def test_trailers_that_are_none_are_refused(trailers: bytes) -> None:
    for pieces in ([b"0\r\n" + trailers], [b"0\r\n", *[bytes([byte]) for byte in trailers]]):
        with pytest.raises(MalformedTrailerError):
            decode("unsigned-trailer", pieces, 0)


def test_the_bound_of_trailers_is_the_callers_and_counts_every_byte() -> None:
    line = "ä:1\r\n".encode()
    AwsChunkedDecoder("unsigned-trailer", 0, None, max_trailer_bytes=3 * len(line)).feed(b"0\r\n" + line * 3)
    with pytest.raises(MalformedTrailerError):
        AwsChunkedDecoder("unsigned-trailer", 0, None, max_trailer_bytes=3 * len(line) - 1).feed(b"0\r\n" + line * 3)


def test_a_signed_body_of_a_kind_without_trailers_has_none() -> None:
    with pytest.raises(MalformedTrailerError):
        decode("signed", [b"0;chunk-signature=s\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"], 0, AnySignature())


@pytest.mark.parametrize("end", [b"\r\n", b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n", b"x-amz-trailer-signature:s\r\n"])
def test_a_body_with_signed_trailers_needs_their_signature_and_its_end(end: bytes) -> None:
    with pytest.raises(IncompleteBody) as error:
        decode("signed-trailer", [b"0;chunk-signature=s\r\n" + end], 0, AnySignature())
    assert error.value.message == TERMINATED


def test_nothing_but_the_end_follows_the_trailers_signature() -> None:
    body = b"0;chunk-signature=s\r\nx-amz-trailer-signature:s\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    with pytest.raises(MalformedTrailerError):
        decode("signed-trailer", [body], 0, AnySignature())


def test_trailers_that_were_changed_do_not_match() -> None:
    body = encode("signed-trailer", [b"x"], TRAILERS)
    for changed in (body.replace(b"sOO8", b"sOO9"), body.replace(b"crc32c", b"crc32"), body.replace(b"sOO8/Q==", b"")):
        with pytest.raises(SignatureDoesNotMatch):
            decode("signed-trailer", [changed], 1)


@settings(max_examples=200, deadline=None)
@given(
    mode=st.sampled_from(MODES),
    body=st.one_of(
        st.binary(max_size=200), st.text(st.sampled_from("05aAf;:=\r\nchunk-signature"), max_size=80).map(str.encode)
    ),
    length=st.integers(0, 20),
)
def test_junk_is_refused_as_a_client_error_or_decoded_to_the_announced_length(
    mode: Mode, body: bytes, length: int
) -> None:
    try:
        payload, _ = decode(mode, [body], length, AnySignature())
    except S3Error as error:
        assert 400 <= error.status < 500
    else:
        assert len(payload) == length
