"""What a write says about the object besides its body: headers, user metadata, storage class, encryption; and what a
copy takes over from its source.

`params` are a request's members by botocore's names.
Source: S3 User Guide, "Working with object metadata"; API Reference, PutObject, CopyObject; answers recorded on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from farshore.model import errors
from farshore.model.errors import (
    InvalidArgument,
    InvalidRedirectLocation,
    InvalidRequest,
    InvalidStorageClass,
    MetadataTooLarge,
)
from farshore.model.objects import Attributes, Version
from farshore.semantics.tagging import parse_tagging_header

USER_METADATA_MAX_BYTES = 2048
STORAGE_CLASSES = frozenset(
    (
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    )
)
ARCHIVED_STORAGE_CLASSES = frozenset(("GLACIER", "DEEP_ARCHIVE"))
"""Classes whose objects cannot be read, and are not replicated, before they are restored."""

_SYSTEM_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
_ENCRYPTION_HEADERS = {
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
    "SSECustomerKey": "x-amz-server-side-encryption-customer-key",
    "SSECustomerKeyMD5": "x-amz-server-side-encryption-customer-key-MD5",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "SSEKMSEncryptionContext": "x-amz-server-side-encryption-context",
}
_CHANGES_IN_PLACE = ("StorageClass", "ServerSideEncryption", "WebsiteRedirectLocation")
_LOCK_MEMBERS = frozenset(("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"))


def put_attributes(params: Mapping[str, Any]) -> Attributes:
    """The attributes of PutObject and CreateMultipartUpload, without checksum and parts.

    headers holds what was sent: a missing Content-Type stays missing, and is answered as binary/octet-stream.

    Raises:
        MetadataTooLarge, InvalidRedirectLocation, NotImplemented: an append. And as `check_encryption`,
        `check_object_lock`.
    """
    check_encryption(params)
    check_object_lock(params)
    if "WriteOffsetBytes" in params:
        raise errors.NotImplemented(Header="x-amz-write-offset-bytes")
    return Attributes(headers=_system_headers(params), metadata=_user_metadata(params))


def copy_attributes(source: Version, params: Mapping[str, Any]) -> Attributes:
    """The attributes of CopyObject's new version, without checksum and parts.

    MetadataDirective COPY (also the default) takes headers and user metadata from the source, and ignores those in the
    request; REPLACE takes only the request's. The website redirect location is never copied.

    Raises:
        InvalidArgument: an unknown directive. And as `put_attributes`.
    """
    replaces = _replaces(params, "MetadataDirective", "metadata")
    given = put_attributes(params)
    if replaces:
        return given
    headers = dict(source.attributes.headers)
    headers.pop("WebsiteRedirectLocation", None)
    if "WebsiteRedirectLocation" in given.headers:
        headers["WebsiteRedirectLocation"] = given.headers["WebsiteRedirectLocation"]
    return Attributes(headers=headers, metadata=source.attributes.metadata)


def copy_tags(source: Version, params: Mapping[str, Any]) -> dict[str, str]:
    """The tags of CopyObject's new version: the source's, or with TaggingDirective REPLACE the request's.

    Raises:
        InvalidArgument: an unknown directive. And as `parse_tagging_header`.
    """
    if _replaces(params, "TaggingDirective", "tagging"):
        return parse_tagging_header(params.get("Tagging") or "")
    return source.tags


def check_self_copy(params: Mapping[str, Any]) -> None:
    """Refuse a copy of an object's current version onto itself that changes nothing.

    Call it when source and destination are the same key of the same bucket and the source is the current version: a
    copy of an older version is how one goes back to it. A storage class or encryption in the request counts as a change
    even when it is the same as before (recorded).

    Raises:
        InvalidRequest.
    """
    if params.get("MetadataDirective") == "REPLACE":
        return
    if any(params.get(name) is not None for name in _CHANGES_IN_PLACE):
        return
    raise InvalidRequest(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes."
    )


def check_storage_class(requested: str | None) -> str:
    """The storage class of a write; STANDARD by default.

    Raises:
        InvalidStorageClass: none that a general purpose bucket takes.
    """
    if requested is None:
        return "STANDARD"
    if requested not in STORAGE_CLASSES:
        raise InvalidStorageClass(StorageClassRequested=requested)
    return requested


def check_encryption(params: Mapping[str, Any]) -> None:
    """Accept what asks for no more than S3's own keys. Nothing is encrypted by it, and no answer says so.

    # AWS: SSE-S3 is the default, and clients cannot tell it from a disk that is encrypted. Tools ask for it by habit.

    Raises:
        NotImplemented: keys of a customer or of KMS.
        InvalidArgument: no encryption method that AWS knows.
    """
    method = params.get("ServerSideEncryption")
    if method is not None and method != "AES256":
        if method in ("aws:kms", "aws:kms:dsse"):
            raise errors.NotImplemented(Header="x-amz-server-side-encryption")
        raise InvalidArgument(
            "The encryption method specified is not supported",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=method,
        )
    for member in params.keys() & _ENCRYPTION_HEADERS.keys():
        raise errors.NotImplemented(Header=_ENCRYPTION_HEADERS[member])


def check_object_lock(params: Mapping[str, Any]) -> None:
    """Refuse retention and legal hold: no bucket has Object Lock.

    Raises:
        InvalidRequest: as AWS answers in a bucket without Object Lock.
    """
    if not params.keys().isdisjoint(_LOCK_MEMBERS):
        raise InvalidRequest("Bucket is missing Object Lock Configuration")


def _system_headers(params: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {name: params[name] for name in _SYSTEM_HEADERS if params.get(name)}
    encoding = headers.get("ContentEncoding", "")
    if "aws-chunked" in encoding:
        # aws-chunked is the framing of the upload, not an encoding of the object.
        kept = [part.strip() for part in encoding.split(",") if part.strip() != "aws-chunked"]
        headers["ContentEncoding"] = ",".join(kept)
        if not kept:
            del headers["ContentEncoding"]
    if not headers.get("WebsiteRedirectLocation", "/").startswith(("/", "http://", "https://")):
        raise InvalidRedirectLocation()
    return headers


def _user_metadata(params: Mapping[str, Any]) -> dict[str, str]:
    given: Mapping[str, str] | None = params.get("Metadata")
    if not given:
        return {}
    metadata = {name.lower(): value for name, value in given.items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > USER_METADATA_MAX_BYTES:
        raise MetadataTooLarge(Size=size, MaxSizeAllowed=USER_METADATA_MAX_BYTES)
    return metadata


def _replaces(params: Mapping[str, Any], member: str, word: str) -> bool:
    value = params.get(member) or "COPY"
    if value not in ("COPY", "REPLACE"):
        raise InvalidArgument(f"Unknown {word} directive.", ArgumentName=f"x-amz-{word}-directive", ArgumentValue=value)
    return value == "REPLACE"
