"""Objects, their headers, tags and conditions answer as AWS answered the same requests."""

from __future__ import annotations

import gzip
import io
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from tests.e2e.recorded_answers import Recorded, document
from tests.support.raw_requests import send_raw

LOREM = b"Lorem ipsum dolor sit amet, ... " * 30


def recorded(test: str) -> Recorded:
    return Recorded("objects", test)


def gzipped() -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="w", mtime=1676569620) as stream:
        stream.write(b"1234567890 " * 100)
    return packed.getvalue()


def test_keys_in_utf_8(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "Ā0Ä"}
    with recorded("test_put_and_get_object_with_utf8_key") as aws:
        aws("put-object", s3.put_object, **named, Body=b"abc123")
        answer = s3.get_object(**named)
        assert answer.pop("Body").read() == b"abc123"
        aws.compare("get-object", answer)


def test_names_of_user_metadata_are_in_lower_case(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "key-with-metadata"}
    s3.put_object(**named, Body=b"foo", Metadata={"TEST_META_1": "foo", "__meta_2": "bar"})
    with recorded("test_metadata_header_character_decoding") as aws:
        aws("head-object", s3.head_object, **named)


def test_ranges(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "my-key"}
    with recorded("test_range_key_not_exists") as aws:
        aws("exc", s3.get_object, **named, Range="bytes=1024-4096")
    s3.put_object(**named, Body=b"abcdefgh")
    with recorded("test_invalid_range_error") as aws:
        aws("exc", s3.get_object, **named, Range="bytes=1024-4096")
    s3.put_object(**named, Body=os.urandom(2048))
    with recorded("test_range_header_body_length") as aws:
        for label, asked in (("get-object", "bytes=0-1023"), ("get-object-2", "bytes=1024-2047")):
            answer = s3.get_object(**named, Range=asked)
            assert len(answer.pop("Body").read()) == 1024
            aws.compare(label, answer)
    s3.put_object(**named, Body=LOREM)
    with recorded("test_etag_on_get_object_call") as aws:
        aws("get_object", s3.get_object, **named)
        aws("get_object_range", s3.get_object, **named, Range="bytes=0-16")


def test_tags(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "test-key-tagging"}
    with recorded("test_put_object_tagging_empty_list") as aws:
        s3.put_object(**named, Body=b"test-tagging")
        aws("created-object-tags", s3.get_object_tagging, **named)
        tags = [{"Key": "tag1", "Value": "tag1"}, {"Key": "tag2", "Value": ""}]
        s3.put_object_tagging(**named, Tagging={"TagSet": tags})
        aws("updated-object-tags", s3.get_object_tagging, **named)
        s3.put_object_tagging(**named, Tagging={"TagSet": []})
        aws("deleted-object-tags", s3.get_object_tagging, **named)
    with recorded("test_delete_object_tagging") as aws:
        s3.put_object(**named, Body=b"something")
        aws("get-obj", s3.get_object, **named)
        s3.delete_object_tagging(**named)
        aws("get-obj-after-tag-deletion", s3.get_object, **named)


def test_a_body_that_is_xml(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**named, Body=b'<?xml version="1.0" encoding="UTF-8"?><test/>')
    with recorded("test_upload_file_with_xml_preamble") as aws:
        aws("get_object", s3.get_object, **named)


def test_deleting_keys_that_are_not_there(s3: Any, bucket: str) -> None:
    keys = {"Objects": [{"Key": key} for key in ("test-key-nonexistent", "dummy1", "dummy2")]}
    s3.put_object(Bucket=bucket, Key="test-key-nonexistent", Body=b"x")
    with recorded("test_delete_non_existing_keys") as aws:
        answer = s3.delete_objects(Bucket=bucket, Delete=keys)
        answer["Deleted"].sort(key=lambda entry: entry["Key"])
        aws.compare("deleted-resp", answer)
    with recorded("test_delete_non_existing_keys_quiet") as aws:
        aws("deleted-resp", s3.delete_objects, Bucket=bucket, Delete={**keys, "Quiet": True})
    with recorded("test_delete_non_existing_keys_in_non_existing_bucket") as aws:
        aws("error-non-existent-bucket", s3.delete_objects, Bucket="no-such-bucket-at-all", Delete=keys)


def test_keys_differ_by_case(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="CamelCaseKey", Body=b"something")
    with recorded("test_s3_uppercase_key_names") as aws:
        aws("response", s3.get_object, Bucket=bucket, Key="CamelCaseKey")
        aws("wrong-case-key", s3.get_object, Bucket=bucket, Key="camelcasekey")


