"""Version ids and changes of versioning. Source: S3 User Guide, "How S3 Versioning works"; recorded answers."""

from __future__ import annotations

from typing import Any

import pytest

from farshore.model import errors
from farshore.model.buckets import VersioningStatus
from farshore.runtime import ids
from farshore.semantics.versioning import (
    DeleteAction,
    check_version_id,
    copy_source_version_id,
    delete_action,
    version_id_of_read,
    versioning_change,
)

ENABLED, SUSPENDED, UNVERSIONED = VersioningStatus.ENABLED, VersioningStatus.SUSPENDED, VersioningStatus.UNVERSIONED
AWS_ID = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"


@pytest.mark.parametrize("text", ["null", AWS_ID, "._" * 16])
@pytest.mark.parametrize("versioning", [None, ENABLED, SUSPENDED])
def test_a_well_formed_version_id_is_accepted(text: str, versioning: VersioningStatus | None) -> None:
    check_version_id(text, versioning)


def test_our_own_version_ids_are_well_formed() -> None:
    check_version_id(ids.version_id(1_700_000_000_000_000))


@pytest.mark.parametrize("text", ["x", "NULL", AWS_ID + "A", AWS_ID[:-1], AWS_ID[:-1] + "/", AWS_ID[:-1] + "\n"])
def test_a_malformed_version_id_is_an_invalid_argument(text: str) -> None:
    with pytest.raises(errors.InvalidArgument, match="Invalid version id specified") as refused:
        check_version_id(text)
    assert refused.value.details == {"ArgumentName": "versionId", "ArgumentValue": text}


def test_a_bucket_that_was_never_versioned_knows_null_only() -> None:
    check_version_id("null", UNVERSIONED)
    with pytest.raises(errors.InvalidArgument, match="Invalid version id specified"):
        check_version_id(AWS_ID, UNVERSIONED)


def test_an_empty_version_id_has_a_message_of_its_own() -> None:
    with pytest.raises(errors.InvalidArgument, match="Version id cannot be the empty string"):
        check_version_id("")


@pytest.mark.parametrize(
    ("versioning", "version_id", "action"),
    [
        (ENABLED, None, DeleteAction.ADD_MARKER),
        (SUSPENDED, None, DeleteAction.ADD_NULL_MARKER),
        (UNVERSIONED, None, DeleteAction.REMOVE_NULL),
        (ENABLED, AWS_ID, DeleteAction.REMOVE_VERSION),
        (SUSPENDED, "null", DeleteAction.REMOVE_VERSION),
        (UNVERSIONED, "null", DeleteAction.REMOVE_VERSION),
    ],
)
def test_what_a_delete_does(versioning: VersioningStatus, version_id: str | None, action: DeleteAction) -> None:
    assert delete_action(versioning, version_id) is action


def test_reads_show_a_version_id_once_a_bucket_was_versioned() -> None:
    assert version_id_of_read(ENABLED, AWS_ID) == AWS_ID
    assert version_id_of_read(SUSPENDED, "null") == "null"
    assert version_id_of_read(UNVERSIONED, "null") is None


def test_a_copy_does_not_name_the_null_version_as_its_source() -> None:
    assert copy_source_version_id("null") is None
    assert copy_source_version_id(AWS_ID) == AWS_ID


@pytest.mark.parametrize("replicated", [False, True])
def test_versioning_can_always_be_enabled(replicated: bool) -> None:
    assert versioning_change({"Status": "Enabled", "MFADelete": "Disabled"}, replicated=replicated) is ENABLED


def test_versioning_can_be_suspended_without_replication_only() -> None:
    assert versioning_change({"Status": "Suspended"}, replicated=False) is SUSPENDED
    with pytest.raises(errors.InvalidBucketState, match="first delete the replication configuration") as refused:
        versioning_change({"Status": "Suspended"}, replicated=True)
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("configuration", "error"),
    [
        ({}, errors.IllegalVersioningConfigurationException),
        ({"Status": "enabled"}, errors.MalformedXML),
        ({"Status": "Disabled"}, errors.MalformedXML),
        ({"Status": ""}, errors.MalformedXML),
        ({"Status": "Enabled", "MFADelete": "Enabled"}, errors.NotImplemented),
    ],
)
def test_other_versioning_documents_are_refused(configuration: dict[str, Any], error: type[errors.S3Error]) -> None:
    with pytest.raises(error):
        versioning_change(configuration, replicated=False)
