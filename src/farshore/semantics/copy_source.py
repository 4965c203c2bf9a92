"""The `x-amz-copy-source` header: which version a copy reads.

Source: API Reference, CopyObject; answers recorded on AWS.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from farshore.model.errors import InvalidArgument, S3Error
from farshore.semantics.naming import check_key
from farshore.semantics.versioning import check_version_id

_HEADER = "x-amz-copy-source"
_VERSION = "?versionId="


class CopySource(NamedTuple):
    """version_id: None for the current version."""

    bucket: str
    key: str
    version_id: str | None


def parse_copy_source(text: str) -> CopySource:
    """Parse `[/]bucket/key[?versionId=id]`, where bucket and key are URL-encoded.

    # AWS: `+` stands for a space here, as in a query; a real plus has to be sent as %2B.

    Raises:
        InvalidArgument: no bucket, no key, text that is not UTF-8, or a malformed version id.
        KeyTooLongError: as for any key.
    """
    path, separator, version_id = text.partition(_VERSION)
    try:
        path = unquote_to_bytes(path.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise _invalid("Invalid copy source encoding") from error
    bucket, slash, key = path.removeprefix("/").partition("/")
    if slash and not bucket:
        raise _invalid("Invalid copy source bucket name")
    if not key:
        raise _invalid("Invalid copy source object key")
    check_key(key)
    if separator:
        check_version_id(version_id)
    return CopySource(bucket, key, version_id if separator else None)


def _invalid(message: str) -> S3Error:
    # AWS: the value in the answer is the header's name, not what was sent (recorded).
    return InvalidArgument(message, ArgumentName=_HEADER, ArgumentValue=_HEADER)
