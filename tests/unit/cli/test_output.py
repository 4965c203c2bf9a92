"""Numbers for people."""

from __future__ import annotations

import pytest

from farshore.cli.output import human_age, human_bytes, plain, short_time, table


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")]
)
def test_bytes_are_shown_in_the_largest_unit_that_fits(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (90.2, "1 min 30 s"), (7260, "2 h 1 min")])
def test_ages_are_shown_in_two_units(seconds: float, text: str) -> None:
    assert human_age(seconds) == text


ROWS = [
    ("cause", "destination", "count"),
    ("DstBucketNotFound", "a-bucket-with-a-long-name.example", "3"),
    ("DstBucketUnversioned", "b", "12\n13"),
]


def test_a_table_goes_into_a_pipe_whole_a_line_a_row_without_a_box() -> None:
    assert table(ROWS, right=(2,)).splitlines() == [
        "cause                 destination                        count",
        "DstBucketNotFound     a-bucket-with-a-long-name.example      3",
        "DstBucketUnversioned  b                                     12",
        "                                                            13",
    ]


@pytest.mark.parametrize("width", [20, 40, 61])
def test_on_a_terminal_that_is_too_narrow_each_row_is_a_block_and_nothing_is_cut(width: int) -> None:
    assert table(ROWS, right=(2,), width=width).splitlines() == [
        "DstBucketNotFound",
        "  destination  a-bucket-with-a-long-name.example",
        "  count        3",
        "DstBucketUnversioned",
        "  destination  b",
        "  count        12",
        "  count        13",
    ]


def test_a_table_that_fits_the_terminal_exactly_is_a_table() -> None:
    assert table(ROWS, right=(2,), width=62) == table(ROWS, right=(2,))


def test_times_are_shown_to_the_second() -> None:
    assert short_time("2026-11-25T03:12:11.123+00:00") == "2026-11-25 03:12:11"


def test_no_text_of_an_answer_moves_the_cursor_or_looks_like_another_line() -> None:
    told = {"key": "a\x1b[2Jb\nc\r\x07", "more": ["\x9b31m", {"error": "\u202eed\u2028"}], "count": 3, "none": None}
    assert plain(told) == {
        "key": "a\\u001b[2Jb\\nc\\r\\u0007",
        "more": ["\\u009b31m", {"error": "\\u202eed\\u2028"}],
        "count": 3,
        "none": None,
    }


def test_letters_of_all_scripts_and_signs_are_shown_as_they_are() -> None:
    key = "ü/日本 😀 a+b%20 \\ e\u0301 👩\u200d🚀"
    assert plain(key) == key
