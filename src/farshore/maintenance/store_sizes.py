"""How many objects a region holds and how large they are, counted now and then for monitoring: it walks an index."""

from __future__ import annotations

from farshore.service.deployment import Deployment, Region
from farshore.service.exposition import SIZES


async def measure_sizes(deployment: Deployment, region: Region) -> int:
    """Count, one bucket after another in a thread; show the sums among this process's counters. Returns 0."""
    objects = size = 0
    for bucket in region.metadata.reader.buckets():
        counted = await region.metadata.read(lambda reader, bucket_id=bucket.id: reader.counts(bucket_id))
        objects, size = objects + counted[0], size + counted[1]
    shown = deployment.counters.block(SIZES, region.name)
    shown[0], shown[1] = objects, size
    return 0
