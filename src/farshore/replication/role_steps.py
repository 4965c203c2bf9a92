"""What a replication role may do, step by step, for people: every request that a delivery would make, and whether it
would be allowed as everything is now."""

from __future__ import annotations

import msgspec

from farshore.auth.evaluate import Reason
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationRule, TaskKind
from farshore.replication.destinations import Destination, Destinations
from farshore.replication.outcome import Failed
from farshore.replication.role import Permissions, Roles, StepTaken
from farshore.semantics.replication_failure_remedy import Lack
from farshore.service.deployment import Deployment, Region
from farshore.service.identities import find_role
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
        self._identities = deployment.identities

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
        found = self._look(role_arn, source, rule)
        if found is None:
            return ()
        destination, permissions = found
        if isinstance(permissions, Failed):
            missing = find_role(self._identities.reader, role_arn) is None
            return (_not_assumed(role_arn, permissions, Lack.ROLE if missing else Lack.TRUST),)
        assumed = RoleStep(
            action=ASSUME_ROLE, resource=role_arn, allowed=True, statement="the trust policy lets Amazon S3 assume it"
        )
        foreign = destination.bucket.owner != source[1].owner
        taken = permissions.steps(version, kinds or (kind_of(version),), rule)
        return assumed, *(_shown(step, by_another=foreign and not step.of_source) for step in taken)

    def tags_refused(
        self, role_arn: str, source: tuple[Region, Bucket], rule: ReplicationRule, version: Version
    ) -> RoleStep | None:
        """Why a version would go without its tags as everything is now; None where it would not, or cannot be asked."""
        found = self._look(role_arn, source, rule)
        if found is None:
            return None
        destination, permissions = found
        if isinstance(permissions, Failed):
            return None
        refused = permissions.tags_refused(version)
        foreign = destination.bucket.owner != source[1].owner
        return None if refused is None else _shown(refused, by_another=foreign and not refused.of_source)

    def _look(
        self, role_arn: str, source: tuple[Region, Bucket], rule: ReplicationRule
    ) -> tuple[Destination, Permissions | Failed] | None:
        """A rule's destination, and what the role may do on the way there; None where it cannot be looked at."""
        try:
            destination = self._destinations.find(rule.destination)
        except (PermanentError, TransientError):
            return None
        return destination, self._roles.permissions(role_arn, source, (destination.region, destination.bucket))


def _not_assumed(role_arn: str, refused: Failed, lack: Lack) -> RoleStep:
    return RoleStep(
        action=ASSUME_ROLE,
        resource=role_arn,
        allowed=False,
        statement=refused.detail,
        code=refused.code,
        lack=lack,
    )


def _shown(step: StepTaken, *, by_another: bool) -> RoleStep:
    """by_another: a policy of another account decides, of which a refusal tells no more than that it does."""
    decision = step.decision
    told = decision.because if by_another and not decision.allowed else decision.sentence
    return RoleStep(
        action=step.action,
        resource=step.resource,
        allowed=decision.allowed,
        statement=told(step.action),
        code=None if decision.allowed else step.code,
        lack=None if decision.allowed else _lack(step),
    )


def _lack(step: StepTaken) -> Lack:
    reason = step.decision.reason
    if reason is Reason.CROSS_ACCOUNT_RESOURCE_MISSING:
        # The source bucket is of the role's account: what another account has there are objects.
        return Lack.OBJECT_ACL if step.of_source else Lack.BUCKET_POLICY
    return _LACKS.get(reason, Lack.PERMISSION)


_LACKS = {Reason.BOUNDARY: Lack.BOUNDARY, Reason.EXPLICIT_DENY: Lack.DENIED}
