"""Policy documents: checked against IAM's grammar, and compiled once into statements that are quick to ask.

A compiled policy is immutable and knows nothing of a request; `evaluate` asks it.
Source: IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, cast

from farshore.auth import wildcards
from farshore.auth.conditions import Condition, compile_conditions
from farshore.auth.wildcards import Context, Pieces, Test, Wildcard

VERSIONS = ("2012-10-17", "2008-10-17")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:(aws|aws-[a-z-]+|\*):[^:]*:[^:]*:[^:]*:.+", re.DOTALL)
_ACTION = re.compile(r"(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)")
_SID = re.compile(r"[A-Za-z0-9]*")
_PRINCIPAL_TYPES = frozenset(("AWS", "Service", "Federated", "CanonicalUser"))
_ACTIONS_MAX = 1024
_NO_CONTEXT: Context = {}


class PolicyKind(Enum):
    """Where a policy stands, which decides the elements that it must and may not have."""

    IDENTITY = "identity"
    """On a user, group or role, as a boundary, or of a session: no Principal."""
    RESOURCE = "resource"
    """On a bucket: Principal and Resource."""
    TRUST = "trust"
    """On a role: Principal, no Resource."""


class PolicyError(Exception):
    """A document that IAM's grammar refuses. Turned into MalformedPolicy or MalformedPolicyDocument by the service."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text of an Action or Resource element, compiled. test: None where variables must be filled in first."""

    text: str
    pieces: Pieces
    test: Test | None

    def matches(self, value: str, context: Context) -> bool:
        """Whether the value matches. A variable without a value matches nothing."""
        if self.test is not None:
            return self.test(value)
        filled = wildcards.fill_in(self.pieces, context)
        return filled is not None and _resource_test(filled)(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """Whom a statement speaks of. arns: principals by ARN; accounts: whole accounts; `everyone`: `*`.

    ids: of ARNs, the unique ids of the users and roles that they meant when the policy was put, where that is known.
    """

    everyone: bool = False
    arns: frozenset[str] = frozenset()
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    accounts: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    canonical_users: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One compiled statement. `actions` are lower-case patterns; None where the element is absent."""

    sid: str
    index: int
    allow: bool
    principals: Principals | None
    not_principals: Principals | None
    actions: tuple[Pattern, ...] | None
    not_actions: tuple[Pattern, ...] | None
    resources: tuple[Pattern, ...] | None
    not_resources: tuple[Pattern, ...] | None
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """How a person finds it: its Sid, else its place in the document."""
        return self.sid or f"statement {self.index + 1}"

    def names(self, action: str) -> bool:
        """Whether the Action or NotAction element covers an action, given in lower case."""
        if self.actions is not None:
            return any(pattern.matches(action, _NO_CONTEXT) for pattern in self.actions)
        assert self.not_actions is not None, self
        return not any(pattern.matches(action, _NO_CONTEXT) for pattern in self.not_actions)


class Candidates(NamedTuple):
    """The statements of a policy whose action matches, in the document's order."""

    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled document. source: what it is called in answers and logs (`role policy replicate`)."""

    source: str
    statements: tuple[Statement, ...]
    _by_action: dict[str, Candidates] = field(default_factory=dict, init=False, compare=False, repr=False)

    def candidates(self, action: str) -> Candidates:
        """The statements that speak of an action, found once for each action."""
        found = self._by_action.get(action)
        if found is None:
            if len(self._by_action) >= _ACTIONS_MAX:
                self._by_action.clear()
            speaking = [statement for statement in self.statements if statement.names(action.lower())]
            found = self._by_action[action] = Candidates(
                tuple(statement for statement in speaking if statement.allow),
                tuple(statement for statement in speaking if not statement.allow),
            )
        return found


def parse_policy(text: str | bytes, kind: PolicyKind, *, source: str) -> Policy:
    """Compile a JSON document.

    Raises:
        PolicyError: not JSON, or not a policy of this kind.
    """
    try:
        document = json.loads(text, object_pairs_hook=_no_duplicates)
        json.dumps(document, ensure_ascii=False).encode()  # Escapes that are no text (`\ud800`) could not be stored.
    except (ValueError, RecursionError) as error:
        raise PolicyError("This policy contains invalid Json") from error
    return compile_policy(document, kind, source=source)


def compile_policy(document: object, kind: PolicyKind, *, source: str) -> Policy:
    """Compile a parsed document. Raises as `parse_policy`."""
    if not isinstance(document, dict):
        raise PolicyError("Policies must be valid JSON and the first byte must be '{'")
    members = cast("dict[str, Any]", document)
    _only(members, ("Version", "Id", "Statement"), "policy")
    version = members.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise PolicyError("The policy must contain a valid version string")
    listed = members.get("Statement")
    if listed is None:
        raise PolicyError("Missing required field Statement")
    statements = cast("list[Any]", listed if isinstance(listed, list) else [listed])
    if not statements:
        raise PolicyError("Could not parse the policy: Statement is empty!")
    with_variables = version == "2012-10-17"
    compiled = tuple(_statement(entry, index, kind, with_variables) for index, entry in enumerate(statements))
    sids = [statement.sid for statement in compiled if statement.sid]
    if len(set(sids)) < len(sids):
        raise PolicyError("Statement IDs (SID) in a single policy must be unique.")
    return Policy(source, compiled)


def _statement(entry: object, index: int, kind: PolicyKind, with_variables: bool) -> Statement:
    if not isinstance(entry, dict):
        raise PolicyError("Syntax errors in policy.")
    members = cast("dict[str, Any]", entry)
    known = (
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    )
    _only(members, known, "statement")
    if None in members.values():
        raise PolicyError("Syntax errors in policy.")
    if members.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"Invalid effect : {members.get('Effect')}")
    sid = members.get("Sid", "")
    if not isinstance(sid, str) or (kind is PolicyKind.IDENTITY and not _SID.fullmatch(sid)):
        raise PolicyError("Statement IDs (SID) must be alpha-numeric.")
    _check_elements(members, kind)
    return Statement(
        sid=sid,
        index=index,
        allow=members["Effect"] == "Allow",
        principals=_principals(members.get("Principal")),
        not_principals=_principals(members.get("NotPrincipal")),
        actions=_actions(members.get("Action")),
        not_actions=_actions(members.get("NotAction")),
        resources=_resources(members.get("Resource"), with_variables),
        not_resources=_resources(members.get("NotResource"), with_variables),
        conditions=compile_conditions(members.get("Condition", {}), PolicyError, with_variables=with_variables),
    )


def _check_elements(members: Mapping[str, Any], kind: PolicyKind) -> None:
    for element in ("Principal", "Action", "Resource"):
        if element in members and f"Not{element}" in members:
            raise PolicyError(f"Statement may not have both {element} and Not{element}")
    if "Action" not in members and "NotAction" not in members:
        raise PolicyError("Missing required field Action")
    has_principal = "Principal" in members or "NotPrincipal" in members
    has_resource = "Resource" in members or "NotResource" in members
    if kind is PolicyKind.IDENTITY and has_principal:
        raise PolicyError("Policy document should not specify a principal.")
    if kind is not PolicyKind.IDENTITY and not has_principal:
        raise PolicyError("Missing required field Principal")
    if kind is PolicyKind.TRUST and has_resource:
        raise PolicyError("Has prohibited field Resource")
    if kind is not PolicyKind.TRUST and not has_resource:
        raise PolicyError(
            "Missing required field Resource"
            if kind is PolicyKind.RESOURCE
            else "Policy statement must contain resources."
        )


def _principals(value: object) -> Principals | None:
    if value is None:
        return None
    if value == "*":
        return Principals(everyone=True)
    if not isinstance(value, dict) or not value:
        raise PolicyError("Invalid principal in policy")
    members = cast("dict[str, Any]", value)
    if not members.keys() <= _PRINCIPAL_TYPES:
        raise PolicyError("Invalid principal in policy")
    named = [_aws_principal(text) for text in _texts(members.get("AWS", []), "principal")]
    return Principals(
        everyone="*" in named,
        arns=frozenset(text for text in named if text != "*" and not _ACCOUNT.fullmatch(text)),
        accounts=frozenset(text for text in named if _ACCOUNT.fullmatch(text)),
        services=frozenset(_texts(members.get("Service", []), "principal")),
        canonical_users=frozenset(_texts(members.get("CanonicalUser", []), "principal")),
    )


def _aws_principal(text: str) -> str:
    """`*`, an account id (also written as the account's root ARN), or another ARN. No partial wildcards."""
    if text == "*" or _ACCOUNT.fullmatch(text):
        return text
    if not _ARN.fullmatch(text) or "*" in text:
        raise PolicyError("Invalid principal in policy")
    service, account, rest = text.split(":", 5)[2], text.split(":", 5)[4], text.split(":", 5)[5]
    if service in ("iam", "sts") and rest == "root":
        return account
    return text


def _actions(value: object) -> tuple[Pattern, ...] | None:
    if value is None:
        return None
    texts = _texts(value, "action")
    for text in texts:
        if not _ACTION.fullmatch(text):
            raise PolicyError(
                "Policy has invalid action"
                if ":" in text
                else "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )
    return tuple(_action(text) for text in texts)


def _resources(value: object, with_variables: bool) -> tuple[Pattern, ...] | None:
    if value is None:
        return None
    texts = _texts(value, "resource")
    for text in texts:
        if text != "*" and not _ARN.fullmatch(text):
            raise PolicyError(f'Resource {text} must be in ARN format or "*".')
    return tuple(_resource(text, with_variables) for text in texts)


def _action(text: str) -> Pattern:
    pieces = wildcards.split(text.lower(), with_variables=False)
    return Pattern(text, pieces, wildcards.like(pieces))


def _resource(text: str, with_variables: bool) -> Pattern:
    pieces = wildcards.split(text, with_variables=with_variables)
    return Pattern(text, pieces, None if wildcards.has_variables(pieces) else _resource_test(pieces))


def _resource_test(pieces: Pieces) -> Test:
    """`*` is every resource; anything else is an ARN, whose wildcards stay within their segment."""
    return wildcards.like(pieces) if pieces == (Wildcard.ANY,) else wildcards.arn_like(pieces)


def _texts(value: object, what: str) -> list[str]:
    listed = cast("Sequence[object]", value if isinstance(value, list) else [value])
    if not all(isinstance(text, str) for text in listed):
        raise PolicyError(f"Invalid {what} in policy")
    return cast("list[str]", list(listed))


def _only(members: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in members:
        if name not in known:
            raise PolicyError(f"Unknown field {name}" if where == "policy" else "Syntax errors in policy.")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("duplicate member")
    return members
