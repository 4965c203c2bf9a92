"""From the name of a destination bucket to the transport that reaches it."""

from __future__ import annotations

from farshore.model.replication import FailureCode
from farshore.replication.region_transport import RegionTransport
from farshore.service.deployment import Deployment
from farshore.transports.transport import PermanentError, TransientError, Transport


class Destinations:
    """The ways from this process to every bucket of the deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._directory = deployment.directory
        self._regions = {name: RegionTransport(region, deployment.clock) for name, region in deployment.regions.items()}

    def transport(self, bucket: str) -> Transport:
        """The transport to a bucket.

        Raises:
            PermanentError: DST_BUCKET_NOT_FOUND. TransientError: its region is not reached from here.
        """
        home = self._directory.bucket_home(bucket)
        if home is None:
            raise PermanentError(FailureCode.DST_BUCKET_NOT_FOUND, f"bucket {bucket} does not exist")
        transport = self._regions.get(home.region)
        if transport is None:
            raise TransientError(f"region {home.region} is not served here")
        return transport
