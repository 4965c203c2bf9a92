"""The port of the directory's identities, on its SQLite driver."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.metadata.sqlite_directory import SqliteDirectory
from farshore.model.access import AccessKey, Account
from farshore.model.access_control import PublicAccessBlock
from farshore.model.identity import (
    AWS_ACCOUNT,
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

T = TypeVar("T")

ACCOUNT = "111122223333"
OTHER = "444455556666"
ADMIN = f"arn:aws:iam::{AWS_ACCOUNT}:policy/AdministratorAccess"


def user(name: str, *, account: str = ACCOUNT, path: str = "/", **more: object) -> User:
    return msgspec.structs.replace(
        User(id=f"AIDA{account[:1]}{name.upper()}", account_id=account, name=name, path=path, created_us=7), **more
    )


def group(name: str) -> Group:
    return Group(id=f"AGPA{name.upper()}", account_id=ACCOUNT, name=name, path="/", created_us=7)


def role(name: str, **more: object) -> Role:
    made = Role(id=f"AROA{name.upper()}", account_id=ACCOUNT, name=name, path="/", created_us=7, trust="{}")
    return msgspec.structs.replace(made, **more)


def policy(name: str) -> ManagedPolicy:
    return ManagedPolicy(id=f"ANPA{name.upper()}", account_id=ACCOUNT, name=name, path="/", created_us=7, updated_us=7)


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Callable[[SqliteDirectory], Awaitable[T]]], T]:
    """Runs a test's work on the directory of one folder, opened anew each time: what it finds is on disk."""

    def run_work(work: Callable[[SqliteDirectory], Awaitable[T]]) -> T:
        async def main() -> T:
            directory = SqliteDirectory.open(tmp_path / "directory.sqlite")
            try:
                return await work(directory)
            finally:
                await directory.close()

        return asyncio.run(main())

    return run_work


class Store:
    """Writes, and reads in another process's place."""

    def __init__(self, run: Callable[[Callable[[SqliteDirectory], Awaitable[object]]], object]) -> None:
        self._run = run

    def write(self, command: Callable[[IdentityTransaction], T]) -> T:
        return self._run(lambda directory: directory.write(command))  # type: ignore[return-value]

    def read(self, query: Callable[[IdentityReader], T]) -> T:
        async def work(directory: SqliteDirectory) -> T:
            return query(directory.identities)

        return self._run(work)  # type: ignore[return-value]


@pytest.fixture
def store(run: Callable[[Callable[[SqliteDirectory], Awaitable[object]]], object]) -> Store:
    return Store(run)


def test_what_is_added_is_read_back_whole(store: Store) -> None:
    everything = (
        user("ann", path="/team/", boundary=ADMIN, tags={"b": "2", "a": "1"}),
        group("staff"),
        role("replicate", trust='{"Version": "2012-10-17"}', description="ü", max_session_s=7200, tags={"k": ""}),
        policy("read"),
    )

    def command(tx: IdentityTransaction) -> None:
        tx.add_user(everything[0])
        tx.add_group(everything[1])
        tx.add_role(everything[2])
        tx.add_policy(everything[3], "{}")

    store.write(command)
    found = store.read(
        lambda reader: (
            reader.user(ACCOUNT, "ann"),
            reader.group(ACCOUNT, "staff"),
            reader.role(ACCOUNT, "replicate"),
            reader.policy(ACCOUNT, "read"),
        )
    )
    assert found == everything
    assert list(everything[0].tags) == list(store.read(lambda reader: reader.user_by_id(everything[0].id)).tags)
    assert store.read(lambda reader: reader.counts(ACCOUNT)) == IdentityCounts(
        users=1, groups=1, roles=1, policies=1, policy_versions=1
    )
    assert store.read(lambda reader: reader.counts(OTHER)).users == 0


def test_names_are_one_whatever_their_case_and_each_account_has_its_own(store: Store) -> None:
    store.write(lambda tx: tx.add_user(user("Ann")))
    store.write(lambda tx: tx.add_user(user("ann", account=OTHER)))
    assert store.read(lambda reader: reader.user(ACCOUNT, "aNN")) == user("Ann")
    assert store.read(lambda reader: reader.user("999999999999", "ann")) is None
    ben = user("ben")
    with pytest.raises(AssertionError, match="exists already"):
        store.write(lambda tx: tx.add_user(user("ANN", path="/other/")))
    with pytest.raises(AssertionError, match="is taken"):
        store.write(lambda tx: (tx.add_user(ben), tx.replace_user(msgspec.structs.replace(ben, name="ANN"))))
    assert store.read(lambda reader: reader.user(ACCOUNT, "ben")) is None, "a command that raises leaves nothing"


