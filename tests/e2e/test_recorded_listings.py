"""Listings answer as AWS answered the same requests: members, markers, order, encoding."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from botocore.handlers import set_list_objects_encoding_type_url
from tests.e2e.recorded_answers import Recorded, asked, document
from tests.support.raw_requests import send_raw

FOLDERS = ("folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2")
IN_FOLDER = {"Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
THREE = ("test/foo/bar/123", "test/foo/bar/456", "test/bar/foo/123")


def recorded(test: str) -> Recorded:
    return Recorded("listings", test)


def put(s3: Any, bucket: str, *keys: str, body: bytes = b"content 123") -> list[str | None]:
    return [s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId") for key in keys]


@pytest.mark.parametrize("delimiter", ["", "/", "%2F"])
def test_list_objects_with_prefix(server: Any, s3: Any, bucket: str, delimiter: str) -> None:
    put(s3, bucket, "test/foo/bar/123")
    with recorded(f"test_list_objects_with_prefix[{delimiter}]") as aws:
        asks = {"Prefix": "test/", "Delimiter": delimiter, "MaxKeys": 1, "EncodingType": "url"}
        aws("list-objects", s3.list_objects, Bucket=bucket, **asks)
        if delimiter == "%2F":
            answer = send_raw(server, "GET", f"/{bucket}?prefix=test&delimiter=%2F")
            aws.compare("list-objects-no-encoding", document(answer.body))


def test_list_objects_next_marker(s3: Any, bucket: str) -> None:
    put(s3, bucket, "test_0", "test_1", "test_2")
    listed = partial(s3.list_objects, Bucket=bucket)
    with recorded("test_list_objects_next_marker") as aws:
        aws("list-objects-all", listed)
        marker = aws("list-objects-max-1", listed, MaxKeys=1, Delimiter="/")["NextMarker"]
        aws("list-objects-rest", listed, Marker=marker, MaxKeys=1)
        aws("list-objects-marker-empty", listed, Marker="", MaxKeys=1)


def test_list_objects_of_an_empty_bucket(s3: Any, bucket: str) -> None:
    with recorded("test_s3_list_objects_empty_marker") as aws:
        aws("list-objects", s3.list_objects, Bucket=bucket, Marker="")


def test_list_objects_markers_and_common_prefixes(s3: Any, bucket: str) -> None:
    put(s3, bucket, *FOLDERS)
    listed = partial(s3.list_objects, Bucket=bucket)
    with recorded("test_list_objects_marker_common_prefixes") as aws:
        aws("list-objects-all-keys", listed)
        first = aws("list-objects-start", listed, **IN_FOLDER)
        second = aws("list-objects-next-1", listed, **IN_FOLDER, Marker=first["NextMarker"])
        aws("list-objects-end", listed, **IN_FOLDER, Marker=second["NextMarker"])
        aws("list-objects-manual-first-file", listed, **IN_FOLDER, Marker=FOLDERS[0])


def test_list_objects_v2_with_prefix(server: Any, s3: Any, bucket: str) -> None:
    put(s3, bucket, *THREE)
    with recorded("test_list_objects_v2_with_prefix") as aws:
        for number, prefix in enumerate(("test/", "test/foo", "test/foo/bar"), 1):
            label = f"list-objects-v2-{number}"
            aws(label, s3.list_objects_v2, Bucket=bucket, Prefix=prefix, EncodingType="url")
        answer = send_raw(server, "GET", f"/{bucket}?list-type=2&prefix=test%2Ffoo")
        aws.compare("list-objects-v2-no-encoding", document(answer.body))


def test_list_objects_v2_with_prefix_and_delimiter(s3: Any, bucket: str) -> None:
    put(s3, bucket, *THREE)
    listed = partial(s3.list_objects_v2, Bucket=bucket, EncodingType="url", Delimiter="/")
    with recorded("test_list_objects_v2_with_prefix_and_delimiter") as aws:
        aws("list-objects-v2-1", listed, Prefix="test/")
        aws("list-objects-v2-1-with-max-keys", listed, Prefix="test/", MaxKeys=1)
        aws("list-objects-v2-2", listed, Prefix="test/foo")
        aws("list-objects-v2-3", listed, Prefix="test/foo/bar")


def test_list_objects_v2_token_and_start_after(s3: Any, bucket: str) -> None:
    put(s3, bucket, *(f"test_{number}" for number in range(12)))
    listed = partial(s3.list_objects_v2, Bucket=bucket)
    with recorded("test_list_objects_v2_continuation_start_after") as aws:
        token = aws("list-objects-v2-max-5", listed, MaxKeys=5)["NextContinuationToken"]
        aws("list-objects-v2-rest", listed, ContinuationToken=token)
        aws("list-objects-start-after", listed, StartAfter="test_7", MaxKeys=2)
        aws("list-objects-start-after-token", listed, StartAfter="test_7", ContinuationToken=token)
        aws("exc-continuation-token", listed, ContinuationToken="")


def test_list_objects_v2_token_and_common_prefixes(s3: Any, bucket: str) -> None:
    put(s3, bucket, *FOLDERS)
    listed = partial(s3.list_objects_v2, Bucket=bucket)
    with recorded("test_list_objects_v2_continuation_common_prefixes") as aws:
        aws("list-objects-v2-all-keys", listed)
        first = aws("list-objects-v2-start", listed, **IN_FOLDER)["NextContinuationToken"]
        second = aws("list-objects-v2-next-1", listed, **IN_FOLDER, ContinuationToken=first)
        aws("list-objects-v2-end", listed, **IN_FOLDER, ContinuationToken=second["NextContinuationToken"])


OPERATIONS = ("list_objects_v2", "list_objects", "list_object_versions", "list_multipart_uploads")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_encoding_types_that_are_none(s3: Any, bucket: str, operation: str) -> None:
    listed = partial(getattr(s3, operation), Bucket=bucket)
    with recorded(f"test_list_ops_encoding_type_validation[{operation}]") as aws:
        aws(f"{operation}-error-wrong-value", listed, EncodingType="value")
        aws(f"{operation}-error-empty-value", listed, EncodingType="")


def test_list_object_versions_markers(s3: Any, versioned: str) -> None:
    keys = ["test_0", "test_1", "test_2"]
    ids = put(s3, versioned, *keys, body=b"version 1")
    ids += put(s3, versioned, keys[2], body=b"version 2")
    ids += [s3.delete_object(Bucket=versioned, Key=key)["VersionId"] for key in keys]
    ids += put(s3, versioned, *keys[:2], body=b"version 2")
    listed = partial(s3.list_object_versions, Bucket=versioned)
    with recorded("test_list_objects_versions_markers") as aws:
        aws.compare("version-order", {"Versions": [{"VersionId": each} for each in ids]})
        aws("list-objects-versions-all", listed)
        page = aws("list-objects-versions-5", listed, MaxKeys=5)
        key, version_id = page["NextKeyMarker"], page["NextVersionIdMarker"]
        aws("list-objects-next-key-only", listed, MaxKeys=1, KeyMarker=key)
        aws("list-objects-next-key-last", listed, MaxKeys=1, KeyMarker=keys[-1])
        aws("list-objects-next-version-only", listed, MaxKeys=1, VersionIdMarker=version_id)
        aws("list-objects-both-markers", listed, MaxKeys=1, KeyMarker=key, VersionIdMarker=version_id)
        aws("list-objects-last-key-last-version", listed, MaxKeys=1, KeyMarker=keys[-1], VersionIdMarker=ids[3])
        aws("list-objects-next-key-empty", listed, MaxKeys=1, KeyMarker="")


def test_list_object_versions_and_common_prefixes(s3: Any, versioned: str) -> None:
    put(s3, versioned, *FOLDERS)
    listed = partial(s3.list_object_versions, Bucket=versioned)
    with recorded("test_list_object_versions_pagination_common_prefixes") as aws:
        aws("list-object-versions-all-keys", listed)
        first = aws("list-object-versions-start", listed, **IN_FOLDER)["NextKeyMarker"]
        second = aws("list-object-versions-next-1", listed, **IN_FOLDER, KeyMarker=first)["NextKeyMarker"]
        aws("list-object-versions-end", listed, **IN_FOLDER, KeyMarker=second)
        aws("list-object-versions-manual-first-file", listed, **IN_FOLDER, KeyMarker=FOLDERS[0])


def test_list_object_versions_with_prefix(server: Any, s3: Any, versioned: str) -> None:
    for key, body in (
        ("dir/test", b"content key1-v1"),
        ("dir/test", b"content key-1v2"),
        ("dir/subdir/test2", b"content key2-v1"),
        ("dir/subdir/test2", b"content key2-v2"),
    ):
        put(s3, versioned, key, body=body)
    prefixes = ("dir/", "dir/s", "dir/test", "dir/subdir", "dir/subdir/", "dir/subdir/test2")
    with recorded("test_list_objects_versions_with_prefix") as aws:
        for number, prefix in enumerate(prefixes, 1):
            label = f"list-object-version-{number}"
            aws(label, s3.list_object_versions, Bucket=versioned, Delimiter="/", Prefix=prefix)
        answer = send_raw(server, "GET", f"/{versioned}?versions&prefix=dir%2Fsubdir&delimiter=%2F")
        aws.compare("list-objects-versions-no-encoding", document(answer.body))


def test_list_object_versions_goes_on_behind_a_version_that_was_deleted(s3: Any, versioned: str) -> None:
    put(s3, versioned, *["prefixed_key"] * 5, "non_prefixed_key", body=b"")
    listed = partial(s3.list_object_versions, Bucket=versioned, Prefix="prefix")
    with recorded("test_list_objects_versions_with_prefix_only_and_pagination") as aws:
        aws("list-object-version-prefix-full", listed)
        page = aws("list-object-version-prefix-page-1", listed, MaxKeys=3)
        key, version_id = page["NextKeyMarker"], page["NextVersionIdMarker"]
        aws("list-object-version-prefix-key-marker-only", listed, MaxKeys=4, KeyMarker=key)
        behind = {"MaxKeys": 5, "KeyMarker": key, "VersionIdMarker": version_id}
        aws("list-object-version-prefix-page-2", listed, **behind)
        removed = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in page["Versions"]]
        assert len(s3.delete_objects(Bucket=versioned, Delete={"Objects": removed})["Deleted"]) == 3
        aws("list-object-version-prefix-page-2-after-delete", listed, **behind)


def create(s3: Any, bucket: str, *keys: str) -> list[str]:
    return [s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in keys]


def test_list_multipart_uploads_markers(s3: Any, bucket: str) -> None:
    listed = partial(s3.list_multipart_uploads, Bucket=bucket)
    with recorded("test_list_multiparts_next_marker") as aws:
        aws("list-multiparts-empty", listed)
        ids = create(s3, bucket, "test_c", "test_b", "test_a", "test_a", "test_a")
        aws.compare("upload-ids-order", {"UploadIds": [{"UploadId": each} for each in ids]})
        aws("list-multiparts-all", listed)
        page = aws("list-multiparts-max-1", listed, MaxUploads=1)
        key, upload_id = page["NextKeyMarker"], page["NextUploadIdMarker"]
        aws("list-multiparts-next-key-only", listed, MaxUploads=1, KeyMarker=key)
        aws("list-multiparts-next-key-last", listed, MaxUploads=1, KeyMarker="test_c")
        aws("list-multiparts-next-upload-only", listed, MaxUploads=1, UploadIdMarker=upload_id)
        aws("list-multiparts-both-markers", listed, MaxUploads=1, KeyMarker=key, UploadIdMarker=upload_id)
        aws("list-multiparts-both-markers-2", listed, MaxUploads=1, KeyMarker=key, UploadIdMarker=ids[-1])
        last = {"MaxUploads": 1, "KeyMarker": "test_b", "UploadIdMarker": ids[1]}
        aws("list-multiparts-get-last-upload-no-truncate", listed, **last)
        aws("list-multiparts-wrong-id-for-key", listed, **last | {"KeyMarker": "test_c"})
        aws("list-multiparts-next-key-empty", listed, MaxUploads=1, KeyMarker="")


def test_list_multipart_uploads_goes_on_behind_one_that_has_ended(s3: Any, bucket: str) -> None:
    """Not recorded: as with versions, the place counts, and none is listed twice."""
    first, second, third = create(s3, bucket, "a", "a", "a")
    s3.abort_multipart_upload(Bucket=bucket, Key="a", UploadId=second)
    page = s3.list_multipart_uploads(Bucket=bucket, KeyMarker="a", UploadIdMarker=second)
    assert [each["UploadId"] for each in page["Uploads"]] == [third]
    page = s3.list_multipart_uploads(Bucket=bucket, KeyMarker="a", UploadIdMarker=first)
    assert [each["UploadId"] for each in page["Uploads"]] == [third]
    error = asked(s3.list_multipart_uploads, Bucket=bucket, KeyMarker="a", UploadIdMarker="no-upload-id")["Error"]
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "upload-id-marker")


def test_list_multipart_uploads_with_prefix_and_delimiter(server: Any, s3: Any, bucket: str) -> None:
    create(s3, bucket, *THREE)
    with recorded("test_list_multiparts_with_prefix_and_delimiter") as aws:
        for number, prefix in enumerate(("test/", "test/foo/", "test/foo/bar"), 1):
            asks = {"Prefix": prefix, "Delimiter": "/", "EncodingType": "url"}
            aws(f"list-multiparts-{number}", s3.list_multipart_uploads, Bucket=bucket, **asks)
        answer = send_raw(server, "GET", f"/{bucket}?uploads&prefix=test%2Ffoo")
        aws.compare("list-multiparts-no-encoding", document(answer.body))


def test_list_multipart_uploads_and_common_prefixes(s3: Any, bucket: str) -> None:
    create(s3, bucket, *FOLDERS)
    listed = partial(s3.list_multipart_uploads, Bucket=bucket, Prefix="folder/", Delimiter="/", MaxUploads=1)
    with recorded("test_list_multipart_uploads_marker_common_prefixes") as aws:
        aws("list-multiparts-start", listed)
        aws("list-multiparts-manual-prefix", listed, KeyMarker="folder/aSubfolder/")
        aws("list-multiparts-manual-first-file", listed, KeyMarker=FOLDERS[0])


def test_list_parts(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "test-list-part-pagination"}
    (named["UploadId"],) = create(s3, bucket, named["Key"])
    listed = partial(s3.list_parts, **named)
    with recorded("test_list_parts_pagination") as aws:
        aws("list-parts-empty", listed)
        for number in (1, 2):
            s3.upload_part(**named, PartNumber=number, Body=b"data")
        aws("list-parts-all", listed)
        marker = aws("list-parts-1", listed, MaxParts=1)["NextPartNumberMarker"]
        aws("list-parts-next", listed, MaxParts=1, PartNumberMarker=marker)
        aws("list-parts-wrong-part", listed, MaxParts=1, PartNumberMarker=10)


def test_list_parts_takes_empty_numbers_as_none(server: Any, s3: Any, bucket: str) -> None:
    lenient = server.client("s3", parameter_validation=False)
    named = {"Bucket": bucket, "Key": "test-list-part-empty-marker"}
    (named["UploadId"],) = create(s3, bucket, named["Key"])
    s3.upload_part(**named, PartNumber=1, Body=b"data")
    with recorded("test_list_parts_empty_part_number_marker") as aws:
        aws("list-parts-empty-marker", lenient.list_parts, **named, PartNumberMarker="")
        aws("list-parts-empty-max-parts", lenient.list_parts, **named, MaxParts="")


def test_parts_by_object_attributes(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "test-object-attrs-pagination"}
    named["UploadId"] = s3.create_multipart_upload(**named, ChecksumAlgorithm="SHA256")["UploadId"]
    parts = []
    for number in (1, 2):
        part = s3.upload_part(**named, PartNumber=number, Body=b"a" * (5 * 1024**2 + 1), ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]})
    with recorded("test_list_parts_via_object_attrs_pagination") as aws:
        aws("list-parts", s3.list_parts, **named)
        aws("complete-mpu", s3.complete_multipart_upload, **named, MultipartUpload={"Parts": parts})
        del named["UploadId"]
        attributes = partial(s3.get_object_attributes, **named, ObjectAttributes=["ObjectParts"])
        aws("get-object-attrs-all", attributes)
        first = attributes(MaxParts=1)["ObjectParts"]
        assert (first["MaxParts"], len(first["Parts"]), first["IsTruncated"]) == (1, 1, True)
        marker = first["NextPartNumberMarker"]
        aws("get-object-attrs-next", attributes, MaxParts=1, PartNumberMarker=marker)
        aws("get-object-attrs-wrong-part", attributes, MaxParts=1, PartNumberMarker=10)


def test_keys_of_every_kind_in_listings(server: Any, s3: Any, bucket: str) -> None:
    keys = ["test@key/", "test%123", "test%percent", "test key/", "test key//", "test%123/", "a/%F0%9F%98%80/"]
    keys += ["file%2Fname", "date=2026-01-01/", "date=2026-02-01/", "date=2026-03-01/", "date=2026-05-01/"]
    put(s3, bucket, *keys, body=b"")
    listed = partial(s3.list_objects_v2, Bucket=bucket)
    bare = server.client("s3")
    bare.meta.events.unregister("before-parameter-build.s3.ListObjectsV2", set_list_objects_encoding_type_url)
    with recorded("test_list_objects_v2_continuation_token_safe_chars") as aws:
        token = aws("list-objects-v2-max-5", listed, MaxKeys=5)["NextContinuationToken"]
        aws("list-objects-v2-rest", listed, ContinuationToken=token)
        after = {"StartAfter": "date=2026-02-01/", "MaxKeys": 2}
        aws("list-objects-start-after", bare.list_objects_v2, Bucket=bucket, **after)
        aws("list-objects-start-after-url-type", listed, **after, EncodingType="url")
        page = aws("list-objects-start-after-encoded", listed, StartAfter="date%3D2026-02-01/", MaxKeys=2)
        token = {"ContinuationToken": page["NextContinuationToken"], "MaxKeys": 2}
        aws("list-objects-start-after-token", listed, **token)
        aws("list-objects-continuation-token-2", listed, **token, StartAfter="date=2026-02-01/")
