"""Where a job stands in its manifest: the rows that are drawn next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from farshore.batch.job import RunningJob
from farshore.model.batch import Job, ManifestRow
from farshore.semantics.manifest_rows import unpack


@dataclass(frozen=True, slots=True)
class Draw:
    """Rows to draw. place: number of the first in the manifest. before, after: (segment, row) where they begin and end.

    Rows of one draw are of one segment.
    """

    rows: Sequence[ManifestRow]
    place: int
    before: tuple[int, int]
    after: tuple[int, int]


class ManifestCursor:
    """Reads a job's segments one after another, each once."""

    def __init__(self, running: RunningJob) -> None:
        self._running = running
        self._segment = -1
        self._rows: list[ManifestRow] = []

    async def next(self, job: Job, limits: Sequence[int]) -> list[Draw]:
        """The next draws of a job, in order, of at most so many rows each; fewer or none at the manifest's end."""
        segment, row = job.state.drawn_segments, job.state.drawn_rows
        place = job.drawn
        draws: list[Draw] = []
        for limit in limits:
            if segment >= job.state.segments:
                break
            await self._load(segment)
            rows = self._rows[row : row + limit]
            last = row + len(rows) >= len(self._rows)
            after = (segment + 1, 0) if last else (segment, row + len(rows))
            draws.append(Draw(rows, place, (segment, row), after))
            place += len(rows)
            segment, row = after
        return draws

    async def _load(self, segment: int) -> None:
        if segment != self._segment:
            content = self._running.region.metadata.reader.jobs.segment(self._running.number, segment)
            self._rows = await asyncio.to_thread(unpack, content)
            self._segment = segment
