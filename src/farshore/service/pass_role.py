"""Whether a caller may hand a role to a service, as a configuration that names one does.

Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; S3 User Guide, "Setting up
permissions for live replication".
"""

from __future__ import annotations

from farshore.auth.context import LazyContext, Values
from farshore.auth.evaluate import AccessRequest, Decision, evaluate
from farshore.model.errors import AccessDenied
from farshore.model.identity import arn_parts
from farshore.service.access import refusal
from farshore.service.access_context import context_of
from farshore.service.deployment import Request

PASS_ROLE = "iam:PassRole"


def require_pass_role(request: Request, role_arn: str, *, account: str, service: str) -> None:
    """Refuse a caller who may not pass the role. Whether there is such a role is not looked at, as on AWS.

    Args:
        role_arn: an IAM role's ARN.
        account: that the role must be of: the owner of what it is to work for. Roles do not pass between accounts.
        service: that it is passed to (`iam:PassedToService`).
    Raises:
        AccessDenied.
    """
    decision = _decide(request, role_arn, account, service)
    if decision is None:
        request.trail.refuse("role_of_another_account", PASS_ROLE, role_arn)
        raise AccessDenied()
    request.trail.note(PASS_ROLE, role_arn, decision)
    if not decision.allowed:
        raise refusal(request, account, decision, PASS_ROLE, role_arn)


def may_pass_role(request: Request, role_arn: str, *, account: str, service: str) -> bool:
    """Whether `require_pass_role` would let the caller; nothing is refused, nor recorded."""
    decision = _decide(request, role_arn, account, service)
    return decision is not None and decision.allowed


def _decide(request: Request, role_arn: str, account: str, service: str) -> Decision | None:
    """None where the role, or the caller, is of another account."""
    parts = arn_parts(role_arn, "role")
    if parts is None or parts[0] != account or request.principal.account_id != account:
        return None
    others = context_of(request, account)

    def lookup(key: str) -> Values:
        return (service,) if key == "iam:passedtoservice" else others[key]

    return evaluate(
        AccessRequest(
            principal=request.principal,
            policies=request.policies,
            action=PASS_ROLE,
            resource=role_arn,
            resource_account=account,
            context=LazyContext(lookup),
        )
    )