def test_lists_are_by_name_from_after_a_name_below_a_path(store: Store) -> None:
    def command(tx: IdentityTransaction) -> None:
        for name, path in (("c", "/x/"), ("B", "/x/y/"), ("a", "/"), ("d", "/x_/")):
            tx.add_role(role(name, path=path))

    store.write(command)

    def names(after: str = "", path_prefix: str = "/", limit: int = 100) -> list[str]:
        return store.read(
            lambda reader: [
                one.name for one in reader.roles(ACCOUNT, after=after, path_prefix=path_prefix, limit=limit)
            ]
        )

    assert names() == ["a", "B", "c", "d"]
    assert names(after="b") == ["c", "d"]
    assert names(limit=2) == ["a", "B"]
    assert names(path_prefix="/x/") == ["B", "c"]
    assert names(path_prefix="/x") == ["B", "c", "d"]
    assert names(path_prefix="/%") == []


def test_a_rename_keeps_the_id_and_all_that_hangs_on_it(store: Store) -> None:
    ann = user("ann")

    def command(tx: IdentityTransaction) -> None:
        tx.add_user(ann)
        tx.add_group(group("staff"))
        tx.add_member(group("staff").id, ann.id)
        tx.put_inline_policy(ann.id, InlinePolicy(name="own", document="{}"))
        tx.attach(ann.id, ADMIN, ACCOUNT)
        tx.replace_user(msgspec.structs.replace(ann, name="anna", path="/new/"))

    store.write(command)
    assert store.read(lambda reader: reader.user(ACCOUNT, "ann")) is None
    found = store.read(lambda reader: reader.user(ACCOUNT, "anna"))
    assert (found.id, found.arn) == (ann.id, f"arn:aws:iam::{ACCOUNT}:user/new/anna")
    assert store.read(lambda reader: [one.name for one in reader.groups_of(ann.id)]) == ["staff"]
    assert store.read(lambda reader: [one.name for one in reader.members(group("staff").id)]) == ["anna"]
    assert store.read(lambda reader: reader.inline_policy(ann.id, "OWN")) == InlinePolicy(name="own", document="{}")
    assert store.read(lambda reader: reader.attachments(ann.id)) == [ADMIN]


def test_with_an_identity_go_its_policies_and_memberships(store: Store) -> None:
    ann, crew = user("ann"), role("crew")

    def command(tx: IdentityTransaction) -> None:
        tx.add_user(ann)
        tx.add_role(crew)
        tx.add_group(group("staff"))
        tx.add_member(group("staff").id, ann.id)
        for owner in (ann.id, crew.id):
            tx.put_inline_policy(owner, InlinePolicy(name="own", document="{}"))
            tx.attach(owner, ADMIN, ACCOUNT)

    store.write(command)
    assert store.read(lambda reader: reader.policy_uses(ADMIN, ACCOUNT)).attached == (ann.id, crew.id)
    store.write(lambda tx: (tx.delete_user(ann.id), tx.delete_role(crew.id)))
    assert store.read(lambda reader: reader.policy_uses(ADMIN, ACCOUNT)) == PolicyUses()
    assert store.read(lambda reader: reader.members(group("staff").id)) == []
    assert store.read(lambda reader: reader.inline_policies(ann.id) + reader.inline_policies(crew.id)) == []
    store.write(lambda tx: tx.delete_group(group("staff").id))
    with pytest.raises(AssertionError):
        store.write(lambda tx: tx.delete_user(ann.id))


def test_versions_of_a_policy_come_newest_first_and_go_with_it(store: Store) -> None:
    read = policy("read")
    second = PolicyVersion(policy_id=read.id, number=2, document="{2}", created_us=8)

    def command(tx: IdentityTransaction) -> None:
        tx.add_policy(read, "{1}")
        tx.add_policy_version(second)
        tx.replace_policy(msgspec.structs.replace(read, default_version=2, last_version=2, updated_us=8))

    store.write(command)
    first = PolicyVersion(policy_id=read.id, number=1, document="{1}", created_us=7)
    assert store.read(lambda reader: reader.policy_versions(read.id)) == [second, first]
    assert store.read(lambda reader: reader.policy(ACCOUNT, "read").default_version) == 2
    store.write(lambda tx: tx.delete_policy_version(read.id, 1))
    assert store.read(lambda reader: reader.policy_version(read.id, 1)) is None
    store.write(lambda tx: tx.delete_policy(read.id))
    assert store.read(lambda reader: reader.policy_versions(read.id)) == []