def test_content_md5(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "test-key", "Body": b"something"}
    wrong = ["__invalid__", "000", "not base64 encoded checksum", "MTIz", "dGVzdC1zdHJpbmc="]
    bad, right = "CYketZBSTjX8czcs3cXVlg==", "Q3uTDbhLgHnC3YBKcZNrXw=="
    with recorded("test_s3_invalid_content_md5") as aws:
        for number, md5 in enumerate(wrong):
            aws(f"md5-error-{number}", s3.put_object, **named, ContentMD5=md5)
        aws("md5-error-bad-digest", s3.put_object, **named, ContentMD5=bad)
        aws("success-put-object-md5", s3.put_object, **named, ContentMD5=right)
        upload = s3.create_multipart_upload(Bucket=bucket, Key="test-key")["UploadId"]
        part = partial(s3.upload_part, **named, UploadId=upload, PartNumber=1)
        for number, md5 in enumerate(wrong):
            aws(f"upload-part-md5-error-{number}", part, ContentMD5=md5)
        aws("upload-part-md5-bad-digest", part, ContentMD5=bad)
        aws("success-upload-part-md5", part, ContentMD5=right)


def test_headers_that_are_kept(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    with recorded("test_s3_upload_download_gzip") as aws:
        aws("put-object", s3.put_object, **named, Body=gzipped(), ContentEncoding="gzip")
        answer = s3.get_object(**named)
        assert answer.pop("Body").read() == gzipped()
        aws.compare("get-object", answer)
    kept = {"ContentLanguage": "de", "ContentDisposition": 'attachment; filename="foo.jpg"', "CacheControl": "no-cache"}
    with recorded("test_put_and_get_object_with_content_language_disposition") as aws:
        for label, answer in (
            ("put-object", s3.put_object(**named, Body=b"abc123", **kept)),
            ("get-object", s3.get_object(**named)),
        ):
            if "Body" in answer:
                assert answer.pop("Body").read() == b"abc123"
            aws.compare(label, answer)
            aws.compare(f"{label}-headers", answer["ResponseMetadata"]["HTTPHeaders"])


def test_headers_that_are_overridden(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**named, Body=b"something")
    with recorded("test_s3_get_object_header_overrides") as aws:
        aws(
            "get-object",
            s3.get_object,
            **named,
            ResponseCacheControl="max-age=74",
            ResponseContentDisposition='attachment; filename="foo.jpg"',
            ResponseContentEncoding="identity",
            ResponseContentLanguage="de-DE",
            ResponseContentType="image/jpeg",
            ResponseExpires=datetime(2015, 10, 21, 7, 28, tzinfo=UTC),
        )


def test_expires_is_kept_past_or_future(s3: Any, bucket: str) -> None:
    with recorded("test_s3_object_expires") as aws:
        for when, days in (("future", 1), ("past", -1)):
            named = {"Bucket": bucket, "Key": when}
            expires = datetime.now(UTC) + timedelta(days=days)
            aws(f"put-object-expires-{when}", s3.put_object, **named, Body=b"foo", Expires=expires)
            for ask in ("head", "get"):
                answer = getattr(s3, f"{ask}_object")(**named)
                assert answer["ExpiresString"] == expires.strftime("%a, %d %b %Y %H:%M:%S GMT")
                answer["ExpiresString"] = "shown as it was sent"
                aws.compare(f"{ask}-object-expires-{when}", answer)


def test_head(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="my-key", Body=b"abcdefgh")
    with recorded("test_head_object_fields") as aws:
        aws("head-object", s3.head_object, Bucket=bucket, Key="my-key")
        aws("head-object-404", s3.head_object, Bucket=bucket, Key="doesnotexist")


@pytest.mark.parametrize("storage_class", ["STANDARD", "STANDARD_IA", "GLACIER_IR"])
def test_storage_classes(s3: Any, bucket: str, storage_class: str) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**named, Body=b"body-test", StorageClass=storage_class)
    with recorded(f"test_put_object_storage_class[{storage_class}-True]") as aws:
        aws("get-object-storage-class", s3.get_object_attributes, **named, ObjectAttributes=["StorageClass"])
        aws("get-object", s3.get_object, **named)


def test_a_storage_class_that_is_none_of_buckets(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "k", "StorageClass": "OUTPOSTS"}
    with recorded("test_put_object_storage_class_outposts") as aws:
        aws("put-object-outposts", s3.put_object, **named, Body=b"x")
        aws("create-multipart-outposts-exc", s3.create_multipart_upload, **named)


