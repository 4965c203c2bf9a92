"""Listings. Source: API Reference, ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads; answers
recorded on AWS (the folder/aSubfolder examples)."""

from __future__ import annotations

import base64
import random
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import NamedTuple

import pytest

from farshore.model.errors import InvalidArgument
from farshore.semantics.listing import (
    ListingPage,
    check_encoding_type,
    check_max,
    check_version_markers,
    decode_token,
    encode_token,
    list_current,
    list_uploads,
    list_versions,
    url_encode_key,
)

FOLDER = ["folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2"]


class Row(NamedTuple):
    key: str
    version_id: str = ""
    upload_id: str = ""


class Scanner:
    """A sorted table of rows that counts what is read of it and which scans were left open."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = sorted(rows, key=lambda row: row.key.encode())
        self.read = 0
        self.open = 0

    def __call__(self, start: bytes, inclusive: bool) -> Generator[Row]:
        keep: Callable[[bytes], bool] = (lambda key: key >= start) if inclusive else (lambda key: key > start)
        return self._scan([row for row in self.rows if keep(row.key.encode())])

    def peek(self, start: bytes, inclusive: bool) -> bytes | None:
        with closing(self(start, inclusive)) as rows:
            row = next(rows, None)
        return None if row is None else row.key.encode()

    def after(self, place: Row) -> Iterator[Row]:
        return self._scan(self.rows[self.rows.index(place) + 1 :])

    def _scan(self, rows: list[Row]) -> Generator[Row]:
        self.open += 1
        try:
            for row in rows:
                self.read += 1
                yield row
        finally:
            self.open -= 1


def scanner(*keys: str) -> Scanner:
    return Scanner([Row(key) for key in keys])


def page_of(
    scan: Scanner, prefix: str = "", delimiter: str = "", after: str = "", max_keys: int = 1000
) -> tuple[list[str], list[str], bool, str]:
    """A page, and the same one where keys can be peeked at."""
    asked = {"prefix": prefix.encode(), "delimiter": delimiter.encode(), "start_after": after.encode()}
    other = Scanner(scan.rows)
    peeked: ListingPage[Row] = list_current(other, **asked, max_keys=max_keys, peek=other.peek)
    page: ListingPage[Row] = list_current(scan, **asked, max_keys=max_keys)
    assert page == peeked
    assert scan.open == other.open == 0
    assert page.key_count == len(page.contents) + len(page.common_prefixes) <= max_keys
    return [row.key for row in page.contents], page.common_prefixes, page.truncated, page.next_marker


def test_pages_with_a_delimiter_are_as_recorded() -> None:
    scan = scanner(*FOLDER)
    prefix, delimiter = "folder/", "/"
    assert page_of(scan, prefix, delimiter, "", 1) == ([], ["folder/aSubfolder/"], True, "folder/aSubfolder/")
    assert page_of(scan, prefix, delimiter, "folder/aSubfolder/", 1) == (["folder/file1"], [], True, "folder/file1")
    assert page_of(scan, prefix, delimiter, "folder/file1", 1) == (["folder/file2"], [], False, "")
    # A marker inside a common prefix counts as the prefix.
    inside = "folder/aSubfolder/subFile1"
    assert page_of(scan, prefix, delimiter, inside, 1) == (["folder/file1"], [], True, "folder/file1")


@pytest.mark.parametrize(
    ("prefix", "delimiter", "contents", "prefixes"),
    [
        ("test/", "", ["test/bar/1", "test/foo/bar/1"], []),
        ("test/", "/", [], ["test/bar/", "test/foo/"]),
        ("test/foo", "/", [], ["test/foo/"]),
        ("test/foo/bar", "/", [], ["test/foo/bar/"]),
        ("test/foo/bar/", "/", ["test/foo/bar/1"], []),
        ("test", "%2F", ["test/bar/1", "test/foo/bar/1"], []),
        ("", "/b", [], ["test/b", "test/foo/b"]),
        ("zzz", "/", [], []),
        ("", "", ["test/bar/1", "test/foo/bar/1"], []),
    ],
)
def test_prefix_and_delimiter_divide_keys_and_common_prefixes(
    prefix: str, delimiter: str, contents: list[str], prefixes: list[str]
) -> None:
    scan = scanner("test/bar/1", "test/foo/bar/1")
    assert page_of(scan, prefix, delimiter) == (contents, prefixes, False, "")


def test_a_key_that_ends_with_the_delimiter_is_a_common_prefix_of_its_parent_but_listed_in_itself() -> None:
    scan = scanner("dir/", "dir/a", "dir0")
    assert page_of(scan, "", "/") == (["dir0"], ["dir/"], False, "")
    assert page_of(scan, "dir/", "/") == (["dir/", "dir/a"], [], False, "")


def test_keys_are_ordered_by_their_bytes() -> None:
    scan = scanner("a", "B", "é", "\U0001f600", "ﬀ", "~")
    assert page_of(scan)[0] == ["B", "a", "~", "é", "ﬀ", "\U0001f600"]


def test_a_page_of_nothing_is_not_truncated() -> None:
    scan = scanner("a", "b")
    assert page_of(scan, max_keys=0) == ([], [], False, "")
    assert scan.read == 0


def test_a_page_that_ends_with_the_last_key_is_not_truncated() -> None:
    assert page_of(scanner("a", "b", "c"), "", "", "", 3) == (["a", "b", "c"], [], False, "")
    assert page_of(scanner("p/a", "p/b", "q"), "p/", "", "", 2) == (["p/a", "p/b"], [], False, "")


def test_a_marker_before_or_behind_the_prefix_is_no_obstacle() -> None:
    scan = scanner("a", "p/a", "p/b", "z")
    assert page_of(scan, "p/", after="a")[0] == ["p/a", "p/b"]
    assert page_of(scan, "p/", after="p/")[0] == ["p/a", "p/b"]
    assert page_of(scan, "p/", after="q") == ([], [], False, "")


def test_a_delimiter_listing_does_not_read_through_a_common_prefix() -> None:
    scan = Scanner([Row(f"{folder}/{number}") for folder in "abc" for number in range(1000)])
    assert page_of(scan, "", "/") == ([], ["a/", "b/", "c/"], False, "")
    assert scan.read == 3


def test_a_listing_reads_one_row_more_than_it_returns() -> None:
    scan = Scanner([Row(f"{number:04}") for number in range(1000)])
    page_of(scan, max_keys=10)
    assert scan.read == 11


def test_a_common_prefix_of_the_last_character_of_unicode_can_be_left() -> None:
    last = "\U0010ffff"
    assert page_of(scanner(f"{last}/a", f"{last}/b"), "", last) == ([], [last], False, "")


@pytest.mark.parametrize("seed", range(30))
def test_pages_together_are_what_a_plain_listing_gives(seed: int) -> None:
    draw = random.Random(seed)
    keys = {"".join(draw.choices("ab/é", k=draw.randint(1, 7))) for _ in range(draw.randint(0, 60))}
    prefix = "".join(draw.choices("ab/", k=draw.randint(0, 2)))
    delimiter = draw.choice(["", "/", "b", "//"])
    expected: list[str] = []
    for key in sorted(keys, key=str.encode):
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            shown = key if cut < 0 else key[: cut + len(delimiter)]
            if shown not in expected:
                expected.append(shown)
    limit = draw.randint(1, 5)
    found: list[str] = []
    marker, more = "", True
    while more:
        contents, prefixes, more, marker = page_of(scanner(*keys), prefix, delimiter, marker, limit)
        page = sorted(contents + prefixes, key=str.encode)
        assert not more or (len(page) == limit and page[-1] == marker)
        found += page
    assert found == expected, f"seed {seed}"


V = [Row("k1", "v9"), Row("k1", "v1"), Row("k1", "v5"), Row("k2", "v7"), Row("k2", "v2")]


def versions(
    scan: Scanner, *, key_marker: str = "", after: Row | None = None, prefix: str = "", limit: int = 1000
) -> tuple[list[Row], list[str], bool, str, str]:
    page = list_versions(
        scan,
        prefix=prefix.encode(),
        delimiter=b"/",
        key_marker=key_marker.encode(),
        resume=(lambda: scan.after(after)) if after is not None else None,
        max_keys=limit,
    )
    assert scan.open == 0
    return page.entries, page.common_prefixes, page.truncated, page.next_key_marker, page.next_version_id_marker


def test_versions_keep_the_order_of_the_scan_and_a_page_ends_with_its_last_item() -> None:
    assert versions(Scanner(V)) == (V, [], False, "", "")
    assert versions(Scanner(V), limit=2) == (V[:2], [], True, "k1", "v1")


def test_a_key_marker_alone_goes_behind_all_versions_of_the_key() -> None:
    assert versions(Scanner(V), key_marker="k1", limit=1) == (V[3:4], [], True, "k2", "v7")
    assert versions(Scanner(V), key_marker="k2") == ([], [], False, "", "")


def test_a_version_marker_goes_behind_that_version() -> None:
    assert versions(Scanner(V), key_marker="k1", after=V[1]) == (V[2:], [], False, "", "")
    assert versions(Scanner(V), key_marker="k2", after=V[3]) == (V[4:], [], False, "", "")


def test_a_version_marker_outside_the_prefix_is_not_followed() -> None:
    scan = Scanner([Row("a", "v1"), Row("p", "v2"), Row("p", "v1")])
    assert versions(scan, key_marker="a", after=scan.rows[0], prefix="p")[0] == scan.rows[1:]


def test_after_a_common_prefix_there_is_no_version_marker() -> None:
    scan = Scanner([Row(key, "v") for key in FOLDER])
    assert versions(scan, prefix="folder/", limit=1) == ([], ["folder/aSubfolder/"], True, "folder/aSubfolder/", "")
    after = versions(scan, prefix="folder/", key_marker="folder/aSubfolder/", limit=1)
    assert after == ([Row("folder/file1", "v")], [], True, "folder/file1", "v")
    inside = "folder/aSubfolder/subFile1"
    assert versions(scan, prefix="folder/", key_marker=inside, limit=1) == after
    assert versions(scan, prefix="folder/", key_marker=inside, after=Row(inside, "v"), limit=1) == after


def test_a_version_marker_needs_a_key_marker() -> None:
    check_version_markers(None, None)
    check_version_markers("", "")
    check_version_markers("k", "v")
    with pytest.raises(InvalidArgument, match=r"A version-id marker cannot be specified without a key marker\.") as no:
        check_version_markers("", "v")
    assert no.value.details == {"ArgumentName": "version-id-marker", "ArgumentValue": "v"}


U = [Row("k1", "", "u3"), Row("k1", "", "u4"), Row("k1", "", "u5"), Row("k2", "", "u2"), Row("k3", "", "u1")]


def uploads(
    scan: Scanner, key_marker: str = "", upload: str = "", limit: int = 1000, prefix: str = "", delimiter: str = ""
) -> tuple[list[Row], list[str], bool, str, str]:
    page = list_uploads(
        scan,
        prefix=prefix.encode(),
        delimiter=delimiter.encode(),
        key_marker=key_marker.encode(),
        behind=(lambda row: row.upload_id > upload) if upload else None,
        max_uploads=limit,
    )
    assert scan.open == 0
    return page.uploads, page.common_prefixes, page.truncated, page.next_key_marker, page.next_upload_id_marker


@pytest.mark.parametrize(
    ("key_marker", "upload", "limit", "expected"),
    [
        ("", "", 1000, (U, False, "k3", "u1")),
        ("", "", 1, (U[:1], True, "k1", "u3")),
        ("k1", "", 1, (U[3:4], True, "k2", "u2")),
        ("k3", "", 1, ([], False, "", "")),
        ("", "u2", 1, (U[:1], True, "k1", "u3")),
        ("k1", "u3", 1, (U[1:2], True, "k1", "u4")),
        ("k1", "u5", 1, (U[3:4], True, "k2", "u2")),
        ("k2", "u2", 1, (U[4:], False, "k3", "u1")),
        ("k1", "", 0, ([], False, "", "")),
    ],
)
def test_uploads_are_paged_as_recorded(
    key_marker: str, upload: str, limit: int, expected: tuple[list[Row], bool, str, str]
) -> None:
    found, prefixes, truncated, next_key, next_upload = uploads(Scanner(U), key_marker, upload, limit)
    assert (found, truncated, next_key, next_upload) == expected
    assert prefixes == []


def test_when_the_marker_upload_has_ended_the_others_of_its_key_are_not_lost() -> None:
    assert uploads(Scanner(U[1:]), "k1", "u3")[0] == U[1:]
    assert uploads(Scanner(U[3:]), "k1", "u3")[0] == U[3:]
    assert uploads(Scanner(U[:3]), "k1", "gone")[0] == U[:3]


def test_uploads_of_a_page_of_common_prefixes_have_no_markers() -> None:
    scan = Scanner([Row(key, "", f"u-{key}") for key in FOLDER])
    assert uploads(scan, limit=1, prefix="folder/", delimiter="/") == ([], ["folder/aSubfolder/"], True, "", "")
    for marker in ("folder/aSubfolder/", "folder/aSubfolder/subFile1"):
        found = uploads(scan, marker, "", 1, "folder/", "/")
        assert found == ([Row("folder/file1", "", "u-folder/file1")], [], True, "folder/file1", "u-folder/file1")


@pytest.mark.parametrize("marker", ["", "a", "folder/aSubfolder/", "é/😀"])
def test_a_token_gives_its_marker_back(marker: str) -> None:
    token = encode_token(marker)
    assert decode_token(token) == marker.encode()
    assert token.isascii()


NO_TEXT = base64.urlsafe_b64encode(zlib.crc32(b"\xff").to_bytes(4, "big") + b"\xff").decode()


@pytest.mark.parametrize(
    "token", ["", "test_5", "é", "AAAA", "AAAAAGE=", "not base64!", encode_token("a")[:-4], NO_TEXT]
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument, match="The continuation token provided is incorrect") as refused:
        decode_token(token)
    assert refused.value.details == {"ArgumentName": "continuation-token"}


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("", ""),
        ("a/b_C-1.2*", "a/b_C-1.2*"),
        ("test key//", "test+key//"),
        ("test+key", "test%2Bkey"),
        ("test_file(3).png", "test_file%283%29.png"),
        ("date=2026-03-01/", "date%3D2026-03-01/"),
        ("test%123", "test%25123"),
        ("%2F", "%252F"),
        ("a/😀/", "a/%F0%9F%98%80/"),
        ("a\nb~", "a%0Ab%7E"),
    ],
)
def test_keys_are_url_encoded_as_aws_does(key: str, encoded: str) -> None:
    assert url_encode_key(key) == encoded


def test_the_only_encoding_is_url() -> None:
    assert check_encoding_type("url") is True
    assert check_encoding_type(None) is False
    for value in ("", "value", "URL"):
        with pytest.raises(InvalidArgument, match="Invalid Encoding Method specified in Request") as refused:
            check_encoding_type(value)
        assert refused.value.details == {"ArgumentName": "encoding-type", "ArgumentValue": value}


def test_a_page_has_at_most_1000_items() -> None:
    assert [check_max(value) for value in (None, 0, 5, 1000, 1001, 2**31 - 1)] == [1000, 0, 5, 1000, 1000, 1000]
    for value in (-1, 2**31):
        with pytest.raises(InvalidArgument, match="Argument maxKeys must be an integer between 0 and 2147483647"):
            check_max(value)
