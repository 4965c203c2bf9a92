"""From the name of a destination bucket to the bucket, and the transport that reaches it."""

from __future__ import annotations

from dataclasses import dataclass

from farshore.metadata.store import StoreUnavailable
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.replication import FailureCode
from farshore.replication.region_transport import RegionTransport
from farshore.service.deployment import Deployment, Region
from farshore.transports.transport import PermanentError, TransientError, Transport


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination bucket as it is now, and the way there."""

    region: Region
    bucket: Bucket
    transport: Transport


class Destinations:
    """The ways from this process to every bucket of the deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._directory = deployment.directory
        self._regions = deployment.regions
        self._transports = {name: RegionTransport(deployment, region) for name, region in deployment.regions.items()}

    def find(self, name: str) -> Destination:
        """A bucket, where it is, and the way there.

        Raises:
            PermanentError: DST_BUCKET_NOT_FOUND, DST_BUCKET_UNVERSIONED.
            TransientError: its region is not reached from here, or its store is unavailable.
        """
        home = self._directory.bucket_home(name)
        if home is None:
            raise PermanentError(FailureCode.DST_BUCKET_NOT_FOUND, f"bucket {name} does not exist")
        region = self._regions.get(home.region)
        if region is None:
            raise TransientError(f"region {home.region} is not served here")
        try:
            bucket = region.metadata.reader.bucket(name)
        except StoreUnavailable as error:
            raise TransientError(f"metadata of {region.name}: {error}") from error
        if bucket is None:
            # The directory still has the name, or has it already: the bucket is being deleted or made.
            raise TransientError(f"bucket {name} is not there yet, or not any more")
        if bucket.versioning is not VersioningStatus.ENABLED:
            raise PermanentError(
                FailureCode.DST_BUCKET_UNVERSIONED, "versioning is not enabled on the destination bucket"
            )
        return Destination(region, bucket, self._transports[home.region])
