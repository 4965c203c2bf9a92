"""What a job does in its account's name: requests to the service functions, made as the job's role.

Source: S3 User Guide, "Granting permissions for S3 Batch Operations", "Configuring an IAM role for S3 Batch
Replication".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from farshore.auth.evaluate import IdentityPolicies
from farshore.model.access import Principal
from farshore.model.errors import EntityTooLarge
from farshore.runtime import ids
from farshore.service.deployment import Deployment, Params, Request, RequestBody

SESSION = "s3-batch-operations"


class Written:
    """The body of a request that the job makes: pieces that are written as they are read.

    Args:
        pieces: None for an empty body.
    """

    def __init__(self, pieces: AsyncIterator[bytes] | None = None) -> None:
        self._pieces = pieces

    @property
    def length(self) -> int | None:
        return 0 if self._pieces is None else None

    async def read_all(self, limit: int) -> bytes:
        read = bytearray()
        async for piece in self.pieces():
            read += piece
            if len(read) > limit:
                raise EntityTooLarge(MaxSizeAllowed=limit)
        return bytes(read)

    async def pieces(self) -> AsyncIterator[bytes | memoryview]:
        if self._pieces is not None:
            async for piece in self._pieces:
                yield piece

    def trailers(self) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class JobRole:
    """The principal that a job acts as, and what its policies allow."""

    deployment: Deployment
    region: str
    principal: Principal
    policies: IdentityPolicies

    def request(self, operation: str, params: Params, body: RequestBody | None = None) -> Request:
        """A request to a service function."""
        return Request(
            deployment=self.deployment,
            principal=self.principal,
            policies=self.policies,
            operation=operation,
            params=params,
            body=Written() if body is None else body,
            request_id=ids.request_id(),
            now_us=self.deployment.clock.now_us(),
            region=self.region,
        )
