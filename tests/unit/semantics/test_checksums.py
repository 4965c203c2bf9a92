"""Checksums. Source: S3 User Guide, "Checking object integrity in Amazon S3"; values and messages recorded on AWS."""

from __future__ import annotations

import base64
import hashlib
import itertools
from typing import Any

import pytest

from farshore.model.errors import (
    BadDigest,
    InvalidDigest,
    InvalidRequest,
    MalformedTrailerError,
)
from farshore.model.objects import Checksum, ChecksumType, Part
from farshore.semantics.checksums import (
    ALGORITHMS,
    ChecksumAccumulator,
    check_content_md5,
    combine_full_object,
    composite,
    compute,
    copy_algorithm,
    part_algorithm,
    requested_checksum,
    trailer_value,
    upload_checksum,
    verify,
    verify_md5,
)

VALUES = {  # Of b"test data..", the first five as AWS was recorded to answer them.
    "CRC32": "cZWHwQ==",
    "CRC32C": "Pf4upw==",
    "SHA1": "B++3uSfJMSHWToQMQ1g6lIJY5Eo=",
    "SHA256": "2l26x0trnT0r2AvakoFk2MB7eKVKzYESLMxSAKAzoik=",
    "CRC64NVME": "qUVrWYOrIAM=",
    "SHA512": "gW6vb70PXMPV+9iXchlSKguqSJ6tOlFnLzDFYUPitZcFKdp8Q12yxeuMdslExvycnq54doErAwzjgVMiEwrOTg==",
    "MD5": "5tkibCqGtyMpM2Y8E0Z1Jw==",
    "XXHASH64": "8dnMLe7pxp4=",
    "XXHASH3": "ewECkvZFECs=",
    "XXHASH128": "mP9hjlRlRc/lPTFf0XV0/Q==",
}


