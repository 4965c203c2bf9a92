"""CBOR, as far as AWS's RPC protocol uses it: a strict subset, since what arrives comes from anybody.

Integers, byte and text strings, arrays, maps with text keys, booleans, null, floats, and tag 1 (seconds since the
epoch); definite and indefinite lengths. Anything else is refused, as is what is too deep.
Source: RFC 8949; Smithy, "Smithy RPC v2 CBOR protocol".
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

DEPTH_MAX = 32

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_BREAK = 0xFF


class CborError(ValueError):
    """Bytes that are not the CBOR that is understood here."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time to be written, in microseconds since the epoch."""

    at_us: int


def encode(value: object) -> bytes:
    """Write None, bool, int, float, str, bytes, Moment, and sequences and string-keyed mappings of these."""
    out: list[bytes] = []
    _write(value, out.append)
    return b"".join(out)


def decode(data: bytes) -> Any:
    """Read one value that fills the bytes. A time is an aware datetime.

    Raises:
        CborError: malformed, cut off, followed by more, too deep, or of a kind that is not understood.
    """
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise CborError(f"malformed: {error}") from error
    if reader.place != len(data):
        raise CborError("more bytes after the value")
    return value


def _write(value: object, out: Any) -> None:
    match value:
        case None:
            out(b"\xf6")
        case bool():
            out(b"\xf5" if value else b"\xf4")
        case int():
            out(_head(0, value) if value >= 0 else _head(1, -1 - value))
        case float():
            out(b"\xfb" + struct.pack(">d", value))
        case str():
            text = value.encode()
            out(_head(3, len(text)) + text)
        case bytes():
            out(_head(2, len(value)) + value)
        case Moment(at_us):
            out(b"\xc1\xfb" + struct.pack(">d", at_us / 1e6))
        case Mapping():
            out(_head(5, len(value)))
            for name, item in value.items():
                _write(name, out)
                _write(item, out)
        case Sequence():
            out(_head(4, len(value)))
            for item in value:
                _write(item, out)
        case _:
            raise AssertionError(value)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes((major << 5 | number,))
    for code, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if number < limit:
            return bytes((major << 5 | code,)) + struct.pack(form, number)
    raise AssertionError(number)


class _Reader:
    """Reads values one after another. Raises IndexError, struct.error or UnicodeDecodeError where bytes are wrong."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def value(self, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise CborError("too deep")
        initial = self._byte()
        major, short = initial >> 5, initial & 31
        match major:
            case 0:
                return self._number(short)
            case 1:
                return -1 - self._number(short)
            case 2:
                return b"".join(self._pieces(major, short))
            case 3:
                return "".join(piece.decode() for piece in self._pieces(major, short))
            case 4:
                return self._array(short, depth + 1)
            case 5:
                return self._map(short, depth + 1)
            case 6:
                return self._time(short, depth + 1)
            case _:
                return self._simple(short)

    def _byte(self) -> int:
        byte = self._data[self.place]
        self.place += 1
        return byte

    def _take(self, length: int) -> bytes:
        if length > len(self._data) - self.place:
            raise CborError("cut off")
        piece = self._data[self.place : self.place + length]
        self.place += length
        return piece

    def _number(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise CborError("an unknown form of a number")
        return int.from_bytes(self._take(1 << (short - 24)), "big")

    def _pieces(self, major: int, short: int) -> list[bytes]:
        """A string's bytes; one of indefinite length comes in pieces of definite length."""
        if short != 31:
            return [self._take(self._number(short))]
        pieces: list[bytes] = []
        while (initial := self._byte()) != _BREAK:
            if initial >> 5 != major or initial & 31 == 31:
                raise CborError("a piece of another kind in a string")
            pieces.append(self._take(self._number(initial & 31)))
        return pieces

    def _ended(self, left: int | None) -> bool:
        """Whether a collection is at its end; `left` of its items are to come, None where a break ends it."""
        if left is not None:
            return left == 0
        if self._data[self.place] == _BREAK:
            self.place += 1
            return True
        return False

    def _array(self, short: int, depth: int) -> list[Any]:
        left = None if short == 31 else self._number(short)
        items: list[Any] = []
        while not self._ended(left):
            items.append(self.value(depth))
            left = None if left is None else left - 1
        return items

    def _map(self, short: int, depth: int) -> dict[str, Any]:
        left = None if short == 31 else self._number(short)
        items: dict[str, Any] = {}
        while not self._ended(left):
            key = self.value(depth)
            if not isinstance(key, str):
                raise CborError("a key that is no text")
            items[key] = self.value(depth)
            left = None if left is None else left - 1
        return items

    def _time(self, short: int, depth: int) -> datetime:
        if self._number(short) != 1:
            raise CborError("an unknown tag")
        seconds = self.value(depth)
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise CborError("a time that is no number")
        try:
            return _EPOCH + timedelta(seconds=seconds)
        except (OverflowError, ValueError) as error:
            raise CborError("a time out of range") from error

    def _simple(self, short: int) -> Any:
        if short in _SIMPLE:
            return _SIMPLE[short]
        form = _FLOATS.get(short)
        if form is None:
            raise CborError("an unknown simple value")
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]
