"""ListObjects, ListObjectsV2, ListObjectVersions and ListMultipartUploads.

Source: API Reference of those operations; answers recorded on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from farshore.metadata.store import Reader
from farshore.model.access import canonical_user_id
from farshore.model.buckets import Bucket
from farshore.model.errors import InvalidArgument
from farshore.model.objects import Upload, Version
from farshore.runtime import ids
from farshore.semantics import listing, versioning
from farshore.service.access import bucket_for, enforced_owner
from farshore.service.deployment import Answer, Params, Request

_TIME_END = 1 << 63
"""What comes after every time that a store can hold; ids of another making may seem to say later ones."""


class _Asked(NamedTuple):
    """What every listing is asked: with it, keys and prefixes are shown as the client wants them."""

    prefix: str
    delimiter: str
    encode: bool

    def show(self, text: str) -> str:
        return listing.url_encode_key(text) if self.encode else text

    def members(self) -> Params:
        output: Params = {"Prefix": self.show(self.prefix)}
        if self.delimiter:
            output["Delimiter"] = self.show(self.delimiter)
        if self.encode:
            output["EncodingType"] = "url"
        return output

    def prefixes(self, found: list[str]) -> list[Params]:
        return [{"Prefix": self.show(prefix)} for prefix in found]


class _Owners(NamedTuple):
    """Who owns the versions of a bucket. enforced: the account that owns them all; None where writers do."""

    enforced: str | None

    def of(self, version: Version) -> Params:
        return {"ID": canonical_user_id(self.enforced or version.owner)}


def _asked(params: Params) -> _Asked:
    encode = listing.check_encoding_type(params.get("EncodingType"))
    return _Asked(params.get("Prefix", ""), params.get("Delimiter", ""), encode)


class _Found(NamedTuple):
    """A page of current objects, and whose it is."""

    region: str
    bucket: str
    owners: _Owners
    page: listing.ListingPage[Version]


async def list_objects(request: Request) -> Answer:
    """Version 1: by marker."""
    params = request.params
    asked = _asked(params)
    marker: str = params.get("Marker", "")
    limit = listing.check_max(params.get("MaxKeys"))
    found = await _current_page(request, asked, marker.encode(), limit)
    page = found.page
    output = asked.members() | {
        "Name": found.bucket,
        "Marker": asked.show(marker),
        "MaxKeys": limit,
        "IsTruncated": page.truncated,
        "Contents": _contents(page.contents, asked, found.owners),
        "CommonPrefixes": asked.prefixes(page.common_prefixes),
    }
    if page.truncated and asked.delimiter:
        output["NextMarker"] = asked.show(page.next_marker)
    return Answer(output=output, headers={"x-amz-bucket-region": found.region})


async def list_objects_v2(request: Request) -> Answer:
    """Version 2: by opaque token."""
    params = request.params
    asked = _asked(params)
    limit = listing.check_max(params.get("MaxKeys"))
    after: str = params.get("StartAfter", "")
    token: str | None = params.get("ContinuationToken")
    start = after.encode() if token is None else listing.decode_token(token)
    found = await _current_page(request, asked, start, limit)
    page = found.page
    output = asked.members() | {
        "Name": found.bucket,
        "MaxKeys": limit,
        "KeyCount": page.key_count,
        "IsTruncated": page.truncated,
        "Contents": _contents(page.contents, asked, found.owners if params.get("FetchOwner") else None),
        "CommonPrefixes": asked.prefixes(page.common_prefixes),
    }
    if token is not None:
        output["ContinuationToken"] = token
    elif after:
        output["StartAfter"] = asked.show(after)
    if page.truncated:
        output["NextContinuationToken"] = listing.encode_token(page.next_marker)
    return Answer(output=output, headers={"x-amz-bucket-region": found.region})


async def _current_page(request: Request, asked: _Asked, start: bytes, limit: int) -> _Found:
    region, bucket = bucket_for(request, "s3:ListBucket")

    def query(reader: Reader) -> listing.ListingPage[Version]:
        def scan(start: bytes, inclusive: bool) -> Iterator[Version]:
            return reader.scan_current(bucket.id, start, inclusive)

        def peek(start: bytes, inclusive: bool) -> bytes | None:
            return reader.first_current_key(bucket.id, start, inclusive)

        prefix, delimiter = asked.prefix.encode(), asked.delimiter.encode()
        return listing.list_current(
            scan, prefix=prefix, delimiter=delimiter, start_after=start, max_keys=limit, peek=peek
        )

    owners = _Owners(enforced_owner(request.deployment, region, bucket))
    return _Found(region.name, bucket.name, owners, await region.metadata.read(query))


def _contents(versions: list[Version], asked: _Asked, owners: _Owners | None) -> list[Params]:
    """owners: None where the client did not ask for them."""
    show = asked.show
    return [_entry(version, show(version.key), owners) for version in versions]


def _entry(version: Version, shown_key: str, owners: _Owners | None) -> Params:
    entry: Params = {
        "Key": shown_key,
        "LastModified": version.created_us,
        "ETag": f'"{version.etag}"',
        "Size": version.size,
        "StorageClass": version.storage_class,
    }
    checksum = version.attributes.checksum
    if checksum is not None:
        entry["ChecksumAlgorithm"] = [checksum.algorithm]
        entry["ChecksumType"] = checksum.type.value
    if owners is not None:
        entry["Owner"] = owners.of(version)
    return entry


async def list_object_versions(request: Request) -> Answer:
    """All versions and delete markers, by key, then newest first."""
    params = request.params
    asked = _asked(params)
    limit = listing.check_max(params.get("MaxKeys"))
    key_marker: str = params.get("KeyMarker", "")
    id_marker: str = params.get("VersionIdMarker", "")
    listing.check_version_markers(key_marker, id_marker)
    if id_marker:
        versioning.check_version_id(id_marker, argument="version-id-marker")
    region, bucket = bucket_for(request, "s3:ListBucketVersions")
    owners = _Owners(enforced_owner(request.deployment, region, bucket))

    def query(reader: Reader) -> listing.VersionsPage[Version]:
        def scan(start: bytes, inclusive: bool) -> Iterator[Version]:
            return reader.scan_versions(bucket.id, start, inclusive)

        def resume() -> Iterator[Version]:
            return _after_version(reader, bucket, key_marker, id_marker)

        return listing.list_versions(
            scan,
            prefix=asked.prefix.encode(),
            delimiter=asked.delimiter.encode(),
            key_marker=key_marker.encode(),
            resume=resume if id_marker else None,
            max_keys=limit,
        )

    page = await region.metadata.read(query)
    output = asked.members() | {
        "Name": bucket.name,
        "KeyMarker": asked.show(key_marker),
        "VersionIdMarker": id_marker,
        "MaxKeys": limit,
        "IsTruncated": page.truncated,
        "VersionsAndMarkers": [_version_entry(version, asked, owners) for version in page.entries],
        "CommonPrefixes": asked.prefixes(page.common_prefixes),
    }
    if page.truncated:
        output["NextKeyMarker"] = asked.show(page.next_key_marker)
        if page.next_version_id_marker:
            output["NextVersionIdMarker"] = page.next_version_id_marker
    return Answer(output=output)


def _after_version(reader: Reader, bucket: Bucket, key: str, version_id: str) -> Iterator[Version]:
    """Rows behind the marker's place, also when that version was deleted since (AWS goes on from there; recorded).

    Our own ids tell their time; of a foreign id that is gone the place is unknown, and the key is listed again whole.
    """
    marker = reader.version(bucket.id, key, version_id)
    if marker is not None:
        return reader.scan_versions_after(bucket.id, key.encode(), marker.created_us, version_id)
    hint = ids.version_time_hint(version_id)
    if hint is not None and hint < _TIME_END:
        return reader.scan_versions_after(bucket.id, key.encode(), hint, version_id)
    return reader.scan_versions(bucket.id, key.encode(), True)


def _version_entry(version: Version, asked: _Asked, owners: _Owners) -> tuple[str, Params]:
    if version.delete_marker:
        entry: Params = {"Key": asked.show(version.key), "LastModified": version.created_us}
        entry["Owner"] = owners.of(version)
    else:
        entry = _entry(version, asked.show(version.key), owners)
    entry["VersionId"] = version.version_id
    entry["IsLatest"] = version.latest
    return ("DeleteMarker" if version.delete_marker else "Version"), entry


async def list_multipart_uploads(request: Request) -> Answer:
    """Uploads in progress, by key, then oldest first."""
    params = request.params
    asked = _asked(params)
    limit = listing.check_max(params.get("MaxUploads"), "max-uploads")
    key_marker: str = params.get("KeyMarker", "")
    id_marker: str = params.get("UploadIdMarker", "")
    behind = _behind_upload(id_marker, key_marker) if key_marker and id_marker else None
    region, bucket = bucket_for(request, "s3:ListBucketMultipartUploads")

    def query(reader: Reader) -> listing.UploadsPage[Upload]:
        def scan(start: bytes, inclusive: bool) -> Iterator[Upload]:
            return reader.scan_uploads(bucket.id, start, inclusive)

        return listing.list_uploads(
            scan,
            prefix=asked.prefix.encode(),
            delimiter=asked.delimiter.encode(),
            key_marker=key_marker.encode(),
            behind=behind,
            max_uploads=limit,
        )

    page = await region.metadata.read(query)
    output = asked.members()
    if not asked.prefix:
        del output["Prefix"]  # AWS: unlike in other listings (recorded).
    return Answer(
        output=output
        | {
            "Bucket": bucket.name,
            "KeyMarker": asked.show(key_marker),
            "UploadIdMarker": id_marker if key_marker else "",
            "NextKeyMarker": asked.show(page.next_key_marker),
            "NextUploadIdMarker": page.next_upload_id_marker,
            "MaxUploads": limit,
            "IsTruncated": page.truncated,
            "Uploads": [_upload_entry(upload, asked) for upload in page.uploads],
            "CommonPrefixes": asked.prefixes(page.common_prefixes),
        }
    )


def _behind_upload(upload_id: str, key: str) -> Callable[[Upload], bool]:
    """Whether an upload of the key stands behind this one, which may have ended since. An id without a key marker is
    ignored, one of another key refused (recorded)."""
    created_us = ids.upload_time(upload_id, key)
    if created_us is None:
        raise InvalidArgument("Invalid uploadId marker", ArgumentName="upload-id-marker", ArgumentValue=upload_id)
    place = (created_us, upload_id)
    return lambda upload: (upload.created_us, upload.upload_id) > place


def _upload_entry(upload: Upload, asked: _Asked) -> Params:
    entry: Params = {
        "UploadId": upload.upload_id,
        "Key": asked.show(upload.key),
        "Initiated": upload.created_us,
        "StorageClass": upload.storage_class,
        "Owner": {"ID": canonical_user_id(upload.owner)},
        "Initiator": {"ID": canonical_user_id(upload.initiator)},
    }
    if upload.checksum_algorithm is not None and upload.checksum_type is not None:
        entry |= {"ChecksumAlgorithm": upload.checksum_algorithm, "ChecksumType": upload.checksum_type.value}
    return entry
