"""Copies answer as AWS answered the same requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from tests.e2e.recorded_answers import Recorded

BODY = b'{"key": "value"}'
JSON = {"Body": BODY, "ContentType": "application/json", "Metadata": {"key": "value"}}
ONE_TAG, OTHER_TAG = "key1=value1", "key2=value2"


def recorded(test: str, **bound: str) -> Recorded:
    return Recorded("copies", test, **bound)


class Copies:
    """One object, its copy, and what is asked about them."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self.s3, self.bucket = s3, bucket
        self.put = partial(s3.put_object, Bucket=bucket, Key="source")
        self.head = partial(s3.head_object, Bucket=bucket, Key="source")
        self.get = partial(s3.get_object, Bucket=bucket, Key="source")
        self.attributes = partial(s3.get_object_attributes, Bucket=bucket, ObjectAttributes=["StorageClass"])
        self.copy = partial(s3.copy_object, Bucket=bucket, Key="copy", CopySource=f"{bucket}/source")
        self.in_place = partial(self.copy, Key="source")
        self.head_copy = partial(self.head, Key="copy")


@pytest.fixture
def of(s3: Any, bucket: str) -> Copies:
    return Copies(s3, bucket)


@pytest.fixture
def of_versions(s3: Any, versioned: str) -> Copies:
    return Copies(s3, versioned)


def test_metadata_of_a_copy(of: Copies) -> None:
    with recorded("test_s3_copy_metadata_replace") as aws:
        aws("put_object", of.put, **JSON, ContentLanguage="en-US")
        aws("head_object", of.head)
        other = {"Metadata": {"another-key": "value"}, "ContentType": "image/jpg", "MetadataDirective": "REPLACE"}
        aws("copy_object", of.copy, **other)
        aws("head_object_copy", of.head_copy)
    with recorded("test_s3_copy_metadata_directive_copy") as aws:
        aws("put-object", of.put, Body=b"test", Metadata={"key": "value"}, ContentLanguage="en-US")
        aws("head-object", of.head)
        ignored = {"Metadata": {"another-key": "value"}, "ContentLanguage": "en-GB"}
        aws("copy-object", of.copy, **ignored, MetadataDirective="COPY")
        aws("head-object-copy", of.head_copy)


def test_copies_of_copies_keep_metadata(of: Copies) -> None:
    with recorded("test_s3_copy_content_type_and_metadata") as aws:
        aws("put_object", of.put, **JSON)
        aws("head_object", of.head)
        aws("copy_object", of.copy)
        aws("head_object_copy", of.head_copy)
        aws("copy_object_second", of.copy, MetadataDirective="COPY")
        aws("head_object_second_copy", of.head_copy)


def test_a_copy_onto_itself_must_change_something(of: Copies) -> None:
    with recorded("test_s3_copy_object_in_place") as aws:
        aws("put_object", of.put, **JSON)
        aws("head_object", of.head)
        aws("object-attrs", of.attributes, Key="source")
        aws("copy-object-in-place-no-change", of.in_place)
        changed = {"StorageClass": "STANDARD", "ChecksumAlgorithm": "SHA256"}
        aws("copy-object-in-place-with-storage-class", of.in_place, **changed)
        aws("object-attrs-after-copy", of.attributes, Key="source")
        aws("object-acl", of.s3.get_object_acl, Bucket=of.bucket, Key="source")
        aws("copy-object-in-place-with-acl", of.in_place, ACL="public-read")


def test_metadata_of_a_copy_onto_itself(of: Copies) -> None:
    with recorded("test_s3_copy_object_in_place_metadata_directive") as aws:
        aws("put_object", of.put, **JSON)
        aws("head_object", of.head)
        aws("no-metadata-directive-fail", of.in_place, Metadata={"key2": "value2"})
        aws("copy-replace-directive", of.in_place, Metadata={"key2": "value2"}, MetadataDirective="REPLACE")
        aws("head-replace-directive", of.head)
        aws("copy-copy-directive", of.in_place, MetadataDirective="COPY", StorageClass="STANDARD")
        aws("head-copy-directive", of.head)
        ignored = {"Metadata": {"key3": "value3"}, "MetadataDirective": "COPY", "StorageClass": "STANDARD"}
        aws("copy-copy-directive-ignore", of.in_place, **ignored)
        aws("head-copy-directive-ignore", of.head)
        aws("copy-replace-directive-empty", of.in_place, MetadataDirective="REPLACE")
        aws("head-replace-directive-empty", of.head)


def test_storage_classes_of_copies_onto_itself(of: Copies) -> None:
    with recorded("test_s3_copy_object_in_place_storage_class") as aws:
        aws("put-object", of.put, Body=b"test", StorageClass="STANDARD")
        aws("head-object", of.head)
        aws("object-attrs", of.attributes, Key="source")
        aws("copy-object-in-place-with-storage-class", of.in_place, StorageClass="STANDARD")
        aws("object-attrs-after-copy", of.attributes, Key="source")
    with recorded("test_s3_copy_object_storage_class") as aws:
        aws("put-object", of.put, Body=b"test", StorageClass="STANDARD_IA")
        aws("head-object", of.head)
        aws("object-attrs", of.attributes, Key="source")
        aws("copy-object-in-place-with-storage-class", of.in_place, StorageClass="STANDARD")
        aws("object-attrs-after-copy", of.attributes, Key="source")
        aws("exc-invalid-request-storage-class", of.in_place)


