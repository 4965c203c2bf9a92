"""The demo's files, and what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from farshore.cli import demo
from farshore.cli.demo_walk import DemoObject


def test_the_projects_own_files_are_real_and_enough() -> None:
    files = demo.own_files()
    assert len(files) > 4
    assert "docs/replication.md" in dict(files)
    assert all(path.stat().st_size for _, path in files)


def test_a_folders_files_are_taken_in_order_with_their_paths_and_without_links(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    (tmp_path / "link").symlink_to("a")
    assert demo.files_of(tmp_path) == [(key, tmp_path / key) for key in ("a", "c", "b/1", "b/2")]


def test_of_many_files_the_first_are_taken(tmp_path: Path) -> None:
    for number in range(demo.FILES_MAX + 5):
        (tmp_path / f"{number:04}").touch()
    files = demo.files_of(tmp_path)
    assert (len(files), files[-1][0]) == (demo.FILES_MAX, f"{demo.FILES_MAX - 1:04}")


def test_a_folder_with_one_file_is_used_wrongly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "only").touch()
    with pytest.raises(typer.Exit) as ended:
        demo.demo(tmp_path)
    assert ended.value.exit_code == 2
    assert "fewer than two files" in capsys.readouterr().err


def test_away_from_a_terminal_progress_is_lines_and_one_table_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    long = "folder/" * 20
    keys = [f"{long}{number}" for number in range(demo.ROWS_MAX + 2)]
    objects = [DemoObject(key, Path(), 10, "", "v" * 32, "PENDING") for key in keys]
    with demo.Show(quiet=False) as show:
        show.watch(objects)
        show.watch(objects)
        for each in objects:
            each.status = "COMPLETED"
        show.watch(objects)
    printed = capsys.readouterr().out
    assert printed.count("0 of 22 are no longer PENDING") == 1
    assert printed.count("x-amz-replication-status") == 1
    assert "and 2 more" in printed
    # A line for each, of which nothing is cut, also where it is longer than a terminal.
    assert [line.split()[0] for line in printed.splitlines() if line.startswith(long)] == keys[: demo.ROWS_MAX]
    assert "\x1b" not in printed
