"""The x-amz-copy-source header. Source: API Reference, CopyObject; answers recorded on AWS."""

from __future__ import annotations

import pytest

from farshore.model.errors import InvalidArgument, KeyTooLongError
from farshore.semantics.copy_source import CopySource, parse_copy_source

VERSION = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("bucket/key", ("bucket", "key", None)),
        ("/bucket/key", ("bucket", "key", None)),
        ("bucket/a/b//", ("bucket", "a/b//", None)),
        ("/bucket//key", ("bucket", "/key", None)),
        ("bucket%2Fa%20b%2Fc", ("bucket", "a b/c", None)),
        ("bucket/a+b", ("bucket", "a b", None)),
        ("bucket/a%2Bb", ("bucket", "a+b", None)),
        ("bucket/file%252Fname", ("bucket", "file%2Fname", None)),
        ("bucket/%F0%9F%98%80", ("bucket", "😀", None)),
        ("bucket/why%3FversionId=x", ("bucket", "why?versionId=x", None)),
        (f"bucket/key?versionId={VERSION}", ("bucket", "key", VERSION)),
        ("bucket/key?versionId=null", ("bucket", "key", "null")),
    ],
)
def test_bucket_key_and_version_are_decoded(text: str, source: tuple[str, str, str | None]) -> None:
    assert parse_copy_source(text) == CopySource(*source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wrongformat", "Invalid copy source object key"),
        ("", "Invalid copy source object key"),
        ("bucket/", "Invalid copy source object key"),
        ("//key", "Invalid copy source bucket name"),
        ("bucket/%FF", "Invalid copy source encoding"),
    ],
)
def test_what_names_no_object_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message) as refused:
        parse_copy_source(text)
    assert refused.value.details == {"ArgumentName": "x-amz-copy-source", "ArgumentValue": "x-amz-copy-source"}


@pytest.mark.parametrize("version", ["x", ""])
def test_a_malformed_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        parse_copy_source(f"bucket/key?versionId={version}")
    assert refused.value.details["ArgumentName"] == "versionId"


def test_a_key_that_is_too_long_is_refused() -> None:
    with pytest.raises(KeyTooLongError):
        parse_copy_source("bucket/" + "a" * 1025)
