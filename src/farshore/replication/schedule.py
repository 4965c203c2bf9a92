"""When the first task of each lane is due, as far as the worker knows: kept so that what is due next is found without
looking at every lane."""

from __future__ import annotations

from collections.abc import Collection
from heapq import heapify, heappop, heappush

LaneKey = tuple[int, str]
"""(source bucket id, destination bucket name)."""

_OUTDATED_MAX = 64
"""Outdated entries that are left where they are, beyond as many as there are lanes."""


class Schedule:
    """Lanes that do not run, by the time when they are to. A time that is too early does no harm."""

    def __init__(self) -> None:
        self._due: dict[LaneKey, int] = {}
        self._order: list[tuple[int, LaneKey]] = []

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: LaneKey, due_us: int) -> None:
        """A lane is due then, or earlier if that is known already."""
        known = self._due.get(key)
        if known is not None and known <= due_us:
            return
        self._due[key] = due_us
        heappush(self._order, (due_us, key))
        if len(self._order) > 2 * len(self._due) + _OUTDATED_MAX:
            self._order = [(due_us, key) for key, due_us in self._due.items()]
            heapify(self._order)

    def keep(self, keys: Collection[LaneKey]) -> None:
        """Forget all lanes but these."""
        for key in self._due.keys() - set(keys):
            del self._due[key]

    def next_us(self) -> int | None:
        """When the next lane is due; None when none waits."""
        while self._order and self._due.get(self._order[0][1]) != self._order[0][0]:
            heappop(self._order)
        return self._order[0][0] if self._order else None

    def take(self, now_us: int) -> LaneKey | None:
        """The lane that is due first, which is forgotten; None when none is due yet."""
        due_us = self.next_us()
        if due_us is None or due_us > now_us:
            return None
        _, key = heappop(self._order)
        del self._due[key]
        return key
