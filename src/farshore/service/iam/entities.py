"""From the names and ARNs of a request to identities of the caller's account, and AWS's words for what is not there."""

from __future__ import annotations

from farshore.auth.aws_managed_policies import AWS_MANAGED
from farshore.metadata.identities import IdentityReader
from farshore.model.access import PrincipalKind
from farshore.model.identity import AWS_ACCOUNT, Group, ManagedPolicy, PolicyVersion, Role, User, arn_parts
from farshore.model.query_errors import InvalidInput, NoSuchEntity, ValidationError
from farshore.service.deployment import Request
from farshore.service.identities import find_managed_policy

Owner = User | Group | Role
"""What a policy can be attached to, or be inline in."""


def account_of(request: Request) -> str:
    return request.principal.account_id


def user_named(reader: IdentityReader, account_id: str, name: str) -> User:
    """Raises NoSuchEntity."""
    user = reader.user(account_id, name)
    if user is None:
        raise NoSuchEntity(f"The user with name {name} cannot be found.")
    return user


def group_named(reader: IdentityReader, account_id: str, name: str) -> Group:
    """Raises NoSuchEntity."""
    group = reader.group(account_id, name)
    if group is None:
        raise NoSuchEntity(f"The group with name {name} cannot be found.")
    return group


def role_named(reader: IdentityReader, account_id: str, name: str) -> Role:
    """Raises NoSuchEntity."""
    role = reader.role(account_id, name)
    if role is None:
        raise NoSuchEntity(f"The role with name {name} cannot be found.")
    return role


def owner_named(reader: IdentityReader, account_id: str, kind: str, name: str) -> Owner:
    """A `user`, `group` or `role`. Raises NoSuchEntity."""
    match kind:
        case "user":
            return user_named(reader, account_id, name)
        case "group":
            return group_named(reader, account_id, name)
        case "role":
            return role_named(reader, account_id, name)
        case other:
            raise AssertionError(other)


def named_or_calling_user(request: Request, reader: IdentityReader) -> User | None:
    """The user that UserName names, else the one who calls; None for the account's root.

    Raises:
        NoSuchEntity; ValidationError: a role's session that names no user.
    """
    name: str | None = request.params.get("UserName")
    if name is not None:
        return user_named(reader, account_of(request), name)
    return calling_user(request, reader)


def calling_user(request: Request, reader: IdentityReader) -> User | None:
    """The user who calls; None for the account's root. Raises ValidationError for a role's session."""
    principal = request.principal
    if principal.kind is PrincipalKind.ROOT:
        return None
    user = reader.user_by_id(principal.unique_id) if principal.kind is PrincipalKind.USER else None
    if user is None:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return user


def check_policy_arn(arn: str) -> None:
    """Raises InvalidInput for what is no ARN of a managed policy."""
    if arn_parts(arn, "policy") is None:
        raise InvalidInput(f"ARN {arn} is not valid.")


def policy_at(reader: IdentityReader, account_id: str, arn: str) -> ManagedPolicy:
    """A managed policy that the account may see: its own, or AWS's. Raises InvalidInput, NoSuchEntity."""
    policy = policy_or_none(reader, account_id, arn)
    if policy is None:
        raise NoSuchEntity(f"Policy {arn} was not found.")
    return policy


def own_policy_at(reader: IdentityReader, account_id: str, arn: str) -> ManagedPolicy:
    """A managed policy that the account may change. Raises InvalidInput, NoSuchEntity."""
    policy = policy_at(reader, account_id, arn)
    if policy.account_id == AWS_ACCOUNT:
        raise InvalidInput(f"Cannot perform the operation on the protected policy {arn}.")
    return policy


def attachable_policy(reader: IdentityReader, account_id: str, arn: str, *, what: str = "Policy") -> ManagedPolicy:
    """A managed policy to be attached. Raises InvalidInput, NoSuchEntity. what: `Scope ARN:` for a boundary."""
    policy = policy_or_none(reader, account_id, arn)
    if policy is None:
        raise NoSuchEntity(f"{what} {arn} does not exist or is not attachable.")
    return policy


def policy_or_none(reader: IdentityReader, account_id: str, arn: str) -> ManagedPolicy | None:
    """Raises InvalidInput for what is no ARN of a managed policy."""
    check_policy_arn(arn)
    policy = find_managed_policy(reader, arn)
    return policy if policy is not None and policy.account_id in (account_id, AWS_ACCOUNT) else None


def versions_of(reader: IdentityReader, policy: ManagedPolicy) -> list[PolicyVersion]:
    """The versions of a managed policy, newest first."""
    known = AWS_MANAGED.get(policy.arn)
    return reader.policy_versions(policy.id) if known is None else [known.version]


def version_at(
    reader: IdentityReader, account_id: str, arn: str, version_id: str
) -> tuple[ManagedPolicy, PolicyVersion]:
    """A version (`v2`) of a managed policy. Raises InvalidInput, NoSuchEntity."""
    policy = policy_or_none(reader, account_id, arn)
    number = version_number(version_id)
    if policy is not None:
        for version in versions_of(reader, policy):
            if version.number == number:
                return policy, version
    raise NoSuchEntity(f"Policy {arn} version {version_id} does not exist or is not attachable.")


def version_number(version_id: str) -> int:
    """`v2` -> 2; -1 for a form that the model allows and no version has (`v2.x`)."""
    digits = version_id.removeprefix("v")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else -1
