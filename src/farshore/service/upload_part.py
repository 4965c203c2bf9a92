"""UploadPart and UploadPartCopy.

Source: API Reference, UploadPart, UploadPartCopy.
"""

from __future__ import annotations

from farshore.model.buckets import Bucket
from farshore.model.errors import S3Error
from farshore.model.objects import Part
from farshore.semantics import checksums
from farshore.service import multipart
from farshore.service.access import bucket_for
from farshore.service.answers import checksum_members
from farshore.service.bodies import Received, discard, expectations, receive, receive_stored
from farshore.service.copy_object import readable_source
from farshore.service.deployment import Answer, Params, Region, Request


async def upload_part(request: Request) -> Answer:
    """Receive one part, as a blob of its own."""
    region, bucket = bucket_for(request, "s3:PutObject")
    upload = multipart.upload_for(request, region, bucket)
    wanted = expectations(request, algorithm=upload.checksum_algorithm)
    received = await receive(request.body, region.blobs, wanted, inline_limit=0)
    await _store(request, region, bucket, received)
    output: Params = {"ETag": f'"{received.etag}"'}
    shown = received.checksum if upload.checksum_algorithm else received.confirmed
    return Answer(output=output | checksum_members(shown, with_type=False))


async def upload_part_copy(request: Request) -> Answer:
    """Take one part from a range of a stored object."""
    region, bucket = bucket_for(request, "s3:PutObject")
    upload = multipart.upload_for(request, region, bucket)
    source = readable_source(request)
    algorithm = upload.checksum_algorithm or checksums.DEFAULT_ALGORITHM
    received = await receive_stored(source.body, region.blobs, algorithm=algorithm, inline_limit=0)
    await _store(request, region, bucket, received)
    result: Params = {"ETag": f'"{received.etag}"', "LastModified": request.now_us}
    if upload.checksum_algorithm is not None:
        result |= checksum_members(received.checksum, with_type=False)
    return Answer(output={"CopyPartResult": result, **source.named()})


async def _store(request: Request, region: Region, bucket: Bucket, received: Received) -> None:
    part = Part(
        number=request.params["PartNumber"],
        size=received.size,
        etag=received.etag,
        blob=received.blob,
        checksum=received.checksum,
        created_us=request.now_us,
    )
    try:
        await multipart.store_part(request, region, bucket, part)
    except S3Error:
        await discard(region.blobs, received)
        raise
