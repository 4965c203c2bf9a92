"""The port of the directory's identities: users, groups, roles, managed policies, access keys.

Plain storage: AWS's rules (names that are taken, quotas, what must be empty before it is deleted) are the service's,
which checks and changes in one command. What is here keeps together what belongs together: with an identity go its
inline policies, attachments and memberships.

Contract, as for a region's store: reads are synchronous and see the last committed state; a command (`Directory.write`)
sees every change of the commands before it, may be run more than once, and leaves nothing behind when it raises.
Lists are by name (names are compared without regard to case), unless they say otherwise.
"""

from __future__ import annotations

from typing import Protocol

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
    User,
)


class IdentityReader(Protocol):
    """Synchronous point reads. Lists take at most `limit`, from after a name, below a path prefix."""

    def user(self, account_id: str, name: str) -> User | None: ...

    def user_by_id(self, user_id: str) -> User | None: ...

    def users(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[User]: ...

    def group(self, account_id: str, name: str) -> Group | None: ...

    def group_by_id(self, group_id: str) -> Group | None: ...

    def groups(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[Group]: ...

    def groups_of(self, user_id: str) -> list[Group]: ...

    def members(self, group_id: str) -> list[User]: ...

    def role(self, account_id: str, name: str) -> Role | None: ...

    def role_by_id(self, role_id: str) -> Role | None: ...

    def roles(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[Role]: ...

    def roles_that_name(self, text: str) -> list[Role]:
        """Roles of any account in whose trust policy the text stands, or may stand behind JSON's escapes."""
        ...

    def policy(self, account_id: str, name: str) -> ManagedPolicy | None: ...

    def policies(self, account_id: str, *, after: str, path_prefix: str, limit: int) -> list[ManagedPolicy]: ...

    def policy_version(self, policy_id: str, number: int) -> PolicyVersion | None: ...

    def policy_versions(self, policy_id: str) -> list[PolicyVersion]:
        """Newest first."""
        ...

    def inline_policy(self, owner_id: str, name: str) -> InlinePolicy | None: ...

    def inline_policies(self, owner_id: str) -> list[InlinePolicy]: ...

    def attachments(self, owner_id: str) -> list[str]:
        """ARNs of the managed policies that are attached to a user, group or role, ascending."""
        ...

    def policy_uses(self, policy_arn: str, account_id: str) -> PolicyUses: ...

    def access_key(self, access_key_id: str) -> AccessKey | None: ...

    def access_keys(self, account_id: str, user_id: str | None) -> list[AccessKey]:
        """The keys of a user, or (None) of the account's root; oldest first."""
        ...

    def last_use(self, subject_id: str) -> LastUse | None:
        """Of an access key or a role."""
        ...

    def counts(self, account_id: str) -> IdentityCounts: ...

    def account_block(self, account_id: str) -> PublicAccessBlock | None:
        """Block Public Access of the whole account; None where it was never set, or deleted."""
        ...


class IdentityTransaction(IdentityReader, Protocol):
    """Changes. `add_` asserts that id and name are new; `replace_` and `delete_` that the id is there."""

    def add_user(self, user: User) -> None: ...

    def replace_user(self, user: User) -> None: ...

    def delete_user(self, user_id: str) -> None:
        """With inline policies, attachments and memberships; its access keys must be gone."""
        ...

    def add_group(self, group: Group) -> None: ...

    def replace_group(self, group: Group) -> None: ...

    def delete_group(self, group_id: str) -> None:
        """With inline policies and attachments; it must have no members."""
        ...

    def add_member(self, group_id: str, user_id: str) -> None:
        """No change when the user is a member."""
        ...

    def remove_member(self, group_id: str, user_id: str) -> None:
        """No change when the user is none."""
        ...

    def add_role(self, role: Role) -> None: ...

    def replace_role(self, role: Role) -> None: ...

    def delete_role(self, role_id: str) -> None:
        """With inline policies and attachments."""
        ...

    def add_policy(self, policy: ManagedPolicy, document: str) -> None:
        """With its first version."""
        ...

    def replace_policy(self, policy: ManagedPolicy) -> None: ...

    def delete_policy(self, policy_id: str) -> None:
        """With its versions."""
        ...

    def add_policy_version(self, version: PolicyVersion) -> None: ...

    def delete_policy_version(self, policy_id: str, number: int) -> None: ...

    def put_inline_policy(self, owner_id: str, policy: InlinePolicy) -> None: ...

    def delete_inline_policy(self, owner_id: str, name: str) -> bool: ...

    def attach(self, owner_id: str, policy_arn: str, account_id: str) -> None:
        """account_id: the owner's. No change when it is attached."""
        ...

    def detach(self, owner_id: str, policy_arn: str) -> bool: ...

    def add_access_key(self, key: AccessKey) -> None: ...

    def replace_access_key(self, key: AccessKey) -> None: ...

    def delete_access_key(self, access_key_id: str) -> None:
        """With its last use."""
        ...

    def put_last_use(self, subject_id: str, use: LastUse) -> None:
        """No change when a later use is known."""
        ...

    def put_account_block(self, account_id: str, block: PublicAccessBlock | None) -> None:
        """None deletes it."""
        ...
