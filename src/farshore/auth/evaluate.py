"""The one decision: may this principal do this action on this resource.

Pure: policies come compiled, the request's context is a mapping that may compute its values when a condition asks.
Source: IAM User Guide, "Policy evaluation logic", "Policy evaluation for requests within a single account",
"Cross-account policy evaluation logic", "Permissions boundaries for IAM entities", "AWS JSON policy elements:
NotPrincipal"; S3 User Guide, "How Amazon S3 authorizes a request", "Access control list (ACL) overview",
"Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from farshore.auth import acl
from farshore.auth.policy import Pattern, Policy, Statement
from farshore.auth.principals import Level, allow_level, denies_principal
from farshore.auth.wildcards import Context
from farshore.model.access import Principal, PrincipalKind, canonical_user_id
from farshore.model.access_control import NOTHING_BLOCKED, Grant, ObjectOwnership, PublicAccessBlock

_ROOT_ALWAYS_MAY = frozenset(("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"))
_ON_ANY_OBJECT = frozenset(("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"))
"""The bucket's owner may do these to an object, or to what stands in its place, whoever owns it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPolicies:
    """What the caller brings along, compiled; empty for an account's root.

    identity: inline and managed policies, and those of the user's groups. session: session policies of AssumeRole,
    None when none were given.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None


NO_POLICIES = IdentityPolicies()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One action by one principal on one resource.

    action: as policies write it, `s3:GetObject`. resource: an ARN. resource_account: 12 digits, the account that owns
    the resource (for S3 the bucket). context: may compute its values when a condition asks for them.
    """

    principal: Principal
    policies: IdentityPolicies = NO_POLICIES
    action: str
    resource: str
    resource_account: str
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceAccess:
    """What the resource says of who may use it.

    policy_public: whether `policy` is public by Block Public Access's definition (`public_access.is_public`).
    bucket_grants, object_grants: of the ACLs, which count unless the bucket is Bucket owner enforced.
    object_owner: account that owns the object, where it is not the bucket's owner; empty for the anonymous writer.
        Of a key without an object, for a write, the caller's own.
    """

    policy: Policy | None = None
    policy_public: bool = False
    block: PublicAccessBlock = NOTHING_BLOCKED
    ownership: ObjectOwnership = ObjectOwnership.BUCKET_OWNER_ENFORCED
    bucket_grants: tuple[Grant, ...] = ()
    object_grants: tuple[Grant, ...] = ()
    object_owner: str | None = None


NO_RESOURCE_POLICY = ResourceAccess()


class Reason(Enum):
    """Why a decision is what it is."""

    ROOT_OF_OWNER = auto()
    IDENTITY_ALLOW = auto()
    RESOURCE_ALLOW = auto()
    ACL_ALLOW = auto()
    EXPLICIT_DENY = auto()
    IMPLICIT_DENY = auto()
    BOUNDARY = auto()
    SESSION = auto()
    PUBLIC_ACCESS_BLOCKED = auto()
    CROSS_ACCOUNT_IDENTITY_MISSING = auto()
    CROSS_ACCOUNT_RESOURCE_MISSING = auto()


class PolicyType(Enum):
    """Where the deciding statement stands, as AWS names it in its messages."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Allowed or not, why, and by which statement of which policy (None where no single one decides)."""

    allowed: bool
    reason: Reason
    statement: Statement | None = None
    source: str = ""
    policy_type: PolicyType | None = None

    def sentence(self, action: str) -> str:
        """One sentence for people, which names the deciding statement: `s3:GetObject is denied by DenyAll of …`."""
        ending = _SENTENCES[self.reason]
        return (
            f"{action} {ending}."
            if self.statement is None
            else f"{action} {ending} {self.statement.name} of {self.source}."
        )

    def because(self, action: str) -> str:
        """The end of AWS's message of a refusal in one account: `because no identity-based policy allows the … action`.

        Source: S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors".
        """
        if self.reason is Reason.EXPLICIT_DENY and self.policy_type is not None:
            article = "an" if self.policy_type is PolicyType.IDENTITY else "a"
            return f"with an explicit deny in {article} {self.policy_type.value}"
        lacking = _LACKING.get(self.reason, PolicyType.IDENTITY)
        return f"because no {lacking.value} allows the {action} action"


