"""Damage done by hand in a server's own files: in the metadata of a region, and in blobs."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import apsw

from farshore.app.data_folder import DataFolder
from farshore.metadata.sqlite_turn import FileTurn


@contextlib.contextmanager
def held(data: Path, region: str) -> Generator[Path]:
    """Nobody else writes to a region's metadata file meanwhile, as while another process does."""
    path = DataFolder(data).region_metadata(region)
    turn = FileTurn(path)
    try:
        with turn:
            yield path
    finally:
        turn.close()


def change(data: Path, region: str, statement: str, *bindings: Any) -> int:
    """Run one statement on a region's metadata file, as its writer's turn comes; returns how many rows it changed."""
    with held(data, region) as path:
        connection = apsw.Connection(str(path))
        try:
            connection.set_busy_timeout(10_000)
            connection.execute(statement, bindings)
            return connection.changes()
        finally:
            connection.close()


def look(data: Path, region: str, query: str, *bindings: Any) -> list[tuple[Any, ...]]:
    """The rows of a query on a region's metadata file."""
    connection = apsw.Connection(str(DataFolder(data).region_metadata(region)), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute(query, bindings))
    finally:
        connection.close()


def blob_file(data: Path, region: str, bucket: str, key: str) -> Path:
    """The file that holds the body of a key's one version."""
    query = """SELECT version_blob.blob FROM version_blob JOIN version USING (row) JOIN bucket ON id = bucket_id
        WHERE name = ? AND key = ?"""
    ((blob,),) = look(data, region, query, bucket, key.encode())
    return DataFolder(data).region_blobs(region) / blob[:2] / blob[2:4] / blob


def zero_inline_body(data: Path, region: str, bucket: str, key: str) -> None:
    """Put zeros in the place of the body that is kept beside a key's one version."""
    row = "SELECT row FROM version JOIN bucket ON id = bucket_id WHERE name = ? AND key = ?"
    damage = f"UPDATE payload SET body = zeroblob(length(body)) WHERE row = ({row})"
    assert change(data, region, damage, bucket, key.encode()) == 1, key


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
