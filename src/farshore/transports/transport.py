"""The port by which replication reaches a destination bucket, wherever it is.

Contract, for every driver:
- Every method may be repeated at any time with the same arguments, also after an error or a crash that hid the result:
  a version that is there already is left alone, unless it is to be replaced.
- `TransientError`: nothing can be said of the changes; some may have arrived. They stay PENDING and come again.
- `PermanentError`: the destination refuses all of the changes, for the reason that its code names.
- Results are in the order of the changes: None for one that is there now, else why it is refused for good.
- `bucket` is the destination as it was when it was decided that the changes may go there. It alone takes them: another
  that has its name since, perhaps of another account, is not touched (TransientError: the next turn decides anew).
- No method waits without a deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from farshore.model.blobs import BlobReader
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, TaskKind

CHANGES_MAX = 128
"""Changes in one call of `put_many`: a receiver commits them in one transaction, during which others wait."""

CHANGES_BYTES_MAX = 2 * 1024 * 1024
"""Bytes of bodies in one call of `put_many`; a single body may be larger."""


class TransientError(Exception):
    """The destination cannot be reached or is unavailable now; the text says how. The change stays PENDING."""


class PermanentError(Exception):
    """The destination refuses; it ends FAILED."""

    def __init__(self, code: FailureCode, detail: str) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change on its way.

    version: the replica as it is to be; its blobs are still the source's.
    body: exactly when a version is brought and `version.inline`.
    changed: of a change of metadata, what is brought (TAGS, ACL); nothing else of the version counts but its identity,
        owner and times. Empty when the version itself is brought.
    two_way: of a change of metadata: the later edit of both sides stands. Else the source's does.
    replace: a version that is there already is damaged: this one takes its place.
    """

    version: Version
    body: bytes | None = None
    changed: tuple[TaskKind, ...] = ()
    two_way: bool = False
    replace: bool = False


class Transport(Protocol):
    async def put_many(self, bucket: Bucket, changes: Sequence[Change]) -> list[FailureCode | None]:
        """Bring changes without blobs: small versions, delete markers, changes of metadata. At most `CHANGES_MAX`."""
        ...

    async def put_streamed(
        self, bucket: Bucket, version: Version, source: BlobReader, *, replace: bool = False
    ) -> FailureCode | None:
        """Bring one version whose bytes are blobs of `source`, in constant memory, part by part.

        Args:
            replace: as `Change`.
        Raises:
            BlobMissing: the source has lost bytes, or the version was deleted meanwhile.
            StoredBytesDiffer: the source's bytes are not those that were stored once.
        """
        ...
