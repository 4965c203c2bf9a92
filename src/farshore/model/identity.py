"""What the directory keeps of identities: users, groups, roles, managed policies, and sessions of theirs.

Source: IAM User Guide, "IAM identifiers" (paths, ARNs, unique ids).
"""

from __future__ import annotations

import msgspec

AWS_ACCOUNT = "aws"
"""Stands in the place of the account in the ARNs of AWS's own managed policies."""

Tags = dict[str, str]
"""By key, in the order in which they were set."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A user of an account.

    id: AIDA…, never used again; what a name means may change, an id does not. path: `/` or `/a/b/`.
    boundary: ARN of the managed policy that is the permissions boundary; empty for none.
    """

    id: str
    account_id: str
    name: str
    path: str
    created_us: int
    boundary: str = ""
    tags: Tags = {}

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:user{self.path}{self.name}"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of users. id: AGPA…"""

    id: str
    account_id: str
    name: str
    path: str
    created_us: int

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:group{self.path}{self.name}"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role. id: AROA…; trust: the AssumeRolePolicyDocument, as it was put; max_session_s: 3600 to 43200."""

    id: str
    account_id: str
    name: str
    path: str
    created_us: int
    trust: str
    description: str = ""
    max_session_s: int = 3600
    boundary: str = ""
    tags: Tags = {}

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.name}"

    def session_arn(self, session_name: str) -> str:
        """The ARN of a session; the role's path is not in it."""
        return f"arn:aws:sts::{self.account_id}:assumed-role/{self.name}/{session_name}"


class ManagedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A managed policy; its documents are `PolicyVersion`s.

    id: ANPA…; account_id: `AWS_ACCOUNT` for AWS's own.
    default_version: the number of the version that counts. last_version: the highest number that was ever given.
    updated_us: when the newest version was made.
    """

    id: str
    account_id: str
    name: str
    path: str
    created_us: int
    updated_us: int
    default_version: int = 1
    last_version: int = 1
    description: str = ""
    tags: Tags = {}

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:policy{self.path}{self.name}"


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a managed policy's document."""

    policy_id: str
    number: int
    document: str
    created_us: int


class InlinePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that is part of one user, group or role."""

    name: str
    document: str


class LastUse(msgspec.Struct, frozen=True, kw_only=True):
    """When and where an access key, or a role, was used last. region: of the request's signature."""

    at_us: int
    service: str
    region: str


class PolicyUses(msgspec.Struct, frozen=True, kw_only=True):
    """Unique ids of the users, groups and roles that a managed policy is attached to, or is the boundary of."""

    attached: tuple[str, ...] = ()
    boundary: tuple[str, ...] = ()


class IdentityCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each an account has."""

    users: int
    groups: int
    roles: int
    policies: int
    policy_versions: int


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Temporary credentials, as they are sealed inside of their session token. The secret is never printed or logged.

    owner_id: of the role (AROA…) or user (AIDA…) whose session it is; the account id for the root's.
    name: RoleSessionName; empty for a session of GetSessionToken, `console` for a sign-in to the web console.
    policy: the session policy's document, None for none; policy_arns: managed policies that limit the session as well.
    tags: session tags.
    """

    access_key_id: str
    secret: str
    account_id: str
    owner_id: str
    issued_us: int
    expires_us: int
    name: str = ""
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: Tags = {}

    def __repr__(self) -> str:
        return f"Session(access_key_id={self.access_key_id!r}, owner_id={self.owner_id!r}, name={self.name!r})"


def arn_parts(arn: str, kind: str) -> tuple[str, str, str] | None:
    """(account id, path, name) of the ARN of a `user`, `group`, `role` or managed `policy`; None when it is none."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam" or parts[3] or not parts[5].startswith(f"{kind}/"):
        return None
    path, _, name = parts[5].removeprefix(kind).rpartition("/")
    return (parts[4], f"{path}/", name) if name else None