_SENTENCES = {
    Reason.ROOT_OF_OWNER: "is allowed to the root of an account in that account",
    Reason.IDENTITY_ALLOW: "is allowed by",
    Reason.RESOURCE_ALLOW: "is allowed by",
    Reason.ACL_ALLOW: "is allowed by the access control list",
    Reason.EXPLICIT_DENY: "is denied by",
    Reason.IMPLICIT_DENY: "is not allowed by any policy",
    Reason.BOUNDARY: "is not allowed by the permissions boundary",
    Reason.SESSION: "is not allowed by the session policies",
    Reason.PUBLIC_ACCESS_BLOCKED: "is refused to other accounts by RestrictPublicBuckets, as the policy is public",
    Reason.CROSS_ACCOUNT_IDENTITY_MISSING: "is not allowed by a policy of the caller's own account",
    Reason.CROSS_ACCOUNT_RESOURCE_MISSING: "is not allowed to the caller by the resource, which another account owns",
}
_LACKING = {
    Reason.BOUNDARY: PolicyType.BOUNDARY,
    Reason.SESSION: PolicyType.SESSION,
    Reason.CROSS_ACCOUNT_RESOURCE_MISSING: PolicyType.RESOURCE,
}


OWNER = Decision(allowed=True, reason=Reason.ROOT_OF_OWNER)
"""The root of an account in that account."""
BLOCKED = Decision(allowed=False, reason=Reason.PUBLIC_ACCESS_BLOCKED)
"""By Block Public Access."""
_IMPLICIT = Decision(allowed=False, reason=Reason.IMPLICIT_DENY)
_BY_ACL = Decision(allowed=True, reason=Reason.ACL_ALLOW)


def evaluate(request: AccessRequest, resource: ResourceAccess = NO_RESOURCE_POLICY) -> Decision:
    """Decide a request.

    Args:
        resource: of the bucket; the default for resources without a policy of their own (IAM's).
    """
    principal = request.principal
    same_account = principal.account_id == request.resource_account
    owner_root = same_account and principal.kind is PrincipalKind.ROOT
    own_object = (
        resource.object_owner is None
        or resource.object_owner == request.resource_account
        or request.action in _ON_ANY_OBJECT
    )
    if owner_root and resource.policy is None and own_object and request.policies is NO_POLICIES:
        return OWNER
    denied = _explicit_deny(request, resource.policy)
    if denied is not None and not (owner_root and request.action in _ROOT_ALWAYS_MAY):
        return denied
    if (
        resource.block.restrict_public_buckets
        and resource.policy_public
        and not same_account
        and principal.kind is not PrincipalKind.SERVICE
    ):
        return BLOCKED
    level, granted = _resource_grant(request, resource, own_object)
    if same_account and own_object:
        return _within_account(request, level, granted)
    return _across_accounts(request, level, granted)


def evaluate_trust(request: AccessRequest, trust: Policy) -> Decision:
    """Decide whether a role may be assumed: its trust policy must name the caller, whatever else allows it.

    Args:
        request: action `sts:AssumeRole`, resource the role's ARN, context with `sts:externalid` where one was given.
        trust: the role's trust policy.
    """
    denied = _explicit_deny(request, trust)
    if denied is not None:
        return denied
    level, granted = _policy_grant(request, trust)
    if request.principal.account_id == request.resource_account and level is not Level.ACCOUNT:
        return _IMPLICIT if level is Level.NONE else _within_account(request, level, granted)
    return _across_accounts(request, level, granted)


def _within_account(request: AccessRequest, level: Level, granted: Decision) -> Decision:
    """Either side's permission is enough; boundary and session policies limit what the identity brings."""
    principal = request.principal
    if principal.kind is PrincipalKind.ROOT and request.policies.session is None:
        return OWNER
    if level is Level.DIRECT:
        return granted
    if level is Level.ROLE:
        return _limits(request) or granted
    return _identity_side(request, _IMPLICIT)


def _across_accounts(request: AccessRequest, level: Level, granted: Decision) -> Decision:
    """Both sides must permit it; who has no account, or is a service, needs the resource's permission alone."""
    if request.principal.kind in (PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE):
        return granted if level is Level.DIRECT else _IMPLICIT
    if level is Level.NONE:
        return Decision(allowed=False, reason=Reason.CROSS_ACCOUNT_RESOURCE_MISSING)
    own = _identity_side(request, Decision(allowed=False, reason=Reason.CROSS_ACCOUNT_IDENTITY_MISSING))
    return granted if own.allowed else own


def _identity_side(request: AccessRequest, refusal: Decision) -> Decision:
    """What the caller's own account says. Its root may do everything."""
    if request.principal.kind is PrincipalKind.ROOT:
        return _limits(request) or OWNER
    allowed = _first_allow(request, request.policies.identity)
    if allowed is None:
        return refusal
    return _limits(request) or Decision(
        allowed=True,
        reason=Reason.IDENTITY_ALLOW,
        statement=allowed[1],
        source=allowed[0].source,
        policy_type=PolicyType.IDENTITY,
    )


