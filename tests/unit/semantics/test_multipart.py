"""Multipart uploads. Source: API Reference, CompleteMultipartUpload; S3 User Guide, "Amazon S3 multipart upload
limits"; answers recorded on AWS."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from farshore.model.errors import (
    BadDigest,
    EntityTooSmall,
    InvalidArgument,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    MalformedXML,
    S3Error,
)
from farshore.model.objects import ChecksumType, Part, Upload
from farshore.semantics.checksums import compute
from farshore.semantics.multipart import (
    PART_MIN_BYTES,
    check_complete,
    check_part_number,
    complete_checksum,
    multipart_etag,
)

BODIES = {1: b"a", 2: b"b", 7: b"c"}


def upload(algorithm: str | None = None, kind: ChecksumType | None = None) -> Upload:
    return Upload(
        bucket_id=1,
        key="k",
        upload_id="U",
        created_us=0,
        owner="o",
        initiator="o",
        checksum_algorithm=algorithm,
        checksum_type=kind,
    )


PLAIN = upload()
COMPOSITE = upload("CRC32", ChecksumType.COMPOSITE)
FULL = upload("CRC32C", ChecksumType.FULL_OBJECT)


def uploaded(of: Upload, size: int = PART_MIN_BYTES) -> dict[int, Part]:
    algorithm = of.checksum_algorithm or "CRC64NVME"
    return {
        number: Part(number, size, hashlib.md5(body).hexdigest(), f"blob{number}", compute(algorithm, body))
        for number, body in BODIES.items()
    }


def entry(number: int, **more: str) -> dict[str, Any]:
    return {"PartNumber": number, "ETag": f'"{hashlib.md5(BODIES[number]).hexdigest()}"', **more}


def complete(listed: list[dict[str, Any]], of: Upload = PLAIN, **params: Any) -> tuple[Part, ...]:
    return check_complete(listed, uploaded(of), upload=of, params=params)


def with_checksum(number: int, algorithm: str = "CRC32") -> dict[str, Any]:
    return entry(number, **{f"Checksum{algorithm}": compute(algorithm, BODIES[number]).value})


def test_the_etag_is_that_of_the_part_etags() -> None:
    etags = ["11df95d595559285eb2b042124e74f09"]  # of b"this is a part"
    assert multipart_etag(etags) == "395d97c07920de036bfa21e7568a2e9f-1"
    assert multipart_etag(etags * 3).endswith("-3")


@pytest.mark.parametrize("number", [1, 10_000])
def test_part_numbers_are_1_to_10000(number: int) -> None:
    check_part_number(number)


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_other_part_numbers_are_refused(number: int) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_part_number(number)
    assert refused.value.message == "Part number must be an integer between 1 and 10000, inclusive"
    assert refused.value.details == {"ArgumentName": "partNumber", "ArgumentValue": str(number)}


def test_the_object_has_the_listed_parts_and_no_others() -> None:
    parts = uploaded(PLAIN)
    assert complete([entry(1), entry(7)]) == (parts[1], parts[7])
    unquoted = {"PartNumber": 2, "ETag": parts[2].etag}
    assert complete([unquoted]) == (parts[2],)


def test_the_last_part_may_be_small_and_no_other() -> None:
    parts = uploaded(PLAIN) | {2: uploaded(PLAIN, size=4)[2]}
    assert check_complete([entry(1), entry(2)], parts, upload=PLAIN, params={})[-1].size == 4
    with pytest.raises(EntityTooSmall) as refused:
        check_complete([entry(1), entry(2), entry(7)], parts, upload=PLAIN, params={})
    assert refused.value.details == {
        "ProposedSize": "4",
        "MinSizeAllowed": "5242880",
        "PartNumber": "2",
        "ETag": hashlib.md5(b"b").hexdigest(),
    }


@pytest.mark.parametrize(
    ("listed", "error"),
    [
        ([], InvalidRequest),
        ([{"PartNumber": 1}], MalformedXML),
        ([{"ETag": "x"}], MalformedXML),
        ([entry(2), entry(1)], InvalidPartOrder),
        ([entry(1), entry(1)], InvalidPartOrder),
        ([entry(1), {"PartNumber": 3, "ETag": "x"}], InvalidPart),
        ([{"PartNumber": 1, "ETag": hashlib.md5(b"b").hexdigest()}], InvalidPart),
    ],
)
def test_a_list_that_does_not_name_uploaded_parts_in_order_is_refused(
    listed: list[dict[str, Any]], error: type[S3Error]
) -> None:
    with pytest.raises(error):
        complete(listed)


def test_a_wrong_part_is_named() -> None:
    with pytest.raises(InvalidPart) as refused:
        complete([{"PartNumber": 3, "ETag": '"x"'}])
    assert refused.value.details == {"UploadId": "U", "PartNumber": "3", "ETag": "x"}
    with pytest.raises(InvalidRequest, match="You must specify at least one part"):
        complete([])


def test_the_announced_size_is_compared() -> None:
    size = PART_MIN_BYTES
    complete([entry(1)], MpuObjectSize=size)
    with pytest.raises(InvalidRequest) as refused:
        complete([entry(1)], MpuObjectSize=5)
    assert refused.value.message == (
        f"The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: {size}"
    )


@pytest.mark.parametrize(
    ("of", "kind", "shown"),
    [
        (COMPOSITE, "FULL_OBJECT", "COMPOSITE"),
        (FULL, "COMPOSITE", "FULL_OBJECT"),
        (PLAIN, "FULL_OBJECT", "null"),
        (PLAIN, "COMPOSITE", "null"),
    ],
)
def test_the_checksum_type_must_be_the_upload_s(of: Upload, kind: str, shown: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        complete([entry(1)], of, ChecksumType=kind)
    assert refused.value.message == (
        f"The upload was created using the {shown} checksum mode. The complete request must use the same checksum mode."
    )


def test_a_composite_upload_needs_every_part_s_checksum() -> None:
    assert len(complete([with_checksum(1), with_checksum(2)], COMPOSITE, ChecksumType="COMPOSITE")) == 2
    with pytest.raises(InvalidRequest) as refused:
        complete([with_checksum(1), entry(2)], COMPOSITE)
    assert refused.value.message == (
        "The upload was created using a crc32 checksum. The complete request must include the checksum for each part. "
        "It was missing for part 2 in the request."
    )
    with pytest.raises(BadDigest) as other:
        complete([with_checksum(1, "SHA256")], COMPOSITE)
    assert other.value.message == "The sha256 you specified for part 1 did not match what we received."
    with pytest.raises(InvalidPart):
        complete([entry(1, ChecksumCRC32="AAAAAA==")], COMPOSITE)


def test_a_full_object_upload_needs_no_part_checksums_but_compares_them() -> None:
    assert len(complete([entry(1), with_checksum(2, "CRC32C")], FULL)) == 2
    with pytest.raises(InvalidPart):
        complete([entry(1, ChecksumCRC32C="AAAAAA==")], FULL)


@pytest.mark.parametrize("algorithm", ["CRC32C", "CRC64NVME"])
def test_an_upload_without_algorithm_takes_no_part_checksums(algorithm: str) -> None:
    with pytest.raises(InvalidPart):
        complete([with_checksum(1, algorithm)])


def completed_checksum(of: Upload, **params: Any) -> tuple[str, str, ChecksumType]:
    parts = [Part(1, 1, "e", "b", compute(of.checksum_algorithm or "CRC64NVME", b"a"))]
    checksum = complete_checksum(parts, upload=of, params=params)
    return checksum.algorithm, checksum.value, checksum.type


def test_a_completed_object_has_a_checksum_of_the_upload_s_kind() -> None:
    whole = ChecksumType.FULL_OBJECT
    assert completed_checksum(PLAIN) == ("CRC64NVME", compute("CRC64NVME", b"a").value, whole)
    assert completed_checksum(FULL) == ("CRC32C", compute("CRC32C", b"a").value, whole)
    algorithm, value, kind = completed_checksum(COMPOSITE)
    assert (algorithm, kind) == ("CRC32", ChecksumType.COMPOSITE)
    assert value.endswith("==-1")


def test_an_upload_without_algorithm_does_not_look_at_checksums_of_others() -> None:
    assert completed_checksum(PLAIN, ChecksumCRC32C="AAAAAA==-2") == completed_checksum(PLAIN)


def test_the_right_checksum_of_the_object_is_accepted() -> None:
    completed_checksum(FULL, ChecksumCRC32C=compute("CRC32C", b"a").value, ChecksumType="FULL_OBJECT")
    completed_checksum(PLAIN, ChecksumCRC64NVME=compute("CRC64NVME", b"a").value)
    value = completed_checksum(COMPOSITE)[1]
    completed_checksum(COMPOSITE, ChecksumCRC32=value)
    completed_checksum(COMPOSITE, ChecksumCRC32=value.removesuffix("-1"))


@pytest.mark.parametrize(
    ("of", "params", "named"),
    [
        (FULL, {"ChecksumCRC32C": "AAAAAA==", "ChecksumType": "FULL_OBJECT"}, "crc32c"),
        (FULL, {"ChecksumCRC32": compute("CRC32", b"a").value, "ChecksumType": "FULL_OBJECT"}, "crc32c"),
        (FULL, {"ChecksumCRC32C": compute("CRC32C", b"a").value}, "crc32c"),
        (COMPOSITE, {"ChecksumCRC32": "AAAAAA=="}, "crc32"),
        (PLAIN, {"ChecksumCRC64NVME": "AAAAAAAAAAA="}, "crc64nvme"),
    ],
)
def test_another_checksum_of_the_object_is_refused_naming_the_upload_s_algorithm(
    of: Upload, params: dict[str, str], named: str
) -> None:
    with pytest.raises(BadDigest) as refused:
        completed_checksum(of, **params)
    assert refused.value.message == f"The {named} you specified did not match the calculated checksum."
