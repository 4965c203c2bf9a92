"""Texts with wildcards, matched without ever going back: a policy's text cannot make a request slow.

What stands between two `*` may be taken where it is found first, for that leaves the most to what follows; the first
and the last stand at the ends. So each is looked for once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

Part = str | None
"""Literal text; None is any one character."""

_TRIES = 8


class _Chunk(Protocol):
    """What stands between two `*`: it matches texts of one length."""

    @property
    def length(self) -> int: ...

    def is_at(self, value: str, place: int) -> bool:
        """Whether it matches there. The value has that many characters."""
        ...

    def find(self, value: str, start: int, end: int) -> int:
        """Where it matches first, within these bounds; -1: nowhere."""
        ...


def glob(chunks: Sequence[Sequence[Part]]) -> Callable[[str], bool]:
    """The test of a text with wildcards.

    Args:
        chunks: what stands before, between and after the `*`, at least one; parts may be empty.
    """
    assert chunks
    first, *others = map(_chunk, chunks)
    if not others:
        return _whole(first)
    *middle, last = others
    return _Glob(first, [chunk for chunk in middle if chunk.length], last).matches


class _Glob:
    """first, then anything, each of `middle` with anything after it, then last."""

    __slots__ = ("_first", "_last", "_least", "_middle")

    def __init__(self, first: _Chunk, middle: Sequence[_Chunk], last: _Chunk) -> None:
        self._first = first
        self._middle = middle
        self._last = last
        self._least = first.length + last.length + sum(chunk.length for chunk in middle)

    def matches(self, value: str) -> bool:
        end = len(value) - self._last.length
        if len(value) < self._least or not self._first.is_at(value, 0) or not self._last.is_at(value, end):
            return False
        place = self._first.length
        for chunk in self._middle:
            found = chunk.find(value, place, end)
            if found < 0:
                return False
            place = found + chunk.length
        return True


def _whole(chunk: _Chunk) -> Callable[[str], bool]:
    def test(value: str) -> bool:
        return len(value) == chunk.length and chunk.is_at(value, 0)

    return test


def _chunk(parts: Sequence[Part]) -> _Chunk:
    if None in parts:
        return _Shape(parts)
    return _Literal("".join(part or "" for part in parts))


class _Literal:
    __slots__ = ("_text", "length")

    def __init__(self, text: str) -> None:
        self._text = text
        self.length = len(text)

    def is_at(self, value: str, place: int) -> bool:
        return value.startswith(self._text, place)

    def find(self, value: str, start: int, end: int) -> int:
        return value.find(self._text, start, end)


class _Shape:
    """Literal texts at their places, with any characters between."""

    __slots__ = ("_texts", "length")

    def __init__(self, parts: Sequence[Part]) -> None:
        self._texts: list[tuple[int, str]] = []
        self.length = 0
        for part in parts:
            if part is None:
                self.length += 1
            elif part:
                self._texts.append((self.length, part))
                self.length += len(part)

    def is_at(self, value: str, place: int) -> bool:
        return all(value.startswith(text, place + offset) for offset, text in self._texts)

    def find(self, value: str, start: int, end: int) -> int:
        """By its first text: a few places one after the other, and where that leads nowhere, all others at once."""
        if not self._texts:
            return start if end - start >= self.length else -1
        offset, text = self._texts[0]
        for _ in range(_TRIES):
            start = value.find(text, start + offset, end) - offset
            if start < 0 or end - start < self.length:
                return -1
            if self.is_at(value, start):
                return start
            start += 1
        found = self._find_at_once(value[start:end])
        return found if found < 0 else start + found

    def _find_at_once(self, value: str) -> int:
        """Each place is a bit: one place after the other would cost the product of both lengths, where a character is
        repeated often."""
        places = (1 << max(0, len(value) - self.length + 1)) - 1
        occurrences: dict[str, int] = {}
        for offset, text in self._texts:
            for number, char in enumerate(text, offset):
                if char not in occurrences:
                    occurrences[char] = _occurrences(char, value)
                places &= occurrences[char] >> number
                if not places:
                    return -1
        return (places & -places).bit_length() - 1


def _occurrences(char: str, value: str) -> int:
    """A bit for each place of the value, set where the character stands."""
    bits: defaultdict[int, str] = defaultdict(lambda: "0", {ord(char): "1"})
    return int(value.translate(bits)[::-1], 2)