def _limits(request: AccessRequest) -> Decision | None:
    """The refusal of a boundary or of session policies that do not allow the action."""
    policies = request.policies
    if policies.boundary is not None and _first_allow(request, (policies.boundary,)) is None:
        return Decision(allowed=False, reason=Reason.BOUNDARY, policy_type=PolicyType.BOUNDARY)
    if policies.session is not None and _first_allow(request, policies.session) is None:
        return Decision(allowed=False, reason=Reason.SESSION, policy_type=PolicyType.SESSION)
    return None


def _explicit_deny(request: AccessRequest, resource_policy: Policy | None) -> Decision | None:
    """The first statement of any policy that denies the request."""
    policies, principal = request.policies, request.principal
    if resource_policy is not None:
        bounded = policies.boundary is not None
        for statement in resource_policy.candidates(request.action).denies:
            if denies_principal(statement, principal, bounded=bounded) and _speaks_of(statement, request):
                return _denied(resource_policy, statement, PolicyType.RESOURCE)
    if policies is NO_POLICIES:
        return None
    for type_, listed in (
        (PolicyType.BOUNDARY, (policies.boundary,) if policies.boundary is not None else ()),
        (PolicyType.SESSION, policies.session or ()),
        (PolicyType.IDENTITY, policies.identity),
    ):
        for policy in listed:
            for statement in policy.candidates(request.action).denies:
                if _speaks_of(statement, request):
                    return _denied(policy, statement, type_)
    return None


def _denied(policy: Policy, statement: Statement, type_: PolicyType) -> Decision:
    return Decision(
        allowed=False, reason=Reason.EXPLICIT_DENY, statement=statement, source=policy.source, policy_type=type_
    )


def _first_allow(request: AccessRequest, policies: Sequence[Policy]) -> tuple[Policy, Statement] | None:
    for policy in policies:
        for statement in policy.candidates(request.action).allows:
            if _speaks_of(statement, request):
                return policy, statement
    return None


def _resource_grant(request: AccessRequest, resource: ResourceAccess, own_object: bool) -> tuple[Level, Decision]:
    """The closest permission that the resource gives: by its policy, else by the ACL that governs the action.

    AWS: a bucket policy's permission does not reach objects that another account owns; its denials do.
    """
    best, granted = Level.NONE, _IMPLICIT
    if resource.policy is not None and own_object:
        best, granted = _policy_grant(request, resource.policy)
    if resource.ownership is ObjectOwnership.BUCKET_OWNER_ENFORCED or best is Level.DIRECT:
        return best, granted
    level = _acl_level(request, resource)
    return (level, _BY_ACL) if level > best else (best, granted)


def _policy_grant(request: AccessRequest, policy: Policy) -> tuple[Level, Decision]:
    best, found = Level.NONE, None
    for statement in policy.candidates(request.action).allows:
        level = allow_level(statement, request.principal)
        if level > best and _speaks_of(statement, request):
            best, found = level, statement
            if best is Level.DIRECT:
                break
    if found is None:
        return best, _IMPLICIT
    return best, Decision(
        allowed=True,
        reason=Reason.RESOURCE_ALLOW,
        statement=found,
        source=policy.source,
        policy_type=PolicyType.RESOURCE,
    )


def _acl_level(request: AccessRequest, resource: ResourceAccess) -> Level:
    """A grant to a public group names everyone; one to a canonical user names that user's account."""
    wanted = acl.permissions_for(request.action)
    if wanted is None:
        return Level.NONE
    if request.action in _ON_ANY_OBJECT and resource.object_owner != request.principal.account_id:
        # AWS: WRITE lets a grantee overwrite and delete only what is its own.
        return Level.NONE
    grants = resource.bucket_grants if wanted.of_bucket else resource.object_grants
    principal = request.principal
    return max(
        (
            _grantee_level(grant, principal)
            for grant in grants
            if grant.permission in wanted.permissions and not (grant.is_public and resource.block.ignore_public_acls)
        ),
        default=Level.NONE,
    )


def _grantee_level(grant: Grant, principal: Principal) -> Level:
    if grant.is_group:
        return Level.DIRECT if acl.in_group(principal, grant.grantee) else Level.NONE
    if principal.account_id and grant.grantee == canonical_user_id(principal.account_id):
        return Level.ACCOUNT
    return Level.NONE


def _speaks_of(statement: Statement, request: AccessRequest) -> bool:
    """Whether a statement whose action matches is about the resource, and its conditions hold."""
    context = request.context
    if statement.resources is not None:
        if not _matches_any(statement.resources, request.resource, context):
            return False
    elif statement.not_resources is not None and _matches_any(statement.not_resources, request.resource, context):
        return False
    for condition in statement.conditions:  # noqa: SIM110 (all() over a generator costs three times as much)
        if not condition.holds(context):
            return False
    return True


def _matches_any(patterns: Sequence[Pattern], value: str, context: Context) -> bool:
    for pattern in patterns:  # noqa: SIM110 (as above)
        if pattern.matches(value, context):
            return True
    return False
