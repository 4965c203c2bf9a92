"""Multipart uploads, and reads of their parts, answer as AWS answered the same requests."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from tests.e2e.recorded_answers import Recorded, document
from tests.support.raw_requests import send_raw

MIB_5 = 5 * 1024 * 1024
SENTENCE = b"test content 123"


def recorded(test: str, **bound: str) -> Recorded:
    return Recorded("multipart", test, **bound)


@pytest.fixture
def upload(s3: Any, bucket: str) -> Any:
    """Upload an object in parts, of which all but the last are long enough; the answer of completion."""

    def uploading(key: str, data: bytes, parts: int = 1, **kind: Any) -> Any:
        named = {"Bucket": bucket, "Key": key, "UploadId": ""}
        named["UploadId"] = s3.create_multipart_upload(Bucket=bucket, Key=key, **kind)["UploadId"]
        bodies = [data * (MIB_5 // len(data) + 1)] * (parts - 1) + [data]
        etags = [
            s3.upload_part(**named, PartNumber=number, Body=body)["ETag"] for number, body in enumerate(bodies, start=1)
        ]
        return s3.complete_multipart_upload(**named, MultipartUpload=listed(etags))

    return uploading


def listed(etags: list[str], step: int = 1) -> dict[str, Any]:
    return {"Parts": [{"ETag": etag, "PartNumber": 1 + place * step} for place, etag in enumerate(etags)]}


def test_attributes(s3: Any, bucket: str, upload: Any) -> None:
    data = b"upload-part-1" * 5
    s3.put_object(Bucket=bucket, Key="data.txt", Body=b"69\n420\n")
    upload("one", data)
    upload("two", data, parts=2)
    names = ["StorageClass", "ETag", "ObjectSize", "ObjectParts", "Checksum"]
    ask = partial(s3.get_object_attributes, Bucket=bucket)
    with recorded("test_get_object_attributes") as aws:
        aws("object-attrs", ask, Key="data.txt", ObjectAttributes=names)
        aws("object-attrs-multiparts-1-part", ask, Key="one", ObjectAttributes=names[:-1])
        aws("object-attrs-multiparts-2-parts", ask, Key="two", ObjectAttributes=names[:-1], MaxParts=3)
        but_parts = [name for name in names if name != "ObjectParts"]
        aws("object-attrs-multiparts-2-parts-checksum", ask, Key="two", ObjectAttributes=but_parts)


def test_an_upload_and_its_listings(s3: Any, bucket: str) -> None:
    body = b"upload-part-1" * 5
    named: dict[str, Any] = {"Bucket": bucket, "Key": "test-list-parts"}
    with recorded("test_multipart_and_list_parts") as aws:
        of = {**named, "UploadId": aws("create-multipart", s3.create_multipart_upload, **named)["UploadId"]}
        aws("list-part-after-created", s3.list_parts, **of)
        aws("list-all-uploads", s3.list_multipart_uploads, Bucket=bucket)
        etag = aws("upload-part", s3.upload_part, **of, Body=body, PartNumber=1)["ETag"]
        aws("list-part-after-upload", s3.list_parts, **of)
        aws("list-all-uploads-after", s3.list_multipart_uploads, Bucket=bucket)
        aws("complete-multipart", s3.complete_multipart_upload, **of, MultipartUpload=listed([etag]))
        aws("list-part-after-complete-exc", s3.list_parts, **of)
        aws("list-all-uploads-completed", s3.list_multipart_uploads, Bucket=bucket)
        aws("head-multipart-checksum", s3.head_object, **named, ChecksumMode="ENABLED")
        aws("get-multipart-checksum", s3.get_object, **named, ChecksumMode="ENABLED")


def test_the_order_of_parts(s3: Any, bucket: str) -> None:
    body = b"a" * (MIB_5 + 1)
    with recorded("test_complete_multipart_parts_order") as aws:
        for key, step, label in (("test-order-parts", 1, "ordered"), ("key-sequence-with-step-2", 2, "with-step-2")):
            of = {"Bucket": bucket, "Key": key, "UploadId": ""}
            of["UploadId"] = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
            if step == 1:
                aws("upload-part-negative-part-number", s3.upload_part, **of, Body=b"", PartNumber=-1)
            numbers = [1 + place * step for place in range(3)]
            etags = [s3.upload_part(**of, Body=body, PartNumber=number)["ETag"] for number in numbers]
            complete = partial(s3.complete_multipart_upload, **of)
            if step == 1:
                backwards = {"Parts": listed(etags)["Parts"][::-1]}
                aws("complete-multipart-unordered", complete, MultipartUpload=backwards)
            aws(f"complete-multipart-{label}", complete, MultipartUpload=listed(etags, step))


def test_an_upload_that_is_not_there(s3: Any, bucket: str) -> None:
    of = {"Bucket": bucket, "Key": "test-list-parts", "UploadId": "fakeid"}
    with recorded("test_multipart_no_such_upload") as aws:
        aws("upload-exc", s3.upload_part, **of, Body=b"data", PartNumber=1)
        aws("complete-exc", s3.complete_multipart_upload, **of, MultipartUpload=listed(['"0"']))
        aws("abort-exc", s3.abort_multipart_upload, **of)


def test_an_upload_of_another_key(s3: Any, bucket: str) -> None:
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="test")["UploadId"]
    of = {"Bucket": bucket, "Key": "key-test", "UploadId": upload_id}
    with recorded("test_multipart_key_validation") as aws:
        aws("upload-part-wrong-key-name", s3.upload_part, **of, Body=b"data", PartNumber=1)
        aws("complete-multipart-wrong-key-name", s3.complete_multipart_upload, **of, MultipartUpload=listed(['"0"']))
        aws("list-parts-wrong-key-name", s3.list_parts, **of)
        aws("abort-multipart-wrong-key-name", s3.abort_multipart_upload, **of)


def test_parts_that_cannot_be_completed(s3: Any, bucket: str) -> None:
    of = {"Bucket": bucket, "Key": "test-complete-multipart", "UploadId": ""}
    of["UploadId"] = s3.create_multipart_upload(Bucket=bucket, Key=of["Key"])["UploadId"]
    complete = partial(s3.complete_multipart_upload, **of)
    with recorded("test_multipart_complete_multipart_too_small") as aws:
        etag = ""
        for number in (1, 2):
            etag = aws(f"upload-part{number}", s3.upload_part, **of, Body=b"data", PartNumber=number)["ETag"]
        aws("complete-exc-no-parts", complete)
        aws("complete-exc-too-small", complete, MultipartUpload=listed([etag, etag]))
    of["UploadId"] = s3.create_multipart_upload(Bucket=bucket, Key=of["Key"])["UploadId"]
    complete = partial(s3.complete_multipart_upload, **of)
    s3.upload_part(**of, Body=b"data", PartNumber=1)
    with recorded("test_multipart_complete_multipart_wrong_part") as aws:
        wrong_number = {"Parts": [{"ETag": etag, "PartNumber": 2}]}
        aws("complete-exc-wrong-part-number", complete, MultipartUpload=wrong_number)
        empty = '"d41d8cd98f00b204e9800998ecf8427e"'
        aws("complete-exc-wrong-etag", complete, MultipartUpload=listed([empty]))


def test_reads_of_parts(s3: Any, bucket: str, upload: Any) -> None:
    named = {"Bucket": bucket, "Key": "test.file"}
    with recorded("test_get_object_part") as aws:
        aws.compare("multipart-upload", upload(named["Key"], SENTENCE, parts=2))
        aws("head-object-part", s3.head_object, **named, PartNumber=2)
        aws("get-object-part", s3.get_object, **named, PartNumber=2)
        aws("get-object-part-with-checksum", s3.get_object, **named, PartNumber=2, ChecksumMode="ENABLED")
        aws("part-doesnt-exist", s3.get_object, **named, PartNumber=10)
        aws("part-with-range", s3.get_object, **named, PartNumber=2, Range="bytes=0-8")
        named["Key"] = "single"
        s3.put_object(**named, Body=b"test-123")
        aws("part-no-multipart", s3.get_object, **named, PartNumber=2)
        aws("get-obj-no-multipart", s3.get_object, **named, PartNumber=1)


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_checksums_of_parts(s3: Any, bucket: str, kind: str) -> None:
    named = {"Bucket": bucket, "Key": "test-multipart-checksum"}
    algorithm = {"ChecksumAlgorithm": "CRC32C"}
    with recorded(f"test_get_object_part_checksum[{kind}]") as aws:
        create = partial(s3.create_multipart_upload, **named, **algorithm)
        of = {**named, "UploadId": aws("create-mpu-checksum", create, ChecksumType=kind)["UploadId"]}
        part = aws("upload-part", s3.upload_part, **of, **algorithm, Body=SENTENCE, PartNumber=1)
        kept = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32C": part["ChecksumCRC32C"]}]
        complete = partial(s3.complete_multipart_upload, **of, MultipartUpload={"Parts": kept})
        aws("complete-multipart-checksum", complete, ChecksumType=kind)
        aws("head-object-part", s3.head_object, **named, PartNumber=1, ChecksumMode="ENABLED")
        aws("get-object-part", s3.get_object, **named, PartNumber=1, ChecksumMode="ENABLED")


def test_the_location_is_a_url(server: Any, s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "test-unicode_—_file"}
    with recorded("test_multipart_with_unicode_character_location", bucket_url=f"{server.endpoint}/{bucket}") as aws:
        of = {**named, "UploadId": aws("create-multipart", s3.create_multipart_upload, **named)["UploadId"]}
        etag = s3.upload_part(**of, Body=b"a" * (MIB_5 + 1), PartNumber=1)["ETag"]
        aws("complete-multipart", s3.complete_multipart_upload, **of, MultipartUpload=listed([etag]))


def test_the_location_by_the_host_style(server: Any, s3: Any, bucket: str) -> None:
    """Slashes of the key are encoded, as on AWS."""
    of = {"Bucket": bucket, "Key": "a/b c", "UploadId": ""}
    of["UploadId"] = s3.create_multipart_upload(Bucket=bucket, Key=of["Key"])["UploadId"]
    etag = s3.upload_part(**of, Body=b"a", PartNumber=1)["ETag"]
    body = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>"
    path, host = f"/a/b%20c?uploadId={of['UploadId']}", f"{bucket}.localhost"
    answer = send_raw(server, "POST", path, body=body.format(etag).encode(), host=host)
    shown = document(answer.body)["CompleteMultipartUploadResult"]
    assert shown["Location"] == f"http://{host}:{server.port}/a%2Fb%20c"


def test_copies_of_an_object_that_was_uploaded_in_parts(s3: Any, bucket: str, upload: Any) -> None:
    source = {"Bucket": bucket, "Key": "test.file"}
    with recorded("test_multipart_copy_object_etag") as aws:
        aws.compare("multipart-upload", upload(source["Key"], SENTENCE))
        named = {"Bucket": bucket, "Key": "copy.file", "CopySource": source}
        aws("copy-object", s3.copy_object, **named)
        changed = {"MetadataDirective": "REPLACE"}
        aws("copy-object-in-place", s3.copy_object, **source, CopySource=source, **changed)
        aws("head-obj", s3.head_object, **source, ChecksumMode="ENABLED")


def test_an_upload_over_an_object(s3: Any, bucket: str, upload: Any) -> None:
    with recorded("test_multipart_overwrite_key") as aws:
        aws("put-object", s3.put_object, Bucket=bucket, Key="test.file", Body=SENTENCE)
        aws.compare("multipart-upload", upload("test.file", SENTENCE))
        assert s3.get_object(Bucket=bucket, Key="test.file")["Body"].read() == SENTENCE
