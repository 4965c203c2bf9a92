"""The port of the directory, on its SQLite driver: accounts, access keys, bucket names, and the generation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from tests.support.metadata import files_of_at_most

from farshore.metadata.deployment_key import DeploymentKey, DeploymentKeyError
from farshore.metadata.directory import Directory
from farshore.metadata.sqlite_directory import KEY_FILE, SqliteDirectory
from farshore.metadata.store import StoreUnavailable
from farshore.model.access import AccessKey, Account
from farshore.model.buckets import BucketHome

T = TypeVar("T")

MINE, OTHERS = "111122223333", "444455556666"


class OpenDirectory:
    """A directory in an event loop of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open()

    def open(self) -> None:
        async def opening() -> Directory:
            return SqliteDirectory.open(self.path)

        self._runner = asyncio.Runner()
        self.port = self.run(opening)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def running() -> T:
            return await work()

        return self._runner.run(running())

    def reserve(self, given: BucketHome, over: BucketHome | None = None) -> BucketHome:
        return self.run(lambda: self.port.reserve_bucket(given, over=over))

    def release(self, given: BucketHome) -> None:
        self.run(lambda: self.port.release_bucket(given))

    def create_account(self, account: Account, first: AccessKey) -> bool:
        return self.run(lambda: self.port.create_account(account, first))

    def reopen(self) -> None:
        self.close()
        self.open()

    def close(self) -> None:
        self.run(self.port.close)
        self._runner.close()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[OpenDirectory]:
    opened = OpenDirectory(tmp_path / "meta" / "directory.sqlite")
    yield opened
    opened.close()


def account(name: str = "mine", number: str = MINE) -> Account:
    return Account(id=number, name=name, created_us=5)


def key(name: str = "AKIA1", number: str = MINE, **more: object) -> AccessKey:
    return msgspec.structs.replace(AccessKey(id=name, secret=f"secret of {name}", account_id=number), **more)


def home(name: str, owner: str = MINE, created_us: int = 1, region: str = "us-east-1") -> BucketHome:
    return BucketHome(name=name, region=region, owner=owner, created_us=created_us)


def test_an_account_comes_with_its_first_key_and_is_kept(directory: OpenDirectory) -> None:
    assert directory.create_account(account(), key())
    assert directory.create_account(account("others", OTHERS), key("AKIA2", OTHERS))
    directory.reopen()
    assert directory.port.account(MINE) == account()
    assert directory.port.accounts() == [account(), account("others", OTHERS)]
    assert directory.port.access_key("AKIA1") == key()
    assert directory.port.account("999999999999") is None
    assert directory.port.access_key("AKIA3") is None


@pytest.mark.parametrize("name", ["mine", "MINE", "Mine"])
def test_an_accounts_name_is_taken_once_whatever_its_case(directory: OpenDirectory, name: str) -> None:
    assert directory.create_account(account(), key())
    assert not directory.create_account(account(name, OTHERS), key("AKIA2", OTHERS))
    assert directory.port.account(OTHERS) is None
    assert directory.port.access_key("AKIA2") is None


@pytest.mark.parametrize(
    ("made", "first"), [(account("other"), key("AKIA2")), (account("other", OTHERS), key("AKIA1", OTHERS))]
)
def test_an_id_that_exists_is_a_broken_invariant_and_leaves_nothing(
    directory: OpenDirectory, made: Account, first: AccessKey
) -> None:
    assert directory.create_account(account(), key())
    with pytest.raises(AssertionError):
        directory.create_account(made, first)
    assert directory.port.accounts() == [account()]
    assert directory.port.access_key("AKIA1") == key()
    assert directory.port.access_key("AKIA2") is None


def test_a_key_is_added_and_replaced(directory: OpenDirectory) -> None:
    directory.create_account(account(), key())
    second = key("AKIA2")
    directory.run(lambda: directory.port.put_access_key(second))
    assert directory.port.access_key("AKIA2") == second
    changed = key("AKIA1", secret="another", active=False)
    directory.run(lambda: directory.port.put_access_key(changed))
    assert directory.port.access_key("AKIA1") == changed
    assert directory.port.access_key("AKIA2") == second


def test_every_committed_write_by_anybody_changes_the_generation(directory: OpenDirectory) -> None:
    """So that a caller who caches by it never shows a key as it was."""
    other = OpenDirectory(directory.path)
    try:
        seen = [directory.port.generation()]
        assert directory.port.generation() == seen[0]
        directory.create_account(account(), key())
        seen.append(directory.port.generation())
        other.reserve(home("a"))
        seen.append(directory.port.generation())
        other.run(lambda: other.port.put_access_key(key(active=False)))
        seen.append(directory.port.generation())
        assert len(set(seen)) == 4
        kept = directory.port.access_key("AKIA1")
        assert kept is not None and not kept.active
    finally:
        other.close()


