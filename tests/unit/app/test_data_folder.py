"""The data folder: one server at a time, private files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from farshore.app.cannot_serve import CannotServe
from farshore.app.data_folder import DataFolder


def test_a_second_server_on_the_folder_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    first = folder.take()
    with pytest.raises(CannotServe, match="another server is running on the data folder"):
        folder.take(patience_s=0)
    os.close(first)
    os.close(folder.take())


def test_the_folder_and_its_credentials_are_readable_by_the_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "new" / "data")
    os.close(folder.take())
    folder.write_credentials("AKIAEXAMPLE", "p%e=r/c+ent")
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.credentials.stat().st_mode) == 0o600
    assert folder.read_credentials() == ("AKIAEXAMPLE", "p%e=r/c+ent")
    assert sorted(path.name for path in folder.path.iterdir()) == ["credentials", "lock", "run"]


@pytest.mark.parametrize("text", [None, "", "[default]\naws_access_key_id = A\n", "nonsense", "[default\n"])
def test_credentials_that_are_not_whole_are_none(tmp_path: Path, text: str | None) -> None:
    folder = DataFolder(tmp_path)
    if text is not None:
        folder.credentials.write_text(text)
    assert folder.read_credentials() is None


@pytest.mark.parametrize("name", ["credentials", "config", "notes.txt", ".hidden"])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, name: str) -> None:
    """It may be `~/.aws`, or a home folder."""
    (tmp_path / name).write_text("[prod]\naws_access_key_id = AKIAPROD\n")
    with pytest.raises(CannotServe, match="no data folder of Farshore"):
        DataFolder(tmp_path).take()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert "AKIAPROD" in (tmp_path / name).read_text()


def test_a_folder_with_what_may_be_there_before_is_taken(tmp_path: Path) -> None:
    for name in ("lost+found", "regions/us-east-1", "run"):
        (tmp_path / name).mkdir(parents=True)
    os.close(DataFolder(tmp_path).take())


def test_an_endpoint_left_by_a_crash_is_gone_once_the_folder_is_taken(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    descriptor = folder.take()
    folder.write_endpoint("http://127.0.0.1:1")
    assert folder.read_endpoint() == "http://127.0.0.1:1"
    os.close(descriptor)
    os.close(folder.take())
    assert folder.read_endpoint() is None


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotServe, match=r"cannot use the data folder .*: Not a directory"):
        DataFolder(tmp_path / "file" / "data").take()
