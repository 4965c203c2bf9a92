"""Byte ranges. Source: API Reference, GetObject, UploadPartCopy; answers recorded on AWS of a 10-byte object."""

from __future__ import annotations

import pytest

from farshore.model.errors import InvalidArgument, InvalidPartNumber, InvalidRange, InvalidRequest
from farshore.model.objects import Part
from farshore.semantics.ranges import ByteRange, copy_source_range, parse_range, part_range, requested_range

PARTS = (Part(1, 6, "", "a"), Part(2, 0, "", None), Part(3, 4, "", "b"))


@pytest.mark.parametrize(
    ("header", "selected"),
    [
        ("bytes=0-8", (0, 8)),
        ("bytes=1-1", (1, 1)),
        ("bytes=1-", (1, 9)),
        ("bytes=-2", (8, 9)),
        ("bytes=-9", (1, 9)),
        ("bytes=-15", (0, 9)),
        ("bytes=0-100", (0, 9)),
        ("bytes=0-0", (0, 0)),
        ("bytes=9-9", (9, 9)),
    ],
)
def test_a_range_selects_bytes(header: str, selected: tuple[int, int]) -> None:
    assert parse_range(header, 10) == ByteRange(*selected)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "bytes=1-0",
        "bytes=-1-",
        "bytes=0--1",
        "bytes=0-1,3-4,7-9",
        "0-8",
        "bytes=-",
        "items=0-1",
        "bytes=٣-",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_what_is_no_range_selects_the_whole_object(header: str | None) -> None:
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=-0", 10), ("bytes=100-200", 10), ("bytes=10-", 10), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_a_range_outside_the_object_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(InvalidRange) as refused:
        parse_range(header, size)
    assert refused.value.status == 416
    assert refused.value.details == {"ActualObjectSize": str(size), "RangeRequested": header}


def test_a_range_knows_its_length_and_header() -> None:
    assert ByteRange(8, 9).length == 2
    assert ByteRange(8, 9).content_range(10) == "bytes 8-9/10"


@pytest.mark.parametrize(("number", "selected"), [(1, (0, 5)), (2, (6, 5)), (3, (6, 9))])
def test_a_part_number_selects_that_part(number: int, selected: tuple[int, int]) -> None:
    assert part_range(PARTS, number, 10) == ByteRange(*selected)


def test_an_object_not_uploaded_in_parts_is_one_part() -> None:
    assert part_range((), 1, 8) == ByteRange(0, 7)
    assert part_range((), 1, 0).length == 0


@pytest.mark.parametrize(("parts", "number", "count"), [(PARTS, 10, 3), ((), 2, 1)])
def test_a_part_that_is_not_there_is_refused_with_the_count(parts: tuple[Part, ...], number: int, count: int) -> None:
    with pytest.raises(InvalidPartNumber) as refused:
        part_range(parts, number, 10)
    assert refused.value.details == {"PartNumberRequested": str(number), "ActualPartCount": str(count)}


def test_a_part_number_outside_1_to_10000_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="Part number must be an integer between 1 and 10000, inclusive"):
        part_range(PARTS, 0, 10)


def test_range_and_part_number_do_not_go_together() -> None:
    assert requested_range("bytes=0-1", None, PARTS, 10) == ByteRange(0, 1)
    assert requested_range(None, 3, PARTS, 10) == ByteRange(6, 9)
    assert requested_range(None, None, PARTS, 10) is None
    with pytest.raises(InvalidRequest, match="Cannot specify both Range header and partNumber query parameter"):
        requested_range("bytes=0-1", 1, PARTS, 10)


def test_a_copy_range_selects_bytes_of_the_source() -> None:
    assert copy_source_range(None, 10) is None
    assert copy_source_range("bytes=0-8", 10) == ByteRange(0, 8)
    assert copy_source_range("bytes=9-9", 10) == ByteRange(9, 9)


@pytest.mark.parametrize(
    "header",
    ["0-8", "bytes=1-0", "bytes=-1-", "bytes=0--1", "bytes=0-1,3-4,7-9", "bytes=-", "bytes=-0", "bytes=1-", "bytes=-2"],
)
def test_a_copy_range_must_name_first_and_last(header: str) -> None:
    with pytest.raises(InvalidArgument, match="must be of the form bytes=first-last") as refused:
        copy_source_range(header, 10)
    assert refused.value.details == {"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": header}


def test_a_copy_range_must_lie_inside_the_source() -> None:
    with pytest.raises(InvalidArgument, match="Range specified is not valid for source object of size: 10"):
        copy_source_range("bytes=0-100", 10)
    with pytest.raises(InvalidRequest, match="The specified copy range is invalid for the source object size"):
        copy_source_range("bytes=100-200", 10)
