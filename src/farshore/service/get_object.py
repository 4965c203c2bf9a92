"""GetObject, HeadObject and GetObjectAttributes.

Source: API Reference, GetObject, HeadObject, GetObjectAttributes.
"""

from __future__ import annotations

import msgspec

from farshore.model.errors import InvalidRequest
from farshore.model.objects import Checksum, ChecksumType, Part, Version
from farshore.semantics import listing, preconditions
from farshore.semantics.ranges import ByteRange, requested_range
from farshore.service.access import version_for
from farshore.service.answers import checksum_members, live_version, object_members
from farshore.service.bodies import body_of, until_found
from farshore.service.deployment import Answer, Params, Region, Request
from farshore.service.destination_headers import STATUS_HEADER, destination_headers

_OVERRIDES = {
    "ResponseContentType": "ContentType",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseCacheControl": "CacheControl",
    "ResponseExpires": "Expires",
}


async def get_object(request: Request) -> Answer:
    """The object's bytes, whole, a range, or a part."""

    def read() -> Answer:
        region, version, answer, window = _read(request)
        answer.body = body_of(version, region, window)
        return answer

    return until_found(read)


async def head_object(request: Request) -> Answer:
    """What GetObject would answer, without the bytes."""
    return _read(request)[2]


def _read(request: Request) -> tuple[Region, Version, Answer, ByteRange | None]:
    params = request.params
    overrides = params.keys() & _OVERRIDES.keys()
    if overrides and request.principal.anonymous:
        # AWS: whoever may not sign could give a public object another type, and have it run as a page (observed on AWS
        # by others: floci pull request 1098).
        raise InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
    region, bucket, found = version_for(request, "s3:GetObject")
    version = live_version(request, bucket, found)
    preconditions.check_read(params, version.etag, version.created_us, now_us=request.now_us)
    output = object_members(version, bucket)
    answer = Answer(output=output)
    window = _window(params, version, answer)
    output["ContentLength"] = version.size if window is None else window.length
    # AWS: in any case (recorded).
    if params.get("ChecksumMode", "").upper() == "ENABLED" and (window is None or "PartNumber" in params):
        output.update(_read_checksum(params, version))
    for name in overrides:
        output[_OVERRIDES[name]] = params[name]
    if version.destinations and STATUS_HEADER in request.headers:
        answer.headers.update(destination_headers(request, region, bucket, version))
    return region, version, answer, window


def _window(params: Params, version: Version, answer: Answer) -> ByteRange | None:
    """The bytes asked for, None for the whole; sets 206 and its members."""
    number: int | None = params.get("PartNumber")
    parts = version.attributes.parts
    window = requested_range(params.get("Range"), number, parts, version.size)
    if number is not None and parts:
        answer.output["PartsCount"] = len(parts)
    if window is None or version.size == 0:
        return None
    answer.status = 206
    answer.output["ContentRange"] = window.content_range(version.size)
    return window


def _read_checksum(params: Params, version: Version) -> Params:
    number: int | None = params.get("PartNumber")
    parts = version.attributes.parts
    if number is None or not parts:
        return checksum_members(version.attributes.checksum)
    whole = version.attributes.checksum
    if whole is None:
        return {}
    if whole.type is ChecksumType.FULL_OBJECT:
        # AWS: a part's is not shown, unless it is the only one and so has that of the whole (recorded).
        return checksum_members(whole) if len(parts) == 1 else {}
    return checksum_members(parts[number - 1].checksum, with_type=False) | {"ChecksumType": whole.type.value}


async def get_object_attributes(request: Request) -> Answer:
    """The attributes asked for, of the object or of one version."""
    params = request.params
    _, bucket, found = version_for(request, "s3:GetObject", "s3:GetObjectAttributes")
    version = live_version(request, bucket, found)
    wanted = set(params["ObjectAttributes"])
    members = object_members(version, bucket)
    output: Params = {name: members[name] for name in ("LastModified", "VersionId") if name in members}
    if "ETag" in wanted:
        output["ETag"] = version.etag
    if "ObjectSize" in wanted:
        output["ObjectSize"] = version.size
    if "StorageClass" in wanted:
        output["StorageClass"] = version.storage_class
    if "Checksum" in wanted and version.attributes.checksum is not None:
        output["Checksum"] = checksum_members(_bare(version.attributes.checksum))
    if "ObjectParts" in wanted and version.attributes.parts:
        output["ObjectParts"] = _object_parts(params, version)
    return Answer(output=output)


def _bare(checksum: Checksum) -> Checksum:
    """AWS: attributes show a composite checksum without the number of its parts (recorded)."""
    return msgspec.structs.replace(checksum, value=checksum.value.partition("-")[0])


def _object_parts(params: Params, version: Version) -> Params:
    """AWS lists single parts only where they have checksums of their own (composite); else just the count."""
    parts = version.attributes.parts
    output: Params = {"TotalPartsCount": len(parts)}
    whole = version.attributes.checksum
    if whole is None or whole.type is not ChecksumType.COMPOSITE:
        return output
    marker = listing.check_unsigned(params.get("PartNumberMarker", 0), "part-number-marker")
    limit = listing.check_max(params.get("MaxParts"), "max-parts")
    listed = [part for part in parts if part.number > marker][:limit]
    more = bool(listed) and listed[-1].number < parts[-1].number
    return output | {
        "PartNumberMarker": marker,
        "NextPartNumberMarker": listed[-1].number if listed else 0,
        "MaxParts": limit,
        "IsTruncated": more,
        "Parts": [_listed_part(part) for part in listed],
    }


def _listed_part(part: Part) -> Params:
    return {"PartNumber": part.number, "Size": part.size, **checksum_members(part.checksum, with_type=False)}
