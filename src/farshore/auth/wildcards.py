"""Wildcards and policy variables in the texts of a policy: `arn:aws:s3:::home/${aws:username}/*`.

A text becomes pieces, and pieces become a test, once; a text with variables becomes a test when a request fills them.
What a variable holds is literal text, never a wildcard.
Source: IAM User Guide, "IAM policy elements: Variables and tags", "IAM JSON policy elements: Resource" (a wildcard
stays within its segment of an ARN).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from farshore.auth.glob import Part, glob

Test = Callable[[str], bool]
"""Whether a value of the request matches."""
Context = Mapping[str, Sequence[str]]
"""Lower-case condition key -> the request's values; a key that the request does not have is missing or empty.

It may compute its values when they are asked for."""

_TOKEN = re.compile(r"\$\{([^{}]*)\}|([*?])")
_ARN_SEGMENTS = 6


class Wildcard(Enum):
    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """`${name}` or `${name, 'default'}`. name: lower-case."""

    name: str
    default: str | None


Piece = str | Wildcard | Variable
Pieces = tuple[Piece, ...]


def split(text: str, *, with_variables: bool) -> Pieces:
    """Split a text into literal text, wildcards and variables. `${*}`, `${?}` and `${$}` are those characters.

    Args:
        with_variables: whether the policy's version (2012-10-17) and the element know variables.
    """
    pieces: list[Piece] = []
    place = 0
    for match in _TOKEN.finditer(text):
        expression, wildcard = match[1], match[2]
        if wildcard is None and not with_variables:
            continue
        if match.start() > place:
            pieces.append(text[place : match.start()])
        place = match.end()
        if wildcard is not None:
            pieces.append(Wildcard(wildcard))
        elif expression in ("*", "?", "$"):
            pieces.append(expression)
        else:
            pieces.append(_variable(expression))
    if place < len(text):
        pieces.append(text[place:])
    return tuple(pieces)


def has_variables(pieces: Pieces) -> bool:
    return any(isinstance(piece, Variable) for piece in pieces)


def fill_in(pieces: Pieces, context: Context) -> Pieces | None:
    """The pieces with values for variables; None when one has neither value nor default. Several values are none."""
    filled: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Variable):
            values = context.get(piece.name, ())
            value = values[0] if len(values) == 1 else piece.default
            if value is None:
                return None
            filled.append(value)
        else:
            filled.append(piece)
    return tuple(filled)


def literal(pieces: Pieces) -> str:
    """The text of pieces without variables, with `*` and `?` as the characters that they are."""
    return "".join(piece if isinstance(piece, str) else _wildcard(piece).value for piece in pieces)


def like(pieces: Pieces) -> Test:
    """The test of a wildcard text: `*` is any run of characters, `?` any one."""
    if not any(isinstance(piece, Wildcard) for piece in pieces):
        return literal(pieces).__eq__
    if len(pieces) == 2 and isinstance(pieces[0], str) and pieces[1] is Wildcard.ANY:
        return _prefix(pieces[0])
    return _anything if pieces == (Wildcard.ANY,) else glob(_chunks(pieces))


def arn_like(pieces: Pieces) -> Test:
    """As `like` for an ARN, whose wildcards stay within their segment. All after the fifth colon is one segment."""
    segments = _segments(pieces)
    if len(segments) < _ARN_SEGMENTS:
        return _nothing
    if any(isinstance(piece, Wildcard) for segment in segments[:-1] for piece in segment):
        return _each_segment([like(tuple(segment)) for segment in segments])
    return like(pieces)


def _variable(expression: str) -> Variable:
    name, comma, default = expression.partition(",")
    return Variable(name.strip().lower(), default.strip().strip("'") if comma else None)


def _wildcard(piece: Wildcard | Variable) -> Wildcard:
    assert isinstance(piece, Wildcard), piece
    return piece


def _segments(pieces: Pieces) -> list[list[Piece]]:
    """The six segments of an ARN; fewer where it has fewer."""
    segments: list[list[Piece]] = [[]]
    for piece in pieces:
        if not isinstance(piece, str):
            segments[-1].append(piece)
            continue
        first, *others = piece.split(":", _ARN_SEGMENTS - len(segments))
        segments[-1].append(first)
        segments.extend([text] for text in others)
    return segments


def _chunks(pieces: Pieces) -> list[list[Part]]:
    """What stands before, between and after the `*`."""
    chunks: list[list[Part]] = [[]]
    for piece in pieces:
        if isinstance(piece, str):
            chunks[-1].append(piece)
        elif _wildcard(piece) is Wildcard.ONE:
            chunks[-1].append(None)
        else:
            chunks.append([])
    return chunks


def _prefix(text: str) -> Test:
    def test(value: str) -> bool:
        return value.startswith(text)

    return test


def _each_segment(tests: Sequence[Test]) -> Test:
    def test(value: str) -> bool:
        segments = value.split(":", _ARN_SEGMENTS - 1)
        if len(segments) < _ARN_SEGMENTS:
            return False
        return all(matches(segment) for matches, segment in zip(tests, segments, strict=True))

    return test


def _anything(_: str) -> bool:
    return True


def _nothing(_: str) -> bool:
    return False