def test_a_bucket_name_is_taken_by_the_first_and_shown_to_the_next(directory: OpenDirectory) -> None:
    first = home("a")
    assert directory.reserve(first) == first
    for later in (home("a", OTHERS), home("a", created_us=9), home("a", region="eu-west-1"), first):
        assert directory.reserve(later) == first
    assert directory.port.bucket_home("a") == first
    assert directory.port.bucket_home("b") is None
    directory.reopen()
    assert directory.port.bucket_home("a") == first


def test_an_entry_is_given_up_by_itself_only(directory: OpenDirectory) -> None:
    """Not by a deletion that comes late, when the name has an entry of another time."""
    old, new = home("a", created_us=1), home("a", created_us=2)
    directory.reserve(old)
    directory.release(old)
    directory.release(old)
    assert directory.port.bucket_home("a") is None
    directory.reserve(new)
    directory.release(old)
    assert directory.port.bucket_home("a") == new


def test_an_entry_is_replaced_only_while_it_stands(directory: OpenDirectory) -> None:
    old, new, late = (home("a", created_us=number) for number in (1, 2, 3))
    directory.reserve(old)
    assert directory.reserve(new, over=old) == new
    assert directory.reserve(late, over=old) == new
    directory.release(new)
    assert directory.reserve(late, over=new) == late
    assert directory.port.bucket_home("a") == late


def test_of_two_who_want_a_name_at_the_same_time_one_has_it(directory: OpenDirectory) -> None:
    async def both() -> list[BucketHome]:
        wanted = [home("a", owner) for owner in (MINE, OTHERS)]
        return await asyncio.gather(*(directory.port.reserve_bucket(each) for each in wanted))

    first, second = directory.run(both)
    assert first == second == directory.port.bucket_home("a")


def test_an_accounts_buckets_are_scanned_by_name(directory: OpenDirectory) -> None:
    for name in ("c", "a", "b.b", "b-b", "b"):
        directory.reserve(home(name))
    directory.reserve(home("aa", OTHERS))

    def scanned(start: str, inclusive: bool) -> list[str]:
        return [each.name for each in directory.port.scan_bucket_homes(MINE, start, inclusive)]

    assert scanned("", True) == ["a", "b", "b-b", "b.b", "c"]
    assert scanned("b", True) == ["b", "b-b", "b.b", "c"]
    assert scanned("b", False) == ["b-b", "b.b", "c"]
    assert scanned("d", True) == []
    assert [each.name for each in directory.port.all_bucket_homes()] == ["a", "aa", "b", "b-b", "b.b", "c"]


def test_secrets_stand_in_the_file_under_the_deployment_key_alone(directory: OpenDirectory) -> None:
    directory.create_account(account(), key(secret="wJalrXUtnFEMI/K7MDENG"))
    directory.close()
    content = b"".join(path.read_bytes() for path in directory.path.parent.iterdir())
    assert b"AKIA1" in content
    assert b"wJalrXUtnFEMI" not in content
    directory.open()


def test_what_is_sealed_is_read_by_this_deployment_for_its_context(directory: OpenDirectory, tmp_path: Path) -> None:
    sealed = directory.port.seal(b"session", "token")
    assert directory.port.unseal(sealed, "token") == b"session"
    assert directory.port.unseal(sealed, "other") is None
    directory.reopen()
    assert directory.port.unseal(sealed, "token") == b"session"
    stranger = OpenDirectory(tmp_path / "another" / "directory.sqlite")
    assert stranger.port.unseal(sealed, "token") is None
    stranger.close()


@pytest.mark.parametrize("damage", ["missing", "another"])
def test_a_directory_without_its_own_key_does_not_open(directory: OpenDirectory, damage: str) -> None:
    directory.create_account(account(), key())
    directory.close()
    path = directory.path.with_name(KEY_FILE)
    content = path.read_bytes()
    path.unlink()
    if damage == "another":
        DeploymentKey.create(path)
    with pytest.raises(DeploymentKeyError):
        SqliteDirectory.open(directory.path)
    assert path.exists() == (damage == "another")
    path.write_bytes(content)
    directory.open()
    assert directory.port.access_key("AKIA1") == key()


def test_a_disk_that_refuses_is_unavailable_and_takes_no_name(directory: OpenDirectory) -> None:
    with files_of_at_most(4096), pytest.raises(StoreUnavailable):
        directory.reserve(home("a" * 60))
    assert directory.port.all_bucket_homes() == []
    assert directory.reserve(home("a")) == home("a")
