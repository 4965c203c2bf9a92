"""What the commands of a group leave to be written once, before the group is flushed: one row where each would add one.

The writer takes back what a command left that raised. Whoever reads what is gathered writes it first (`SqliteEvents`).
"""

from __future__ import annotations

from farshore.model.events import Event, EventOrigin

GatheredEvent = tuple[str, EventOrigin, Event]
"""Destination, and what is told it."""


class Gathered:
    """events: in the order of the changes. written: whether there were any since somebody looked."""

    __slots__ = ("events", "written")

    def __init__(self) -> None:
        self.events: list[GatheredEvent] = []
        self.written = False

    def mark(self) -> int:
        """Where a command begins, for `take_back`."""
        return len(self.events)

    def take_back(self, mark: int = 0) -> None:
        """Forget what was left since; by default all."""
        del self.events[mark:]