def test_the_uses_of_a_policy_are_those_of_one_account(store: Store) -> None:
    ann, stranger = user("ann", boundary=ADMIN), user("stranger", account=OTHER)

    def command(tx: IdentityTransaction) -> None:
        tx.add_user(ann)
        tx.add_user(stranger)
        tx.add_role(role("crew", boundary=ADMIN))
        tx.attach(stranger.id, ADMIN, OTHER)

    store.write(command)
    assert store.read(lambda reader: reader.policy_uses(ADMIN, ACCOUNT)) == PolicyUses(boundary=(ann.id, "AROACREW"))
    assert store.read(lambda reader: reader.policy_uses(ADMIN, OTHER)) == PolicyUses(attached=(stranger.id,))
    assert store.write(lambda tx: tx.detach(stranger.id, ADMIN))
    assert not store.write(lambda tx: tx.detach(stranger.id, ADMIN))


def test_roles_are_found_by_what_their_trust_policy_names(store: Store) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/ann"
    store.write(lambda tx: (tx.add_role(role("crew", trust=f'"{arn}"')), tx.add_role(role("other"))))
    assert store.read(lambda reader: [one.name for one in reader.roles_that_name(f'"{arn}"')]) == ["crew"]


def test_keys_belong_to_a_user_or_to_the_root(
    store: Store, run: Callable[[Callable[[SqliteDirectory], Awaitable[object]]], object], tmp_path: Path
) -> None:
    root = AccessKey(id="AKIAROOT", secret="root-secret", account_id=ACCOUNT, created_us=1)
    key = AccessKey(id="AKIAANN", secret="ann-secret", account_id=ACCOUNT, user_id="AIDAANN", created_us=2)
    account = Account(id=ACCOUNT, name="one", created_us=1)
    assert run(lambda directory: directory.create_account(account, root))
    store.write(lambda tx: tx.add_access_key(key))
    assert store.read(lambda reader: reader.access_keys(ACCOUNT, None)) == [root]
    assert store.read(lambda reader: reader.access_keys(ACCOUNT, "AIDAANN")) == [key]
    store.write(lambda tx: tx.replace_access_key(msgspec.structs.replace(key, active=False)))
    store.write(lambda tx: tx.put_last_use(key.id, LastUse(at_us=5, service="s3", region="eu-west-1")))
    store.write(lambda tx: tx.put_last_use(key.id, LastUse(at_us=4, service="iam", region="us-east-1")))
    assert not store.read(lambda reader: reader.access_key(key.id).active)
    assert store.read(lambda reader: reader.last_use(key.id)) == LastUse(at_us=5, service="s3", region="eu-west-1")
    store.write(lambda tx: tx.delete_access_key(key.id))
    assert store.read(lambda reader: (reader.access_key(key.id), reader.last_use(key.id))) == (None, None)
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert not any(b"root-secret" in content or b"ann-secret" in content for content in files)


def test_an_account_s_public_access_block_is_kept_changed_and_deleted(store: Store) -> None:
    def put(account: str, block: PublicAccessBlock | None) -> None:
        store.write(lambda tx: tx.put_account_block(account, block))

    assert store.read(lambda reader: reader.account_block(ACCOUNT)) is None
    first, second = PublicAccessBlock(block_public_acls=True), PublicAccessBlock(restrict_public_buckets=True)
    put(ACCOUNT, first)
    put(OTHER, first)
    put(ACCOUNT, second)
    assert store.read(lambda reader: (reader.account_block(ACCOUNT), reader.account_block(OTHER))) == (second, first)
    put(ACCOUNT, None)
    put(ACCOUNT, None)
    assert store.read(lambda reader: (reader.account_block(ACCOUNT), reader.account_block(OTHER))) == (None, first)


def test_account_names_are_unique(run: Callable[[Callable[[SqliteDirectory], Awaitable[object]]], object]) -> None:
    def create(account_id: str, name: str) -> object:
        key = AccessKey(id=f"AKIA{account_id}", secret="s", account_id=account_id)
        account = Account(id=account_id, name=name, created_us=1)
        return run(lambda directory: directory.create_account(account, key))

    assert create(ACCOUNT, "Partner")
    assert not create(OTHER, "partner")
    assert create(OTHER, "other")


def test_what_is_sealed_opens_only_here_unchanged_and_for_its_context(tmp_path: Path) -> None:
    async def main() -> None:
        here = SqliteDirectory.open(tmp_path / "here" / "directory.sqlite")
        there = SqliteDirectory.open(tmp_path / "there" / "directory.sqlite")
        sealed = here.seal(b"session", "ASIA1")
        assert here.unseal(sealed, "ASIA1") == b"session"
        assert here.unseal(sealed, "ASIA2") is None
        assert there.unseal(sealed, "ASIA1") is None
        assert here.unseal(b"short", "ASIA1") is None
        for place in range(len(sealed)):
            changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
            assert here.unseal(changed, "ASIA1") is None
        await here.close()
        await there.close()

    asyncio.run(main())