def test_a_copy_onto_itself_with_a_redirect(of: Copies) -> None:
    redirect = {"WebsiteRedirectLocation": "/test/direct"}
    with recorded("test_s3_copy_object_in_place_website_redirect_location") as aws:
        aws("put-object", of.put, Body=b"test", **redirect)
        aws("head-object", of.head)
        aws("copy-object-in-place-with-website-redirection", of.in_place, **redirect)
        aws("head-object-after-copy", of.head)


def test_checksums_of_copies(of: Copies) -> None:
    attributes = partial(of.attributes, ObjectAttributes=["Checksum"])
    with recorded("test_s3_copy_object_with_checksum[SHA256]") as aws:
        aws("put-object-no-checksum", of.put, **JSON)
        aws("object-attrs", attributes, Key="source")
        changed = {"ChecksumAlgorithm": "SHA256", "MetadataDirective": "REPLACE"}
        aws("copy-object-in-place-with-checksum", of.in_place, **changed)
        aws("object-attrs-after-copy", attributes, Key="source")
        aws("copy-object-to-dest-keep-checksum", of.copy)
    with recorded("test_s3_copy_object_with_default_checksum[SHA256]") as aws:
        aws("put-object-no-checksum", of.put, **JSON, ChecksumAlgorithm="SHA256")
        aws("object-attrs", attributes, Key="source")
        aws("copy-object-in-place-with-no-checksum", of.in_place, MetadataDirective="REPLACE")
        aws("object-attrs-after-copy", attributes, Key="source")
        aws("copy-object-to-dest-keep-checksum", of.copy)
        aws("dest-object-attrs-after-copy", attributes, Key="copy")


@pytest.mark.parametrize("directive", ["COPY", "REPLACE", None])
def test_tags_of_a_copy(of: Copies, directive: str | None) -> None:
    how = {} if directive is None else {"TaggingDirective": directive}
    tags = partial(of.s3.get_object_tagging, Bucket=of.bucket)
    with recorded(f"test_s3_copy_tagging_directive[{directive}]") as aws:
        aws("put-object", of.put, Body=b"test", Tagging=ONE_TAG)
        aws("get-object-tag", tags, Key="source")
        aws("copy-object", of.copy, Tagging=OTHER_TAG, **how)
        aws("get-copy-object-tag", tags, Key="copy")
        aws("copy-object-tag-empty", of.copy, **how)
        aws("get-copy-object-tag-empty", tags, Key="copy")


@pytest.mark.parametrize("directive", ["REPLACE", None])
def test_tags_of_copies_of_versions(of_versions: Copies, directive: str | None) -> None:
    of = of_versions
    how = {} if directive is None else {"TaggingDirective": directive}
    tags = partial(of.s3.get_object_tagging, Bucket=of.bucket)
    with recorded(f"test_s3_copy_tagging_directive_versioned[{directive}]") as aws:
        first = aws("put-object", of.put, Body=b"test", Tagging=ONE_TAG)["VersionId"]
        aws("put-object-v2", of.put, Body=b"test-v2", Tagging="key1=value1-v2")
        aws("get-object-tag", tags, Key="source")
        aws("get-object-tag-v1", tags, Key="source", VersionId=first)
        for suffix, source in (("", f"{of.bucket}/source"), ("-v1", f"{of.bucket}/source?versionId={first}")):
            aws(f"copy-object{suffix}", of.copy, CopySource=source, Tagging=OTHER_TAG, **how)
            aws(f"get-copy-object-tag{suffix}", tags, Key="copy")
            aws(f"copy-object-tag-empty{suffix}", of.copy, CopySource=source, **how)
            aws(f"get-copy-object-tag-empty{suffix}", tags, Key="copy")


def test_sources_that_are_not_there(of_versions: Copies) -> None:
    of = of_versions
    source = f"{of.bucket}/random-src-key"
    with recorded("test_s3_copy_object_src_not_exists") as aws:
        aws("copy-object-src-bucket-not-exists", of.copy, CopySource="no-such-bucket-at-all/source")
        aws("copy-object-src-object-not-exists", of.copy, CopySource=source)
        put = of.s3.put_object(Bucket=of.bucket, Key="random-src-key")
        for member in ("ChecksumCRC32", "ChecksumType"):
            put.pop(member)
        aws.compare("put-obj-versioned", put)
        delete = partial(of.s3.delete_object, Bucket=of.bucket, Key="random-src-key")
        marker = aws("del-obj-versioned", delete)["VersionId"]
        aws("copy-object-src-delete-marker-current-version", of.copy, CopySource=source)
        aws("copy-object-src-target-delete-marker", of.copy, CopySource=f"{source}?versionId={marker}")
        copy = of.s3.copy_object(Bucket=of.bucket, Key="c", CopySource=f"{source}?versionId={put['VersionId']}")
        for member in ("ChecksumCRC32", "ChecksumType"):
            copy["CopyObjectResult"].pop(member)
        aws.compare("copy-object-src-target-object-version", copy)
    with recorded("test_s3_copy_object_wrong_format") as aws:
        aws("copy-object-wrong-copy-source", of.copy, CopySource="wrongformat")


