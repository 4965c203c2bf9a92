"""Identities in the directory's SQLite file: the port's `IdentityTransaction` over one connection."""

from __future__ import annotations

from typing import Any

import apsw
import msgspec

from farshore.metadata import named_sql
from farshore.metadata.deployment_key import DeploymentKey
from farshore.metadata.sqlite_rows import Row
from farshore.metadata.sqlite_session import Bindings, Session
from farshore.model.access import AccessKey
from farshore.model.access_control import PublicAccessBlock
from farshore.model.identity import (
    Group,
    IdentityCounts,
    InlinePolicy,
    LastUse,
    ManagedPolicy,
    PolicyUses,
    PolicyVersion,
    Role,
    Tags,
    User,
)

_SQL = named_sql.load("identities")
_encode = msgspec.msgpack.Encoder().encode
_decode_block = msgspec.msgpack.Decoder(PublicAccessBlock).decode
_decode_tags = msgspec.msgpack.Decoder(dict[str, str]).decode


class SqliteIdentities:
    """Reads on any connection; changes on the writer's, inside a command. `session` is the connection's."""

    def __init__(self, session: Session, key: DeploymentKey) -> None:
        self.session = session
        self._key = key

    def write_gathered(self) -> None:
        """Nothing here is left to the end of a group."""

    # Users and groups.

    def user(self, account_id: str, name: str) -> User | None:
        row = self.session.one(_SQL["user"], (account_id, name))
        return None if row is None else _to_user(row)

    def user_by_id(self, user_id: str) -> User | None:
        row = self.session.one(_SQL["user_by_id"], (user_id,))
        return None if row is None else _to_user(row)

    def users(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[User]:
        return [_to_user(row) for row in self.session.all(_SQL["users"], (account_id, after, path_prefix, limit))]

    def add_user(self, user: User) -> None:
        self._add("add_user", _user_row(user))

    def replace_user(self, user: User) -> None:
        self._change("replace_user", _user_row(user))

    def delete_user(self, user_id: str) -> None:
        self.session.run(_SQL["forget_memberships"], (user_id,))
        self._forget_policies(user_id)
        self._change("delete_user", (user_id,))

    def group(self, account_id: str, name: str) -> Group | None:
        row = self.session.one(_SQL["group"], (account_id, name))
        return None if row is None else _to_group(row)

    def group_by_id(self, group_id: str) -> Group | None:
        row = self.session.one(_SQL["group_by_id"], (group_id,))
        return None if row is None else _to_group(row)

    def groups(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[Group]:
        return [_to_group(row) for row in self.session.all(_SQL["groups"], (account_id, after, path_prefix, limit))]

    def groups_of(self, user_id: str) -> list[Group]:
        return [_to_group(row) for row in self.session.all(_SQL["groups_of"], (user_id,))]

    def members(self, group_id: str) -> list[User]:
        return [_to_user(row) for row in self.session.all(_SQL["members"], (group_id,))]

    def add_group(self, group: Group) -> None:
        self._add("add_group", _group_row(group))

    def replace_group(self, group: Group) -> None:
        self._change("replace_group", _group_row(group))

    def delete_group(self, group_id: str) -> None:
        assert not self.members(group_id), group_id
        self._forget_policies(group_id)
        self._change("delete_group", (group_id,))

    def add_member(self, group_id: str, user_id: str) -> None:
        self.session.run(_SQL["add_member"], (group_id, user_id))

    def remove_member(self, group_id: str, user_id: str) -> None:
        self.session.run(_SQL["remove_member"], (group_id, user_id))

    # Roles.

    def role(self, account_id: str, name: str) -> Role | None:
        row = self.session.one(_SQL["role"], (account_id, name))
        return None if row is None else _to_role(row)

    def role_by_id(self, role_id: str) -> Role | None:
        row = self.session.one(_SQL["role_by_id"], (role_id,))
        return None if row is None else _to_role(row)

    def roles(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[Role]:
        return [_to_role(row) for row in self.session.all(_SQL["roles"], (account_id, after, path_prefix, limit))]

    def roles_that_name(self, text: str) -> list[Role]:
        return [_to_role(row) for row in self.session.all(_SQL["roles_that_name"], (text,))]

    def add_role(self, role: Role) -> None:
        self._add("add_role", _role_row(role))

    def replace_role(self, role: Role) -> None:
        self._change("replace_role", _role_row(role))

    def delete_role(self, role_id: str) -> None:
        self._forget_policies(role_id)
        self.session.run(_SQL["delete_last_use"], (role_id,))
        self._change("delete_role", (role_id,))

    # Policies.

    def policy(self, account_id: str, name: str) -> ManagedPolicy | None:
        row = self.session.one(_SQL["policy"], (account_id, name))
        return None if row is None else _to_policy(row)

    def policies(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[ManagedPolicy]:
        return [_to_policy(row) for row in self.session.all(_SQL["policies"], (account_id, after, path_prefix, limit))]

    def policy_version(self, policy_id: str, number: int) -> PolicyVersion | None:
        row = self.session.one(_SQL["policy_version"], (policy_id, number))
        return None if row is None else _to_version(row)

    def policy_versions(self, policy_id: str) -> list[PolicyVersion]:
        return [_to_version(row) for row in self.session.all(_SQL["policy_versions"], (policy_id,))]

    def add_policy(self, policy: ManagedPolicy, document: str) -> None:
        self._add("add_policy", _policy_row(policy))
        self._add("add_policy_version", (policy.id, policy.default_version, document, policy.created_us))

    def replace_policy(self, policy: ManagedPolicy) -> None:
        self._change("replace_policy", _policy_row(policy))

    def delete_policy(self, policy_id: str) -> None:
        self.session.run(_SQL["delete_policy_versions"], (policy_id,))
        self._change("delete_policy", (policy_id,))

    def add_policy_version(self, version: PolicyVersion) -> None:
        self._add("add_policy_version", (version.policy_id, version.number, version.document, version.created_us))

    def delete_policy_version(self, policy_id: str, number: int) -> None:
        self._change("delete_policy_version", (policy_id, number))

    def inline_policy(self, owner_id: str, name: str) -> InlinePolicy | None:
        row = self.session.one(_SQL["inline_policy"], (owner_id, name))
        return None if row is None else InlinePolicy(name=row[0], document=row[1])

    def inline_policies(self, owner_id: str) -> list[InlinePolicy]:
        rows = self.session.all(_SQL["inline_policies"], (owner_id,))
        return [InlinePolicy(name=name, document=document) for name, document in rows]

    def put_inline_policy(self, owner_id: str, policy: InlinePolicy) -> None:
        self.session.run(_SQL["put_inline_policy"], (owner_id, policy.name, policy.document))

    def delete_inline_policy(self, owner_id: str, name: str) -> bool:
        return self._changes("delete_inline_policy", (owner_id, name))

    def attachments(self, owner_id: str) -> list[str]:
        return [arn for (arn,) in self.session.all(_SQL["attachments"], (owner_id,))]

    def attach(self, owner_id: str, policy_arn: str, account_id: str) -> None:
        self.session.run(_SQL["attach"], (owner_id, policy_arn, account_id))

    def detach(self, owner_id: str, policy_arn: str) -> bool:
        return self._changes("detach", (owner_id, policy_arn))

    def policy_uses(self, policy_arn: str, account_id: str) -> PolicyUses:
        attached = self.session.all(_SQL["attached_to"], (policy_arn, account_id))
        boundary = self.session.all(_SQL["boundary_of"], (policy_arn, account_id))
        return PolicyUses(attached=tuple(row[0] for row in attached), boundary=tuple(row[0] for row in boundary))

    # Access keys.

    def access_key(self, access_key_id: str) -> AccessKey | None:
        row = self.session.one(_SQL["access_key"], (access_key_id,))
        return None if row is None else self._to_access_key(row)

    def access_keys(self, account_id: str, user_id: str | None) -> list[AccessKey]:
        return [self._to_access_key(row) for row in self.session.all(_SQL["access_keys"], (account_id, user_id))]

    def add_access_key(self, key: AccessKey) -> None:
        self._add("add_access_key", self._access_key_row(key))

    def replace_access_key(self, key: AccessKey) -> None:
        self._change("replace_access_key", self._access_key_row(key))

    def delete_access_key(self, access_key_id: str) -> None:
        self.session.run(_SQL["delete_last_use"], (access_key_id,))
        self._change("delete_access_key", (access_key_id,))

    def last_use(self, subject_id: str) -> LastUse | None:
        row = self.session.one(_SQL["last_use"], (subject_id,))
        return None if row is None else LastUse(at_us=row[0], service=row[1], region=row[2])

    def put_last_use(self, subject_id: str, use: LastUse) -> None:
        self.session.run(_SQL["put_last_use"], (subject_id, use.at_us, use.service, use.region))

    def account_block(self, account_id: str) -> PublicAccessBlock | None:
        row = self.session.one(_SQL["account_block"], (account_id,))
        return None if row is None else _decode_block(row[0])

    def put_account_block(self, account_id: str, block: PublicAccessBlock | None) -> None:
        if block is None:
            self.session.run(_SQL["delete_account_block"], (account_id,))
        else:
            self.session.run(_SQL["put_account_block"], (account_id, _encode(block)))

    def counts(self, account_id: str) -> IdentityCounts:
        row = self.session.one(_SQL["counts"], (account_id,))
        assert row is not None, account_id
        users, groups, roles, policies, versions = row
        return IdentityCounts(users=users, groups=groups, roles=roles, policies=policies, policy_versions=versions)

    def _forget_policies(self, owner_id: str) -> None:
        self.session.run(_SQL["forget_inline_policies"], (owner_id,))
        self.session.run(_SQL["forget_attachments"], (owner_id,))

    def _add(self, query: str, row: Bindings) -> None:
        try:
            self.session.run(_SQL[query], row)
        except apsw.ConstraintError as error:
            raise AssertionError(f"{query}: {row[0]} exists already, or its name does") from error

    def _change(self, query: str, row: Bindings) -> None:
        assert self._changes(query, row), (query, row[0])

    def _changes(self, query: str, row: Bindings) -> bool:
        """Run it, and say whether a row was there to be changed."""
        try:
            self.session.run(_SQL[query], row)
        except apsw.ConstraintError as error:
            raise AssertionError(f"{query}: the new name of {row[0]} is taken") from error
        return self.session.connection.changes() > 0

    def _to_access_key(self, row: Row) -> AccessKey:
        key_id, account_id, sealed, active, user_id, created_us = row
        return AccessKey(
            id=key_id,
            secret=self._key.unseal(sealed, key_id),
            account_id=account_id,
            active=active == 1,
            user_id=user_id,
            created_us=created_us,
        )

    def _access_key_row(self, key: AccessKey) -> Bindings:
        sealed = self._key.seal(key.secret, key.id)
        return (key.id, key.account_id, sealed, key.active, key.user_id, key.created_us)


def _tags(tags: Tags) -> bytes | None:
    return _encode(tags) if tags else None


def _to_tags(stored: bytes | None) -> dict[str, str]:
    return {} if stored is None else _decode_tags(stored)


def _to_user(row: Row) -> User:
    user_id, account_id, name, path, created_us, boundary, tags = row
    return User(
        id=user_id,
        account_id=account_id,
        name=name,
        path=path,
        created_us=created_us,
        boundary=boundary or "",
        tags=_to_tags(tags),
    )


def _user_row(user: User) -> tuple[Any, ...]:
    return (
        user.id,
        user.account_id,
        user.name,
        user.path,
        user.created_us,
        user.boundary or None,
        _tags(user.tags),
    )


def _to_group(row: Row) -> Group:
    group_id, account_id, name, path, created_us = row
    return Group(id=group_id, account_id=account_id, name=name, path=path, created_us=created_us)


def _group_row(group: Group) -> tuple[Any, ...]:
    return (group.id, group.account_id, group.name, group.path, group.created_us)


def _to_role(row: Row) -> Role:
    role_id, account_id, name, path, created_us, trust, description, max_session_s, boundary, tags = row
    return Role(
        id=role_id,
        account_id=account_id,
        name=name,
        path=path,
        created_us=created_us,
        trust=trust,
        description=description,
        max_session_s=max_session_s,
        boundary=boundary or "",
        tags=_to_tags(tags),
    )


def _role_row(role: Role) -> tuple[Any, ...]:
    return (
        role.id,
        role.account_id,
        role.name,
        role.path,
        role.created_us,
        role.trust,
        role.description,
        role.max_session_s,
        role.boundary or None,
        _tags(role.tags),
    )


def _to_policy(row: Row) -> ManagedPolicy:
    policy_id, account_id, name, path, created_us, updated_us, default_version, last_version, description, tags = row
    return ManagedPolicy(
        id=policy_id,
        account_id=account_id,
        name=name,
        path=path,
        created_us=created_us,
        updated_us=updated_us,
        default_version=default_version,
        last_version=last_version,
        description=description,
        tags=_to_tags(tags),
    )


def _policy_row(policy: ManagedPolicy) -> tuple[Any, ...]:
    return (
        policy.id,
        policy.account_id,
        policy.name,
        policy.path,
        policy.created_us,
        policy.updated_us,
        policy.default_version,
        policy.last_version,
        policy.description,
        _tags(policy.tags),
    )


def _to_version(row: Row) -> PolicyVersion:
    policy_id, number, document, created_us = row
    return PolicyVersion(policy_id=policy_id, number=number, document=document, created_us=created_us)
