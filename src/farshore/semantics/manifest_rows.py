"""Rows of manifests: read from the CSV of users and of inventory reports, and written as an inventory report has them.

Keys are percent-encoded in both; a blank may also stand as `+`. A manifest is kept in segments, each a gzip member of
lines in inventory form, so that segments one after another are a file of an inventory report.
Source: S3 User Guide, "Specifying a manifest", "Locating your inventory list".
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, unquote_plus

from farshore.model.batch import EMPTY_VERSION, NO_VERSION, ManifestRow

SEGMENT_ROWS = 10_000
LINE_CHARS_MAX = 64 * 1024
"""A line of a manifest is not longer: a key has at most 1,024 bytes, which take three characters each."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~/-]*")
_GZIP_LEVEL = 1


class BadManifest(ValueError):  # noqa: N818 - named for what is so.
    """The content of a manifest cannot be used; the text says why."""


class Columns:
    """Where bucket, key and version stand in the rows of a manifest.

    Args:
        names: of the columns in order: `Bucket`, `Key`, `VersionId`; others are ignored.
    Raises:
        BadManifest: bucket or key is missing.
    """

    def __init__(self, names: Sequence[str]) -> None:
        missing = [name for name in ("Bucket", "Key") if name not in names]
        if missing:
            raise BadManifest(f"Required fields are missing in the schema: {' '.join(missing)}")
        self._count = len(names)
        self._bucket = names.index("Bucket")
        self._key = names.index("Key")
        self._version = names.index("VersionId") if "VersionId" in names else None

    def rows(self, lines: Iterable[str]) -> Iterator[ManifestRow]:
        """The rows of CSV lines. Empty lines are left out.

        Raises:
            BadManifest: a row has another number of fields, or no key.
        """
        try:
            for fields in csv.reader(lines, strict=True):
                if not fields:
                    continue
                if len(fields) != self._count:
                    raise BadManifest("Unexpected number of task fields")
                if self._version is None:
                    version = NO_VERSION
                else:
                    version = fields[self._version] or EMPTY_VERSION
                if not fields[self._key]:
                    raise BadManifest("Invalid object key format")
                yield ManifestRow(fields[self._bucket], fields[self._key], version)
        except csv.Error as error:
            raise BadManifest(f"Manifest file is not properly formatted: {error}") from error


class LineSplitter:
    """Cuts text that comes in pieces into lines. A line break inside of quotes belongs to its line."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False

    def feed(self, piece: bytes | memoryview) -> list[str]:
        """The lines that are complete now, with their ends. Raises BadManifest."""
        data = self._rest + bytes(piece)
        if not self._begun and data:
            self._begun = True
            if data.startswith(b"\xef\xbb\xbf"):
                raise BadManifest("Manifest file is not properly formatted: it begins with a byte order mark")
        lines = data.splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        if b'"' in data:
            lines = self._join_quoted(lines)
        if len(self._rest) > LINE_CHARS_MAX:
            raise BadManifest("Manifest file is not properly formatted: a line is too long")
        return _decode(lines)

    def end(self) -> list[str]:
        """The last line, which may lack its end."""
        rest, self._rest = self._rest, b""
        return _decode([rest]) if rest else []

    def _join_quoted(self, lines: list[bytes]) -> list[bytes]:
        joined: list[bytes] = []
        open_line = b""
        for line in lines:
            line = open_line + line
            open_line = b""
            if line.count(b'"') % 2:
                open_line = line
            else:
                joined.append(line)
        self._rest = open_line + self._rest
        return joined


def decode_key(text: str) -> str:
    """The key that a manifest's row means.

    Raises:
        ValueError: its escapes are not UTF-8.
    """
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def encode_key(key: str) -> str:
    """A key as a manifest has it."""
    return key if _PLAIN.fullmatch(key) else quote(key, safe="/~")


def inventory_line(row: ManifestRow) -> str:
    return f'"{row.bucket}","{row.key}","{row.version}"\n'


def pack(lines: Sequence[str]) -> bytes:
    """A segment from lines of `inventory_line`."""
    return gzip.compress("".join(lines).encode(), _GZIP_LEVEL, mtime=0)


def unpack(segment: bytes) -> list[ManifestRow]:
    """The rows of a segment."""
    text = gzip.decompress(segment).decode()
    return [ManifestRow(*line[1:-1].split('","')) for line in text.split("\n")[:-1]]


def storable(row: ManifestRow) -> ManifestRow:
    """The row with what its line cannot hold encoded: quotes and line breaks, which no valid name or version has."""
    if '"' in row.bucket + row.key + row.version or "\n" in row.bucket + row.key + row.version:
        return ManifestRow(
            *(field.replace('"', "%22").replace("\n", "%0A") for field in (row.bucket, row.key, row.version))
        )
    return row


def _decode(lines: Sequence[bytes]) -> list[str]:
    try:
        return [line.decode() for line in lines]
    except UnicodeDecodeError as error:
        raise BadManifest("Manifest file is not properly formatted: it is not UTF-8") from error
