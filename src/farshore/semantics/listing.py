"""The listing algorithms, over a scan that somebody else performs.

A *scan* is `scan(start, inclusive)`: rows in order of their keys' UTF-8 bytes, from `start`. With a delimiter a listing
never reads through a common prefix: it opens a new scan behind it. So a listing costs what it returns.

A marker inside a common prefix (or equal to it) means that the prefix was listed: the listing goes on behind it
(recorded for ListObjects, ListObjectVersions and ListMultipartUploads).
Source: API Reference, ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads; answers recorded on AWS.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote

from farshore.model.errors import InvalidArgument, S3Error


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


class VersionRow(Keyed, Protocol):
    @property
    def version_id(self) -> str: ...


class UploadRow(Keyed, Protocol):
    @property
    def upload_id(self) -> str: ...


T = TypeVar("T", bound=Keyed)
V = TypeVar("V", bound=VersionRow)
U = TypeVar("U", bound=UploadRow)

Peek = Callable[[bytes, bool], bytes | None]
"""(start, inclusive) -> the first key from there."""

LISTING_MAX = 1000
_INT32_MAX = 2**31 - 1
_SAFE_KEY = re.compile(r"[A-Za-z0-9._*/-]*")


@dataclass(slots=True)
class ListingPage(Generic[T]):
    """contents: in order. next_marker: the last key or common prefix of a truncated page, else empty.

    AWS shows it as NextMarker only when a delimiter was given; ListObjectsV2 wraps it in a token (`encode_token`).
    """

    contents: list[T] = field(default_factory=list[T])
    common_prefixes: list[str] = field(default_factory=list[str])
    truncated: bool = False
    next_marker: str = ""

    @property
    def key_count(self) -> int:
        return len(self.contents) + len(self.common_prefixes)


@dataclass(slots=True)
class VersionsPage(Generic[V]):
    """entries: versions and delete markers in one order. The markers are those of a truncated page, else empty;
    after a common prefix the version id marker is empty too."""

    entries: list[V]
    common_prefixes: list[str]
    truncated: bool
    next_key_marker: str = ""
    next_version_id_marker: str = ""


@dataclass(slots=True)
class UploadsPage(Generic[U]):
    """The markers name the last upload of the page, also when it is not truncated.

    # AWS: on a page that holds common prefixes only they are empty, even when it is truncated (recorded).
    """

    uploads: list[U]
    common_prefixes: list[str]
    truncated: bool
    next_key_marker: str = ""
    next_upload_id_marker: str = ""


def list_current(
    scan: Callable[[bytes, bool], Iterator[T]],
    *,
    prefix: bytes,
    delimiter: bytes,
    start_after: bytes,
    max_keys: int,
    peek: Peek | None = None,
) -> ListingPage[T]:
    """One page of ListObjects or ListObjectsV2.

    Args:
        scan: current versions without delete markers.
        peek: the first key of what `scan` would give, or None; cheaper than a scan where keys alone are kept in order.
        start_after: the marker: keys (and prefixes) after it only; empty for the beginning.
        max_keys: 0 gives an empty page that is not truncated.
    """
    return _walk(scan, None, prefix, delimiter, start_after, max_keys, peek if delimiter else None)


def list_versions(
    scan: Callable[[bytes, bool], Iterator[V]],
    *,
    prefix: bytes,
    delimiter: bytes,
    key_marker: bytes,
    resume: Callable[[], Iterator[V]] | None = None,
    max_keys: int,
) -> VersionsPage[V]:
    """One page of ListObjectVersions. Versions, markers and common prefixes count alike.

    Args:
        scan: versions and markers, by key, then newest first.
        key_marker: begins after all versions of this key, unless `resume` is given.
        resume: with a version id marker: the rows behind that version's place (of its key and the keys after), for as
            long as nobody seeks.
    """
    page = _walk(scan, resume, prefix, delimiter, key_marker, max_keys)
    result = VersionsPage(page.contents, page.common_prefixes, page.truncated, page.next_marker)
    if page.contents and page.contents[-1].key == page.next_marker:
        result.next_version_id_marker = page.contents[-1].version_id
    return result


def list_uploads(
    scan: Callable[[bytes, bool], Iterator[U]],
    *,
    prefix: bytes,
    delimiter: bytes,
    key_marker: bytes,
    behind: Callable[[U], bool] | None = None,
    max_uploads: int,
) -> UploadsPage[U]:
    """One page of ListMultipartUploads.

    Args:
        scan: uploads in progress, by key, then oldest first.
        key_marker: begins after all uploads of this key, unless `behind` is given.
        behind: with an upload id marker: whether an upload of the key stands behind that place.
    """
    resume = None if behind is None else (lambda: _uploads_behind(scan, key_marker, behind))
    page = _walk(scan, resume, prefix, delimiter, key_marker, max_uploads)
    result = UploadsPage(page.contents, page.common_prefixes, page.truncated)
    if page.contents:
        result.next_key_marker = page.contents[-1].key
        result.next_upload_id_marker = page.contents[-1].upload_id
    return result


def check_version_markers(key_marker: str | None, version_id_marker: str | None) -> None:
    """Refuse a version id marker without a key marker.

    Raises:
        InvalidArgument.
    """
    if version_id_marker and not key_marker:
        raise InvalidArgument(
            "A version-id marker cannot be specified without a key marker.",
            ArgumentName="version-id-marker",
            ArgumentValue=version_id_marker,
        )


def check_max(value: int | None, argument: str = "maxKeys") -> int:
    """How many to list: 1,000 by default and at most.

    Args:
        argument: maxKeys, max-uploads or max-parts, as AWS names it in the answer.
    Raises:
        InvalidArgument: not an unsigned 31-bit integer.
    """
    if value is None:
        return LISTING_MAX
    return min(check_unsigned(value, argument), LISTING_MAX)


def check_unsigned(value: int, argument: str) -> int:
    """Accept a number of a listing's request: how many, or behind which part.

    Raises:
        InvalidArgument: not an unsigned 31-bit integer.
    """
    if not 0 <= value <= _INT32_MAX:
        raise InvalidArgument(
            f"Argument {argument} must be an integer between 0 and {_INT32_MAX}",
            ArgumentName=argument,
            ArgumentValue=value,
        )
    return value


def check_encoding_type(value: str | None) -> bool:
    """Whether keys are to be answered URL-encoded.

    Raises:
        InvalidArgument: an encoding-type other than `url`.
    """
    if value is None:
        return False
    if value != "url":
        raise InvalidArgument(
            "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=value
        )
    return True


def url_encode_key(text: str) -> str:
    """A key as `encoding-type=url` shows it: a form's encoding (space as `+`, `*` kept), but with `/` kept too."""
    if _SAFE_KEY.fullmatch(text):
        return text
    return quote(text, safe="/* ").replace(" ", "+").replace("~", "%7E")


