"""Rows of manifests: CSV of users and of inventory reports, keys as they stand there, segments."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence

import pytest

from farshore.model.batch import EMPTY_VERSION, NO_VERSION, ManifestRow
from farshore.semantics.manifest_rows import (
    LINE_CHARS_MAX,
    BadManifest,
    Columns,
    LineSplitter,
    decode_key,
    encode_key,
    inventory_line,
    pack,
    storable,
    unpack,
)


def read(text: bytes, *fields: str, pieces: Sequence[int] = ()) -> list[tuple[str, str, str]]:
    """The rows of a CSV that comes in pieces, cut at these places."""
    splitter, columns = LineSplitter(), Columns(fields or ("Bucket", "Key", "VersionId"))
    rows: list[ManifestRow] = []
    for start, end in zip((0, *pieces), (*pieces, len(text)), strict=True):
        rows += columns.rows(splitter.feed(text[start:end]))
    rows += columns.rows(splitter.end())
    return [(row.bucket, row.key, row.version) for row in rows]


ROWS = [
    (b"b,k,v\n", [("b", "k", "v")]),
    (b"b,k,v", [("b", "k", "v")]),
    (b"b,k,v\r\nb,l,null\r\n", [("b", "k", "v"), ("b", "l", "null")]),
    (b'"b","a ""quoted"" key, with comma","v"\n', [("b", 'a "quoted" key, with comma', "v")]),
    (b'b,"two\nlines",v\nb,k,v\n', [("b", "two\nlines", "v"), ("b", "k", "v")]),
    (b"b,a%2Fb%20c+d,v\n", [("b", "a%2Fb%20c+d", "v")]),
    ("b,ü\U0001f600,v\n".encode(), [("b", "ü\U0001f600", "v")]),
    (b"b,k,\n", [("b", "k", EMPTY_VERSION)]),
    (b"\n\nb,k,v\n\n", [("b", "k", "v")]),
    (b"", []),
]


@pytest.mark.parametrize(("text", "rows"), ROWS)
def test_rows_are_read_wherever_the_text_is_cut(text: bytes, rows: list[tuple[str, str, str]]) -> None:
    assert read(text) == rows
    chance = random.Random(7)
    for _ in range(20):
        cuts = sorted(chance.randrange(len(text) + 1) for _ in range(3))
        assert read(text, pieces=cuts) == rows, cuts


@pytest.mark.parametrize(
    ("fields", "text", "row"),
    [
        (("Bucket", "Key"), b"b,k\n", ("b", "k", NO_VERSION)),
        (("Ignore", "Key", "Ignore", "Bucket"), b"x,k,y,b\n", ("b", "k", NO_VERSION)),
        (("Bucket", "Key", "VersionId", "Size", "IsLatest"), b"b,k,v,1,true\n", ("b", "k", "v")),
        (("VersionId", "Bucket", "Key"), b",b,k\n", ("b", "k", EMPTY_VERSION)),
    ],
)
def test_columns_stand_where_the_fields_say(fields: tuple[str, ...], text: bytes, row: tuple[str, str, str]) -> None:
    assert read(text, *fields) == [row]


@pytest.mark.parametrize(
    ("fields", "text", "said"),
    [
        (("Bucket", "VersionId"), b"", "Required fields are missing in the schema: Key"),
        (("VersionId",), b"", "Required fields are missing in the schema: Bucket Key"),
        (("Bucket", "Key"), b"b,k\nb\n", "Unexpected number of task fields"),
        (("Bucket", "Key"), b"b,k,v\n", "Unexpected number of task fields"),
        (("Bucket", "Key"), b"b,\n", "Invalid object key format"),
        (("Bucket", "Key"), b"\xef\xbb\xbfb,k\n", "it begins with a byte order mark"),
        (("Bucket", "Key"), b"b,\xff\n", "it is not UTF-8"),
        (("Bucket", "Key"), b'b,"k"x\n', "is not properly formatted"),
        (("Bucket", "Key"), b'b,"k\n', "is not properly formatted"),
        (("Bucket", "Key"), b"b," + b"k" * LINE_CHARS_MAX, "a line is too long"),
    ],
)
def test_what_is_no_manifest_says_why(fields: tuple[str, ...], text: bytes, said: str) -> None:
    with pytest.raises(BadManifest, match=said):
        read(text, *fields)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("plain/key-1_2.3~", "plain/key-1_2.3~"),
        ("with blank", "with%20blank"),
        ("a+b", "a%2Bb"),
        ("100%", "100%25"),
        ("ü", "%C3%BC"),
        ('"quoted",\r\n', "%22quoted%22%2C%0D%0A"),
    ],
)
def test_keys_are_percent_encoded_and_come_back(key: str, text: str) -> None:
    assert encode_key(key) == text
    assert decode_key(text) == key


@pytest.mark.parametrize(("text", "key"), [("two+words", "two words"), ("a%2fb", "a/b"), ("%", "%"), ("ü", "ü")])
def test_keys_of_users_may_be_encoded_otherwise(text: str, key: str) -> None:
    assert decode_key(text) == key


def test_escapes_that_are_not_utf_8_name_no_key() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        decode_key("%FF")


def test_segments_hold_rows_and_are_files_of_an_inventory_report() -> None:
    """One after another they are one gzip file."""
    rows = [ManifestRow("b", encode_key(key), "v") for key in ("a b", 'q"', "ü")]
    segments = [pack([inventory_line(row) for row in part]) for part in (rows[:2], rows[2:])]
    assert [row for segment in segments for row in unpack(segment)] == rows
    text = gzip.decompress(b"".join(segments))
    assert text == b'"b","a%20b","v"\n"b","q%22","v"\n"b","%C3%BC","v"\n'


def test_what_a_line_cannot_hold_is_encoded() -> None:
    """No valid name or version has it; a key of a user's manifest may."""
    row = ManifestRow("b", 'a"b\nc, d', "v")
    assert unpack(pack([inventory_line(storable(row))])) == [ManifestRow("b", "a%22b%0Ac, d", "v")]
    plain = ManifestRow("b", "a, b", "v")
    assert storable(plain) is plain and unpack(pack([inventory_line(plain)])) == [plain]
