"""`farshore replication verify`: whether a destination has what it ought to have, by what is stored on both sides."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Any, Self

import typer

from farshore.cli.connection import Data, EndpointUrl, Profile, connect
from farshore.cli.names import SourceBucket, bucket_name
from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, Json, fail, human_bytes, plain, print_json

SHOWN_MAX = 20
"""Differences that are shown of each destination; a report has all."""


def verify(
    bucket: SourceBucket,
    destination: Annotated[
        str | None,
        typer.Option(metavar="BUCKET", parser=bucket_name, help="Only this destination bucket.", show_default=False),
    ] = None,
    prefix: Annotated[str, typer.Option(help="Only keys that begin so.")] = "",
    repair: Annotated[bool, typer.Option("--repair", help="Let go again what is missing or differs.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Read every body on both sides, too.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write every difference and the results there, as JSON lines.", show_default=False),
    ] = None,
    ignore_extra: Annotated[
        bool, typer.Option("--ignore-extra", help="Exit with 0 when all that is found is extra at the destination.")
    ] = False,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Compare a bucket with its destinations, version by version, by what is stored and not by any status.

    Exits with 0 when they are equal, 1 when something is missing, differs or is extra, or it could not be finished.
    With --json every line of the answer is printed as it comes.
    """
    asked = {
        "bucket": bucket,
        "destination": destination,
        "prefix": prefix or None,
        "deep": "true" if deep else None,
        "repair": "true" if repair else None,
    }
    with _Report(report) as written:
        lines = connect(endpoint_url, data, profile).api().lines("/-/replication/verify", asked)
        if json:
            results = _follow(lines, written, print_json)
        else:
            results = _watch(lines, written)
    if prefix and not any(result["counts"]["versions"] for result in results):
        typer.echo(f"No key of {bucket} begins with {plain(prefix)!r}: nothing was compared.", err=True)
    if not results or not all(_holds(result, ignore_extra) for result in results):
        raise typer.Exit(DID_NOT_HOLD)


class _Report:
    """A file for lines of the answer, on disk when it is left; nothing without a path.

    What it cannot take ends the command: a report that was asked for is whole, or there is none.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("w", encoding="utf-8")
            except OSError as error:
                fail(f"cannot write {self._path}: {error.strerror}", USED_WRONGLY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            # What ends the command already is told, and once.
            with self._told() if kind is None else suppress(OSError):
                self._file.close()

    def write(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            with self._told():
                self._file.write(json_module.dumps(line, ensure_ascii=False) + "\n")

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            fail(f"cannot write {self._path}: {error.strerror}", DID_NOT_HOLD)


def _follow(
    lines: Iterator[dict[str, Any]], report: _Report, heard: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """Hear every line, write those that belong in a report; returns the results."""
    results: list[dict[str, Any]] = []
    for line in lines:
        heard(line)
        if line["line"] != "progress":
            report.write(line)
        if line["line"] == "result":
            results.append(line)
        elif line["line"] == "error":
            fail(f"it could not go on: {line['code']}: {line['message']}", DID_NOT_HOLD)
    return results


def _watch(lines: Iterator[dict[str, Any]], report: _Report) -> list[dict[str, Any]]:
    """Show progress, the first differences and the results."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    shown = 0
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("verify")

        def hear(line: dict[str, Any]) -> None:
            nonlocal shown
            match line["line"]:
                case "begun":
                    shown = 0
                    bars.reset(bar, total=line["versions"])
                case "progress":
                    bars.update(bar, completed=line["counts"]["versions"])
                case "difference":
                    if shown < SHOWN_MAX:
                        typer.echo(_difference(plain(line)))
                    elif shown == SHOWN_MAX:
                        typer.echo("… and more: a report has them all (--report FILE).")
                    shown += 1
                case "result":
                    typer.echo("\n".join(_result(line)))
                case _:
                    return

        return _follow(lines, report, hear)


def _difference(line: dict[str, Any]) -> str:
    text = f"{line['kind']} {line['key']} (version {line['version_id']})"
    if line["fields"]:
        text += f": {', '.join(line['fields'])}"
    if line["damaged"]:
        text += f" of the {' and of the '.join(side.lower() for side in line['damaged'])}"
    notes = [line[name] for name in ("why", "code") if line[name]]
    if line["repair"]:
        notes.append("on its way again" if line["repair"] == "ON_ITS_WAY" else "left as it is")
    return text + (f" [{', '.join(notes)}]" if notes else "")


def _result(line: dict[str, Any]) -> Iterator[str]:
    counts = line["counts"]
    if not line["complete"]:
        yield f"{line['destination']}: not finished: the server stopped."
    verdict = "equal" if line["equal"] else "NOT equal"
    names = ("equal", "pending", "missing", "different", "source_damaged", "extra", "not_expected")
    numbers = ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in names if counts[name] or name == "equal")
    yield f"{line['destination']}: {verdict}: {counts['versions']} versions in {line['took_s']} s: {numbers}."
    if counts["bytes"]:
        yield f"  {human_bytes(counts['bytes'])} of bodies were read."
    if counts["repaired"] or counts["left"]:
        yield f"  {counts['repaired']} are on their way again, {counts['left']} are left as they are."
    yield f"  digest {line['digest']}"


def _holds(result: dict[str, Any], ignore_extra: bool) -> bool:
    if result["equal"] or not ignore_extra:
        return bool(result["equal"])
    counts = result["counts"]
    return result["complete"] and not (counts["missing"] or counts["different"] or counts["source_damaged"])
