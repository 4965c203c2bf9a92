"""Simulating policies: what the decision function says of actions that nobody asks for yet.

Source: IAM API Reference, SimulatePrincipalPolicy, SimulateCustomPolicy. One result an action: the most restrictive of
its resources', with each resource's own below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from farshore.auth.context import LazyContext, Values
from farshore.auth.evaluate import (
    AccessRequest,
    Decision,
    IdentityPolicies,
    PolicyType,
    Reason,
    ResourceAccess,
    evaluate,
)
from farshore.auth.policy import Policy, PolicyError, PolicyKind, parse_policy
from farshore.metadata.identities import IdentityReader
from farshore.model.access import Principal, PrincipalKind
from farshore.model.identity import Group, Role, User, arn_parts
from farshore.model.query_errors import InvalidInput, NoSuchEntity
from farshore.service.deployment import Params, Request
from farshore.service.iam import paging
from farshore.service.iam.entities import account_of
from farshore.service.identities import Identities, Identity, user_principal

_RESTRICTIVE = ("explicitDeny", "implicitDeny", "allowed")
_NOT_SIMULATED = ("PolicyExclusionList",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scenario:
    """What every action of a simulation is asked with."""

    identity: Identity
    resource_policy: Policy | None
    resource_account: str
    context: Mapping[str, Values]


async def simulate_principal_policy(request: Request) -> Params:
    """The policies of a user, group or role, with those that the request adds."""
    params = request.params
    reader, identities = request.deployment.directory.identities, request.deployment.identities
    source = _source(reader, account_of(request), params["PolicySourceArn"])
    policies = _policies_of(identities, source)
    added = _parsed(params.get("PolicyInputList", ()), "PolicyInputList")
    boundary = _boundary(params) or policies.boundary
    policies = IdentityPolicies(identity=(*policies.identity, *added), boundary=boundary)
    return _simulate(request, Identity(_principal(source), policies))


async def simulate_custom_policy(request: Request) -> Params:
    """The policies of the request alone."""
    params = request.params
    policies = IdentityPolicies(
        identity=_parsed(params["PolicyInputList"], "PolicyInputList"), boundary=_boundary(params)
    )
    account_id = account_of(request)
    arn = params.get("CallerArn", f"arn:aws:iam::{account_id}:user/simulated")
    caller = Principal(account_id=account_id, arn=arn, access_key_id="", kind=PrincipalKind.USER, unique_id="AIDA")
    return _simulate(request, Identity(caller, policies))


def _simulate(request: Request, identity: Identity) -> Params:
    params = request.params
    for name in _NOT_SIMULATED:
        if params.get(name):
            raise InvalidInput(f"{name} is not supported.")
    policy = params.get("ResourcePolicy")
    scenario = _Scenario(
        identity=identity,
        resource_policy=None if policy is None else _parse(policy, PolicyKind.RESOURCE, "ResourcePolicy"),
        resource_account=_account(params.get("ResourceOwner", account_of(request))),
        context=_context(params.get("ContextEntries", ()), identity.principal),
    )
    resources = params.get("ResourceArns") or ["*"]
    return paging.page_of_all(
        list(dict.fromkeys(params["ActionNames"])),
        params,
        "EvaluationResults",
        lambda action: _result(scenario, action, resources),
        lambda action: action,
    )


def _result(scenario: _Scenario, action: str, resources: Sequence[str]) -> Params:
    if ":" not in action:
        raise InvalidInput(f"Invalid Entity Name: {action}")
    decisions = [(resource, *_decide(scenario, action, resource)) for resource in resources]
    _, worst, _ = min(decisions, key=lambda entry: _RESTRICTIVE.index(_verdict(entry[1])))
    answer: Params = {
        "EvalActionName": action,
        "EvalResourceName": resources[0] if len(resources) == 1 else "*",
        "EvalDecision": _verdict(worst),
        "MatchedStatements": _matched(worst),
        "MissingContextValues": sorted({key for _, _, missing in decisions for key in missing}),
        **_boundary_detail(scenario, worst),
    }
    if resources != ["*"]:
        answer["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": _verdict(decision),
                "MatchedStatements": _matched(decision),
                "MissingContextValues": missing,
                **_boundary_detail(scenario, decision),
            }
            for resource, decision, missing in decisions
        ]
    return answer


def _decide(scenario: _Scenario, action: str, resource: str) -> tuple[Decision, list[str]]:
    """The decision, and the condition keys that policies asked for in vain (in lower case)."""
    given = scenario.context
    context = LazyContext(lambda key: given.get(key, ()))
    asked = AccessRequest(
        principal=scenario.identity.principal,
        policies=scenario.identity.policies,
        action=action,
        resource=resource,
        resource_account=scenario.resource_account,
        context=context,
    )
    decision = evaluate(asked, ResourceAccess(policy=scenario.resource_policy))
    return decision, sorted(key for key in context if not context[key])


def _verdict(decision: Decision) -> str:
    if decision.allowed:
        return "allowed"
    return "explicitDeny" if decision.reason is Reason.EXPLICIT_DENY else "implicitDeny"


def _matched(decision: Decision) -> list[Params]:
    if decision.statement is None:
        return []
    kind = "resource" if decision.policy_type is PolicyType.RESOURCE else "none"
    return [{"SourcePolicyId": decision.source, "SourcePolicyType": kind}]


def _boundary_detail(scenario: _Scenario, decision: Decision) -> Params:
    if scenario.identity.policies.boundary is None:
        return {}
    allowed = decision.policy_type is not PolicyType.BOUNDARY
    return {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": allowed}}


def _source(reader: IdentityReader, account_id: str, arn: str) -> User | Group | Role:
    """The user, group or role of an ARN. Raises NoSuchEntity, InvalidInput."""
    finders: Mapping[str, Callable[[str, str], User | Group | Role | None]] = {
        "user": reader.user,
        "group": reader.group,
        "role": reader.role,
    }
    for kind, find in finders.items():
        parts = arn_parts(arn, kind)
        if parts is not None:
            found = find(account_id, parts[2]) if parts[0] == account_id else None
            if found is None or found.arn != arn:
                raise NoSuchEntity(f"The {kind} with name {parts[2]} cannot be found.")
            return found
    raise InvalidInput(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")


def _policies_of(identities: Identities, source: User | Group | Role) -> IdentityPolicies:
    match source:
        case User():
            return identities.policies_of_user(source)
        case Role():
            return identities.policies_of_role(source)
        case Group():
            return identities.policies_of_group(source)


def _principal(source: User | Group | Role) -> Principal:
    """Who would ask. A group cannot: one of its users would."""
    if isinstance(source, User):
        return user_principal(source, "")
    return Principal(
        account_id=source.account_id,
        arn=source.arn,
        access_key_id="",
        kind=PrincipalKind.USER,
        unique_id=source.id,
    )


def _context(entries: Sequence[Params], principal: Principal) -> Mapping[str, Values]:
    given: dict[str, Values] = {
        entry["ContextKeyName"].lower(): tuple(entry.get("ContextKeyValues", ()))
        for entry in entries
        if "ContextKeyName" in entry
    }
    known: dict[str, Values] = {
        "aws:principalaccount": (principal.account_id,),
        "aws:principalarn": (principal.arn,),
        "aws:userid": (principal.unique_id,),
        **({"aws:username": (principal.name,)} if principal.name else {}),
    }
    return {**known, **given}


def _account(owner: str) -> str:
    """ResourceOwner is an account id or a user's ARN."""
    return owner.split(":")[4] if owner.count(":") >= 5 else owner


def _boundary(params: Params) -> Policy | None:
    given = _parsed(params.get("PermissionsBoundaryPolicyInputList", ()), "PermissionsBoundaryPolicyInputList")
    if len(given) > 1:
        raise InvalidInput("PermissionsBoundaryPolicyInputList can have one policy.")
    return given[0] if given else None


def _parsed(documents: Sequence[str], name: str) -> tuple[Policy, ...]:
    return tuple(
        _parse(document, PolicyKind.IDENTITY, f"{name}.{number}") for number, document in enumerate(documents, 1)
    )


def _parse(document: str, kind: PolicyKind, source: str) -> Policy:
    try:
        return parse_policy(document, kind, source=source)
    except PolicyError as error:
        raise InvalidInput(str(error)) from error
