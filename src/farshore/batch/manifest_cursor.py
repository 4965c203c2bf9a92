"""Rows of a job's manifest, read from its segments: in order to be drawn, and by their places."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from farshore.metadata.jobs import JobReader
from farshore.model.batch import Job, ManifestRow
from farshore.semantics.manifest_rows import unpack


@dataclass(frozen=True, slots=True)
class Draw:
    """Rows to draw. place: of the first in the manifest."""

    rows: Sequence[ManifestRow]
    place: int


class ManifestCursor:
    """Reads one job's segments, and keeps the last one: fast for places that ascend."""

    def __init__(self, jobs: JobReader, number: int) -> None:
        self._jobs = jobs
        self._number = number
        self._first = 0
        self._rows: Sequence[ManifestRow] = ()

    async def draws(self, job: Job, limits: Sequence[int]) -> list[Draw]:
        """The next draws of a job, in order, of at most so many rows each; fewer or none at the manifest's end.

        Rows of one draw are of one segment.
        """
        draws: list[Draw] = []
        place = job.drawn
        for limit in limits:
            if place >= job.total:
                break
            await self._load(place)
            start = place - self._first
            rows = self._rows[start : start + limit]
            draws.append(Draw(rows, place))
            place += len(rows)
        return draws

    async def row(self, place: int) -> ManifestRow:
        """The row of a place."""
        await self._load(place)
        return self._rows[place - self._first]

    async def _load(self, place: int) -> None:
        if not self._first <= place < self._first + len(self._rows):
            segment = self._jobs.segment(self._number, place)
            self._rows = await asyncio.to_thread(unpack, segment.content)
            self._first = segment.first
