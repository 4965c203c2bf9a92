"""BucketLoggingStatus: checked, compiled, and the keys of log objects.

Source: API Reference, PutBucketLogging, LoggingEnabled, TargetObjectKeyFormat; User Guide, "Logging requests with
server access logging"; answers recorded on AWS, which takes a target whether or not it lets logs in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from farshore.model.access_control import Permission
from farshore.model.access_log import AccessLogging, PartitionDate
from farshore.model.errors import MalformedXML
from farshore.semantics.access_control import IsKnown, grants_of

Document = dict[str, Any]
"""LoggingEnabled, by AWS's member names."""


def check_logging(status: Mapping[str, Any], is_known: IsKnown) -> Document | None:
    """The LoggingEnabled of a BucketLoggingStatus; None for an empty one, which ends logging.

    Raises:
        MalformedXML: TargetBucket or TargetPrefix is missing, a permission or a key format is none.
        InvalidArgument, UnresolvableGrantByEmailAddress: a grantee.
    """
    enabled: Document | None = status.get("LoggingEnabled")
    if enabled is None:
        return None
    if not enabled.get("TargetBucket") or "TargetPrefix" not in enabled:
        raise MalformedXML()
    for grant in enabled.get("TargetGrants", ()):
        # AWS: any permission of ACLs is taken here, also those that its reference does not name (recorded).
        if grant.get("Permission") not in frozenset(Permission) or "Grantee" not in grant:
            raise MalformedXML()
    if "TargetObjectKeyFormat" in enabled and len(enabled["TargetObjectKeyFormat"]) != 1:
        raise MalformedXML()
    grants_of(enabled.get("TargetGrants", ()), is_known)
    return enabled


def compile_logging(enabled: Document) -> AccessLogging:
    """A document that was checked, as it is worked with."""
    partitioned: Document | None = enabled.get("TargetObjectKeyFormat", {}).get("PartitionedPrefix")
    date = None
    if partitioned is not None:
        date = PartitionDate(partitioned.get("PartitionDateSource", PartitionDate.EVENT_TIME))
    return AccessLogging(
        target=enabled["TargetBucket"],
        prefix=enabled["TargetPrefix"],
        partitioned=date,
        grants=grants_of(enabled.get("TargetGrants", ()), lambda _: True),
    )


def object_key(
    logging: AccessLogging, *, account: str, region: str, bucket: str, day: str, delivered_us: int, unique: str
) -> str:
    """The key of a log object.

    Args:
        account, region, bucket: of the source bucket.
        day: YYYY-MM-DD of the records, where keys are partitioned by the time of events.
        unique: tells objects of the same second apart.
    """
    delivered = datetime.fromtimestamp(delivered_us / 1e6, UTC).strftime("%Y-%m-%d-%H-%M-%S")
    match logging.partitioned:
        case None:
            return f"{logging.prefix}{delivered}-{unique}"
        case PartitionDate.DELIVERY_TIME:
            moment = delivered
        case PartitionDate.EVENT_TIME:
            moment = f"{day}-00-00-00"
    folder = "/".join((account, region, bucket, *moment.split("-")[:3]))
    return f"{logging.prefix}{folder}/{moment}-{unique}"