def encode_token(marker: str) -> str:
    """An opaque continuation token for a marker."""
    raw = marker.encode()
    return base64.urlsafe_b64encode(zlib.crc32(raw).to_bytes(4, "big") + raw).decode("ascii")


def decode_token(token: str) -> bytes:
    """The marker in a continuation token: UTF-8.

    Raises:
        InvalidArgument: not a token of ours.
    """
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        raw[4:].decode()
    except (binascii.Error, UnicodeError) as error:
        raise _bad_token() from error
    if len(raw) < 4 or zlib.crc32(raw[4:]) != int.from_bytes(raw[:4], "big"):
        raise _bad_token()
    return raw[4:]


def _bad_token() -> S3Error:
    return InvalidArgument("The continuation token provided is incorrect", ArgumentName="continuation-token")


def _walk(
    scan: Callable[[bytes, bool], Iterator[T]],
    resume: Callable[[], Iterator[T]] | None,
    prefix: bytes,
    delimiter: bytes,
    marker: bytes,
    limit: int,
    peek: Peek | None = None,
) -> ListingPage[T]:
    """List from behind the marker until the page is full or keys leave the prefix. `resume` replaces the first scan
    when that would begin at the marker. With `peek`, a row is read only where it is listed."""
    page: ListingPage[T] = ListingPage()
    if limit == 0:
        return page
    start: bytes | None = marker
    inclusive = False
    if marker < prefix or not marker:
        start, inclusive, resume = prefix, True, None
    elif common := _common_prefix(marker, prefix, delimiter):
        start, inclusive, resume = _successor(common), True, None
    while start is not None:
        if peek is not None:
            start, inclusive = _skip(page, peek, start, inclusive, prefix, delimiter, limit)
            if start is None:
                break
        with _closing(resume() if resume is not None else scan(start, inclusive)) as rows:
            common = _fill(page, rows, prefix, delimiter, limit)
        start, inclusive, resume = _successor(common), True, None
    return page


def _skip(
    page: ListingPage[T], peek: Peek, start: bytes, inclusive: bool, prefix: bytes, delimiter: bytes, limit: int
) -> tuple[bytes | None, bool]:
    """List common prefixes, from one to the next, as long as the next key begins one.

    Returns:
        Where the key stands that is to be listed itself, or None when the page is complete; and that it counts.
    """
    place: bytes | None = start
    while place is not None:
        key = peek(place, inclusive)
        if key is None or not key.startswith(prefix):
            return None, True
        common = _common_prefix(key, prefix, delimiter)
        if not common:
            return key, True
        if page.key_count == limit:
            page.truncated = True
            page.next_marker = page.common_prefixes[-1]  # The last that was listed: only prefixes lead here.
            return None, True
        page.common_prefixes.append(common.decode())
        place, inclusive = _successor(common), True
    return None, True


def _fill(page: ListingPage[T], rows: Iterator[T], prefix: bytes, delimiter: bytes, limit: int) -> bytes:
    """Take rows up to the next common prefix, which is listed and returned; empty when the page is complete."""
    last = ""
    count = page.key_count
    contents = page.contents
    for row in rows:
        key = row.key.encode()
        if not key.startswith(prefix):
            return b""
        if count == limit:
            page.truncated = True
            page.next_marker = last or page.common_prefixes[-1]
            return b""
        count += 1
        if common := _common_prefix(key, prefix, delimiter):
            page.common_prefixes.append(common.decode())
            return common
        contents.append(row)
        last = row.key
    return b""


def _common_prefix(key: bytes, prefix: bytes, delimiter: bytes) -> bytes:
    """The key up to and with the first delimiter behind the prefix; empty when there is none."""
    if not delimiter or not key.startswith(prefix):
        return b""
    cut = key.find(delimiter, len(prefix))
    return key[: cut + len(delimiter)] if cut >= 0 else b""


def _successor(prefix: bytes) -> bytes | None:
    """The smallest bytes behind all that begin with the prefix. None of an empty prefix: nothing is behind."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None


def _uploads_behind(scan: Callable[[bytes, bool], Iterator[U]], key: bytes, behind: Callable[[U], bool]) -> Iterator[U]:
    name = key.decode()
    with _closing(scan(key, True)) as rows:
        for row in rows:
            if row.key != name or behind(row):
                yield row


@contextmanager
def _closing(rows: Iterator[T]) -> Generator[Iterator[T]]:
    """A scan holds a statement open until it is exhausted or closed."""
    try:
        yield rows
    finally:
        close = getattr(rows, "close", None)
        if close is not None:
            close()
