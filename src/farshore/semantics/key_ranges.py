"""Ranges of keys within which every key begins with the same prefixes.

Keys are compared as bytes of UTF-8; a range goes from its start up to but without its end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

END = b"\xff"
"""Beyond every key: no key has this byte."""


class KeyRanges:
    """The ranges into which prefixes cut the keys of a bucket."""

    def __init__(self, prefixes: Iterable[str]) -> None:
        edges = {b"", END}
        for prefix in prefixes:
            edges |= {prefix.encode(), prefix_end(prefix)}
        self._edges = sorted(edges)

    def end_of(self, key: bytes) -> bytes:
        """The end of the range that holds this key."""
        return self._edges[bisect_right(self._edges, key)]


def prefix_end(prefix: str) -> bytes:
    """What comes just after every key that begins with the prefix."""
    data = prefix.encode()
    return data[:-1] + bytes([data[-1] + 1]) if data else END
