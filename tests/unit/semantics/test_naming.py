"""Names of buckets and keys.

Source: S3 User Guide, "General purpose bucket naming rules", "Naming Amazon S3 objects".
"""

from __future__ import annotations

import pytest

from farshore.model.errors import BadRequest, InvalidBucketName, InvalidURI, KeyTooLongError, MalformedXML
from farshore.semantics.naming import check_bucket_name, check_key


@pytest.mark.parametrize("name", ["abc", "a" * 63, "my.bucket-1", "1.2.3", "a--b", "1234", "0.0.0.a", "xn-bucket"])
def test_a_bucket_name_within_the_rules_is_accepted(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 64,
        "Bucket",
        "my_bucket",
        "bücket",
        "a..b",
        ".abc",
        "abc.",
        "-abc",
        "abc-",
        "a.-b",
        "a-.b",
        "192.168.5.4",
        "xn--abc",
        "sthree-abc",
        "amzn-s3-demo-bucket",
        "abc-s3alias",
        "abc--ol-s3",
        "abc.mrap",
        "abc--x-s3",
        "abc--table-s3",
        "abc\n",
        "a/b",
    ],
)
def test_a_bucket_name_against_the_rules_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidBucketName) as refused:
        check_bucket_name(name)
    assert refused.value.details == {"BucketName": name}


@pytest.mark.parametrize(
    "key", ["a", "/", "..a", "a/..", "a/../b", "a/./..", "a//b/../../c", "...", "a" * 1024, "é" * 512, "😀" * 256]
)
def test_a_key_of_up_to_1024_bytes_is_accepted(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize(("key", "size"), [("a" * 1025, 1025), ("é" * 512 + "a", 1025), ("😀" * 257, 1028)])
def test_a_longer_key_is_refused_with_its_size_in_bytes(key: str, size: int) -> None:
    with pytest.raises(KeyTooLongError) as refused:
        check_key(key)
    assert refused.value.details == {"Size": str(size), "MaxSizeAllowed": "1024"}


@pytest.mark.parametrize("key", ["..", "../a", "a/../..", "a/../../b", "./../a", "a//../..", "/../a"])
def test_a_key_that_climbs_above_its_beginning_is_refused(key: str) -> None:
    with pytest.raises(BadRequest):
        check_key(key)


def test_an_empty_key_can_only_come_from_xml_and_is_malformed() -> None:
    with pytest.raises(MalformedXML):
        check_key("")


def test_a_key_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(InvalidURI):
        check_key("a\udcff")
