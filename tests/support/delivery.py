"""Replication in a test's own deployment: rules, deliveries that the test starts, and what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from farshore.model.access_control import ObjectOwnership
from farshore.model.buckets import ConfigurationKind
from farshore.model.objects import Version
from farshore.model.replication import DestinationState
from farshore.replication.lane import Lane
from farshore.replication.replicate import Replicator
from farshore.service import version_stack
from farshore.service.bucket_access import REMOVED
from farshore.service.deployment import Deployment, Region
from tests.support.deployment import EAST, ROLE, Deployed

METERED = {"Metrics": {"Status": "Enabled"}}
"""Of a rule's Destination: with replication metrics."""


async def put_rule(
    deployed: Deployed, source: str, destination: str, *, region: str = EAST, role: str = ROLE, **members: Any
) -> None:
    """One V2 rule for everything, delete markers too; `members` replace or add, those of Destination merge."""
    target = {"Bucket": f"arn:aws:s3:::{destination}", **members.pop("Destination", {})}
    rule = {
        "ID": f"to-{destination}",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": target,
        **members,
    }
    account = role.split(":")[4]
    await deployed.s3(
        "PutBucketReplication",
        region=region,
        account=account,
        Bucket=source,
        ReplicationConfiguration={"Role": role, "Rules": [rule]},
    )


async def deliver(deployed: Deployed, deployment: Deployment | None = None) -> None:
    """Deliver what is due now in every region, all lanes at once, until nothing is. It asks nothing of resting lanes.

    Args:
        deployment: that delivers; else the test's whole one.
    """
    acting = deployment or deployed.deployment
    replicator = Replicator(acting)
    while lanes := [
        _lane(replicator, region, due.bucket_id, due.destination, deployed).run(asyncio.Event())
        for region in acting.regions.values()
        for due in region.metadata.reader.due_lanes()
        if due.due_us <= deployed.clock.now_us()
    ]:
        await asyncio.gather(*lanes)


async def replace_bucket(deployed: Deployed, region: str, name: str, owner: str | None) -> list[Version]:
    """Delete a bucket, and give its name to a new one of the owner, if any; returns what was in the old one."""
    now_us = deployed.clock.tick()

    def command(tx: Any) -> list[Version]:
        held = list(tx.scan_versions(tx.bucket(name).id, b"", True))
        for version in held:
            version_stack.pop(tx, version, now_us)
        tx.delete_bucket(tx.bucket(name).id)
        return held

    held = await deployed.stores[region].metadata.write(command)
    home = deployed.directory.bucket_home(name)
    assert home is not None
    await deployed.directory.release_bucket(home)
    if owner is not None:
        await deployed.bucket(name, region, owner=owner)
    return held


async def set_ownership(deployed: Deployed, region: str, bucket_id: int, ownership: ObjectOwnership) -> None:
    """With no public access blocked, so that any ACL may be put."""
    documents = {
        ConfigurationKind.OWNERSHIP: ownership.value.encode(),
        ConfigurationKind.PUBLIC_ACCESS_BLOCK: REMOVED,
    }
    await put_configurations(deployed, region, bucket_id, documents)


async def put_configurations(
    deployed: Deployed, region: str, bucket_id: int, documents: Mapping[ConfigurationKind, bytes | None]
) -> None:
    def command(tx: Any) -> None:
        for kind, document in documents.items():
            tx.put_configuration(bucket_id, kind, document)

    await deployed.stores[region].metadata.write(command)


def find(deployed: Deployed, region: str, bucket: str, key: str, version_id: str) -> Version | None:
    """A version as it is stored."""
    return deployed.stores[region].metadata.reader.find(bucket, key, version_id)[1]


def stored(deployed: Deployed, region: str, bucket: str, key: str, version_id: str) -> Version:
    version = find(deployed, region, bucket, key, version_id)
    assert version is not None, (bucket, key, version_id)
    return version


def only_state(version: Version) -> DestinationState:
    """Where the version's one destination stands."""
    (state,) = version.destinations
    return state


def _lane(replicator: Replicator, region: Region, bucket_id: int, destination: str, deployed: Deployed) -> Lane:
    return Lane(replicator, region, bucket_id, destination, clock=deployed.clock, random=lambda: 0.5)
