"""Manifests that users bring: CSV, or an inventory report (`manifest.json` with compressed CSV files beside it).

Read in pieces, as the job's role; what is read is checked and parsed in a thread.
Source: S3 User Guide, "Specifying a manifest", "Locating your inventory list".
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import chain

import msgspec

from farshore.batch.job import JobFails
from farshore.batch.job_role import JobRole
from farshore.blobs.store import BlobMissing
from farshore.model.batch import Document, ManifestRow
from farshore.model.errors import AccessDenied, S3Error
from farshore.semantics.batch_request import object_of_arn
from farshore.semantics.manifest_rows import BadManifest, Columns, LineSplitter
from farshore.service.bodies import pieces_of
from farshore.service.deployment import Answer, Params
from farshore.service.get_object import get_object

DESCRIPTION_BYTES_MAX = 64 * 1024 * 1024
"""Of an inventory report's manifest.json, which names its files."""

_INFLATED_BYTES = 1024 * 1024
_INVALID = "InvalidManifestContent"


class _InventoryFile(msgspec.Struct, frozen=True):
    key: str
    md5: str | None = msgspec.field(default=None, name="MD5checksum")


class _Inventory(msgspec.Struct, frozen=True):
    """What manifest.json says, as far as it matters."""

    destination: str = msgspec.field(name="destinationBucket")
    format: str = msgspec.field(name="fileFormat")
    schema: str = msgspec.field(name="fileSchema")
    files: tuple[_InventoryFile, ...]


_INVENTORY = msgspec.json.Decoder(_Inventory)


async def manifest_rows(role: JobRole, manifest: Document) -> AsyncIterator[list[ManifestRow]]:
    """The rows of a job's manifest, in order, some at a time.

    Args:
        manifest: the JobManifest.
    Raises:
        JobFails: it cannot be read, is another one than the job names, or is no manifest.
    """
    location, spec = manifest["Location"], manifest["Spec"]
    bucket, key = object_of_arn(location["ObjectArn"])
    answer = await _open(role, bucket, key, location.get("ObjectVersionId"))
    etag: str = answer.output["ETag"]
    if etag.strip('"') != location["ETag"].strip('"'):
        raise JobFails(_INVALID, f"The ETag of the manifest is {etag}, not {location['ETag']}")
    try:
        if spec["Format"] == "S3BatchOperations_CSV_20180820":
            async for rows in _parsed(pieces(answer), Columns(spec["Fields"])):
                yield rows
        else:
            async for rows in _inventory_rows(role, answer):
                yield rows
    except (BadManifest, zlib.error) as error:
        raise JobFails(_INVALID, str(error)) from error
    except BlobMissing as error:
        raise JobFails("InternalError", "Reading the manifest failed: its stored bytes are lost") from error


async def _inventory_rows(role: JobRole, answer: Answer) -> AsyncIterator[list[ManifestRow]]:
    described = bytearray()
    async for piece in pieces(answer):
        described += piece
        if len(described) > DESCRIPTION_BYTES_MAX:
            raise BadManifest("Manifest file is not properly formatted: it is too long")
    try:
        inventory = _INVENTORY.decode(described)
    except msgspec.DecodeError as error:
        raise BadManifest(f"Manifest file is not properly formatted: {error}") from error
    if inventory.format != "CSV":
        raise BadManifest(f"Manifest file is not properly formatted: the file format {inventory.format} is not CSV")
    columns = Columns([name.strip() for name in inventory.schema.split(",")])
    bucket = inventory.destination.rpartition(":")[2]
    for file in inventory.files:
        opened = await _open(role, bucket, file.key, None)
        async for rows in _parsed(_inflated(_checked(pieces(opened), file)), columns):
            yield rows


async def _open(role: JobRole, bucket: str, key: str, version_id: str | None) -> Answer:
    params: Params = {"Bucket": bucket, "Key": key}
    if version_id is not None:
        params["VersionId"] = version_id
    try:
        return await get_object(role.request("GetObject", params))
    except AccessDenied as error:
        raise JobFails("AccessDenied", "Reading the manifest is forbidden: AccessDenied") from error
    except S3Error as error:
        raise JobFails(error.code, f"Reading the manifest failed: {error.code}: {error.message}") from error


async def pieces(answer: Answer) -> AsyncIterator[bytes | memoryview]:
    """The body of an answer."""
    assert answer.body is not None
    async for piece in pieces_of(answer.body):
        yield piece


async def _checked(
    source: AsyncIterator[bytes | memoryview], file: _InventoryFile
) -> AsyncIterator[bytes | memoryview]:
    digest = hashlib.md5(usedforsecurity=False)
    async for piece in source:
        await asyncio.to_thread(digest.update, piece)
        yield piece
    if file.md5 is not None and digest.hexdigest() != file.md5.lower():
        raise BadManifest(f"Manifest file is not properly formatted: the MD5 of {file.key} differs")


async def _inflated(source: AsyncIterator[bytes | memoryview]) -> AsyncIterator[bytes]:
    """Decompress gzip members, in pieces that are never long."""
    inflater = _Inflater()
    async for piece in source:
        data: bytes | memoryview = piece
        while True:
            inflated, data = await asyncio.to_thread(inflater.feed, data)
            if inflated:
                yield inflated
            if not data and len(inflated) < _INFLATED_BYTES:
                break
    inflater.end()


class _Inflater:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._begun = False

    def feed(self, data: bytes | memoryview) -> tuple[bytes, bytes]:
        """(what it inflates to, up to a bound; what is left to be fed again)."""
        if self._member.eof:
            self._member = zlib.decompressobj(wbits=31)
            self._begun = False
        self._begun = self._begun or bool(data)
        inflated = self._member.decompress(data, _INFLATED_BYTES)
        return inflated, self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def end(self) -> None:
        if self._begun and not self._member.eof:
            raise BadManifest("Manifest file is not properly formatted: a compressed file is cut off")


@dataclass(slots=True)
class _Parser:
    splitter: LineSplitter
    columns: Columns

    def feed(self, piece: bytes | memoryview) -> list[ManifestRow]:
        return list(self.columns.rows(self.splitter.feed(piece)))

    def end(self) -> list[ManifestRow]:
        return list(self.columns.rows(self.splitter.end()))


async def _parsed(source: AsyncIterator[bytes | memoryview], columns: Columns) -> AsyncIterator[list[ManifestRow]]:
    parser = _Parser(LineSplitter(), columns)
    async for piece in source:
        for part in _short(piece):
            yield await asyncio.to_thread(parser.feed, part)
    yield parser.end()


def _short(piece: bytes | memoryview) -> Iterator[bytes | memoryview]:
    """A piece in parts that are parsed quickly."""
    view = memoryview(piece)
    return chain(view[start : start + _INFLATED_BYTES] for start in range(0, len(view), _INFLATED_BYTES))
