"""STS: who calls, and temporary credentials.

Source: AWS STS API Reference, GetCallerIdentity, AssumeRole, GetSessionToken; IAM User Guide, "Compare AWS STS
credentials", "IAM and AWS STS quotas".
"""

from __future__ import annotations

import zlib
from typing import Any

from farshore.auth.evaluate import AccessRequest, evaluate_trust
from farshore.auth.policy import PolicyError, PolicyKind, parse_policy
from farshore.metadata.directory import Directory
from farshore.model import query_errors
from farshore.model.access import PrincipalKind
from farshore.model.identity import AWS_ACCOUNT, Role, Session, Tags
from farshore.model.query_errors import AccessDenied, MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError
from farshore.runtime import ids
from farshore.service.deployment import Params, Request
from farshore.service.iam.authorization import Target, context_of
from farshore.service.iam.tags import tags_of
from farshore.service.identities import find_managed_policy, find_role, session_principal
from farshore.service.roles import ASSUME_ROLE
from farshore.service.sessions import seal_session

ROLE_SESSION_S = 3600
CHAINED_SESSION_S_MAX = 3600
USER_SESSION_S = 43_200
ROOT_SESSION_S_MAX = 3600
PACKED_BYTES_MAX = 2048
"""Of session policies and tags, packed."""

_POLICY_ARNS_MAX = 10
_NOT_IMPLEMENTED = ("SourceIdentity", "SerialNumber", "TokenCode", "ProvidedContexts", "TransitiveTagKeys")


async def get_caller_identity(request: Request) -> Params:
    """Whom the credentials stand for. Needs no permission: even an explicit deny does not matter."""
    principal = request.principal
    return {"UserId": principal.unique_id, "Account": principal.account_id, "Arn": principal.arn}


async def assume_role(request: Request) -> Params:
    """Temporary credentials of a role, for whom its trust policy names."""
    params, deployment = request.params, request.deployment
    _check_supported(params)
    if request.principal.kind is PrincipalKind.ROOT:
        request.trail.refuse("root", ASSUME_ROLE, params["RoleArn"])
        raise AccessDenied("Roles may not be assumed by root accounts.")
    role = find_role(deployment.directory.identities, params["RoleArn"])
    tags = tags_of(params.get("Tags"))
    if role is None:
        request.trail.refuse("no_such_role", ASSUME_ROLE, params["RoleArn"])
    if role is None or not _may_assume(request, role, tags):
        raise AccessDenied(
            f"User: {request.principal.arn} is not authorized to perform: {ASSUME_ROLE} on resource: "
            f"{params['RoleArn']}"
        )
    seconds = _duration_of(request, role)
    arns = _check_session_policies(deployment.directory, role, params)
    name: str = params["RoleSessionName"]
    session = Session(
        access_key_id=ids.access_key_id("ASIA"),
        secret=ids.secret_access_key(),
        account_id=role.account_id,
        owner_id=role.id,
        issued_us=request.now_us,
        expires_us=request.now_us + seconds * 1_000_000,
        name=name,
        policy=params.get("Policy"),
        policy_arns=arns,
        tags=tags,
    )
    principal = session_principal(role, name, session.access_key_id)
    answer: Params = {
        "Credentials": _credentials(deployment.directory, session),
        "AssumedRoleUser": {"AssumedRoleId": principal.unique_id, "Arn": principal.arn},
    }
    packed = _packed_percent(session)
    return answer if packed is None else {**answer, "PackedPolicySize": packed}


async def get_session_token(request: Request) -> Params:
    """Temporary credentials of the user (or root) who calls with long-lived ones. Needs no permission."""
    params, principal = request.params, request.principal
    _check_supported(params)
    if request.session is not None:
        raise AccessDenied("Cannot call GetSessionToken with session credentials")
    seconds: int = params.get("DurationSeconds", USER_SESSION_S)
    if principal.kind is PrincipalKind.ROOT:
        seconds = min(seconds, ROOT_SESSION_S_MAX)
    session = Session(
        access_key_id=ids.access_key_id("ASIA"),
        secret=ids.secret_access_key(),
        account_id=principal.account_id,
        owner_id=principal.unique_id,
        issued_us=request.now_us,
        expires_us=request.now_us + seconds * 1_000_000,
    )
    return {"Credentials": _credentials(request.deployment.directory, session)}


def _check_supported(params: Params) -> None:
    for name in _NOT_IMPLEMENTED:
        if params.get(name):
            raise query_errors.NotImplemented(f"{name} is not implemented")


def _may_assume(request: Request, role: Role, tags: Tags) -> bool:
    """Whether trust policy and the caller's own policies allow it; with session tags also `sts:TagSession`."""
    params = request.params
    values = {"sts:rolesessionname": (params["RoleSessionName"],)}
    if "ExternalId" in params:
        values["sts:externalid"] = (params["ExternalId"],)
    context = context_of(request, Target(resource=role.arn, tags=role.tags, values=values))
    trust = request.deployment.identities.trust_of(role)
    for action in (ASSUME_ROLE, "sts:TagSession") if tags else (ASSUME_ROLE,):
        asked = AccessRequest(
            principal=request.principal,
            policies=request.policies,
            action=action,
            resource=role.arn,
            resource_account=role.account_id,
            context=context,
        )
        decision = evaluate_trust(asked, trust)
        request.trail.note(action, role.arn, decision)
        if not decision.allowed:
            return False
    return True


def _duration_of(request: Request, role: Role) -> int:
    """Seconds that the session lasts. Raises ValidationError."""
    asked: int | None = request.params.get("DurationSeconds")
    if asked is None:
        return ROLE_SESSION_S
    if asked > role.max_session_s:
        raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if request.principal.kind is PrincipalKind.ASSUMED_ROLE and asked > CHAINED_SESSION_S_MAX:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    return asked


def _check_session_policies(directory: Directory, role: Role, params: Params) -> tuple[str, ...]:
    """The ARNs of managed session policies. Raises MalformedPolicyDocument, ValidationError."""
    document: str | None = params.get("Policy")
    if document is not None:
        try:
            parse_policy(document, PolicyKind.IDENTITY, source="the session policy")
        except PolicyError as error:
            raise MalformedPolicyDocument(str(error)) from error
    given: list[dict[str, Any]] = params.get("PolicyArns", [])
    if len(given) > _POLICY_ARNS_MAX:
        raise ValidationError(f"The number of policy ARNs exceeds {_POLICY_ARNS_MAX}.")
    arns = tuple(str(entry.get("arn", "")) for entry in given)
    for arn in arns:
        policy = find_managed_policy(directory.identities, arn)
        if policy is None or policy.account_id not in (role.account_id, AWS_ACCOUNT):
            raise ValidationError(f"The policy {arn} does not exist or is not attachable.")
    return arns


def _packed_percent(session: Session) -> int | None:
    """How much of the space of session policies and tags is used; None when there are none.

    Raises:
        PackedPolicyTooLarge.
    """
    parts = [session.policy or "", *session.policy_arns, *(f"{key}={value}" for key, value in session.tags.items())]
    if not any(parts):
        return None
    percent = -(-100 * len(zlib.compress("\n".join(parts).encode())) // PACKED_BYTES_MAX)
    if percent > 100:
        raise PackedPolicyTooLarge(f"Packed policy consumes {percent}% of allotted space, please use smaller policy.")
    return percent


def _credentials(directory: Directory, session: Session) -> Params:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": seal_session(directory, session),
        "Expiration": session.expires_us,
    }
