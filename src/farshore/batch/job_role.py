"""What a job does in its account's name: requests to the service functions, made as the job's role.

Source: S3 User Guide, "Granting permissions for S3 Batch Operations", "Configuring an IAM role for S3 Batch
Replication".
"""

from __future__ import annotations

from dataclasses import dataclass

from farshore.auth.evaluate import IdentityPolicies
from farshore.model.access import Principal
from farshore.runtime import ids
from farshore.service.deployment import Deployment, Params, Request, RequestBody
from farshore.service.written_bodies import WrittenWhole

SESSION = "s3-batch-operations"


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
            body=WrittenWhole() if body is None else body,
            request_id=ids.request_id(),
            now_us=self.deployment.clock.now_us(),
            region=self.region,
        )