@pytest.mark.parametrize("key", ["file%2Fname", "test key//", "a/%F0%9F%98%80/", "test%percent"])
def test_keys_with_special_characters(s3: Any, bucket: str, key: str) -> None:
    named = {"Bucket": bucket, "Key": key}
    with recorded(f"test_put_get_object_special_character[{key}]") as aws:
        aws("put-object-special-char", s3.put_object, **named, Body=b"test")
        aws("list-object-special-char", s3.list_objects_v2, Bucket=bucket)
        aws("get-object-special-char", s3.get_object, **named)
        aws("del-object-special-char", s3.delete_object, **named)


def test_keys_with_slashes_at_their_ends(s3: Any, bucket: str) -> None:
    for key, body in (("/foo", b"foobar"), ("bar", b"barfoo"), ("/bar/foo/", b"test")):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    with recorded("test_object_with_slashes_in_key[True]") as aws:
        aws("list-objects-slashes", s3.list_objects_v2, Bucket=bucket)


def test_delete_objects_by_keys_that_look_encoded(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a%2Fb", Body=b"percent encoding")
    s3.put_object(Bucket=bucket, Key="a/%F0%9F%98%80", Body=b"percent encoded emoji")
    with recorded("test_delete_objects_encoding") as aws:
        aws("list-objects-before-delete", s3.list_objects_v2, Bucket=bucket)
        keys = {"Objects": [{"Key": "a%2Fb"}, {"Key": "a/%F0%9F%98%80"}]}
        aws("deleted-resp", s3.delete_objects, Bucket=bucket, Delete=keys)
        aws("list-objects", s3.list_objects_v2, Bucket=bucket)


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_conditions_of_reads(s3: Any, bucket: str, operation: str) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**named, Body=b"data")["ETag"]
    changed = s3.head_object(**named)["LastModified"]
    now, day = datetime.now(UTC), timedelta(days=1)
    ask = partial(getattr(s3, operation), **named)
    with recorded(f"test_s3_get_object_preconditions[{operation}]") as aws:
        aws("precondition-if-match", ask, IfMatch='"a1b1"')
        aws("precondition-if-unmodified-since", ask, IfUnmodifiedSince=now - day)
        aws("precondition-if-none-match", ask, IfNoneMatch=etag)
        aws("copy-precondition-if-modified-since", ask, IfModifiedSince=now)
        aws("obj-ignore-future-modified-since", ask, IfModifiedSince=now + day)
        aws("etag-missing-quotes", ask, IfNoneMatch=etag.strip('"'))
        aws("precondition-if-unmodified-since-is-object", ask, IfUnmodifiedSince=changed)
        aws("precondition-if-modified-since-is-object", ask, IfModifiedSince=changed)
        every = {"IfMatch": etag, "IfNoneMatch": '"a1b1"', "IfModifiedSince": now - day, "IfUnmodifiedSince": now}
        aws("obj-success", ask, **every)


def test_a_condition_that_does_not_hold(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="foo", Body=b'{"foo": "bar"}')
    with recorded("test_precondition_failed_error") as aws:
        aws("get-object-if-match", s3.get_object, Bucket=bucket, Key="foo", IfMatch='"not good etag"')


def test_a_list_of_attributes_with_or_without_blanks(server: Any, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"test-body", ChecksumAlgorithm="SHA256")
    names = ("StorageClass", "ETag", "ObjectSize", "ObjectParts", "Checksum")
    with recorded("test_get_object_attributes_with_space") as aws:
        for label, separator in (("get-attrs-with-whitespace", ", "), ("get-attrs-without-whitespace", ",")):
            headers = {"x-amz-object-attributes": separator.join(names)}
            shown = document(send_raw(server, "GET", f"/{bucket}/key?attributes", headers).body)
            shown["GetObjectAttributesResponse"]["@xmlns"] = "http://s3.amazonaws.com/doc/2006-03-01/"
            aws.compare(label, shown)


def test_the_headers_of_a_read_by_the_host_style(server: Any, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"123")
    with recorded("test_get_object_content_length_with_virtual_host[True]") as aws:
        answer = send_raw(server, "GET", "/k", host=f"{bucket}.localhost")
        assert answer.body == b"123"
        aws.compare("get-obj-content-len-headers", dict(answer.headers))


def test_a_bucket_with_its_acl(s3: Any, bucket: str) -> None:
    with recorded("test_bucket_exists") as aws:
        aws("get-bucket-acl", s3.get_bucket_acl, Bucket=bucket)
        aws("get-bucket-not-exists", s3.get_bucket_acl, Bucket="bucket-not-exists")


def test_a_bucket_with_content(s3: Any, bucket: str) -> None:
    for number in range(10):
        s3.put_object(Bucket=bucket, Key=f"test-key-{number}", Body=f"test-{number}".encode())
    with recorded("test_delete_bucket_with_content") as aws:
        aws("list-objects", s3.list_objects, Bucket=bucket, MaxKeys=100)
