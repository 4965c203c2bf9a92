"""Tag sets of objects and buckets.

A tag set is a dict in the order of its keys: AWS returns tags sorted, however they were given (recorded).
Source: S3 User Guide, "Categorizing your objects using tags"; answers recorded on AWS.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from farshore.model.errors import BadRequest, InvalidArgument, InvalidTag, MalformedXML, S3Error

OBJECT_TAGS_MAX = 10
BUCKET_TAGS_MAX = 50
_KEY_MAX = 128
_VALUE_MAX = 256
_ASCII = re.compile(r"[A-Za-z0-9 _.:/=+\-@]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def parse_tagging_header(text: str) -> dict[str, str]:
    """The tags of an `x-amz-tagging` header: URL query parameters; a parameter without `=` has the value "".

    Raises:
        InvalidArgument: a key twice, an escape that is not UTF-8, a character that tags may not have.
        InvalidTag: a key or value of a wrong length, or a key that begins with `aws:`.
        BadRequest: more than 10.
    """
    tags: dict[str, str] = {}
    for pair in text.split("&"):
        if not pair:
            continue
        raw_key, _, raw_value = pair.partition("=")
        key, value = _decode(raw_key, text), _decode(raw_value, text)
        if key in tags or not _has_valid_characters(key) or not _has_valid_characters(value):
            raise _malformed_header(text)
        tags[key] = value
    _check_count(len(tags), OBJECT_TAGS_MAX)
    for key, value in tags.items():
        check_tag(key, value)
        _check_not_reserved(key, OBJECT_TAGS_MAX)
    return dict(sorted(tags.items()))


def check_tag_set(tags: Sequence[Mapping[str, Any]], *, limit: int = OBJECT_TAGS_MAX) -> dict[str, str]:
    """The tags of a Tagging document.

    Args:
        tags: the TagSet's {Key, Value} structures.
        limit: OBJECT_TAGS_MAX or BUCKET_TAGS_MAX, which also chooses AWS's wording.
    Raises:
        MalformedXML: a tag without Key or Value.
        BadRequest: more than `limit`.
        InvalidTag: a key twice, wrong length or characters, or a key that begins with `aws:`.
    """
    _check_count(len(tags), limit)
    result: dict[str, str] = {}
    for tag in tags:
        key, value = tag.get("Key"), tag.get("Value")
        if key is None or value is None:
            raise MalformedXML()
        check_tag(key, value)
        _check_not_reserved(key, limit)
        if key in result:
            raise InvalidTag("Cannot provide multiple Tags with the same key", TagKey=key)
        result[key] = value
    return dict(sorted(result.items()))


def check_tag(key: str, value: str) -> None:
    """Accept one tag: key of 1 to 128 and value of 0 to 256 letters, digits, spaces and `_ . : / = + - @`.

    Raises:
        InvalidTag: names the key, and the value where that is at fault.
    """
    if not 1 <= len(key) <= _KEY_MAX or not _has_valid_characters(key):
        raise InvalidTag("The TagKey you have provided is invalid", TagKey=key)
    if len(value) > _VALUE_MAX or not _has_valid_characters(value):
        raise InvalidTag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)


def _check_not_reserved(key: str, limit: int) -> None:
    if key.startswith("aws:"):
        if limit == OBJECT_TAGS_MAX:
            raise InvalidTag("Your TagKey cannot be prefixed with aws:", TagKey=key)
        raise InvalidTag("System tags cannot be added/updated by requester", TagKey=key)


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        if limit == OBJECT_TAGS_MAX:
            raise BadRequest(f"Object tags cannot be greater than {limit}")
        raise BadRequest(f"Bucket tag count cannot be greater than {limit}")


def _has_valid_characters(text: str) -> bool:
    if _ASCII.fullmatch(text):
        return True
    return all(unicodedata.category(char)[0] in "LZN" or char in "_.:/=+-@" for char in text)


def _decode(text: str, header: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise _malformed_header(header)
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise _malformed_header(header) from error


def _malformed_header(text: str) -> S3Error:
    return InvalidArgument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
        "without tag name duplicates.",
        ArgumentName="x-amz-tagging",
        ArgumentValue=text,
    )
