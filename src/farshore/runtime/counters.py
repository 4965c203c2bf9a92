"""Counters that several processes keep, each in a file of its own, and that any of them can add up.

A file is a table of blocks: a name, and a few integers. It is mapped into memory, so that counting is a store into
memory (a tenth of a microsecond), survives the process, and is seen by others at once. Names are added at the end and
stay; when the table is full, further names share its last block.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

SLOTS = 20
"""Integers of a block."""

BLOCKS_MAX = 2048
OVERFLOW = ("overflow",)
"""The name under which is counted what found no room."""

_NAME_BYTES = 160
_BLOCK_BYTES = _NAME_BYTES + 8 * SLOTS
_FILE_BYTES = BLOCKS_MAX * _BLOCK_BYTES
_SEPARATOR = "\x1f"

Name = tuple[str, ...]


class Counters:
    """The counters of one process. Not shared between threads.

    Args:
        path: its file, which is made if need be; counting goes on from what an earlier process left in it. None keeps
            them in memory alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._map = mmap.mmap(-1, _FILE_BYTES)
        else:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(descriptor, _FILE_BYTES)
                self._map = mmap.mmap(descriptor, _FILE_BYTES)
            finally:
                os.close(descriptor)
        self._slots = memoryview(self._map).cast("Q")
        self._blocks = {name: place for place, name in enumerate(_names(self._map))}

    def block(self, *name: str) -> memoryview:
        """The integers of a block, to be changed in place: `block[0] += 1`. Keep it: finding it costs more."""
        place = self._blocks.get(name)
        if place is None:
            place = self._add(name)
        start = (place * _BLOCK_BYTES + _NAME_BYTES) // 8
        return self._slots[start : start + SLOTS]

    def read(self) -> dict[Name, list[int]]:
        """Every block as it is now."""
        return _read(self._map)

    def _add(self, name: Name) -> int:
        encoded = _SEPARATOR.join(name).encode()
        place = len(self._blocks)
        if place >= BLOCKS_MAX - 1 or len(encoded) > _NAME_BYTES:
            if OVERFLOW in self._blocks:
                return self._blocks[OVERFLOW]
            name, encoded = OVERFLOW, _SEPARATOR.join(OVERFLOW).encode()
        start = place * _BLOCK_BYTES
        self._map[start : start + len(encoded)] = encoded
        self._blocks[name] = place
        return place


def read_counters(folder: Path) -> dict[Name, list[int]]:
    """The sums of all processes' counters whose files are in a folder."""
    sums: dict[Name, list[int]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        if len(content) != _FILE_BYTES:  # It is being made.
            continue
        for name, values in _read(content).items():
            before = sums.get(name)
            sums[name] = values if before is None else [a + b for a, b in zip(before, values, strict=True)]
    return sums


def _names(content: bytes | mmap.mmap) -> Iterator[Name]:
    for start in range(0, _FILE_BYTES, _BLOCK_BYTES):
        raw = content[start : start + _NAME_BYTES].rstrip(b"\x00")
        if not raw:
            return
        yield tuple(raw.decode().split(_SEPARATOR))


def _read(content: bytes | mmap.mmap) -> dict[Name, list[int]]:
    found: dict[Name, list[int]] = {}
    for place, name in enumerate(_names(content)):
        start = place * _BLOCK_BYTES + _NAME_BYTES
        found[name] = memoryview(content[start : start + 8 * SLOTS]).cast("Q").tolist()
    return found
