"""Assuming a role as a service of the deployment: S3 does it to replicate, S3 Batch Operations to run jobs.

Source: S3 User Guide, "Setting up permissions for live replication"; IAM User Guide, "Create a role to delegate
permissions to an AWS service", "The confused deputy problem".
"""

from __future__ import annotations

from dataclasses import dataclass

from farshore.auth.evaluate import AccessRequest, evaluate_trust
from farshore.auth.policy import Statement
from farshore.model.access import service_principal
from farshore.service.identities import Identities, Identity, find_role, session_principal

S3_SERVICE = "s3.amazonaws.com"
BATCH_SERVICE = "batchoperations.s3.amazonaws.com"
REPLICATION_SESSION = "s3-replication"
ASSUME_ROLE = "sts:AssumeRole"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAssumable:
    """A role that a service cannot assume.

    detail: one sentence for people. statement: the one of the trust policy that decided, None where none speaks of it.
    """

    detail: str
    statement: Statement | None = None


def assume_role_as_service(
    identities: Identities,
    role_arn: str,
    *,
    source_account: str,
    source_arn: str | None = None,
    service: str = S3_SERVICE,
    session_name: str = REPLICATION_SESSION,
) -> Identity | NotAssumable:
    """The role's session as its principal and policies, or why there is none.

    A few point reads at the first question, then none until the directory changes: an answer holds as long as
    `identities.generation()` is the same.

    Args:
        source_account: owner of the bucket on whose behalf the service acts (`aws:SourceAccount`); the role must be of
            this account, so that nobody can name a role of another account in a configuration.
        source_arn: that bucket's ARN (`aws:SourceArn`).
    """

    def answer() -> Identity | NotAssumable:
        return _assume(identities, role_arn, source_account, source_arn, service, session_name)

    return identities.remember((ASSUME_ROLE, role_arn, source_account, source_arn, service, session_name), answer)


def _assume(
    identities: Identities,
    role_arn: str,
    source_account: str,
    source_arn: str | None,
    service: str,
    session_name: str,
) -> Identity | NotAssumable:
    role = find_role(identities.reader, role_arn)
    if role is None:
        return NotAssumable(detail=f"{role_arn} does not exist.")
    if role.account_id != source_account:
        return NotAssumable(
            detail=f"{role_arn} belongs to account {role.account_id}, the source bucket to {source_account}.",
        )
    context = {"aws:sourceaccount": (source_account,)}
    if source_arn is not None:
        context["aws:sourcearn"] = (source_arn,)
    request = AccessRequest(
        principal=service_principal(service),
        action=ASSUME_ROLE,
        resource=role.arn,
        resource_account=role.account_id,
        context=context,
    )
    decision = evaluate_trust(request, identities.trust_of(role))
    if not decision.allowed:
        return NotAssumable(
            detail=f"{service} may not assume {role_arn}: {decision.sentence(ASSUME_ROLE)}",
            statement=decision.statement,
        )
    return Identity(session_principal(role, session_name, ""), identities.policies_of_role(role))