def parts_of(algorithm: str, *bodies: bytes) -> list[Part]:
    return [
        Part(number, len(body), hashlib.md5(body).hexdigest(), "blob", compute(algorithm, body))
        for number, body in enumerate(bodies, 1)
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_values_are_those_of_aws_however_the_body_is_cut(algorithm: str) -> None:
    accumulator = ChecksumAccumulator(algorithm)
    for piece in (b"test ", bytearray(b"da"), memoryview(b"xxta..")[2:]):
        accumulator.update(piece)
    assert accumulator.value() == VALUES[algorithm]
    assert accumulator.checksum() == compute(algorithm, b"test data..") == Checksum(algorithm, VALUES[algorithm])


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
@pytest.mark.parametrize("cuts", [(11,), (5, 8), (0, 11), (3, 3, 4)])
def test_part_checksums_combine_to_that_of_the_whole(algorithm: str, cuts: tuple[int, ...]) -> None:
    body = b"test data.."
    edges = (0, *cuts, len(body))
    pieces = [body[start:end] for start, end in itertools.pairwise(edges)]
    assert combine_full_object(parts_of(algorithm, *pieces)) == Checksum(algorithm, VALUES[algorithm])


@pytest.mark.parametrize(
    ("algorithm", "body", "value"),
    [("CRC32C", b"this is a part", "F9bAnw==-1"), ("CRC32C", b"test content 123", "sZB91Q==-1")],
)
def test_a_composite_checksum_is_that_of_the_part_checksums(algorithm: str, body: bytes, value: str) -> None:
    assert composite(parts_of(algorithm, body)) == Checksum(algorithm, value, ChecksumType.COMPOSITE)


def test_a_composite_checksum_counts_its_parts() -> None:
    parts = parts_of("SHA256", b"a", b"b", b"")
    digests = b"".join(hashlib.sha256(body).digest() for body in (b"a", b"b", b""))
    assert composite(parts).value == base64.b64encode(hashlib.sha256(digests).digest()).decode() + "-3"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_request_brings_one_checksum(algorithm: str) -> None:
    value = VALUES[algorithm]
    member = f"Checksum{algorithm}"
    assert requested_checksum({member: value, "Key": "k"}) == (algorithm, value)
    assert requested_checksum({member: value, "ChecksumAlgorithm": algorithm}) == (algorithm, value)
    trailer = f"x-amz-checksum-{algorithm.lower()}"
    assert requested_checksum({}, trailer) == (algorithm, None)
    assert requested_checksum({"ChecksumAlgorithm": algorithm}, trailer) == (algorithm, None)
    assert trailer_value(algorithm, {trailer: f" {value}"}) == value


def test_a_request_may_bring_none() -> None:
    assert requested_checksum({"Key": "k"}) == (None, None)


@pytest.mark.parametrize(
    ("params", "trailer", "message"),
    [
        (
            {"ChecksumCRC32": "cZWHwQ==", "ChecksumSHA1": VALUES["SHA1"]},
            None,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ),
        (
            {"ChecksumCRC32": "cZWHwQ=="},
            "x-amz-checksum-crc32c",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ),
        ({"ChecksumCRC32": "wrong"}, None, "Value for x-amz-checksum-crc32 header is invalid."),
        ({"ChecksumCRC32": ""}, None, "Value for x-amz-checksum-crc32 header is invalid."),
        ({"ChecksumCRC32C": "é"}, None, "Value for x-amz-checksum-crc32c header is invalid."),
        ({"ChecksumSHA256": VALUES["SHA1"]}, None, "Value for x-amz-checksum-sha256 header is invalid."),
        ({"ChecksumCRC64NVME": VALUES["CRC32"]}, None, "Value for x-amz-checksum-crc64nvme header is invalid."),
        (
            {"ChecksumAlgorithm": "CRC32"},
            None,
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
            "were found.",
        ),
        (
            {"ChecksumAlgorithm": "SHA1", "ChecksumCRC32": "cZWHwQ=="},
            None,
            "Value for x-amz-sdk-checksum-algorithm header is invalid.",
        ),
        ({}, "x-amz-checksum-rot13", "The value specified in the x-amz-trailer header is not supported"),
    ],
)
def test_checksums_that_make_no_sense_are_refused(params: dict[str, Any], trailer: str | None, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        requested_checksum(params, trailer)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("algorithm", "empty"),
    [
        ("XXHASH64", "ef46db3751d8e999"),
        ("XXHASH3", "2d06800538d394c2"),
        ("XXHASH128", "99aa06d3014798d86001c324468d497f"),
    ],
)
def test_xxhash_is_the_canonical_form_of_its_specification(algorithm: str, empty: str) -> None:
    assert base64.b64decode(compute(algorithm, b"").value).hex() == empty


def test_an_announced_trailer_must_come_and_be_a_checksum() -> None:
    with pytest.raises(MalformedTrailerError):
        trailer_value("CRC32", {"x-amz-checksum-crc32c": "Pf4upw=="})
    with pytest.raises(InvalidRequest, match="Value for x-amz-checksum-crc32 header is invalid"):
        trailer_value("CRC32", {"x-amz-checksum-crc32": "x"})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_body_must_have_the_checksum_it_came_with(algorithm: str) -> None:
    verify(Checksum(algorithm, "right"), "right")
    with pytest.raises(BadDigest) as refused:
        verify(Checksum(algorithm, "right"), "wrong")
    assert refused.value.message == f"The {algorithm} you specified did not match the calculated checksum."


@pytest.mark.parametrize(
    "header", ["__invalid__", "000", "not base64 encoded checksum", "MTIz", "dGVzdC1zdHJpbmc=", ""]
)
def test_a_content_md5_that_is_none_is_refused_as_sent(header: str) -> None:
    with pytest.raises(InvalidDigest) as refused:
        check_content_md5(header)
    assert refused.value.details == {"Content-MD5": header}


@pytest.mark.parametrize(
    ("part", "shown"), [(False, "09891eb590524e35fc73372cddc5d596"), (True, "CYketZBSTjX8czcs3cXVlg==")]
)
def test_a_body_must_have_its_content_md5(part: bool, shown: str) -> None:
    assert check_content_md5(None) is None
    expected = check_content_md5("CYketZBSTjX8czcs3cXVlg==")
    computed = hashlib.md5(b"something").digest()
    assert expected is not None
    verify_md5(computed, computed, part=part)
    with pytest.raises(BadDigest) as refused:
        verify_md5(expected, computed, part=part)
    assert refused.value.details == {"ExpectedDigest": shown, "CalculatedDigest": "Q3uTDbhLgHnC3YBKcZNrXw=="}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, (None, None)),
        ({"ChecksumAlgorithm": "CRC32"}, ("CRC32", "COMPOSITE")),
        ({"ChecksumAlgorithm": "CRC32C"}, ("CRC32C", "COMPOSITE")),
        ({"ChecksumAlgorithm": "SHA1"}, ("SHA1", "COMPOSITE")),
        ({"ChecksumAlgorithm": "SHA256"}, ("SHA256", "COMPOSITE")),
        ({"ChecksumAlgorithm": "SHA512"}, ("SHA512", "COMPOSITE")),
        ({"ChecksumAlgorithm": "MD5", "ChecksumType": "COMPOSITE"}, ("MD5", "COMPOSITE")),
        ({"ChecksumAlgorithm": "xxhash128"}, ("XXHASH128", "COMPOSITE")),
        ({"ChecksumAlgorithm": "CRC64NVME"}, ("CRC64NVME", "FULL_OBJECT")),
        ({"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}, ("CRC32", "FULL_OBJECT")),
        ({"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}, ("CRC32C", "FULL_OBJECT")),
        ({"ChecksumAlgorithm": "SHA1", "ChecksumType": "COMPOSITE"}, ("SHA1", "COMPOSITE")),
    ],
)
def test_an_upload_has_an_algorithm_and_a_type(params: dict[str, str], expected: tuple[str | None, str | None]) -> None:
    assert upload_checksum(params) == expected


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"ChecksumAlgorithm": "TEST"},
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        ),
        (
            {"ChecksumType": "COMPOSITE"},
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        ),
        (
            {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
            "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
        ),
        (
            {"ChecksumAlgorithm": "SHA1", "ChecksumType": "FULL_OBJECT"},
            "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm.",
        ),
        (
            {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
            "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
        ),
        (
            {"ChecksumAlgorithm": "XXHASH3", "ChecksumType": "FULL_OBJECT"},
            "The FULL_OBJECT checksum type cannot be used with the xxhash3 checksum algorithm.",
        ),
        (
            {"ChecksumAlgorithm": "SHA256", "ChecksumType": "HALF"},
            "Value for x-amz-checksum-type header is invalid.",
        ),
    ],
)
def test_an_upload_with_impossible_checksums_is_refused(params: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        upload_checksum(params)
    assert refused.value.message == message


def test_a_part_has_the_checksum_of_its_upload() -> None:
    assert part_algorithm("SHA256", "SHA256") == "SHA256"
    assert part_algorithm("SHA256", None) == "SHA256"
    with pytest.raises(InvalidRequest) as refused:
        part_algorithm("SHA256", "CRC32")
    assert refused.value.message == (
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
    )


def test_a_part_of_an_upload_without_algorithm_may_bring_any() -> None:
    assert part_algorithm(None, "CRC32C") == part_algorithm(None, None) == "CRC64NVME"


def test_a_copy_keeps_the_algorithm_of_its_source_unless_asked() -> None:
    assert copy_algorithm(Checksum("SHA1", "x"), None) == "SHA1"
    assert copy_algorithm(Checksum("SHA1", "x"), "crc32") == "CRC32"
    assert copy_algorithm(None, None) == "CRC64NVME"
    with pytest.raises(InvalidRequest, match="Checksum algorithm provided is unsupported"):
        copy_algorithm(None, "MD4")
