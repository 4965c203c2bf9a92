"""Whether the Principal or NotPrincipal element of a statement names a caller, and how closely.

Source: IAM User Guide, "AWS JSON policy elements: Principal", "AWS JSON policy elements: NotPrincipal".
"""

from __future__ import annotations

from enum import IntEnum

from farshore.auth.policy import Principals, Statement
from farshore.model.access import Principal, PrincipalKind, canonical_user_id


class Level(IntEnum):
    """How closely a Principal element names the caller, which decides what can still limit the grant."""

    NONE = 0
    ACCOUNT = 1
    """Its account: the account's own policies must allow it too."""
    ROLE = 2
    """The role of its session: boundary and session policies still limit it."""
    DIRECT = 3
    """Itself, or everyone: within one account nothing but an explicit deny limits it."""


def allow_level(statement: Statement, principal: Principal) -> Level:
    """How closely an Allow statement of a resource's policy names the caller."""
    if statement.principals is not None:
        return _level(statement.principals, principal)
    if statement.not_principals is not None:
        return Level.NONE if _level(statement.not_principals, principal) else Level.DIRECT
    return Level.NONE


def denies_principal(statement: Statement, principal: Principal, *, bounded: bool) -> bool:
    """Whether a Deny statement of a resource's policy reaches the caller. bounded: it has a permissions boundary."""
    if statement.principals is not None:
        return _level(statement.principals, principal) is not Level.NONE
    if statement.not_principals is None:
        return True
    # AWS: a NotPrincipal with Deny always denies an identity that has a permissions boundary.
    return bounded or not _wholly_listed(statement.not_principals, principal)


def _level(listed: Principals, principal: Principal) -> Level:
    if listed.everyone:
        return Level.DIRECT
    match principal.kind:
        case PrincipalKind.ANONYMOUS:
            return Level.NONE
        case PrincipalKind.SERVICE:
            return Level.DIRECT if principal.arn in listed.services else Level.NONE
        case _:
            pass
    if _names(listed, principal.arn, principal):
        return Level.DIRECT
    if principal.role_arn and _names(listed, principal.role_arn, principal):
        return Level.ROLE
    if principal.account_id in listed.accounts or (
        listed.canonical_users and canonical_user_id(principal.account_id) in listed.canonical_users
    ):
        return Level.DIRECT if principal.kind is PrincipalKind.ROOT else Level.ACCOUNT
    return Level.NONE


def _wholly_listed(listed: Principals, principal: Principal) -> bool:
    """Whether NotPrincipal spares the caller: its account, its role if it has one, and itself must all be listed."""
    if listed.everyone:
        return True
    if principal.kind in (PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE):
        return _level(listed, principal) is not Level.NONE
    if principal.account_id not in listed.accounts:
        return False
    if principal.kind is PrincipalKind.ROOT:
        return True
    return _names(listed, principal.arn, principal) and (
        not principal.role_arn or _names(listed, principal.role_arn, principal)
    )


def _names(listed: Principals, arn: str, principal: Principal) -> bool:
    """Whether one of the caller's ARNs is listed and means the caller.

    AWS: a policy means the user or role that had the name when it was put, not who has it since.
    """
    if arn not in listed.arns:
        return False
    meant = listed.ids.get(arn)
    return meant is None or principal.unique_id.partition(":")[0] == meant
