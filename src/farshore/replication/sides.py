"""The two sides of a verification, read piece by piece in the order of versions: by keys, then newest first.

A piece of the source ends where its versions do; the destination answers for the same piece with a digest, and lists
only what differs. Every function is a read of its own, for a reading thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from farshore.metadata.store import Reader
from farshore.model.objects import Version
from farshore.replication.expectation import Expectation, Expected
from farshore.semantics.replica_comparison import digest_of, row_of
from farshore.semantics.replication_status import state_of


class Place(NamedTuple):
    """Where a version stands in a bucket."""

    key: bytes
    created_us: int
    version_id: str

    @classmethod
    def of(cls, version: Version) -> Place:
        return cls(version.key.encode(), version.created_us, version.version_id)

    def is_behind(self, other: Place) -> bool:
        """Whether it comes later in the order."""
        if self.key != other.key:
            return self.key > other.key
        return (self.created_us, self.version_id) < (other.created_us, other.version_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the order: keys from start to but without end, after one place, up to and with another.

    after: None from the first key on. upto: None to the last.
    """

    start: bytes
    end: bytes
    after: Place | None = None
    upto: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePiece:
    """What a piece of the source expects in the destination.

    versions: how many were looked at. rows: the rows of what is expected, as bytes. upto: where the piece ended before
    the source did.
    """

    versions: int
    expected: Sequence[Expected]
    rows: Sequence[bytes]
    upto: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a destination says of a piece. cut: where it ended early, since it holds more than was expected."""

    digest: bytes
    cut: Place | None


class Found(NamedTuple):
    """A version of the destination. in_order: it is marked as the current one exactly when it is the newest."""

    version: Version
    in_order: bool


def read_source(reader: Reader, bucket_id: int, expectation: Expectation, piece: Piece, limit: int) -> SourcePiece:
    """Read a piece of the source, at most so many versions of it."""
    versions = list(islice(_scan(reader, bucket_id, piece), limit))
    expected = [found for found in map(expectation.of, versions) if found is not None]
    return SourcePiece(
        versions=len(versions),
        expected=expected,
        rows=[row_of(each.replica) for each in expected],
        upto=Place.of(versions[-1]) if len(versions) == limit else piece.upto,
    )


class Destination:
    """The destination's side. Its functions are reads of their own, for a reading thread.

    Args:
        ranges: of keys that count, ascending.
        source_name: versions that the bucket itself sends there are none of this direction's.
    """

    def __init__(self, bucket_id: int, ranges: Sequence[tuple[bytes, bytes]], source_name: str) -> None:
        self._bucket_id = bucket_id
        self._ranges = ranges
        self._source_name = source_name

    def digest(self, reader: Reader, piece: Piece, limit: int) -> Digest:
        """The digest of a piece, at most so many versions of it."""
        rows: list[bytes] = []
        last: Version | None = None
        for looked_at, found in enumerate(self._scan(reader, piece)):
            if looked_at == limit:
                assert last is not None
                return Digest(digest=digest_of(rows), cut=Place.of(last))
            last = found.version
            if not self._goes_back(last):
                rows.append(row_of(last, in_order=found.in_order))
        return Digest(digest=digest_of(rows), cut=None)

    def list(self, reader: Reader, piece: Piece) -> Sequence[Found]:
        """The versions of a piece that `digest` did not cut."""
        return [found for found in self._scan(reader, piece) if not self._goes_back(found.version)]

    def _goes_back(self, version: Version) -> bool:
        return (
            bool(version.destinations) and not version.is_replica and state_of(version, self._source_name) is not None
        )

    def _scan(self, reader: Reader, piece: Piece) -> Iterator[Found]:
        key = None if piece.after is None else piece.after.key.decode()
        for start, end in self._ranges:
            part = _within(piece, start, end)
            if part is None:
                continue
            for version in _scan(reader, self._bucket_id, part):
                yield Found(version, version.latest == (version.key != key))
                key = version.key


def in_order(versions: Iterable[Version]) -> list[Version]:
    """Versions in the order of their places."""
    newest_first = sorted(versions, key=lambda each: (each.created_us, each.version_id), reverse=True)
    return sorted(newest_first, key=lambda each: each.key.encode())


def _within(piece: Piece, start: bytes, end: bytes) -> Piece | None:
    """The part of a piece that lies in a range of keys; None when there is none."""
    start, end = max(start, piece.start), min(end, piece.end)
    after = piece.after
    if after is not None and after.key < start:
        after = None
    if start >= end or (after is not None and after.key >= end) or (piece.upto is not None and piece.upto.key < start):
        return None
    return Piece(start=start, end=end, after=after, upto=piece.upto)


def _scan(reader: Reader, bucket_id: int, piece: Piece) -> Iterator[Version]:
    after, upto = piece.after, piece.upto
    if after is None:
        versions = reader.scan_versions(bucket_id, piece.start, True)
    else:
        versions = reader.scan_versions_after(bucket_id, *after)
    for version in versions:
        key = version.key.encode()
        if key >= piece.end or (upto is not None and key >= upto.key and Place.of(version).is_behind(upto)):
            return
        yield version
