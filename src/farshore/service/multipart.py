"""Multipart uploads: create, list, abort, and complete, which writes a list and copies no bytes.

Source: API Reference, CreateMultipartUpload, CompleteMultipartUpload, ListParts, ListMultipartUploads; User Guide,
"Uploading and copying objects using multipart upload"; recorded answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from farshore.metadata.store import Reader, Transaction
from farshore.model.access import canonical_user_id
from farshore.model.buckets import Bucket
from farshore.model.errors import NoSuchUpload
from farshore.model.objects import Part, Upload, Version
from farshore.runtime import ids
from farshore.semantics import listing, multipart, naming, object_attributes, preconditions, tagging
from farshore.semantics.checksums import upload_checksum
from farshore.service.access import bucket_for, still
from farshore.service.answers import checksum_members, written_members
from farshore.service.deployment import Answer, Params, Region, Request
from farshore.service.ownership import owner_and_acl, write_actions
from farshore.service.put_object import add_version

FEW_PARTS = 200
"""So many are put together on the event loop, within milliseconds."""


async def create_multipart_upload(request: Request) -> Answer:
    """Begin an upload: what the object will carry is said here, and used at completion."""
    params = request.params
    naming.check_key(params["Key"])
    region, bucket = bucket_for(request, *write_actions(params))
    owner, acl = owner_and_acl(request, region, bucket)
    algorithm, checksum_type = upload_checksum(params)
    upload = Upload(
        bucket_id=bucket.id,
        key=params["Key"],
        upload_id=ids.upload_id(params["Key"], request.now_us),
        created_us=request.now_us,
        owner=owner,
        acl=acl,
        initiator=request.principal.account_id,
        storage_class=object_attributes.check_storage_class(params.get("StorageClass")),
        checksum_algorithm=algorithm,
        checksum_type=checksum_type,
        attributes=object_attributes.put_attributes(params),
        tags=tagging.parse_tagging_header(params["Tagging"]) if "Tagging" in params else {},
    )

    def command(tx: Transaction) -> None:
        still(tx, bucket)
        tx.create_upload(upload)

    await region.metadata.write(command)
    output: Params = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.upload_id}
    return Answer(output=output | _checksum_kind(upload))


async def abort_multipart_upload(request: Request) -> Answer:
    """Throw the upload and its parts away."""
    region, bucket = bucket_for(request, "s3:AbortMultipartUpload")

    def command(tx: Transaction) -> None:
        throw_away(tx, upload_of(tx, bucket, request.params), request.now_us)

    await region.metadata.write(command)
    return Answer()


def throw_away(tx: Transaction, upload: Upload, now_us: int) -> int:
    """Inside a command: remove an upload and its parts, with their bytes. Returns how many parts there were."""
    parts = tx.parts(upload.upload_id, 0, multipart.PART_NUMBER_MAX)
    tx.remove_upload(upload.upload_id)
    tx.add_garbage([part.blob for part in parts if part.blob is not None], now_us)
    return len(parts)


async def complete_multipart_upload(request: Request) -> Answer:
    """Make the object of the listed parts. Parts not listed are thrown away.

    What many parts come to is computed on a snapshot, in a thread; the command only looks whether they are the same.
    """
    params = request.params
    preconditions.check_write_headers(params.get("IfMatch"), params.get("IfNoneMatch"))
    region, bucket = bucket_for(request, "s3:PutObject")
    listed: list[Params] = params.get("MultipartUpload", {}).get("Parts", [])
    many = len(listed) > FEW_PARTS
    before = await region.metadata.read(lambda reader: _assembly(reader, bucket, params)) if many else None

    def command(tx: Transaction) -> tuple[Bucket, Version]:
        assembly = _assembly(tx, bucket, params, before)
        made = add_version(tx, request, region, bucket, assembly.draft, None, params)
        tx.remove_upload(assembly.upload.upload_id)
        tx.add_garbage(assembly.unused, request.now_us)
        return made

    bucket, version = await region.metadata.write(command)
    if version.destinations:
        request.deployment.ring(region.name)
    output = written_members(version, bucket)
    output |= {"Bucket": bucket.name, "Key": version.key, "Location": _location(request, bucket, version.key)}
    return Answer(output=output)


@dataclass(frozen=True, slots=True)
class _Assembly:
    """What an upload came to: the object to be, and the blobs of parts that are not in it. state: of its parts then."""

    upload: Upload
    state: str
    draft: Version
    unused: list[str]


def _assembly(reader: Reader, bucket: Bucket, params: Params, before: _Assembly | None = None) -> _Assembly:
    """Put the listed parts together, as far as the upload allows it now.

    Args:
        before: what it came to earlier; it holds as long as the upload and its parts are the same.
    """
    upload = upload_of(reader, bucket, params)
    state = reader.parts_state(upload.upload_id)
    if before is not None and (before.upload, before.state) == (upload, state):
        _check_unchanged(reader, upload, params)
        return before
    uploaded = {part.number: part for part in reader.parts(upload.upload_id, 0, multipart.PART_NUMBER_MAX)}
    listed: list[Params] = params.get("MultipartUpload", {}).get("Parts", [])
    parts = multipart.check_complete(listed, uploaded, upload=upload, params=params)
    _check_unchanged(reader, upload, params)
    draft = _assembled(upload, parts, params)
    kept = set(draft.blobs)
    unused = [part.blob for part in uploaded.values() if part.blob and part.blob not in kept]
    return _Assembly(upload, state, draft, unused)


def _location(request: Request, bucket: Bucket, key: str) -> str:
    """The object's URL at the address that the client used. AWS: the slashes of its key are encoded."""
    scheme = "https" if request.secure else "http"
    path = "" if request.host_style else f"/{bucket.name}"
    return f"{scheme}://{request.headers.get('Host', '')}{path}/{quote(key, safe='')}"


