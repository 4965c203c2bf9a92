"""Long lists, some at a time."""

from __future__ import annotations

import pytest

from farshore.runtime.slices import slices


@pytest.mark.parametrize(
    ("items", "size", "expected"),
    [
        ([], 3, []),
        ([1, 2], 3, [[1, 2]]),
        ([1, 2, 3], 3, [[1, 2, 3]]),
        ([1, 2, 3, 4], 3, [[1, 2, 3], [4]]),
        ([1, 2, 3], 1, [[1], [2], [3]]),
    ],
)
def test_slices_hold_all_in_order(items: list[int], size: int, expected: list[list[int]]) -> None:
    assert list(slices(items, size)) == expected
