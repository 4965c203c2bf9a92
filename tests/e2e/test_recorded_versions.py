"""Versioned buckets answer as AWS answered the same requests."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.e2e.recorded_answers import Recorded


def recorded(test: str) -> Recorded:
    return Recorded("versions", test)


def set_versioning(s3: Any, bucket: str, status: str) -> Any:
    return s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def test_an_object_hidden_by_a_delete_marker(s3: Any, versioned: str) -> None:
    named = {"Bucket": versioned, "Key": "my-key"}
    s3.put_object(**named, Body=b"abcdefgh")
    with recorded("test_get_object_after_deleted_in_versioned_bucket") as aws:
        aws("get-object", s3.get_object, **named)
        s3.delete_object(**named)
        aws("get-object-after-delete", s3.get_object, **named)


def test_versions_of_a_key_come_newest_first(s3: Any, bucket: str) -> None:
    with recorded("test_get_bucket_versioning_order") as aws:
        aws("list_object_versions_before", s3.list_object_versions, Bucket=bucket)
        aws(
            "put_bucket_versioning",
            s3.put_bucket_versioning,
            Bucket=bucket,
            VersioningConfiguration={"Status": "Enabled"},
        )
        aws("get_bucket_versioning", s3.get_bucket_versioning, Bucket=bucket)
        for key in ("test", "test", "test2"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"body")
        aws("list_object_versions", s3.list_object_versions, Bucket=bucket)


def test_a_version_that_is_deleted_by_its_id(s3: Any, versioned: str) -> None:
    body = b"Lorem ipsum dolor sit amet, ... " * 30
    with recorded("test_s3_delete_object_with_version_id") as aws:
        aws("get_bucket_versioning", s3.get_bucket_versioning, Bucket=versioned)
        first = s3.put_object(Bucket=versioned, Key="aws/s3/testkey1.txt", Body=body)["VersionId"]
        s3.put_object(Bucket=versioned, Key="aws/s3/testkey2.txt", Body=body)
        listed = {"Objects": [{"Key": "aws/s3/testkey1.txt", "VersionId": first}]}
        aws("delete_objects", s3.delete_objects, Bucket=versioned, Delete=listed)
        aws("list_object_versions_after_delete", s3.list_object_versions, Bucket=versioned)
        set_versioning(s3, versioned, "Suspended")
        aws("get_bucket_versioning_suspended", s3.get_bucket_versioning, Bucket=versioned)


def test_objects_from_before_during_and_after_versioning(s3: Any, bucket: str) -> None:
    listed = partial(s3.list_object_versions, Bucket=bucket)
    old, new = {"Bucket": bucket, "Key": "non-version-bucket-key"}, {"Bucket": bucket, "Key": "versioned-bucket-key"}
    with recorded("test_s3_put_object_versioned") as aws:
        aws("put-pre-versioned", s3.put_object, **old, Body=b"non-versioned-key")
        aws("get-pre-versioned", s3.get_object, **old)
        aws("list-object-pre-versioned", listed)
        set_versioning(s3, bucket, "Enabled")
        aws("get-post-versioned", s3.get_object, **old)
        aws("put-obj-versioned-1", s3.put_object, **new, Body=b"versioned-key")
        aws("put-obj-versioned-2", s3.put_object, **new, Body=b"versioned-key-updated")
        aws("get-obj-versioned", s3.get_object, **new)
        aws("list-object-versioned", listed)
        set_versioning(s3, bucket, "Suspended")
        aws("list-bucket-suspended", listed)
        aws("get-obj-versioned-disabled", s3.get_object, **new)
        aws("get-obj-non-versioned-disabled", s3.get_object, **old)
        aws("put-non-versioned-post-disable", s3.put_object, **old, Body=b"non-versioned-key-post")
        aws("get-non-versioned-post-disable", s3.get_object, **old)


def test_delete_objects_makes_and_removes_delete_markers(s3: Any, versioned: str) -> None:
    key = "test-key-versioned"
    ids = [s3.put_object(Bucket=versioned, Key=key, Body=body)["VersionId"] for body in (b"something", b"something-v2")]
    delete = partial(s3.delete_objects, Bucket=versioned)
    with recorded("test_delete_keys_in_versioned_bucket") as aws:
        aws("list-objects-v2", s3.list_objects_v2, Bucket=versioned)
        aws("delete-object", delete, Delete={"Objects": [{"Key": key}]})
        page = aws("list-object-version", s3.list_object_versions, Bucket=versioned)
        both = {"Objects": [{"Key": key, "VersionId": each} for each in ids]}
        aws("delete-object-version", delete, Delete=both)
        aws("list-objects-v2-after-delete", s3.list_objects_v2, Bucket=versioned)
        aws("list-object-version-after-delete", s3.list_object_versions, Bucket=versioned)
        marker = {"Key": key, "VersionId": page["DeleteMarkers"][0]["VersionId"]}
        aws("delete-object-delete-marker", delete, Delete={"Objects": [marker]})


def test_acls_of_a_delete_marker(s3: Any, versioned: str) -> None:
    named = {"Bucket": versioned, "Key": "test-key-versioned"}
    with recorded("test_put_object_acl_on_delete_marker") as aws:
        aws("put-obj-1", s3.put_object, **named, Body=b"something")
        aws("put-obj-2", s3.put_object, **named, Body=b"something-v2")
        marker = aws("delete-object", s3.delete_object, **named)["VersionId"]
        aws("put-acl-delete-marker", s3.put_object_acl, **named, ACL="public-read")
        aws("get-acl-delete-marker", s3.get_object_acl, **named)
        aws("put-acl-delete-marker-version-id", s3.put_object_acl, **named, VersionId=marker, ACL="public-read")
        aws("get-acl-delete-marker-version-id", s3.get_object_acl, **named, VersionId=marker)


def test_attributes_of_versions(s3: Any, versioned: str) -> None:
    named = {"Bucket": versioned, "Key": "key-attrs-versioned"}
    some = ["StorageClass", "ETag", "ObjectSize"]
    attributes = partial(s3.get_object_attributes, **named)
    with recorded("test_get_object_attributes_versioned") as aws:
        first = aws("put-obj-v1", s3.put_object, **named, Body=b"69\n420\n")["VersionId"]
        aws("put-obj-v2", s3.put_object, **named, Body=b"version 2")
        aws("object-attrs", attributes, ObjectAttributes=[*some, "ObjectParts", "Checksum"])
        aws("delete-key", s3.delete_object, **named)
        aws("deleted-object-attrs", attributes, ObjectAttributes=some)
        aws("get-object-attrs-v1", attributes, VersionId=first, ObjectAttributes=some)
