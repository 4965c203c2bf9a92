"""Conditional requests. Source: API Reference, GetObject, CopyObject; S3 User Guide, "Conditional writes",
"Conditional deletes"; RFC 9110 section 13.2.2; answers recorded on AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farshore.model.errors import (
    ConditionalRequestConflict,
    NoSuchKey,
    NotImplemented,
    NotModified,
    PreconditionFailed,
    S3Error,
)
from farshore.semantics.preconditions import (
    check_complete_write,
    check_copy_source,
    check_delete,
    check_read,
    check_write,
    check_write_headers,
)

ETAG = "8d777f385d3dfec8815d20f7496026dc"
MODIFIED = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
CREATED_US = int(MODIFIED.timestamp()) * 1_000_000 + 789_000
BEFORE, AFTER = MODIFIED - timedelta(days=1), MODIFIED + timedelta(seconds=3)
NOW_US = CREATED_US + 60_000_000
TOMORROW = MODIFIED + timedelta(days=1)

HOLDS: list[dict[str, Any]] = [
    {},
    {"IfMatch": f'"{ETAG}"'},
    {"IfMatch": ETAG},
    {"IfMatch": "*"},
    {"IfMatch": f'"other", W/"{ETAG}"'},
    {"IfNoneMatch": '"other"'},
    {"IfModifiedSince": BEFORE},
    {"IfModifiedSince": TOMORROW},
    {"IfUnmodifiedSince": MODIFIED},
    {"IfUnmodifiedSince": AFTER},
    {"IfMatch": ETAG, "IfUnmodifiedSince": BEFORE},
    {"IfNoneMatch": "other", "IfModifiedSince": AFTER},
    {"IfMatch": ETAG, "IfNoneMatch": "other", "IfModifiedSince": BEFORE, "IfUnmodifiedSince": AFTER},
]
ALL_FAIL: dict[str, Any] = {
    "IfMatch": "other",
    "IfUnmodifiedSince": BEFORE,
    "IfNoneMatch": f'"{ETAG}"',
    "IfModifiedSince": AFTER,
}
FAILS: list[tuple[dict[str, Any], str]] = [
    (ALL_FAIL, "If-Match"),
    ({k: v for k, v in ALL_FAIL.items() if k != "IfMatch"}, "If-Unmodified-Since"),
    ({"IfNoneMatch": f'"{ETAG}"', "IfModifiedSince": AFTER}, "If-None-Match"),
    ({"IfNoneMatch": f'"{ETAG}"', "IfModifiedSince": BEFORE}, "If-None-Match"),
    ({"IfNoneMatch": ETAG}, "If-None-Match"),
    ({"IfNoneMatch": "*"}, "If-None-Match"),
    ({"IfModifiedSince": AFTER}, "If-Modified-Since"),
    ({"IfModifiedSince": MODIFIED}, "If-Modified-Since"),
    ({"IfMatch": '"other"', "IfModifiedSince": BEFORE}, "If-Match"),
    ({"IfUnmodifiedSince": BEFORE}, "If-Unmodified-Since"),
]


@pytest.mark.parametrize("params", HOLDS, ids=str)
def test_a_condition_that_holds_lets_reads_and_copies_pass(params: dict[str, Any]) -> None:
    check_read(params, ETAG, CREATED_US, now_us=NOW_US)
    check_copy_source(_of_copy(params), ETAG, CREATED_US, now_us=NOW_US)


@pytest.mark.parametrize(("params", "condition"), FAILS, ids=str)
def test_the_first_condition_that_fails_decides_a_read(params: dict[str, Any], condition: str) -> None:
    with pytest.raises(S3Error) as refused:
        check_read(params, ETAG, CREATED_US, now_us=NOW_US)
    if condition in ("If-None-Match", "If-Modified-Since"):
        assert isinstance(refused.value, NotModified)
        assert refused.value.headers == {"ETag": f'"{ETAG}"', "Last-Modified": "Tue, 03 Feb 2026 04:05:06 GMT"}
    else:
        assert isinstance(refused.value, PreconditionFailed)
        assert refused.value.details == {"Condition": condition}


@pytest.mark.parametrize(("params", "condition"), FAILS, ids=str)
def test_the_first_condition_that_fails_refuses_a_copy(params: dict[str, Any], condition: str) -> None:
    with pytest.raises(PreconditionFailed) as refused:
        check_copy_source(_of_copy(params), ETAG, CREATED_US, now_us=NOW_US)
    assert refused.value.details == {"Condition": f"x-amz-copy-source-{condition}"}


def test_conditions_of_a_copy_source_do_not_concern_reads_and_the_other_way_round() -> None:
    check_read(_of_copy(ALL_FAIL), ETAG, CREATED_US, now_us=NOW_US)
    check_copy_source(ALL_FAIL, ETAG, CREATED_US, now_us=NOW_US)


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "current"),
    [
        (None, None, None),
        (None, None, ETAG),
        (None, "*", None),
        (ETAG, None, ETAG),
        (f'"{ETAG}"', None, ETAG),
    ],
)
def test_a_write_whose_condition_holds_passes(
    if_match: str | None, if_none_match: str | None, current: str | None
) -> None:
    check_write(if_match, if_none_match, current, key="k")


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "current", "error", "details"),
    [
        (None, "*", ETAG, PreconditionFailed, {"Condition": "If-None-Match"}),
        ("other", None, ETAG, PreconditionFailed, {"Condition": "If-Match"}),
        (ETAG, None, None, NoSuchKey, {"Key": "k"}),
    ],
)
def test_a_write_whose_condition_fails_is_refused(
    if_match: str | None,
    if_none_match: str | None,
    current: str | None,
    error: type[S3Error],
    details: dict[str, str],
) -> None:
    with pytest.raises(error) as refused:
        check_write(if_match, if_none_match, current, key="k")
    assert refused.value.details == details


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "header", "reason"),
    [
        ("*", None, "If-Match", "We don't accept the provided value of If-Match header for this API"),
        (None, ETAG, "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"),
        (ETAG, "*", "If-Match,If-None-Match", "Multiple conditional request headers present in the request"),
    ],
)
def test_conditions_that_writes_do_not_take_are_not_implemented(
    if_match: str | None, if_none_match: str | None, header: str, reason: str
) -> None:
    with pytest.raises(NotImplemented) as refused:
        check_write_headers(if_match, if_none_match)
    assert refused.value.status == 501
    assert refused.value.details == {"Header": header, "additionalMessage": reason}


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "current", "changed_us", "error"),
    [
        (ETAG, None, ETAG, 99, None),
        (ETAG, None, ETAG, 101, ConditionalRequestConflict),
        ("other", None, ETAG, 101, PreconditionFailed),
        (ETAG, None, None, 101, NoSuchKey),
        (None, "*", None, 0, None),
        (None, "*", None, 101, ConditionalRequestConflict),
        (None, "*", ETAG, 101, PreconditionFailed),
        (None, None, ETAG, 101, None),
    ],
)
def test_a_conditional_completion_gives_way_to_changes_since_the_upload_began(
    if_match: str | None, if_none_match: str | None, current: str | None, changed_us: int, error: type[S3Error] | None
) -> None:
    def check() -> None:
        check_complete_write(if_match, if_none_match, current, key="k", changed_us=changed_us, upload_created_us=100)

    if error is None:
        check()
    else:
        with pytest.raises(error):
            check()


def test_a_conflict_names_condition_and_key() -> None:
    with pytest.raises(ConditionalRequestConflict) as refused:
        check_complete_write(None, "*", None, key="k", changed_us=2, upload_created_us=1)
    assert refused.value.details == {"Condition": "If-None-Match", "Key": "k"}


@pytest.mark.parametrize(
    ("condition", "current", "marker", "error"),
    [
        (None, None, False, None),
        (None, None, True, None),
        ("*", ETAG, False, None),
        (f'"{ETAG}"', ETAG, False, None),
        ("other", ETAG, False, PreconditionFailed),
        ("*", None, True, PreconditionFailed),
        (ETAG, None, True, PreconditionFailed),
        ("*", None, False, NoSuchKey),
        (ETAG, None, False, NoSuchKey),
    ],
)
def test_a_conditional_delete_looks_at_the_current_version(
    condition: str | None, current: str | None, marker: bool, error: type[S3Error] | None
) -> None:
    params = {} if condition is None else {"IfMatch": condition}
    if error is None:
        check_delete(params, current, key="k", marker=marker)
    else:
        with pytest.raises(error):
            check_delete(params, current, key="k", marker=marker)


@pytest.mark.parametrize(
    ("member", "header"),
    [("IfMatchLastModifiedTime", "x-amz-if-match-last-modified-time"), ("IfMatchSize", "x-amz-if-match-size")],
)
def test_conditions_of_directory_buckets_are_not_implemented(member: str, header: str) -> None:
    with pytest.raises(NotImplemented) as refused:
        check_delete({member: 0}, ETAG, key="k")
    assert refused.value.details == {"Header": header}


def _of_copy(params: dict[str, Any]) -> dict[str, Any]:
    return {f"CopySource{name}": value for name, value in params.items()}
