"""A database file: making it, and bringing it to the present schema."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import apsw

from farshore.metadata.sqlite_session import BUSY_TIMEOUT_MS, PAGE_BYTES, UNAVAILABLE, check_library
from farshore.metadata.sqlite_turn import FileTurn
from farshore.metadata.store import StoreUnavailable


class NewerSchemaError(RuntimeError):
    """The file was written by a newer release, whose schema this one does not know."""


def prepare(path: Path, kind: str) -> None:
    """Create the file and its folder if need be, and bring it to the present schema (`migrations/<kind>/*.sql`).

    Safe when several processes do it at once. Raises NewerSchemaError, UnsupportedSqliteError, StoreUnavailable.
    """
    check_library(apsw.sqlite_lib_version())
    try:
        make_folder(path.parent)
        turn = FileTurn(path)
        try:
            with turn:
                _migrate(path, kind)
        finally:
            turn.close()
        sync_folder(path.parent)
    except (OSError, *UNAVAILABLE) as error:
        raise StoreUnavailable(f"cannot open {path}: {error}") from error


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, so that they are there after a power cut too."""
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for step in missing:
        sync_folder(step.parent)


def sync_folder(folder: Path) -> None:
    """Put the folder's entries on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _migrate(path: Path, kind: str) -> None:
    migrations = _migrations(kind)
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)  # A reader in another process may be recovering the file.
        connection.execute(f"PRAGMA page_size={PAGE_BYTES}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        done = connection.pragma("user_version")
        if done > len(migrations):
            raise NewerSchemaError(f"{path} has schema {done}, this release knows up to {len(migrations)}")
        for number, text in enumerate(migrations[done:], start=done + 1):
            connection.execute(f"BEGIN IMMEDIATE; {text}; PRAGMA user_version={number}; COMMIT")
    finally:
        connection.close()


def _migrations(kind: str) -> list[str]:
    """Texts of the numbered files, in order: 0001_….sql is the step from an empty file to schema 1."""
    folder = files("farshore.metadata").joinpath("migrations", kind)
    texts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".sql")}
    numbers = [int(name.split("_")[0]) for name in sorted(texts)]
    assert numbers == list(range(1, len(numbers) + 1)), sorted(texts)
    return [texts[name] for name in sorted(texts)]
