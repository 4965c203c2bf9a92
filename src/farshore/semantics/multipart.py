"""Rules of multipart uploads: part numbers, sizes, ETags, and what CompleteMultipartUpload must list.

Source: S3 User Guide, "Amazon S3 multipart upload limits"; API Reference, CompleteMultipartUpload; answers recorded on
AWS.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

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
from farshore.model.objects import Checksum, ChecksumType, Part, Upload
from farshore.semantics.checksums import DEFAULT_ALGORITHM, combine_full_object, composite, given_checksums

PART_NUMBER_MAX = 10_000
PART_MIN_BYTES = 5 * 1024**2


def check_part_number(number: int) -> None:
    """Accept 1 to 10,000.

    Raises:
        InvalidArgument: anything else.
    """
    if not 1 <= number <= PART_NUMBER_MAX:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {PART_NUMBER_MAX}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=number,
        )


def multipart_etag(part_etags: Sequence[str]) -> str:
    """The ETag of a completed upload: MD5 of the parts' MD5s, and their number. Bare.

    Args:
        part_etags: bare hex MD5s, in order.
    """
    digest = hashlib.md5(bytes.fromhex("".join(part_etags)), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(part_etags)}"


def check_complete(
    listed: Sequence[Mapping[str, Any]], uploaded: Mapping[int, Part], *, upload: Upload, params: Mapping[str, Any]
) -> tuple[Part, ...]:
    """The parts that CompleteMultipartUpload makes into an object, in order.

    Args:
        listed: the request's {PartNumber, ETag, Checksum…} structures.
        uploaded: the upload's parts by number.
        params: the request's members; ChecksumType and MpuObjectSize count here.
    Raises:
        InvalidRequest: no parts, another checksum type than the upload's, a part's checksum missing where the type is
            COMPOSITE, or another object size than announced.
        MalformedXML: a part without number or ETag.
        InvalidPartOrder, InvalidPart, EntityTooSmall.
        BadDigest: a part's checksum of another algorithm than a COMPOSITE upload's.
    """
    if not listed:
        raise InvalidRequest("You must specify at least one part")
    kind = params.get("ChecksumType")
    if kind is not None and kind != upload.checksum_type:
        raise InvalidRequest(
            f"The upload was created using the {upload.checksum_type or 'null'} checksum mode. "
            "The complete request must use the same checksum mode."
        )
    _check_order(listed, upload)
    parts = tuple(_match(entry, uploaded, upload) for entry in listed)
    for part in parts[:-1]:
        if part.size < PART_MIN_BYTES:
            raise EntityTooSmall(
                ProposedSize=part.size, MinSizeAllowed=PART_MIN_BYTES, PartNumber=part.number, ETag=part.etag
            )
    size, announced = sum(part.size for part in parts), params.get("MpuObjectSize")
    if announced is not None and int(announced) != size:
        raise InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {announced} does not match what was computed: {size}"
        )
    return parts


def complete_checksum(parts: Sequence[Part], *, upload: Upload, params: Mapping[str, Any]) -> Checksum:
    """The completed object's checksum, compared with the one that the request may carry.

    An upload that named no algorithm has its parts' CRC64NVME, and gets that of the whole object.
    # AWS: what a completion says of other algorithms is then of no account (recorded).

    # AWS: a full-object checksum counts only with `x-amz-checksum-type: FULL_OBJECT`; without it even the right one is
    # answered BadDigest, naming the upload's algorithm whichever was sent (recorded).

    Args:
        parts: from `check_complete`.
    Raises:
        BadDigest: the request's checksum is another.
    """
    kind = upload.checksum_type
    result = composite(parts) if kind is ChecksumType.COMPOSITE else combine_full_object(parts)
    for algorithm, value in given_checksums(params):
        if upload.checksum_algorithm is None and algorithm != result.algorithm:
            continue
        same = algorithm == result.algorithm and value in (result.value, result.value.partition("-")[0])
        untyped = kind is ChecksumType.FULL_OBJECT and params.get("ChecksumType") is None
        if not same or untyped:
            raise BadDigest(f"The {result.algorithm.lower()} you specified did not match the calculated checksum.")
    assert upload.checksum_algorithm in (None, result.algorithm), (upload, result)
    return result


def _check_order(listed: Sequence[Mapping[str, Any]], upload: Upload) -> None:
    previous = None
    for entry in listed:
        number = entry.get("PartNumber")
        if number is None or entry.get("ETag") is None:
            raise MalformedXML()
        if previous is not None and number <= previous:
            raise InvalidPartOrder(UploadId=upload.upload_id)
        previous = number


def _match(entry: Mapping[str, Any], uploaded: Mapping[int, Part], upload: Upload) -> Part:
    """The uploaded part that an entry means."""
    number: int = entry["PartNumber"]
    etag: str = entry["ETag"].strip('"')
    part = uploaded.get(number)
    if part is None or part.etag != etag:
        raise _invalid_part(number, etag, upload)
    given = dict(given_checksums(entry))
    algorithm = upload.checksum_algorithm
    assert part.checksum is not None and part.checksum.algorithm == (algorithm or DEFAULT_ALGORITHM), part
    if algorithm is None:
        # AWS: an upload without an algorithm takes no part checksums at all, not even right ones (recorded).
        if given:
            raise _invalid_part(number, etag, upload)
    elif algorithm in given:
        if given[algorithm] != part.checksum.value:
            raise _invalid_part(number, etag, upload)
    elif upload.checksum_type is ChecksumType.COMPOSITE:
        raise _missing_checksum(number, given, algorithm)
    return part


def _invalid_part(number: int, etag: str, upload: Upload) -> S3Error:
    return InvalidPart(UploadId=upload.upload_id, PartNumber=number, ETag=etag)


def _missing_checksum(number: int, given: Mapping[str, str | None], algorithm: str) -> S3Error:
    for other in given:
        return BadDigest(f"The {other.lower()} you specified for part {number} did not match what we received.")
    return InvalidRequest(
        f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the checksum "
        f"for each part. It was missing for part {number} in the request."
    )
