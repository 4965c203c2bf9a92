"""Numbers for people."""

from __future__ import annotations

import pytest

from farshore.cli.output import human_age, human_bytes


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")]
)
def test_bytes_are_shown_in_the_largest_unit_that_fits(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (90.2, "1 min 30 s"), (7260, "2 h 1 min")])
def test_ages_are_shown_in_two_units(seconds: float, text: str) -> None:
    assert human_age(seconds) == text
