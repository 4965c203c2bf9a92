"""Which bytes of an object a request asks for.

Source: API Reference, GetObject (`Range`, `partNumber`) and UploadPartCopy (`x-amz-copy-source-range`); RFC 9110
section 14; answers recorded on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from farshore.model.errors import InvalidArgument, InvalidPartNumber, InvalidRange, InvalidRequest
from farshore.model.objects import Part
from farshore.semantics.multipart import check_part_number

_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.ASCII)
_COPY_RANGE = re.compile(r"bytes=([0-9]{1,19})-([0-9]{1,19})", re.ASCII)
_COPY_RANGE_FORM = (
    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
    "zero-based offsets of the first and last bytes to copy"
)


class ByteRange(NamedTuple):
    """Bytes `start` to `end`, both included. An empty part is (n, n - 1)."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start + 1

    def content_range(self, size: int) -> str:
        """The Content-Range header of an object of this size."""
        return f"bytes {self.start}-{self.end}/{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The range that a Range header selects of an object of `size` bytes.

    Returns:
        None for the whole object: no header, several ranges, or a header that is not a range (AWS ignores those).
    Raises:
        InvalidRange: begins at or after the end, or asks for the last 0 bytes.
    """
    if header is None:
        return None
    match = _RANGE.fullmatch(header.strip())
    if match is None:
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        if last and int(last) < start:
            return None
        end = min(int(last), size - 1) if last else size - 1
    elif last:
        start = max(size - int(last), 0) if int(last) else size
        end = size - 1
    else:
        return None
    if start >= size:
        raise InvalidRange(ActualObjectSize=size, RangeRequested=header)
    return ByteRange(start, end)


def part_range(parts: Sequence[Part], number: int, size: int) -> ByteRange:
    """The bytes of the `number`-th part (1 is the first) of an object of `size` bytes.

    An object that was not uploaded in parts has one.

    Raises:
        InvalidArgument: not a part number.
        InvalidPartNumber: more than the object has.
    """
    check_part_number(number)
    count = len(parts) or 1
    if number > count:
        raise InvalidPartNumber(PartNumberRequested=number, ActualPartCount=count)
    if not parts:
        return ByteRange(0, size - 1)
    start = sum(part.size for part in parts[: number - 1])
    return ByteRange(start, start + parts[number - 1].size - 1)


def requested_range(header: str | None, number: int | None, parts: Sequence[Part], size: int) -> ByteRange | None:
    """What GET and HEAD select by Range or partNumber; None for the whole object.

    Raises:
        InvalidRequest: both are given. And as `parse_range` and `part_range`.
    """
    if number is None:
        return parse_range(header, size)
    if header is not None:
        raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
    return part_range(parts, number, size)


def copy_source_range(header: str | None, size: int) -> ByteRange | None:
    """The range of UploadPartCopy's source: stricter than Range. None for the whole source.

    Raises:
        InvalidArgument: not `bytes=first-last`, or ends after the source's end.
        InvalidRequest: begins after the source's end.
    """
    if header is None:
        return None
    match = _COPY_RANGE.fullmatch(header)
    argument: dict[str, Any] = {"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": header}
    if match is None or int(match[1]) > int(match[2]):
        raise InvalidArgument(_COPY_RANGE_FORM, **argument)
    start, end = int(match[1]), int(match[2])
    if start >= size:
        raise InvalidRequest("The specified copy range is invalid for the source object size")
    if end >= size:
        raise InvalidArgument(f"Range specified is not valid for source object of size: {size}", **argument)
    return ByteRange(start, end)
