"""`farshore bench`, used wrongly: said before anything is measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from farshore.cli.main import app


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quick", "--full"], "not both"),
        (["--only", "gets"], "no section is called gets; there are requests, processes"),
        (["--folder", "none"], "none is not a folder"),
        (["--compare", "none.json"], "cannot read none.json"),
        (["--data", "none"], "data folder"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_a_wrong_use_is_refused(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["bench", *arguments])
    assert result.exit_code == 2
    assert message in result.output
