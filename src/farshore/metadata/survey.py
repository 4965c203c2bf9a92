"""The port of surveys: reads of a whole bucket, range by range, that cost little for each version.

Ranges are of key bytes, from `start` up to but without `end`; `KEYS_END` is beyond every key. Each call is a read of
its own: a survey of many calls sees what changes between them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import msgspec

from farshore.model.objects import Version
from farshore.model.replication import ReplicationStatus

KEYS_END = b"\xff"
"""No key has this byte: keys are UTF-8."""


Tag = tuple[str, str]
"""(name, value)."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What versions are counted by. tags: of those that are asked for."""

    latest: bool
    delete_marker: bool
    storage_class: str
    status: ReplicationStatus | None
    tags: dict[str, str]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Versions of one kind in a range. key: the first of them."""

    kind: Kind
    versions: int
    bytes: int
    key: str


class SurveyReader(Protocol):
    def first_key(self, bucket_id: int, start: bytes) -> bytes | None:
        """The first key from `start` on, of whatever version."""
        ...

    def key_after(self, bucket_id: int, start: bytes, versions: int) -> bytes:
        """The key of the version that comes so many versions after the first one from `start` on; KEYS_END when there
        are not so many. Walks an index."""
        ...

    def versions(self, bucket_id: int, start: bytes, end: bytes) -> int:
        """How many versions and delete markers a range has. Walks an index."""
        ...

    def count(self, bucket_id: int, start: bytes, end: bytes, tags: Collection[Tag]) -> list[Counted]:
        """The versions of a range, by kind: told apart by which of these tags they have, and by no others.

        Other values of the same names are no kinds of their own: each version may have one.
        """
        ...

    def keys(
        self, bucket_id: int, start: bytes, end: bytes, kind: Kind, tags: Collection[Tag], limit: int
    ) -> list[str]:
        """The first keys of a range that have a version of this kind. tags: as the kind was counted with."""
        ...

    def newest_row(self) -> int:
        """The greatest `Version.row` that was ever given; 0 when none was."""
        ...

    def doubtful_pending(self, after_row: int, up_to_row: int) -> list[Version]:
        """Versions of a span of rows, of any bucket, that may stand PENDING at a destination without a task: all that
        do, and others with several destinations. Costs by versions of the span that wait."""
        ...
