"""Who a caller is, and what its policies allow: compiled once, and kept until the directory changes.

Synchronous point reads of the directory. Everything is cached by the directory's generation, never by time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar, cast

from farshore.auth.aws_managed_policies import AWS_MANAGED
from farshore.auth.evaluate import NO_POLICIES, IdentityPolicies
from farshore.auth.policy import Policy, PolicyKind, parse_policy
from farshore.auth.trust_policy import without_deleted
from farshore.metadata.directory import Directory
from farshore.metadata.identities import IdentityReader
from farshore.model.access import AccessKey, Principal, PrincipalKind
from farshore.model.access_control import NOTHING_BLOCKED, PublicAccessBlock
from farshore.model.identity import Group, ManagedPolicy, PolicyVersion, Role, Session, Tags, User, arn_parts

T = TypeVar("T")

_CACHED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal, and the policies that it brings along."""

    principal: Principal
    policies: IdentityPolicies


class Identities:
    """The identities of one directory, for one process. Not shared between threads."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._generation = -1
        self._policies: dict[str, IdentityPolicies] = {}
        self._trusts: dict[str, Policy] = {}
        self._answers: dict[Hashable, object] = {}
        self._documents: dict[tuple[str, str, PolicyKind], Policy] = {}

    @property
    def reader(self) -> IdentityReader:
        return self._directory.identities

    def generation(self) -> int:
        """The directory's; what was cached under another one is forgotten."""
        generation = self._directory.generation()
        if generation != self._generation:
            self._generation = generation
            self._policies.clear()
            self._trusts.clear()
            self._answers.clear()
        return generation

    def block_of(self, account_id: str) -> PublicAccessBlock:
        """Block Public Access of a whole account."""

        def answer() -> PublicAccessBlock:
            return self.reader.account_block(account_id) or NOTHING_BLOCKED

        return self.remember(("block", account_id), answer)

    def remember(self, question: Hashable, answer: Callable[[], T]) -> T:
        """What was answered to a question since the directory changed last, else `answer()`.

        Answers to a question must always be of one type; its first member says whose question it is.
        """
        self.generation()
        found = self._answers.get(question)
        if found is None:
            if len(self._answers) >= _CACHED_MAX:
                self._answers.clear()
            found = self._answers[question] = answer()
        return cast("T", found)

    def of_access_key(self, key: AccessKey) -> Identity | None:
        """The root or user that a long-lived key belongs to; None when the user is gone."""
        if key.user_id is None:
            return Identity(root_principal(key.account_id, key.id), NO_POLICIES)
        user = self.reader.user_by_id(key.user_id)
        return None if user is None else Identity(user_principal(user, key.id), self.policies_of_user(user))

    def of_session(self, session: Session) -> Identity | None:
        """The principal of temporary credentials; None when the role or user that they are of is gone."""
        key_id = session.access_key_id
        if session.owner_id == session.account_id:
            return Identity(root_principal(session.account_id, key_id), NO_POLICIES)
        user = self.reader.user_by_id(session.owner_id)
        if user is not None:
            return Identity(user_principal(user, key_id), self.policies_of_user(user))
        role = self.reader.role_by_id(session.owner_id)
        if role is None:
            return None
        policies = self.policies_of_role(role)
        limits = self.session_policies(session.account_id, session.policy, session.policy_arns)
        if limits is not None:
            policies = IdentityPolicies(identity=policies.identity, boundary=policies.boundary, session=limits)
        return Identity(session_principal(role, session.name, key_id, session.tags), policies)

    def policies_of_user(self, user: User) -> IdentityPolicies:
        """Its own policies, those of its groups, its permissions boundary."""
        self.generation()
        found = self._policies.get(user.id)
        if found is None:
            identity = self._policies_of(user.id, f"user {user.name}")
            for group in self.reader.groups_of(user.id):
                identity += self._policies_of(group.id, f"group {group.name}")
            found = self._keep(user.id, identity, user.boundary)
        return found

    def policies_of_group(self, group: Group) -> IdentityPolicies:
        """Its policies, as they would be a user's who has no others."""
        return IdentityPolicies(identity=self._policies_of(group.id, f"group {group.name}"))

    def policies_of_role(self, role: Role) -> IdentityPolicies:
        """Its policies and its permissions boundary."""
        self.generation()
        found = self._policies.get(role.id)
        if found is None:
            found = self._keep(role.id, self._policies_of(role.id, f"role {role.name}"), role.boundary)
        return found

    def trust_of(self, role: Role) -> Policy:
        """The role's trust policy, compiled."""
        self.generation()
        found = self._trusts.get(role.id)
        if found is None:
            source = f"the trust policy of role {role.name}"
            found = self._trusts[role.id] = self._compile(without_deleted(role.trust), source, PolicyKind.TRUST)
        return found

    def session_policies(
        self, account_id: str, document: str | None, policy_arns: tuple[str, ...]
    ) -> tuple[Policy, ...] | None:
        """Session policies, compiled; None where there are none, which does not limit a session."""
        if document is None and not policy_arns:
            return None
        policies = [] if document is None else [self._compile(document, "the session policy", PolicyKind.IDENTITY)]
        for arn in policy_arns:
            policy = self._managed(arn, account_id)
            if policy is not None:  # AWS: a managed policy that was deleted since allows nothing any more.
                policies.append(policy)
        return tuple(policies)

    def _policies_of(self, owner_id: str, owner: str) -> tuple[Policy, ...]:
        inline = tuple(
            self._compile(policy.document, f"the inline policy {policy.name} of {owner}", PolicyKind.IDENTITY)
            for policy in self.reader.inline_policies(owner_id)
        )
        attached = (self._managed(arn, None) for arn in self.reader.attachments(owner_id))
        return inline + tuple(policy for policy in attached if policy is not None)

    def _managed(self, arn: str, account_id: str | None) -> Policy | None:
        found = find_managed_policy(self.reader, arn)
        if found is None or (account_id is not None and found.account_id not in (account_id, "aws")):
            return None
        version = default_version(self.reader, found)
        return self._compile(version.document, f"the managed policy {found.name}", PolicyKind.IDENTITY)

    def _keep(self, owner_id: str, identity: tuple[Policy, ...], boundary_arn: str) -> IdentityPolicies:
        """Cache an identity's policies. A boundary that is gone cannot be: a policy in use is not deleted."""
        boundary = self._managed(boundary_arn, None) if boundary_arn else None
        assert boundary is not None or not boundary_arn, (owner_id, boundary_arn)
        if len(self._policies) >= _CACHED_MAX:
            self._policies.clear()
        kept = self._policies[owner_id] = IdentityPolicies(identity=identity, boundary=boundary)
        return kept

    def _compile(self, document: str, source: str, kind: PolicyKind) -> Policy:
        """A stored document, which was checked when it was put. Kept by its text, so through all generations."""
        key = (document, source, kind)
        found = self._documents.get(key)
        if found is None:
            if len(self._documents) >= _CACHED_MAX:
                self._documents.clear()
            found = self._documents[key] = parse_policy(document, kind, source=source)
        return found


