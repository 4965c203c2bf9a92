"""The port of the deployment's directory: accounts, identities, and which region and account a bucket name belongs to.

Bucket names are unique in the deployment. A name is reserved here before its region creates the bucket, and released
after its region deleted it; a crash between leaves a name without a bucket, which `CreateBucket` takes over and which
start-up releases. An entry is told from an earlier one of its name by its time: a deletion that comes late releases the
entry of its own bucket, never that of a bucket made since.

Contract: reads are synchronous point reads of the last committed state; writes return when they are on disk;
`generation()` is cheap and changes with every committed write, by any process, so that callers cache by it. Users,
groups, roles, policies and access keys are the port `identities`, in the same transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from farshore.metadata.identities import IdentityReader, IdentityTransaction
from farshore.model.access import AccessKey, Account
from farshore.model.buckets import BucketHome

T = TypeVar("T")


class Directory(Protocol):
    @property
    def identities(self) -> IdentityReader:
        """Reads of identities."""
        ...

    def generation(self) -> int: ...

    def access_key(self, access_key_id: str) -> AccessKey | None: ...

    def account(self, account_id: str) -> Account | None: ...

    def accounts(self) -> list[Account]: ...

    def bucket_home(self, name: str) -> BucketHome | None: ...

    def scan_bucket_homes(self, owner: str, start: str, inclusive: bool) -> Iterator[BucketHome]:
        """Bucket names of an account, ascending, from `start`."""
        ...

    def all_bucket_homes(self) -> list[BucketHome]: ...

    async def create_account(self, account: Account, key: AccessKey) -> bool:
        """Add an account with its first key; False when an account has this name already, whatever its case.

        Raises AssertionError when the account id or key id exists.
        """
        ...

    async def put_access_key(self, key: AccessKey) -> None:
        """Add a key of an account that exists, or replace the secret and the activity of the key with this id."""
        ...

    async def write(self, command: Callable[[IdentityTransaction], T]) -> T:
        """Run a command and return its result once its changes are on disk. Raises StoreUnavailable, or what it raises.

        The command takes times and ids from its arguments: it may be run more than once.
        """
        ...

    def seal(self, content: bytes, context: str) -> bytes:
        """Encrypt under the deployment's key: only this deployment reads it, and only for the same context."""
        ...

    def unseal(self, sealed: bytes, context: str) -> bytes | None:
        """What was sealed; None when it was not by this deployment, not for this context, or was changed since."""
        ...

    def sign_in_ended(self, sign_in: str) -> bool:
        """Whether a sign-in to the console, by its id, was ended before its time."""
        ...

    async def end_sign_in(self, sign_in: str, expires_us: int, now_us: int) -> None:
        """Remember that it was, until the time when it ends by itself."""
        ...

    async def reserve_bucket(self, home: BucketHome, *, over: BucketHome | None = None) -> BucketHome:
        """Take the name, unless it is taken: returns the entry that now stands, the caller's own or another's.

        Args:
            over: an entry that the caller may replace, if it is still the one that stands.
        """
        ...

    async def release_bucket(self, home: BucketHome) -> None:
        """Give this entry up; no change if it does not stand any more, also when the name has another one by now."""
        ...

    async def close(self) -> None: ...
