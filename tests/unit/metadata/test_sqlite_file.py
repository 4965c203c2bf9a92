"""A database file: its schema, and the library that may touch it."""

from __future__ import annotations

import threading
from importlib.resources import files
from pathlib import Path

import apsw
import pytest

from farshore.metadata.sqlite_file import NewerSchemaError, prepare
from farshore.metadata.sqlite_session import UnsupportedSqliteError, check_library
from farshore.metadata.store import StoreUnavailable

WAIT_S_MAX = 30.0
KINDS = ("region", "directory")


def schema(path: Path) -> tuple[int, set[tuple[str, str, str]]]:
    """(number, {(type, name, statement)})."""
    connection = apsw.Connection(str(path))
    try:
        rows = set(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema"))
        return connection.pragma("user_version"), rows
    finally:
        connection.close()


def migrations(kind: str) -> list[str]:
    folder = files("farshore.metadata").joinpath("migrations", kind)
    return [entry.read_text("utf-8") for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_earlier_schema_is_brought_to_the_present_one(tmp_path: Path, kind: str) -> None:
    prepare(tmp_path / "new", kind)
    present = schema(tmp_path / "new")
    steps = migrations(kind)
    assert present[0] == len(steps) > 0
    for done in range(len(steps)):
        old = tmp_path / f"old-{done}"
        connection = apsw.Connection(str(old))
        connection.execute(f"BEGIN; {'; '.join(steps[:done])}; PRAGMA user_version={done}; COMMIT")
        connection.close()
        prepare(old, kind)
        assert schema(old) == present


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_a_newer_release_is_refused_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "newer"
    connection = apsw.Connection(str(path))
    newer = len(migrations(kind)) + 1
    connection.execute(f"CREATE TABLE future (a); PRAGMA user_version={newer}")
    connection.close()
    with pytest.raises(NewerSchemaError, match=f"has schema {newer}, this release knows up to {newer - 1}"):
        prepare(path, kind)
    assert schema(path) == (newer, {("table", "future", "CREATE TABLE future (a)")})


def test_preparing_again_and_at_the_same_time_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "made" / "here" / "region.db"
    failed: list[BaseException] = []

    def work() -> None:
        try:
            prepare(path, "region")
        except BaseException as error:  # noqa: BLE001 - the test's own thread hands it over.
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S_MAX)
    assert failed == []
    present = schema(path)
    prepare(path, "region")
    assert schema(path) == present


def test_a_migration_that_fails_leaves_the_file_at_the_schema_before(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE bucket (a)")
    connection.close()
    with pytest.raises(apsw.SQLError, match="already exists"):
        prepare(path, "region")
    number, rows = schema(path)
    assert number == 0 and {name for _, name, _ in rows} == {"bucket"}


@pytest.mark.parametrize("content", [b"not a database, but long enough to look at" * 100, None])
def test_what_is_no_database_is_unavailable(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="cannot open"):
        prepare(path, "region")


@pytest.mark.parametrize("version", ["3.51.2", "3.50.9", "2.99.99", "3.5.4"])
def test_a_library_that_can_lose_commits_is_refused(version: str) -> None:
    with pytest.raises(UnsupportedSqliteError, match=r"3\.51\.3 or later"):
        check_library(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.52.0", "4.0.0", "3.51.3.1"])
def test_a_library_without_that_defect_is_taken(version: str) -> None:
    check_library(version)


def test_the_installed_library_is_taken() -> None:
    check_library(apsw.sqlite_lib_version())
