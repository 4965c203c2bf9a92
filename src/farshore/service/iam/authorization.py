"""Whether a caller may do an action of IAM, and on what it would be done: decided before anything is looked at.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access
Management"; messages quoted from AWS's answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from farshore.auth.context import LazyContext, Values, global_values, tag_values
from farshore.auth.evaluate import AccessRequest, evaluate
from farshore.model.identity import ManagedPolicy, Tags
from farshore.model.query_errors import AccessDenied
from farshore.service.circumstances import circumstances_of
from farshore.service.deployment import Request
from farshore.service.iam.entities import Owner, account_of, named_or_calling_user
from farshore.service.identities import find_managed_policy

_TAG_PREFIXES = ("aws:resourcetag/", "iam:resourcetag/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an action is done on.

    resource: its ARN, or the one that it would have.
    spoken: how AWS's refusal names it; the ARN, unless there is no such thing.
    tags: that it has. values: of condition keys that the action has, by lower-case key.
    """

    resource: str
    spoken: str = ""
    tags: Tags = field(default_factory=dict[str, str])
    values: Mapping[str, Values] = field(default_factory=dict[str, Values])


Targets = Callable[[Request], tuple[Target, ...]]
"""What an operation is done on: the caller must be allowed it on each."""


def authorize(request: Request, action: str, targets: tuple[Target, ...]) -> None:
    """Raises AccessDenied, in AWS's words."""
    for target in targets:
        decision = evaluate(
            AccessRequest(
                principal=request.principal,
                policies=request.policies,
                action=action,
                resource=target.resource,
                resource_account=account_of(request),
                context=context_of(request, target),
            )
        )
        request.trail.note(action, target.resource, decision)
        if not decision.allowed:
            raise AccessDenied(
                f"User: {request.principal.arn} is not authorized to perform: {action} on resource: "
                f"{target.spoken or target.resource} {decision.because(action)}"
            )


def context_of(request: Request, target: Target | None = None) -> LazyContext:
    """The condition keys of a request of IAM or STS."""
    circumstances = circumstances_of(request, account_of(request))
    request_tags: dict[str, str] = {tag["Key"]: tag["Value"] for tag in request.params.get("Tags") or ()}
    tag_keys: tuple[str, ...] = (*request_tags, *request.params.get("TagKeys", ()))

    def lookup(key: str) -> Values:
        if target is not None and key in target.values:
            return target.values[key]
        if key.startswith("aws:requesttag/"):
            return tag_values(request_tags, key.removeprefix("aws:requesttag/"))
        if key == "aws:tagkeys":
            return tag_keys
        for prefix in _TAG_PREFIXES:
            if target is not None and key.startswith(prefix):
                return tag_values(target.tags, key.removeprefix(prefix))
        return global_values(circumstances, key)

    return LazyContext(lookup)


# What operations are done on, by the parameters that say it.


def everything(_request: Request) -> tuple[Target, ...]:
    """Actions that have no resource."""
    return (Target(resource="*"),)


def all_of(kind: str) -> Targets:
    """The users, groups, roles or policies below PathPrefix, or all of them."""

    def targets(request: Request) -> tuple[Target, ...]:
        path = request.params.get("PathPrefix", "/")
        return (Target(resource=f"arn:aws:iam::{account_of(request)}:{kind}{path}"),)

    return targets


def new(kind: str, name: str) -> Targets:
    """A user, group, role or policy to be made, by Path and the parameter that has its name."""

    def targets(request: Request) -> tuple[Target, ...]:
        params = request.params
        resource = f"arn:aws:iam::{account_of(request)}:{kind}{params.get('Path', '/')}{params[name]}"
        boundary = params.get("PermissionsBoundary")
        values = {} if boundary is None else {"iam:permissionsboundary": (boundary,)}
        return (Target(resource=resource, values=values),)

    return targets


def named(kind: str, *, policy: str | None = None, renamed: str | None = None) -> Targets:
    """A user, group or role, by its name.

    Args:
        policy: parameter with the ARN of a managed policy that the action is about (`iam:PolicyARN`).
        renamed: parameter with a new name; the caller must be allowed the action on both.
    """
    parameter = {"user": "UserName", "group": "GroupName", "role": "RoleName"}[kind]

    def targets(request: Request) -> tuple[Target, ...]:
        params, account_id = request.params, account_of(request)
        found = _find(request, kind, params[parameter])
        values = {"iam:policyarn": (params[policy],)} if policy else {}
        boundary = params.get("PermissionsBoundary") or getattr(found, "boundary", "")
        if boundary:
            values["iam:permissionsboundary"] = (boundary,)
        if found is None:
            name = params[parameter]
            missing = f"arn:aws:iam::{account_id}:{kind}/{name}"
            return (Target(resource=missing, spoken=f"{kind} {name}", values=values),)
        first = Target(resource=found.arn, tags=getattr(found, "tags", {}), values=values)
        if renamed is None or not (params.keys() & {renamed, "NewPath"}):
            return (first,)
        path, name = params.get("NewPath", found.path), params.get(renamed, found.name)
        return (first, Target(resource=f"arn:aws:iam::{account_id}:{kind}{path}{name}", values=values))

    return targets


def user_or_caller(request: Request) -> tuple[Target, ...]:
    """The user that UserName names, else the one who calls. Raises ValidationError, NoSuchEntity."""
    name: str | None = request.params.get("UserName")
    if name is not None:
        return named("user")(request)
    user = named_or_calling_user(request, request.deployment.directory.identities)
    if user is None:
        return (Target(resource=f"arn:aws:iam::{account_of(request)}:root"),)
    return (Target(resource=user.arn, tags=user.tags),)


def user_of_access_key(request: Request) -> tuple[Target, ...]:
    """The user whose access key is named. What has no such key has any user for a resource."""
    directory, account_id = request.deployment.directory, account_of(request)
    key = directory.access_key(request.params["AccessKeyId"])
    user = None
    if key is not None and key.account_id == account_id and key.user_id is not None:
        user = directory.identities.user_by_id(key.user_id)
    spoken = f"access key {request.params['AccessKeyId']}"
    if user is None:
        return (Target(resource=f"arn:aws:iam::{account_id}:user/*", spoken=spoken),)
    return (Target(resource=user.arn, spoken=spoken, tags=user.tags),)


def policy_by_arn(request: Request) -> tuple[Target, ...]:
    """The managed policy that PolicyArn names."""
    arn: str = request.params["PolicyArn"]
    found: ManagedPolicy | None = find_managed_policy(request.deployment.directory.identities, arn)
    own = found is not None and found.account_id == account_of(request)
    return (Target(resource=arn, spoken=f"policy {arn}", tags=found.tags if found is not None and own else {}),)


def principal_to_simulate(request: Request) -> tuple[Target, ...]:
    return (Target(resource=request.params["PolicySourceArn"]),)


def _find(request: Request, kind: str, name: str) -> Owner | None:
    reader, account_id = request.deployment.directory.identities, account_of(request)
    match kind:
        case "user":
            return reader.user(account_id, name)
        case "group":
            return reader.group(account_id, name)
        case _:
            return reader.role(account_id, name)
