"""What a run found: rows of measures beside their floors, and which targets held. Written as JSON, read to compare."""

from __future__ import annotations

import msgspec

MORE_IS_BETTER = ("per_s", "put_per_s", "drained_per_s", "mib_s")
"""Measures of which more is better; of all others less is."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured.

    values: by measure, unit last: per_s, mib_s, p50_ms, p99_ms, max_ms, cpu_us (server CPU per request), client_us
        (the load generator's CPU per request), …
    floors: of the same measures, what the machine does at best.
    """

    section: str
    name: str
    values: dict[str, float]
    floors: dict[str, float] = {}

    def ratio(self, measure: str) -> float | None:
        """The value as a multiple of its floor; None without both."""
        value, floor = self.values.get(measure), self.floors.get(measure)
        return None if value is None or not floor else value / floor


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A bound and what was measured. at_least: the bound is a minimum, else a maximum."""

    name: str
    bound: float
    at_least: bool
    value: float

    @property
    def held(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run. at: ISO 8601, UTC. plan: its name."""

    at: str
    plan: str
    environment: dict[str, str]
    rows: list[Row]
    targets: list[Target]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A measure in two runs. better: as a factor, more than 1 when the later run is better."""

    section: str
    name: str
    measure: str
    before: float
    after: float
    better: float


def changes(before: Results, after: Results) -> list[Change]:
    """Every measure that both runs have and that is not 0 in either, in the later run's order."""
    earlier = {(row.section, row.name): row.values for row in before.rows}
    found: list[Change] = []
    for row in after.rows:
        old = earlier.get((row.section, row.name), {})
        for measure, value in row.values.items():
            was = old.get(measure)
            if not was or not value:
                continue
            better = value / was if measure in MORE_IS_BETTER else was / value
            found.append(
                Change(section=row.section, name=row.name, measure=measure, before=was, after=value, better=better)
            )
    return found