def _check_unchanged(reader: Reader, upload: Upload, params: Params) -> None:
    """A conditional completion gives way to a write that came after the upload began."""
    if params.keys().isdisjoint(("IfMatch", "IfNoneMatch")):
        return
    current = reader.current(upload.bucket_id, upload.key)
    preconditions.check_complete_write(
        params.get("IfMatch"),
        params.get("IfNoneMatch"),
        None if current is None or current.delete_marker else current.etag,
        key=upload.key,
        changed_us=0 if current is None else current.created_us,
        upload_created_us=upload.created_us,
    )


def _assembled(upload: Upload, parts: tuple[Part, ...], params: Params) -> Version:
    checksum = multipart.complete_checksum(parts, upload=upload, params=params)
    return Version(
        bucket_id=upload.bucket_id,
        key=upload.key,
        version_id="",
        created_us=0,
        owner=upload.owner,
        acl=upload.acl,
        size=sum(part.size for part in parts),
        etag=multipart.multipart_etag([part.etag for part in parts]),
        storage_class=upload.storage_class,
        attributes=msgspec.structs.replace(upload.attributes, checksum=checksum, parts=parts),
        tags=upload.tags,
    )


async def list_parts(request: Request) -> Answer:
    """The uploaded parts, by number."""
    params = request.params
    region, bucket = bucket_for(request, "s3:ListMultipartUploadParts")
    marker = listing.check_unsigned(params.get("PartNumberMarker", 0), "part-number-marker")
    limit = listing.check_max(params.get("MaxParts"), "max-parts")

    def query(reader: Reader) -> tuple[Upload, list[Part]]:
        upload = upload_of(reader, bucket, params)
        return upload, reader.parts(upload.upload_id, marker, limit + 1)

    upload, found = await region.metadata.read(query)
    parts = found[:limit]
    shows_checksum = upload.checksum_algorithm is not None
    output: Params = {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.upload_id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": parts[-1].number if parts else 0,
        "MaxParts": limit,
        "IsTruncated": len(found) > limit,
        "Parts": [_listed_part(part, shows_checksum) for part in parts],
        "Initiator": {"ID": canonical_user_id(upload.initiator)},
        "Owner": {"ID": canonical_user_id(upload.owner)},
        "StorageClass": upload.storage_class,
    }
    return Answer(output=output | _checksum_kind(upload))


def _listed_part(part: Part, shows_checksum: bool) -> Params:
    members: Params = {
        "PartNumber": part.number,
        "LastModified": part.created_us,
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
    return members | checksum_members(part.checksum, with_type=False) if shows_checksum else members


def upload_of(reader: Reader, bucket: Bucket, params: Params) -> Upload:
    """The upload that a request names. Raises NoSuchUpload, also when it belongs to another key."""
    upload = reader.upload(bucket.id, params["Key"], params["UploadId"])
    if upload is None:
        raise NoSuchUpload(UploadId=params["UploadId"])
    return upload


def upload_for(request: Request, region: Region, bucket: Bucket) -> Upload:
    """The upload of UploadPart and UploadPartCopy, with the part number checked."""
    multipart.check_part_number(request.params["PartNumber"])
    return upload_of(region.metadata.reader, bucket, request.params)


async def store_part(request: Request, region: Region, bucket: Bucket, part: Part) -> None:
    """Record an uploaded part; it replaces an earlier one of its number."""

    def command(tx: Transaction) -> None:
        upload = upload_of(tx, bucket, request.params)
        replaced = tx.parts(upload.upload_id, part.number - 1, 1)
        tx.put_part(upload.upload_id, part)
        if replaced and replaced[0].number == part.number and replaced[0].blob is not None:
            tx.add_garbage([replaced[0].blob], request.now_us)

    await region.metadata.write(command)


def _checksum_kind(upload: Upload) -> Params:
    if upload.checksum_algorithm is None or upload.checksum_type is None:
        return {}
    return {"ChecksumAlgorithm": upload.checksum_algorithm, "ChecksumType": upload.checksum_type.value}