def test_sources_with_special_characters(of: Copies) -> None:
    keys = ["file%2Fname", "test@key/", "test key/", "test key//", "a/%F0%9F%98%80/", "test+key"]
    copies = f"{of.bucket}-copies"
    of.s3.create_bucket(Bucket=copies)
    with recorded("test_copy_object_special_character") as aws:
        for key in keys:
            aws(f"put-object-src-special-char-{key}", of.put, Key=key, Body=b"test")
            copy = partial(of.copy, Bucket=copies, Key=key, CopySource={"Bucket": of.bucket, "Key": key})
            aws(f"copy-object-special-char-{key}", copy)
        aws("list-object-copy-dest-special-char", of.s3.list_objects_v2, Bucket=copies)


def versioning(of: Copies, status: str) -> None:
    of.s3.put_bucket_versioning(Bucket=of.bucket, VersioningConfiguration={"Status": status})


def test_copies_of_versions_onto_their_key(of_versions: Copies) -> None:
    of = of_versions
    replace = partial(of.in_place, MetadataDirective="REPLACE")
    with recorded("test_s3_copy_object_in_place_versioned") as aws:
        aws("put_object", of.put, **JSON)
        aws("head_object", of.head)
        aws("object-attrs", of.attributes, Key="source")
        aws("copy-object-in-place-no-change", of.in_place)
        second = aws("copy-in-place-versioned", replace)["VersionId"]
        aws("head-object-copied", of.head)
        aws("get-object-copied", of.get)
        versioning(of, "Suspended")
        aws("copy-in-place-versioned-suspended", replace)
        aws("head-object-copied-suspended", of.head)
        aws("get-object-copied-suspended", of.get)
        aws("head-object-previous-version-suspended", of.head, VersionId=second)
        versioning(of, "Enabled")
        aws("copy-in-place-versioned-re-enabled", replace)


def test_copies_onto_their_key_in_a_suspended_bucket(of: Copies) -> None:
    replace = partial(of.in_place, MetadataDirective="REPLACE")
    with recorded("test_s3_copy_object_in_place_suspended_only") as aws:
        aws("put_object", of.put, **JSON)
        aws("head_object", of.head)
        aws("copy-in-place-non-versioned", replace)
        aws("head-object-copied", of.head)
        aws("get-object-copied", of.get)
        versioning(of, "Suspended")
        aws("copy-in-place-versioned-suspended", replace)
        aws("head-object-copied-suspended", of.head)
        aws("get-object-copied-suspended", of.get)
        aws("copy-in-place-versioned-suspended-twice", replace)


def test_conditions_on_the_source(of: Copies) -> None:
    etag = of.put(Body=b"data")["ETag"]
    now, day = datetime.now(UTC), timedelta(days=1)
    with recorded("test_s3_copy_object_preconditions") as aws:
        aws("head-object", of.head)
        aws("copy-precondition-if-match", of.copy, CopySourceIfMatch='"a1b1"')
        aws("copy-precondition-if-unmodified-since", of.copy, CopySourceIfUnmodifiedSince=now - day)
        aws("copy-precondition-if-none-match", of.copy, CopySourceIfNoneMatch=etag)
        aws("copy-precondition-if-modified-since", of.copy, CopySourceIfModifiedSince=now)
        aws("copy-ignore-future-modified-since", of.copy, CopySourceIfModifiedSince=now + day)
        aws("copy-etag-missing-quotes", of.copy, CopySourceIfNoneMatch=etag.strip('"'))
        every = {"CopySourceIfMatch": etag, "CopySourceIfNoneMatch": '"a1b1"'}
        times = {"CopySourceIfModifiedSince": now - day, "CopySourceIfUnmodifiedSince": now}
        aws("copy-success", of.copy, **every, **times)


def test_times_in_conditions_on_the_source(of_versions: Copies) -> None:
    of = of_versions
    version = of.put(Body=b"data")["VersionId"]
    changed = of.head()["LastModified"]
    second = timedelta(seconds=1)
    source = f"{of.bucket}/source?versionId={version}"
    copy = partial(of.copy, CopySource=source)
    with recorded("test_s3_copy_object_if_source_modified_since_versioned") as aws:
        aws("head-object", of.head)
        aws("copy-if-modified-since", copy, CopySourceIfModifiedSince=changed - second)
        aws("copy-if-modified-since-last-modified", copy, CopySourceIfModifiedSince=changed)
    with recorded("test_s3_copy_object_if_source_unmodified_since_versioned") as aws:
        aws("head-object", of.head)
        aws("copy-if-unmodified-since", copy, CopySourceIfUnmodifiedSince=changed)
        aws("copy-past-if-unmodified-since", copy, CopySourceIfUnmodifiedSince=changed - second)
