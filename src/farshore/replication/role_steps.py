"""What a replication role may do, step by step, for people: every request that a delivery would make, and whether it
would be allowed as everything is now."""

from __future__ import annotations

import msgspec

from farshore.auth.evaluate import Reason
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationRule, TaskKind
from farshore.replication.destinations import Destinations
from farshore.replication.outcome import Failed
from farshore.replication.role import Roles
from farshore.semantics.replication_failure_remedy import Lack
from farshore.service.deployment import Deployment, Region
from farshore.service.outbox import kind_of
from farshore.service.roles import ASSUME_ROLE
from farshore.transports.transport import PermanentError, TransientError


class RoleStep(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a delivery.

    statement: what decided, in words; of a policy of another account only that it was.
    code: AWS's failure code of the refusal; None when it is allowed. lack: what there is to mend then.
    """

    action: str
    resource: str
    allowed: bool
    statement: str
    code: FailureCode | None = None
    lack: Lack | None = None


class RoleSteps:
    """Looks at roles as they are now. Point reads, on the event loop."""

    def __init__(self, deployment: Deployment) -> None:
        self._destinations = Destinations(deployment)
        self._roles = Roles(deployment)

    def steps(
        self,
        role_arn: str,
        source: tuple[Region, Bucket],
        rule: ReplicationRule,
        version: Version,
        kinds: tuple[TaskKind, ...] = (),
    ) -> tuple[RoleStep, ...]:
        """The steps of a delivery, up to those that the one before makes impossible. None where the destination cannot
        be looked at.

        Args:
            kinds: what is delivered: changes of metadata; empty for the version itself.
        """
        try:
            destination = self._destinations.find(rule.destination)
        except (PermanentError, TransientError):
            return ()
        found = self._roles.permissions(role_arn, source, (destination.region, destination.bucket))
        if isinstance(found, Failed):
            refused = RoleStep(
                action=ASSUME_ROLE,
                resource=role_arn,
                allowed=False,
                statement=found.detail,
                code=found.code,
                lack=Lack.PERMISSION,
            )
            return (refused,)
        assumed = RoleStep(
            action=ASSUME_ROLE, resource=role_arn, allowed=True, statement="the trust policy lets Amazon S3 assume it"
        )
        foreign = destination.bucket.owner != source[1].owner
        taken = found.steps(version, kinds or (kind_of(version),), rule)
        return (
            assumed,
            *(
                RoleStep(
                    action=step.action,
                    resource=step.resource,
                    allowed=step.decision.allowed,
                    statement=(
                        step.decision.because(step.action)
                        if foreign and not step.of_source and not step.decision.allowed
                        else step.decision.sentence(step.action)
                    ),
                    code=None if step.decision.allowed else step.code,
                    lack=None if step.decision.allowed else _LACKS.get(step.decision.reason, Lack.PERMISSION),
                )
                for step in taken
            ),
        )

    def may_carry_tags(
        self, role_arn: str, source: tuple[Region, Bucket], rule: ReplicationRule, version: Version
    ) -> bool | None:
        """Whether a version goes with its tags as everything is now; None where that cannot be looked at."""
        try:
            destination = self._destinations.find(rule.destination)
        except (PermanentError, TransientError):
            return None
        found = self._roles.permissions(role_arn, source, (destination.region, destination.bucket))
        return None if isinstance(found, Failed) else found.may_carry_tags(version)


_LACKS = {Reason.CROSS_ACCOUNT_RESOURCE_MISSING: Lack.BUCKET_POLICY, Reason.EXPLICIT_DENY: Lack.DENIED}
