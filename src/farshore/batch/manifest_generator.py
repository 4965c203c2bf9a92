"""Manifests that the job makes for itself: the versions of its source bucket that pass its filter.

The bucket is read segment by segment, each in one snapshot of the store, in a thread; memory is that of a segment.
Source: S3 User Guide, "Specifying a manifest" (S3JobManifestGenerator).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from farshore.metadata.store import Reader
from farshore.model.batch import Candidate, ManifestPlace, ManifestRow
from farshore.model.buckets import Bucket
from farshore.semantics.manifest_rows import SEGMENT_ROWS, encode_key, inventory_line, pack

SCANNED_MAX = 200_000
"""Versions that are read in one snapshot, however few of them pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read of a bucket. encryption: whether the test looks at it."""

    bucket: Bucket
    prefix: bytes
    passes: Callable[[Candidate], bool]
    encryption: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A segment. rows: in it, perhaps none. place: the last version that was read. ended: nothing comes behind it."""

    content: bytes
    rows: int
    place: ManifestPlace | None
    ended: bool


def scan_segment(reader: Reader, wanted: Wanted, after: ManifestPlace | None) -> Scanned:
    """The next segment of a bucket's manifest. For a thread."""
    bucket, passes = wanted.bucket.name, wanted.passes
    lines: list[str] = []
    candidate: Candidate | None = None
    ended = True
    candidates = reader.scan_candidates(wanted.bucket.id, wanted.prefix, after, encryption=wanted.encryption)
    for scanned, candidate in enumerate(candidates, 1):
        if passes(candidate):
            row = ManifestRow(bucket, encode_key(candidate.key.decode()), candidate.version_id)
            lines.append(inventory_line(row))
        if len(lines) >= SEGMENT_ROWS or scanned >= SCANNED_MAX:
            ended = False
            break
    place = after if candidate is None else ManifestPlace(candidate.key, candidate.created_us, candidate.version_id)
    return Scanned(content=pack(lines) if lines else b"", rows=len(lines), place=place, ended=ended)
