"""Server access logging of a bucket: where its log objects go, and how they are named.

Source: S3 User Guide, "Logging requests with server access logging"; API Reference, LoggingEnabled, PartitionedPrefix.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from farshore.model.access_control import Grant

LOG_DELIVERY_SERVICE = "logging.s3.amazonaws.com"
"""The principal that writes log objects."""


class PartitionDate(StrEnum):
    """Which date a partitioned key holds."""

    EVENT_TIME = "EventTime"
    DELIVERY_TIME = "DeliveryTime"


class AccessLogging(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket's logging, compiled.

    target: the bucket that log objects are written to. prefix: of their keys.
    partitioned: the date of partitioned keys; None for simple ones.
    grants: of log objects, beside the full control of the target's owner, where the target's ACLs count.
    """

    target: str
    prefix: str
    partitioned: PartitionDate | None = None
    grants: tuple[Grant, ...] = ()
