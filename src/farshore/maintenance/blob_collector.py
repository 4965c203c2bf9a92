"""Removal of blobs that nothing refers to: garbage that a change left, and orphans that a crash left.

A blob is deleted a grace period after it became garbage, so that a download that began before is not cut off. Orphans
(committed, but the metadata change that was to refer to them never came) become garbage first, by the same road.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from farshore.blobs.store import BlobStore
from farshore.metadata.store import MetadataStore
from farshore.runtime.clock import Clock

GARBAGE_GRACE_US = 3600 * 1_000_000
"""Longer than a download may take from its look-up to the opening of its last blob."""

ORPHAN_GRACE_US = 24 * 3600 * 1_000_000
"""Longer than any request may take from the commit of its blob to the commit of its metadata."""

_BATCH = 1000

log = structlog.get_logger()


class BlobCollector:
    """Collects one region's unused blobs. Each call is one full pass; a repeat, or two at once, do no harm.

    Both raise StoreUnavailable or BlobsUnavailable; what was done until then stands.
    """

    __slots__ = ("_blobs", "_clock", "_garbage_grace_us", "_metadata", "_orphan_grace_us")

    def __init__(
        self,
        metadata: MetadataStore,
        blobs: BlobStore,
        clock: Clock,
        *,
        garbage_grace_us: int = GARBAGE_GRACE_US,
        orphan_grace_us: int = ORPHAN_GRACE_US,
    ) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._garbage_grace_us = garbage_grace_us
        self._orphan_grace_us = orphan_grace_us

    async def collect_garbage(self) -> int:
        """Delete what has been garbage for the grace period; returns how many blobs."""
        before_us = self._clock.now_us() - self._garbage_grace_us
        deleted = 0
        while garbage := await self._metadata.write(lambda tx: tx.garbage(before_us, _BATCH)):
            deleted += await self._delete(garbage)
        return deleted

    async def find_orphans(self) -> int:
        """Make garbage of old blobs that nothing refers to; returns how many, those that were garbage included.

        Lists every blob: for once a day.
        """
        now_us = self._clock.now_us()
        after = ""
        found = 0
        while blobs := await self._blobs.committed_before(now_us - self._orphan_grace_us, after, _BATCH):
            orphans = await self._unreferenced(blobs)
            if orphans:
                await self._add_garbage(orphans, now_us)
            found += len(orphans)
            after = blobs[-1]
        return found

    async def _delete(self, garbage: Sequence[str]) -> int:
        """Delete these, then forget them: a crash between leaves them to be deleted again."""
        unused = await self._unreferenced(garbage)
        if len(unused) < len(garbage):
            log.error("garbage is still referred to, and kept", blobs=sorted(set(garbage) - set(unused)))
        await self._blobs.delete(unused)
        await self._metadata.write(lambda tx: tx.remove_garbage(garbage))
        return len(unused)

    async def _add_garbage(self, orphans: Sequence[str], now_us: int) -> None:
        await self._metadata.write(lambda tx: tx.add_garbage(orphans, now_us))

    async def _unreferenced(self, blobs: Sequence[str]) -> list[str]:
        referenced = await self._metadata.referenced_blobs(blobs)
        return [blob for blob in blobs if blob not in referenced]
