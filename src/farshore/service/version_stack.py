"""The stack of versions under a key: where a new version enters, which one is current, what a removal uncovers.

Versions are ordered by (created_us, version id), newest first, never by arrival: a replica keeps its source's time and
id, so replicas applied in any order give the same stack on both sides, and a late one enters as noncurrent.
Every function runs inside a metadata command.
Source: S3 User Guide, "How S3 Versioning works", "Working with versioning-suspended buckets".
"""

from __future__ import annotations

import msgspec

from farshore.metadata.store import Transaction
from farshore.model.buckets import Bucket, VersioningStatus
from farshore.model.objects import NULL_VERSION, Version
from farshore.runtime import ids


def next_place(bucket: Bucket, current: Version | None, now_us: int) -> tuple[str, int]:
    """Version id and time for a local write: later than every version of the key, whatever the clock says."""
    created_us = now_us if current is None or current.created_us < now_us else current.created_us + 1
    if bucket.versioning is VersioningStatus.ENABLED:
        return ids.version_id(created_us), created_us
    return NULL_VERSION, created_us


def push(tx: Transaction, version: Version, current: Version | None, body: bytes | None, now_us: int) -> Version:
    """Put a local write on top. A null version replaces the key's null version; others stay untouched.

    Args:
        version: with id and time from `next_place`, given the same `current`.
        current: the key's newest version before, as this transaction sees it.
    """
    if version.version_id == NULL_VERSION:
        null = current if current is None or current.version_id == NULL_VERSION else _null_version(tx, version)
        if null is not None:
            _discard(tx, null, now_us)
            current = None if null is current else current
    if current is not None:
        tx.set_latest(current.row, False)
    return msgspec.structs.replace(version, latest=True, row=tx.insert_version(version, body))


def insert_in_order(tx: Transaction, version: Version, body: bytes | None, now_us: int) -> bool:
    """Put a replica where its time and id say. False when this very version is there already (a repeat).

    A null replica replaces an older null version, and gives way to a newer one.
    """
    current = tx.current(version.bucket_id, version.key)
    if current is None:  # Then the key has no version at all, as most that are new here.
        tx.insert_version(msgspec.structs.replace(version, latest=True), body)
        return True
    if version.version_id == NULL_VERSION:
        null = _null_version(tx, version)
        if null is not None:
            if null.created_us >= version.created_us:
                return False
            pop(tx, null, now_us)
            current = tx.current(version.bucket_id, version.key)
    elif tx.version(version.bucket_id, version.key, version.version_id) is not None:
        return False
    newest = current is None or (current.created_us, current.version_id) < (version.created_us, version.version_id)
    if newest and current is not None:
        tx.set_latest(current.row, False)
    tx.insert_version(msgspec.structs.replace(version, latest=newest), body)
    return True


def pop(tx: Transaction, version: Version, now_us: int) -> None:
    """Remove a version for good; when it was current, the next older one becomes current."""
    _discard(tx, version, now_us)
    if version.latest:
        below = tx.current(version.bucket_id, version.key)
        if below is not None:
            tx.set_latest(below.row, True)


def _null_version(tx: Transaction, version: Version) -> Version | None:
    return tx.version(version.bucket_id, version.key, NULL_VERSION)


def _discard(tx: Transaction, version: Version, now_us: int) -> None:
    tx.remove_version(version)
    if version.blobs:
        tx.add_garbage(version.blobs, now_us)
