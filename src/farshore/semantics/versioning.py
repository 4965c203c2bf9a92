"""Version ids in requests and answers, and changes of a bucket's versioning.

Source: S3 User Guide, "How S3 Versioning works", "Working with delete markers", "Working with objects in a
versioning-suspended bucket"; answers recorded on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from farshore.model import errors
from farshore.model.buckets import VersioningStatus
from farshore.model.errors import (
    IllegalVersioningConfigurationException,
    InvalidArgument,
    InvalidBucketState,
    MalformedXML,
)
from farshore.model.objects import NULL_VERSION

_VERSION_ID = re.compile(r"[A-Za-z0-9._]{32}")
_REPLICATED = (
    "A replication configuration is present on this bucket, so you cannot change the versioning state. "
    "To change the versioning state, first delete the replication configuration."
)


class DeleteAction(Enum):
    """What a DELETE does to the stack of versions."""

    REMOVE_VERSION = auto()
    """Remove the named version for good."""
    ADD_MARKER = auto()
    """Put a delete marker with a new id on top."""
    ADD_NULL_MARKER = auto()
    """Put a delete marker with id `null` on top, replacing the null version if there is one."""
    REMOVE_NULL = auto()
    """Remove the only version that an unversioned bucket keeps of the key."""


def check_version_id(text: str, versioning: VersioningStatus | None = None, *, argument: str = "versionId") -> None:
    """Accept `null` or the form of AWS's version ids: 32 of [A-Za-z0-9._].

    Args:
        versioning: of the addressed bucket, where known. A bucket that was never versioned has no ids but `null`, and
            AWS answers any other as malformed.
    Raises:
        InvalidArgument: malformed.
    """
    if text == NULL_VERSION:
        return
    if not text:
        raise InvalidArgument("Version id cannot be the empty string", ArgumentName=argument, ArgumentValue=text)
    if not _VERSION_ID.fullmatch(text) or versioning is VersioningStatus.UNVERSIONED:
        raise InvalidArgument("Invalid version id specified", ArgumentName=argument, ArgumentValue=text)


def delete_action(versioning: VersioningStatus, version_id: str | None) -> DeleteAction:
    """What DELETE does in a bucket of this state, with or without a versionId."""
    if version_id is not None:
        return DeleteAction.REMOVE_VERSION
    match versioning:
        case VersioningStatus.ENABLED:
            return DeleteAction.ADD_MARKER
        case VersioningStatus.SUSPENDED:
            return DeleteAction.ADD_NULL_MARKER
        case VersioningStatus.UNVERSIONED:
            return DeleteAction.REMOVE_NULL


def version_id_of_read(versioning: VersioningStatus, version_id: str) -> str | None:
    """The x-amz-version-id of GET, HEAD, CopyObject and of delete markers: `null` is shown once a bucket was versioned.

    # AWS: CopyObject into a suspended bucket shows `null`, PutObject shows nothing (recorded).
    """
    return None if versioning is VersioningStatus.UNVERSIONED else version_id


def copy_source_version_id(version_id: str) -> str | None:
    """The x-amz-copy-source-version-id of a copy: not shown for a null version (recorded)."""
    return None if version_id == NULL_VERSION else version_id


def versioning_change(configuration: Mapping[str, Any], *, replicated: bool) -> VersioningStatus:
    """The state that a VersioningConfiguration document asks for.

    Args:
        configuration: members Status and MFADelete, as parsed.
        replicated: the bucket has a replication configuration, which needs versioning.
    Raises:
        IllegalVersioningConfigurationException: no Status.
        MalformedXML: a Status that AWS does not know.
        InvalidBucketState: Suspended while a replication configuration is present.
        NotImplemented: MFADelete Enabled.
    """
    status = configuration.get("Status")
    if status is None:
        raise IllegalVersioningConfigurationException()
    if status not in (VersioningStatus.ENABLED, VersioningStatus.SUSPENDED):
        raise MalformedXML()
    if configuration.get("MFADelete") == "Enabled":
        raise errors.NotImplemented(Header="x-amz-mfa")
    if status == VersioningStatus.SUSPENDED and replicated:
        raise InvalidBucketState(_REPLICATED)
    return VersioningStatus(status)
