"""Failures of replication in the log: a line for each cause when there are new ones, not one for each version.

Whoever reads no status and has set up no metrics still has a log. Reads cost by causes, not by failures.
"""

from __future__ import annotations

import structlog

from farshore.metadata.store import Reader
from farshore.model.buckets import Bucket
from farshore.model.replication_record import FailureCause
from farshore.service.deployment import Region

log = structlog.get_logger()


class FailureNotices:
    """Of one region. The first look tells of what stands FAILED from before."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._told: dict[tuple[int, str, str], int] = {}

    async def look(self) -> int:
        """Tell what has failed since the last look. Returns 0. Raises StoreUnavailable."""
        told: dict[tuple[int, str, str], int] = {}
        for bucket, cause in await self._region.metadata.read(_failures):
            name = (bucket.id, cause.destination, cause.code)
            told[name] = cause.last.failed_us
            if cause.last.failed_us > self._told.get(name, 0):
                self._tell(bucket, cause)
        self._told = told
        return 0

    def _tell(self, bucket: Bucket, cause: FailureCause) -> None:
        log.warning(
            "replication has failed",
            region=self._region.name,
            bucket=bucket.name,
            destination=cause.destination,
            code=cause.code,
            failed=cause.count,
            last_key=cause.last.key,
            why=f"farshore replication status {bucket.name}",
        )


def _failures(reader: Reader) -> list[tuple[Bucket, FailureCause]]:
    found: list[tuple[Bucket, FailureCause]] = []
    for bucket_id in reader.records.failing_buckets():
        bucket = reader.bucket_by_id(bucket_id)
        if bucket is not None:
            found += [(bucket, cause) for cause in reader.records.failure_causes(bucket_id)]
    return found
