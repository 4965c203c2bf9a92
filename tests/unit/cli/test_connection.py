"""How commands find their server and their rights."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import typer

from farshore.app.data_folder import DataFolder
from farshore.cli.connection import Connection, connect


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home and working folder, nothing of AWS in the environment."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)


def data(path: Path, endpoint: str | None = "http://from-data:1") -> Path:
    (path / "run").mkdir(parents=True)
    folder = DataFolder(path)
    folder.write_credentials("DATAKEY", "data-secret")
    if endpoint:
        folder.write_endpoint(endpoint)
    return path


def found(connection: Connection) -> tuple[str, str]:
    return connection.endpoint, connection.credentials.access_key


def environment(monkeypatch: pytest.MonkeyPatch, endpoint: str = "http://from-env:1") -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "env-secret")


def test_the_environment_is_read_as_the_aws_tools_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    connection = connect(None, None, None)
    assert found(connection) == ("http://from-env:1", "ENVKEY")
    assert connection.region == "eu-west-1"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://for-s3:1")
    assert connect(None, None, None).endpoint == "http://for-s3:1"


def test_a_profile_gives_endpoint_key_and_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        "[profile far]\nregion = us-west-2\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = http://of-profile:1\n"
    )
    (tmp_path / ".aws" / "credentials").write_text(
        "[far]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = profile-secret\n"
    )
    connection = connect(None, None, "far")
    assert (*found(connection), connection.region) == ("http://of-profile:1", "PROFILEKEY", "us-west-2")
    monkeypatch.setenv("AWS_PROFILE", "far")
    assert found(connect(None, None, None)) == ("http://of-profile:1", "PROFILEKEY")


def test_a_flag_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch)
    assert found(connect("http://of-flag:1", None, None)) == ("http://of-flag:1", "ENVKEY")


def test_a_data_folder_gives_endpoint_and_key_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(monkeypatch)
    folder = data(tmp_path / "d")
    assert found(connect(None, folder, None)) == ("http://from-data:1", "DATAKEY")
    assert found(connect("http://of-flag:1", folder, None)) == ("http://of-flag:1", "DATAKEY")


def test_without_anything_the_folder_farshore_data_is_taken(tmp_path: Path) -> None:
    data(tmp_path / "farshore-data")
    assert found(connect(None, None, None)) == ("http://from-data:1", "DATAKEY")


BAD_ENDPOINTS = [
    "127.0.0.1:9000",
    "localhost:9000",
    "garbage",
    "http://",
    "ftp://h",
    "http://h:x",
    "http://[::1",
    "http:/h",
]


@pytest.mark.parametrize("endpoint", BAD_ENDPOINTS)
@pytest.mark.parametrize("by_flag", [True, False])
def test_an_endpoint_that_is_no_url_is_refused_by_the_name_of_where_it_was_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], endpoint: str, by_flag: bool
) -> None:
    environment(monkeypatch, "http://from-env:1" if by_flag else endpoint)
    with pytest.raises(typer.Exit) as ended:
        connect(endpoint if by_flag else None, None, None)
    printed = capsys.readouterr().err
    assert ended.value.exit_code == 2
    assert printed.startswith("farshore: --endpoint-url: " if by_flag else "farshore: AWS_ENDPOINT_URL")
    assert f"{endpoint!r} is no URL; give one as http://127.0.0.1:9000" in printed


def test_a_flag_that_is_right_is_not_held_against_an_environment_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, "garbage")
    assert connect("https://of-flag", None, None).endpoint == "https://of-flag"


@pytest.mark.parametrize(
    ("flag", "folder", "profile", "code", "message"),
    [
        (None, None, None, 2, "which server?"),
        ("http://of-flag:1", None, None, 2, "no credentials"),
        (None, "none", None, 2, "is none a data folder"),
        (None, "stopped", None, 1, "no server is running on stopped"),
        (None, None, "nobody", 2, "nobody"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flag: str | None,
    folder: str | None,
    profile: str | None,
    code: int,
    message: str,
) -> None:
    data(tmp_path / "stopped", endpoint=None)
    with pytest.raises(typer.Exit) as ended:
        connect(flag, folder and Path(folder), profile)
    printed = capsys.readouterr()
    assert ended.value.exit_code == code
    assert message in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("profile", "code", "message"),
    [
        ("assumes", 1, "farshore: no credentials: Could not connect to the endpoint URL"),
        ("orphan", 2, "nobody"),
        ("half", 2, "farshore: Partial credentials found"),
    ],
)
def test_a_profile_that_gives_no_credentials_ends_the_command_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    profile: str,
    code: int,
    message: str,
) -> None:
    """The role that it names is assumed by a request, which may be refused, or not be answered."""
    role = "role_arn = arn:aws:iam::111122223333:role/x"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        f"[profile assumes]\n{role}\nsource_profile = ana\n[profile orphan]\n{role}\nsource_profile = nobody\n"
    )
    (tmp_path / ".aws" / "credentials").write_text(
        "[ana]\naws_access_key_id = KEY\naws_secret_access_key = secret\n[half]\naws_access_key_id = KEY\n"
    )
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with socket.socket() as taken:  # Bound and not listening: whoever connects is refused.
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(typer.Exit) as ended:
            connect(None, None, profile)
    printed = capsys.readouterr().err
    assert ended.value.exit_code == code
    assert message in printed and printed.count("\n") == 1
