"""Metadata, storage classes, encryption, and copies. Source: S3 User Guide, "Working with object metadata"; API
Reference, PutObject, CopyObject; answers recorded on AWS."""

from __future__ import annotations

from typing import Any

import pytest

from farshore.model import errors
from farshore.model.objects import Attributes, Checksum, Version
from farshore.semantics.object_attributes import (
    check_self_copy,
    check_storage_class,
    copy_attributes,
    copy_tags,
    put_attributes,
)

SOURCE = Version(
    bucket_id=1,
    key="k",
    version_id="null",
    created_us=0,
    owner="o",
    attributes=Attributes(
        headers={"ContentType": "application/json", "ContentLanguage": "en", "WebsiteRedirectLocation": "/old"},
        metadata={"key": "value"},
        checksum=Checksum("CRC32", "AAAAAA=="),
    ),
    tags={"key1": "value1"},
)


def test_headers_and_metadata_are_kept_as_sent() -> None:
    params = {
        "Key": "k",
        "ContentType": "text/plain",
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="é"',
        "ContentLanguage": "de",
        "ContentEncoding": "gzip",
        "Expires": "Thu, 01 Dec 1994 16:00:00 GMT",
        "WebsiteRedirectLocation": "https://example.com",
        "Metadata": {"Name": "Wert", "b": ""},
        "ServerSideEncryption": "AES256",
    }
    attributes = put_attributes(params)
    assert attributes.headers == {
        name: params[name] for name in params.keys() - {"Key", "Metadata", "ServerSideEncryption"}
    }
    assert attributes.metadata == {"name": "Wert", "b": ""}
    assert put_attributes({"Key": "k"}) == Attributes()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("aws-chunked", None),
        ("gzip,aws-chunked", "gzip"),
        ("aws-chunked, gzip", "gzip"),
        ("gzip, br", "gzip, br"),
    ],
)
def test_the_framing_of_the_upload_is_not_the_object_s_encoding(sent: str, kept: str | None) -> None:
    assert put_attributes({"ContentEncoding": sent}).headers.get("ContentEncoding") == kept


def test_user_metadata_has_at_most_2_kb_of_names_and_values() -> None:
    assert put_attributes({"Metadata": {"é": "x" * 2046}}).metadata
    with pytest.raises(errors.MetadataTooLarge) as refused:
        put_attributes({"Metadata": {"é": "x" * 2047}})
    assert refused.value.details == {"Size": "2049", "MaxSizeAllowed": "2048"}


@pytest.mark.parametrize("location", ["index.html", "ftp://x"])
def test_a_redirect_must_be_a_path_or_a_web_address(location: str) -> None:
    with pytest.raises(errors.InvalidRedirectLocation):
        put_attributes({"WebsiteRedirectLocation": location})


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"ServerSideEncryption": "aws:kms"}, errors.NotImplemented),
        ({"ServerSideEncryption": "aws:kms:dsse"}, errors.NotImplemented),
        ({"SSECustomerKey": "x"}, errors.NotImplemented),
        ({"WriteOffsetBytes": 0}, errors.NotImplemented),
        ({"SSEKMSKeyId": "x"}, errors.NotImplemented),
        ({"ServerSideEncryption": "ROT13"}, errors.InvalidArgument),
        ({"ObjectLockMode": "GOVERNANCE"}, errors.InvalidRequest),
        ({"ObjectLockLegalHoldStatus": "ON"}, errors.InvalidRequest),
    ],
)
def test_encryption_locks_and_appends_that_there_are_none_of_are_refused(
    params: dict[str, Any], error: type[errors.S3Error]
) -> None:
    with pytest.raises(error):
        put_attributes(params)


@pytest.mark.parametrize("directive", [{}, {"MetadataDirective": "COPY"}])
def test_a_copy_takes_the_source_s_metadata_and_ignores_the_request_s(directive: dict[str, str]) -> None:
    attributes = copy_attributes(SOURCE, {"ContentType": "image/jpg", "Metadata": {"a": "b"}, **directive})
    assert attributes == Attributes(
        headers={"ContentType": "application/json", "ContentLanguage": "en"}, metadata={"key": "value"}
    )


def test_a_copy_with_replace_takes_the_request_s_metadata_only() -> None:
    params = {"MetadataDirective": "REPLACE", "ContentType": "image/jpg", "Metadata": {"another-key": "value"}}
    assert copy_attributes(SOURCE, params) == Attributes(
        headers={"ContentType": "image/jpg"}, metadata={"another-key": "value"}
    )
    assert copy_attributes(SOURCE, {"MetadataDirective": "REPLACE"}) == Attributes()


def test_a_copy_never_takes_the_source_s_redirect() -> None:
    assert "WebsiteRedirectLocation" not in copy_attributes(SOURCE, {}).headers
    assert copy_attributes(SOURCE, {"WebsiteRedirectLocation": "/new"}).headers["WebsiteRedirectLocation"] == "/new"
    assert SOURCE.attributes.headers["WebsiteRedirectLocation"] == "/old"


@pytest.mark.parametrize(
    ("params", "tags"),
    [
        ({}, {"key1": "value1"}),
        ({"Tagging": "key2=value2"}, {"key1": "value1"}),
        ({"TaggingDirective": "COPY", "Tagging": "key2=value2"}, {"key1": "value1"}),
        ({"TaggingDirective": "REPLACE", "Tagging": "key2=value2"}, {"key2": "value2"}),
        ({"TaggingDirective": "REPLACE"}, {}),
    ],
)
def test_tags_of_a_copy_follow_their_own_directive(params: dict[str, str], tags: dict[str, str]) -> None:
    assert copy_tags(SOURCE, params) == tags


def test_an_unknown_directive_is_refused() -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        copy_attributes(SOURCE, {"MetadataDirective": "copy"})
    assert refused.value.message == "Unknown metadata directive."
    assert refused.value.details == {"ArgumentName": "x-amz-metadata-directive", "ArgumentValue": "copy"}
    with pytest.raises(errors.InvalidArgument, match=r"Unknown tagging directive\."):
        copy_tags(SOURCE, {"TaggingDirective": "MERGE"})


@pytest.mark.parametrize(
    "params",
    [
        {"MetadataDirective": "REPLACE"},
        {"StorageClass": "STANDARD"},
        {"ServerSideEncryption": "AES256"},
        {"WebsiteRedirectLocation": "/x"},
    ],
)
def test_a_copy_onto_itself_that_says_what_changes_is_accepted(params: dict[str, str]) -> None:
    check_self_copy(params)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ACL": "bucket-owner-full-control"},
        {"Metadata": {"a": "b"}},
        {"MetadataDirective": "COPY"},
        {"TaggingDirective": "REPLACE", "Tagging": "a=b"},
        {"ChecksumAlgorithm": "SHA1"},
    ],
)
def test_a_copy_onto_itself_that_changes_nothing_is_illegal(params: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidRequest, match="This copy request is illegal because it is trying to copy an"):
        check_self_copy(params)


@pytest.mark.parametrize(
    "name",
    [
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    ],
)
def test_a_storage_class_of_general_purpose_buckets_is_accepted(name: str) -> None:
    assert check_storage_class(name) == name


@pytest.mark.parametrize("name", ["OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "FakeClass", "standard", ""])
def test_another_storage_class_is_refused_by_name(name: str) -> None:
    with pytest.raises(errors.InvalidStorageClass) as refused:
        check_storage_class(name)
    assert refused.value.details == {"StorageClassRequested": name}


def test_the_default_storage_class_is_standard() -> None:
    assert check_storage_class(None) == "STANDARD"
