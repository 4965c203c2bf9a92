"""Verifications in a test's own deployment."""

from __future__ import annotations

from typing import Any

from farshore.replication.verified import Difference, Result
from farshore.replication.verify import Asked, verify
from farshore.service.deployment import Deployment
from tests.support.deployment import EAST, WEST


async def run_verification(
    deployment: Deployment,
    source: str,
    destination: str,
    regions: tuple[str, str] = (EAST, WEST),
    **asked: Any,
) -> tuple[Result, list[Difference]]:
    """The result of verifying a destination, and the differences. asked: members of `Asked`."""
    sides = []
    for region, name in zip(regions, (source, destination), strict=True):
        bucket = deployment.regions[region].metadata.reader.bucket(name)
        assert bucket is not None, name
        sides.append((deployment.regions[region], bucket))
    found = [line async for line in verify(deployment, sides[0], sides[1], Asked(**asked))]
    assert isinstance(found[-1], Result)
    return found[-1], [line for line in found if isinstance(line, Difference)]