def root_principal(account_id: str, access_key_id: str) -> Principal:
    return Principal(
        account_id=account_id,
        arn=f"arn:aws:iam::{account_id}:root",
        access_key_id=access_key_id,
        kind=PrincipalKind.ROOT,
        unique_id=account_id,
    )


def user_principal(user: User, access_key_id: str) -> Principal:
    return Principal(
        account_id=user.account_id,
        arn=user.arn,
        access_key_id=access_key_id,
        kind=PrincipalKind.USER,
        unique_id=user.id,
        name=user.name,
        tags=user.tags,
    )


def session_principal(role: Role, session_name: str, access_key_id: str, tags: Tags | None = None) -> Principal:
    """The principal of a role's session. tags: of the session, which come before the role's, whatever their case."""
    given = tags or {}
    folded = {key.lower() for key in given}
    kept = {key: value for key, value in role.tags.items() if key.lower() not in folded}
    return Principal(
        account_id=role.account_id,
        arn=role.session_arn(session_name),
        access_key_id=access_key_id,
        kind=PrincipalKind.ASSUMED_ROLE,
        unique_id=f"{role.id}:{session_name}",
        role_arn=role.arn,
        tags=kept | given,
    )


def find_managed_policy(reader: IdentityReader, arn: str) -> ManagedPolicy | None:
    """A managed policy by its ARN, AWS's own included."""
    known = AWS_MANAGED.get(arn)
    if known is not None:
        return known.policy
    parts = arn_parts(arn, "policy")
    policy = None if parts is None else reader.policy(parts[0], parts[2])
    return policy if policy is not None and policy.arn == arn else None


def find_role(reader: IdentityReader, arn: str) -> Role | None:
    """A role by its ARN."""
    parts = arn_parts(arn, "role")
    role = None if parts is None else reader.role(parts[0], parts[2])
    return role if role is not None and role.arn == arn else None


def default_version(reader: IdentityReader, policy: ManagedPolicy) -> PolicyVersion:
    """The version of a managed policy that counts."""
    known = AWS_MANAGED.get(policy.arn)
    version = reader.policy_version(policy.id, policy.default_version) if known is None else known.version
    assert version is not None, policy
    return version
