"""Wildcards match what they say, and no text of a policy makes them slow.

They are compared with the plainest matcher that there is: the set of places that can be reached, character by
character.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farshore.auth.wildcards import Pieces, Test, Wildcard, arn_like, like, split

FAST = settings(max_examples=500, deadline=None)
TEXTS = st.text(st.sampled_from("ab:é\n"), max_size=12) | st.text(st.sampled_from("aaaaab"), max_size=60)
PATTERNS = st.text(st.sampled_from("ab:*?é\n"), max_size=10)


def reference(pieces: Pieces, value: str, *, within_segment: bool = False) -> bool:
    places = {0}
    for piece in pieces:
        if isinstance(piece, str):
            places = {place + len(piece) for place in places if value.startswith(piece, place)}
        elif piece is Wildcard.ONE:
            places = {
                place + 1
                for place in places
                if value[place : place + 1] not in (("", ":") if within_segment else ("",))
            }
        else:
            reached: set[int] = set()
            for place in places:
                reached.add(place)
                while place < len(value) and not (within_segment and value[place] == ":"):
                    place += 1
                    reached.add(place)
            places = reached
    return len(value) in places


@FAST
@given(PATTERNS, TEXTS)
def test_wildcards_match_what_the_reference_matches(pattern: str, value: str) -> None:
    pieces = split(pattern, with_variables=False)
    assert like(pieces)(value) == reference(pieces, value), (pattern, value)


@FAST
@given(st.data(), PATTERNS)
def test_a_text_made_from_its_pattern_matches(data: st.DataObject, pattern: str) -> None:
    value = "".join(
        data.draw(TEXTS if char == "*" else st.sampled_from("abé")) if char in "*?" else char for char in pattern
    )
    assert like(split(pattern, with_variables=False))(value)


@FAST
@given(
    st.lists(st.text(st.sampled_from("ab*?"), max_size=4), min_size=1, max_size=7),
    st.lists(st.text("ab", max_size=3), max_size=8),
)
def test_wildcards_of_an_arn_stay_within_their_segment(patterns: Sequence[str], values: Sequence[str]) -> None:
    head, last = patterns[:5], ":".join(patterns[5:])
    value = ":".join(values)
    expected = len(patterns) > 5 and len(values) > 5
    if expected:
        rest = ":".join(values[5:])
        expected = reference(split(last, with_variables=False), rest) and all(
            reference(split(pattern, with_variables=False), segment, within_segment=True)
            for pattern, segment in zip(head, values, strict=False)
        )
    assert arn_like(split(":".join(patterns), with_variables=False))(value) == expected


ARN = "arn:aws:s3:::b/"


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        *((f"{ARN}{'*a' * stars}*b", ARN + "a" * 1024) for stars in (3, 6, 50, 500)),
        *((f"{ARN}{'*a?' * stars}*b", ARN + "a" * 1024) for stars in (3, 6, 50, 300)),
        *((f"{'*a' * stars}b", "a" * 32_768) for stars in (4, 5_000)),
        *((f"{'*?a' * stars}b", "a" * 32_768) for stars in (4, 3_000)),
        ("*" * 10_000 + "b", "a" * 32_768),
        ("*?" * 5_000 + "b", "a" * 32_768),
        ("*" + "?" * 10_000 + "b*", "a" * 32_768),
        ("*" + "a" * 10_000 + "b*", "a" * 32_768),
        ("*" + "a" * 5_000 + "b" + "a" * 5_000 + "*", "a" * 32_768),
        ("*" + "a" * 5_000 + "?" + "a" * 5_000 + "b*", "a" * 32_767 + "b"),
        ("*" + "é" * 5_000 + "?" + "é" * 5_000 + "b*", "é" * 32_767),
        ("*ab" * 5_000 + "*c", "ab" * 16_384),
        ("*a?b" * 5_000 + "*c", "aab" * 10_000),
        ("arn:" + "*a" * 100 + "b:" + "*a" * 100 + "b:*:*:*", "arn:" + ("a" * 8_000 + ":") * 4),
        ("*:*:*:*:*:*" * 50, ":" * 32_768),
    ],
)
def test_no_pattern_takes_long(pattern: str, value: str) -> None:
    """100 ms each: a matcher that goes back takes minutes for most of these."""
    for test in (_test(like, pattern), _test(arn_like, pattern)):
        before = time.process_time()
        test(value)
        assert time.process_time() - before < 0.1


@pytest.mark.parametrize("text", ["${" * 10_000, "${a" * 7_000 + "}", "$" * 20_000, "${}" * 7_000])
def test_no_text_takes_long_to_split(text: str) -> None:
    before = time.process_time()
    split(text, with_variables=True)
    assert time.process_time() - before < 0.1


def _test(compile_pattern: object, pattern: str) -> Test:
    return compile_pattern(split(pattern, with_variables=True))  # type: ignore[operator]
