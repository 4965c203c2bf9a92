"""`farshore demo`, and `farshore serve --demo`: a walk through replication on a running server, with real files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

import farshore
from farshore.cli.connection import Connection, Data, EndpointUrl, Profile, connect
from farshore.cli.output import (
    DID_NOT_HOLD,
    USED_WRONGLY,
    Json,
    fail,
    human_bytes,
    plain,
    print_json,
    table,
    terminal_width,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from farshore.cli.demo_walk import DemoObject, Walk

FILES_MAX = 200
EARLIER_MAX = 10
ROWS_MAX = 20
_STYLES = {"PENDING": "yellow", "COMPLETED": "green", "FAILED": "red"}


def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder whose files to upload [the project's own].", show_default=False)
    ] = None,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Walk through replication: two buckets, a rule, files before and after it, a deletion; check every replica."""
    paths = own_files() if folder is None else files_of(folder)
    if len(paths) < 2:
        fail(f"{folder} has fewer than two files: one goes before the rule, one after it", USED_WRONGLY)
    connection = connect(endpoint_url, data, profile)
    from botocore.exceptions import BotoCoreError, ClientError

    with Show(quiet=json) as show:
        try:
            walk = _walk(connection, paths, show)
            held = walk.run()
        except (BotoCoreError, ClientError, OSError) as error:
            fail(f"the demo could not go on: {error}", DID_NOT_HOLD)
    if json:
        print_json(_result(walk, held))
    else:
        _summarise(walk, held)
    if not held:
        raise typer.Exit(DID_NOT_HOLD)


def own_files() -> list[tuple[str, Path]]:
    """The project's documents, or where only the package is installed, its source: (key, path)."""
    package = Path(farshore.__file__).parent
    project = package.parent.parent
    documents = [project / name for name in ("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml")]
    if all(path.is_file() for path in documents):
        documents += sorted((project / "docs").rglob("*.md"))
        return [(path.relative_to(project).as_posix(), path) for path in documents]
    return [(path.relative_to(package.parent).as_posix(), path) for path in sorted(package.rglob("*.py"))][:FILES_MAX]


def files_of(folder: Path) -> list[tuple[str, Path]]:
    """The first FILES_MAX regular files under a folder, in order of their names: (key, path)."""
    if not folder.is_dir():
        fail(f"{folder} is not a folder", USED_WRONGLY)
    found: list[tuple[str, Path]] = []
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(here, name)
            if path.is_file() and not path.is_symlink():
                found.append((path.relative_to(folder).as_posix(), path))
                if len(found) == FILES_MAX:
                    return found
    return found


class Show:
    """What the person sees: steps as lines, objects as a live table on a terminal, as lines elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self.console: Console = Console(quiet=quiet, highlight=False)
        self._live: Live | None = None
        self._arrived = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_live()

    def say(self, text: str) -> None:
        self._end_live()
        self.console.print(f"demo: {text}", markup=False, soft_wrap=True)

    def watch(self, objects: Sequence[DemoObject]) -> None:
        done = sum(each.status != "PENDING" for each in objects)
        if self.console.is_terminal and not self.console.is_dumb_terminal:
            self._show_live(_table(objects, terminal_width(sys.stdout)))
        elif done != self._arrived:
            self.console.print(f"demo:   {done} of {len(objects)} are no longer PENDING")
            if done == len(objects):
                self.console.print(_table(objects, None), soft_wrap=True)
        self._arrived = done

    def _show_live(self, objects: Text) -> None:
        if self._live is None:
            from rich.live import Live

            self._live = Live(console=self.console, refresh_per_second=10)
            self._live.start()
        self._live.update(objects, refresh=True)

    def _end_live(self) -> None:
        self._arrived = -1
        if self._live is not None:
            self._live.stop()
            self._live = None


def _walk(connection: Connection, paths: Sequence[tuple[str, Path]], show: Show) -> Walk:
    from farshore.cli.demo_walk import Walk, demo_objects

    regions = [region["region"] for region in connection.get_json("/-/status")["regions"]]
    objects = demo_objects(paths)
    before = max(1, min(EARLIER_MAX, len(objects) // 3))
    return Walk(connection, (regions[0], regions[:2][-1]), objects[:before], objects[before:], show.say, show.watch)


def _table(objects: Sequence[DemoObject], width: int | None) -> Text:
    """The first objects, a line each. width: of the terminal; None is unbounded."""
    from rich.text import Text

    rows = [("object", "size", "version id", "x-amz-replication-status")]
    rows += [
        (plain(each.key), human_bytes(each.size), each.version_id[:12] + "…", each.status or "-")
        for each in objects[:ROWS_MAX]
    ]
    if len(objects) > ROWS_MAX:
        rest = objects[ROWS_MAX:]
        pending = sum(each.status == "PENDING" for each in rest)
        rows.append((f"and {len(rest)} more", "", "", f"{pending} PENDING"))
    shown = Text(table(rows, right=(1,), width=width))
    for status, style in _STYLES.items():
        shown.highlight_regex(rf"(?m)\b{status}$", style)
    return shown


def _summarise(walk: Walk, held: bool) -> None:
    say: Callable[[str], None] = typer.echo
    say("")
    for check in walk.checks:
        say(f"  {'held    ' if check.held else 'NOT HELD'}  {check.what}")
        if check.differs:
            say(f"            {check.differs}")
    say("")
    if held:
        say(f"demo: everything held. Look around: {walk.source}, {walk.destination} at {walk.connection.endpoint}")
    else:
        say("demo: NOT everything held")
    sys.stdout.flush()


def _result(walk: Walk, held: bool) -> dict[str, Any]:
    return {
        "held": held,
        "source": walk.source,
        "destination": walk.destination,
        "regions": walk.regions,
        "objects": [
            {"key": each.key, "bytes": each.size, "version_id": each.version_id, "replication_status": each.status}
            for each in (*walk.earlier, *walk.later)
        ],
        "checks": [{"what": check.what, "held": check.held, "differs": check.differs} for check in walk.checks],
    }
