"""When access keys and roles were used last: noted in memory, written to the directory now and then, never per request.

Every write to the directory makes all processes forget what they cached of it, so a use is written only when what is
stored is ten minutes older. A crash loses what was not written: a later use is then shown as an earlier one.
"""

from __future__ import annotations

import asyncio

import structlog

from farshore.metadata.directory import Directory
from farshore.metadata.identities import IdentityTransaction
from farshore.metadata.store import StoreUnavailable
from farshore.model.identity import LastUse
from farshore.runtime.together import first_of

WRITE_EVERY_S = 60.0
GRAIN_US = 600 * 1_000_000
_SUBJECTS_MAX = 100_000

log = structlog.get_logger()


class LastUses:
    """What one process saw. Not shared between threads."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._seen: dict[str, LastUse] = {}
        self._written: dict[str, int] = {}

    def note(self, subject_id: str, at_us: int, service: str, region: str) -> None:
        """An access key or a role was used."""
        if len(self._seen) >= _SUBJECTS_MAX:
            self._seen.clear()
        self._seen[subject_id] = LastUse(at_us=at_us, service=service, region=region)

    def of(self, subject_id: str) -> LastUse | None:
        """The last use that this process saw or the directory knows, whichever is later."""
        stored, seen = self._directory.identities.last_use(subject_id), self._seen.get(subject_id)
        if stored is None or seen is None:
            return stored or seen
        return max(stored, seen, key=lambda use: use.at_us)

    async def write(self, *, grain_us: int = 0) -> int:
        """Write the uses that are `grain_us` later than what this process wrote last; returns how many."""
        due = {
            subject: use
            for subject, use in self._seen.items()
            if use.at_us > self._written.get(subject, -1) and use.at_us - self._written.get(subject, -1) >= grain_us
        }
        if not due:
            return 0

        def command(tx: IdentityTransaction) -> None:
            for subject, use in due.items():
                tx.put_last_use(subject, use)

        await self._directory.write(command)
        if len(self._written) >= _SUBJECTS_MAX:
            self._written.clear()
        self._written |= {subject: use.at_us for subject, use in due.items()}
        return len(due)

    async def run(self, stop: asyncio.Event) -> None:
        """Write now and then until `stop` is set, and all of it at the end."""
        while not stop.is_set():
            await first_of(stop, within_s=WRITE_EVERY_S)
            if not stop.is_set():
                await self._try_to_write(GRAIN_US)
        await self._try_to_write(0)

    async def _try_to_write(self, grain_us: int) -> None:
        try:
            await self.write(grain_us=grain_us)
        except StoreUnavailable as error:
            log.warning("could not write when keys were used last", error=str(error))
