"""Put, get and delete a bucket's replication configuration.

The document is kept as it was put, with ids for rules that came without one, and so is answered.
Source: API Reference, PutBucketReplication, GetBucketReplication, DeleteBucketReplication; recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from farshore.metadata.store import Transaction
from farshore.model.buckets import ConfigurationKind
from farshore.model.errors import ReplicationConfigurationNotFoundError
from farshore.runtime import ids
from farshore.semantics.replication_config import (
    DestinationFacts,
    check_destinations,
    check_source_versioning,
    compile_configuration,
    validate,
)
from farshore.semantics.replication_rule import bucket_of_arn
from farshore.service.access import bucket_for, still
from farshore.service.configurations import decode_document, encode_document
from farshore.service.deployment import Answer, Deployment, Request
from farshore.service.locating import bucket_here
from farshore.service.metric_minute import rules_change
from farshore.service.pass_role import require_pass_role
from farshore.service.roles import S3_SERVICE

_ACTION = "s3:PutReplicationConfiguration"


async def put_bucket_replication(request: Request) -> Answer:
    """Validate the configuration and put it in force for every write from now on.

    The caller must be permitted to pass its role to S3. Whether the role exists and may do what it must is not looked
    at: a wrong role shows as FAILED later, as on AWS.
    """
    region, bucket = bucket_for(request, _ACTION)
    document = validate(request.params["ReplicationConfiguration"], source_bucket=bucket.name, new_rule_id=ids.rule_id)
    require_pass_role(request, document["Role"], account=bucket.owner, service=S3_SERVICE)
    check_source_versioning(bucket.versioning)
    check_destinations(document, lambda name: destination_facts(request.deployment, name))
    stored = encode_document(document)
    homes = _homes(request.deployment, document)
    rules = compile_configuration(document)

    def command(tx: Transaction) -> None:
        now = still(tx, bucket)
        check_source_versioning(now.versioning)
        rules_change(tx, request.deployment, region, now, rules, request.now_us)
        tx.put_configuration(bucket.id, ConfigurationKind.REPLICATION, stored)
        tx.records.add_change(bucket.id, request.now_us, stored)
        tx.records.put_last_homes(bucket.id, homes)

    await region.metadata.write(command)
    return Answer()


async def get_bucket_replication(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetReplicationConfiguration")
    stored = region.metadata.reader.configuration(bucket.id, ConfigurationKind.REPLICATION)
    if stored is None:
        raise ReplicationConfigurationNotFoundError(BucketName=bucket.name)
    return Answer(output={"ReplicationConfiguration": decode_document(stored)})


async def delete_bucket_replication(request: Request) -> Answer:
    """Remove the configuration; 204 also when there is none. Statuses that versions have stay."""
    region, bucket = bucket_for(request, _ACTION)

    def command(tx: Transaction) -> None:
        rules_change(tx, request.deployment, region, still(tx, bucket), None, request.now_us)
        tx.put_configuration(bucket.id, ConfigurationKind.REPLICATION, None)
        tx.records.add_change(bucket.id, request.now_us, None)

    await region.metadata.write(command)
    return Answer()


def _homes(deployment: Deployment, document: Mapping[str, Any]) -> dict[str, str]:
    """The regions of the buckets that a configuration names, which are to be remembered when these are deleted."""
    names = {bucket_of_arn(rule["Destination"]["Bucket"]) for rule in document["Rules"]}
    homes = {name: deployment.directory.bucket_home(name) for name in names}
    return {name: home.region for name, home in homes.items() if home is not None}


def destination_facts(deployment: Deployment, name: str) -> DestinationFacts | None:
    """What a configuration needs to know of a bucket it names; asks no permission there, as AWS asks none."""
    found = bucket_here(deployment, name)
    return None if found is None else DestinationFacts(found[1].owner, found[1].versioning)
