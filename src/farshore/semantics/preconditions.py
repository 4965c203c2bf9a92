"""Conditional requests: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since.

`params` are a request's members by botocore's names: ETags as sent (with or without quotes: AWS accepts both), dates as
aware datetimes. Dates are compared in whole seconds, as Last-Modified shows them; If-Modified-Since in the future is
ignored (recorded).
Source: API Reference, GetObject and CopyObject; S3 User Guide, "Conditional writes", "Conditional deletes"; RFC 9110
section 13.2.2; answers recorded on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import formatdate
from typing import Any

from farshore.model import errors
from farshore.model.errors import (
    ConditionalRequestConflict,
    NoSuchKey,
    NotModified,
    PreconditionFailed,
)

_READ = ("IfMatch", "IfUnmodifiedSince", "IfNoneMatch", "IfModifiedSince")
_COPY = ("CopySourceIfMatch", "CopySourceIfUnmodifiedSince", "CopySourceIfNoneMatch", "CopySourceIfModifiedSince")
_HEADERS: dict[str, str] = {
    "IfMatch": "If-Match",
    "IfUnmodifiedSince": "If-Unmodified-Since",
    "CopySourceIfMatch": "x-amz-copy-source-If-Match",
    "CopySourceIfUnmodifiedSince": "x-amz-copy-source-If-Unmodified-Since",
    "CopySourceIfNoneMatch": "x-amz-copy-source-If-None-Match",
    "CopySourceIfModifiedSince": "x-amz-copy-source-If-Modified-Since",
}


def check_read(params: Mapping[str, Any], etag: str, created_us: int, *, now_us: int | None = None) -> None:
    """Decide whether GET or HEAD may answer with this version.

    Args:
        etag: bare. created_us: the version's Last-Modified.
        now_us: the request's time; without it If-Modified-Since is never taken to be in the future.
    Raises:
        PreconditionFailed: names the header as Condition.
        NotModified: carries ETag and Last-Modified as headers.
    """
    if not params.keys().isdisjoint(_READ):
        failed = _first_failed(params, _READ, etag, created_us, now_us)
        if failed in ("IfNoneMatch", "IfModifiedSince"):
            raise NotModified(
                headers={"ETag": f'"{etag}"', "Last-Modified": formatdate(created_us // 1_000_000, usegmt=True)}
            )
        if failed is not None:
            raise PreconditionFailed(Condition=_HEADERS[failed])


def check_copy_source(params: Mapping[str, Any], etag: str, created_us: int, *, now_us: int | None = None) -> None:
    """Decide whether a copy may read this version (`x-amz-copy-source-if-…`). Arguments as `check_read`.

    Raises:
        PreconditionFailed: names the header as Condition.
    """
    if not params.keys().isdisjoint(_COPY):
        failed = _first_failed(params, _COPY, etag, created_us, now_us)
        if failed is not None:
            raise PreconditionFailed(Condition=_HEADERS[failed])


def check_write_headers(if_match: str | None, if_none_match: str | None) -> None:
    """Refuse conditions that AWS does not take on writes, whatever is stored.

    Raises:
        NotImplemented: both headers, `If-Match: *`, or If-None-Match with anything but `*`.
    """
    if if_match is not None and if_none_match is not None:
        raise errors.NotImplemented(
            Header="If-Match,If-None-Match",
            additionalMessage="Multiple conditional request headers present in the request",
        )
    if if_match == "*":
        raise _value_not_taken("If-Match")
    if if_none_match is not None and if_none_match != "*":
        raise _value_not_taken("If-None-Match")


def check_write(if_match: str | None, if_none_match: str | None, current: str | None, *, key: str) -> None:
    """Decide whether PutObject, CopyObject or CompleteMultipartUpload may write.

    Args:
        current: bare ETag of the key's current version; None when there is none or it is a delete marker.
    Raises:
        PreconditionFailed: names the header as Condition.
        NoSuchKey: If-Match, and there is no current object.
        NotImplemented: as `check_write_headers`.
    """
    if if_match is None and if_none_match is None:
        return
    check_write_headers(if_match, if_none_match)
    if if_none_match is not None and current is not None:
        raise PreconditionFailed(Condition="If-None-Match")
    if if_match is not None:
        if current is None:
            raise NoSuchKey(Key=key)
        if not _matches(if_match, current):
            raise PreconditionFailed(Condition="If-Match")


def check_complete_write(
    if_match: str | None,
    if_none_match: str | None,
    current: str | None,
    *,
    key: str,
    changed_us: int,
    upload_created_us: int,
) -> None:
    """As `check_write`, for CompleteMultipartUpload: the key must not have changed since the upload began either.

    Args:
        changed_us: when the key's newest version or delete marker was made; 0 when there is none.
    Raises:
        ConditionalRequestConflict: the condition holds, but for a newer object or delete; a new upload is the way out.
            And as `check_write`.
    """
    if if_match is None and if_none_match is None:
        return
    check_write(if_match, if_none_match, current, key=key)
    if changed_us > upload_created_us:
        condition = "If-Match" if if_match is not None else "If-None-Match"
        raise ConditionalRequestConflict(Condition=condition, Key=key)


def check_delete(params: Mapping[str, Any], current: str | None, *, key: str, marker: bool = False) -> None:
    """Decide whether DeleteObject (or one entry of DeleteObjects, with its ETag as IfMatch) may go on.

    Conditions look at the key's current version only, also when a version is named.

    Args:
        current: bare ETag of the current object; None when there is none or it is a delete marker.
        marker: the current version is a delete marker.
    Raises:
        PreconditionFailed: another ETag, or a delete marker.
        NoSuchKey: nothing is stored under the key.
        NotImplemented: conditions that only directory buckets have.
    """
    for member, header in (
        ("IfMatchLastModifiedTime", "x-amz-if-match-last-modified-time"),
        ("IfMatchSize", "x-amz-if-match-size"),
    ):
        if params.get(member) is not None:
            raise errors.NotImplemented(Header=header)
    if_match = params.get("IfMatch")
    if if_match is None:
        return
    if current is None and not marker:
        raise NoSuchKey(Key=key)
    if current is None or not _matches(if_match, current):
        raise PreconditionFailed(Condition="If-Match")


def _first_failed(
    params: Mapping[str, Any], names: tuple[str, ...], etag: str, created_us: int, now_us: int | None
) -> str | None:
    """The first condition that does not hold. An ETag condition that is present silences its date condition."""
    match, unmodified, none_match, modified = (params.get(name) for name in names)
    modified_s = created_us // 1_000_000
    if match is not None:
        if not _matches(match, etag):
            return names[0]
    elif unmodified is not None and modified_s > _seconds(unmodified):
        return names[1]
    if none_match is not None:
        if _matches(none_match, etag):
            return names[2]
    elif modified is not None and modified_s <= _seconds(modified):
        in_future = now_us is not None and _seconds(modified) > now_us // 1_000_000
        return None if in_future else names[3]
    return None


def _value_not_taken(header: str) -> errors.NotImplemented:
    return errors.NotImplemented(
        Header=header, additionalMessage=f"We don't accept the provided value of {header} header for this API"
    )


def _seconds(date: datetime) -> int:
    return int(date.timestamp())


def _matches(condition: str, etag: str) -> bool:
    """Whether the ETag is in the condition's list, or the condition is `*`. Quotes and `W/` do not count."""
    if condition.strip() == "*":
        return True
    return any(item.strip().removeprefix("W/").strip('"') == etag for item in condition.split(","))
