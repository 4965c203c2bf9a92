"""Put and get a bucket's notification configuration. To put an empty one removes it.

Source: API Reference, PutBucketNotificationConfiguration, GetBucketNotificationConfiguration; recorded answers.
"""

from __future__ import annotations

from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket, ConfigurationKind
from farshore.model.events import Event, EventName, EventOrigin
from farshore.runtime import ids
from farshore.semantics.notification_config import Destination, Reachable, destinations_of, validate
from farshore.service.access import bucket_for, still
from farshore.service.configurations import decode_document, encode_document
from farshore.service.deployment import Answer, Region, Request


async def put_bucket_notification_configuration(request: Request) -> Answer:
    """Validate the configuration and put it in force for every change from now on.

    Each destination is sent a test event, unless its validation is skipped.
    """
    region, bucket = bucket_for(request, "s3:PutBucketNotification")
    skips: bool = request.params.get("SkipDestinationValidation", False)
    document = validate(
        request.params["NotificationConfiguration"],
        region=region.name,
        new_id=ids.notification_id,
        reachable=None if skips else lambda destination: _reachable(request, bucket, destination),
    )

    def command(tx: Transaction) -> None:
        now = still(tx, bucket)
        stored = encode_document(document) if document else None
        tx.put_configuration(now.id, ConfigurationKind.NOTIFICATION, stored)
        if not skips:
            for configuration_id, destination in destinations_of(document):
                tx.events.add(destination, *_test(request, region, now, configuration_id))

    await region.metadata.write(command)
    return Answer()


async def get_bucket_notification_configuration(request: Request) -> Answer:
    region, bucket = bucket_for(request, "s3:GetBucketNotification")
    stored = region.metadata.reader.configuration(bucket.id, ConfigurationKind.NOTIFICATION)
    return Answer(output={} if stored is None else decode_document(stored))


def _reachable(request: Request, bucket: Bucket, destination: Destination) -> str:
    """A destination takes events of the accounts that the settings name for it."""
    accounts = request.deployment.event_destinations.get(destination.arn)
    if accounts is None:
        return Reachable.MISSING
    return Reachable.YES if bucket.owner in accounts else Reachable.FORBIDDEN


def _test(request: Request, region: Region, bucket: Bucket, configuration_id: str) -> tuple[EventOrigin, Event]:
    origin = EventOrigin(
        name=EventName.TEST,
        region=region.name,
        bucket=bucket.name,
        bucket_owner=bucket.owner,
        configuration_id=configuration_id,
    )
    return origin, Event(at_us=request.now_us, request_id=request.request_id)
