"""What a bucket and a key may be called.

Source: S3 User Guide, "General purpose bucket naming rules" and "Naming Amazon S3 objects".
"""

from __future__ import annotations

import re

from farshore.model.errors import BadRequest, InvalidBucketName, InvalidURI, KeyTooLongError, MalformedXML

KEY_MAX_BYTES = 1024

_LABELS = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_bucket_name(name: str) -> None:
    """Accept a general purpose bucket's name.

    Raises:
        InvalidBucketName: not 3 to 63 of [a-z0-9.-] in labels that begin and end with a letter or digit, formatted as
            an IPv4 address, or with a prefix or suffix that AWS reserves.
    """
    if (
        not 3 <= len(name) <= 63
        or not _LABELS.fullmatch(name)
        or _ADDRESS.fullmatch(name)
        or name.startswith(_RESERVED_PREFIXES)
        or name.endswith(_RESERVED_SUFFIXES)
    ):
        raise InvalidBucketName(BucketName=name)


def check_key(key: str) -> None:
    """Accept an object key.

    Raises:
        KeyTooLongError: more than 1,024 bytes of UTF-8.
        MalformedXML: empty. Only an XML body can name an empty key; in a URL it addresses the bucket.
        InvalidURI: not Unicode text (a lone surrogate, from bytes that are not UTF-8).
        BadRequest: read from left to right it climbs above its own beginning (`../a`, `a/../../b`).
    """
    if not key:
        raise MalformedXML()
    try:
        size = len(key) if key.isascii() else len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidURI(URI=key.encode(errors="replace").decode()) from error
    if size > KEY_MAX_BYTES:
        raise KeyTooLongError(Size=size, MaxSizeAllowed=KEY_MAX_BYTES)
    if ".." in key and _climbs(key):
        raise BadRequest("An object key may not climb above its beginning by relative path segments")


def _climbs(key: str) -> bool:
    """Whether, from left to right, there are ever more segments `..` than others.

    Source: S3 User Guide, "Naming Amazon S3 objects", on relative path elements.
    """
    depth = 0
    for segment in key.split("/"):
        if segment == "..":
            depth -= 1
        elif segment not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False
