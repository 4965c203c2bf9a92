"""A request's query: read once, and from then on the same for routing, parameters and signature."""

from __future__ import annotations

from collections.abc import Iterable


class Query(dict[str, str]):
    """Parameters by name, decoded. Of a repeated parameter the first value counts; `getall` has every one.

    pairs: names and values, as they came. Not to be changed.
    """

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(pairs)
        super().__init__(self.pairs)
        if len(self) != len(self.pairs):
            self.update(reversed(self.pairs))

    def getall(self, name: str) -> list[str]:
        """All values of a parameter, in order. Empty when it is not there."""
        return [value for each, value in self.pairs if each == name]
