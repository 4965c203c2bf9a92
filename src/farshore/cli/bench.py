"""`farshore bench`: measure a server beside what its machine can do at best."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farshore.cli.connection import Data, EndpointUrl, Profile, connect
from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, fail

if TYPE_CHECKING:
    from farshore.bench.plan import Plan
    from farshore.bench.results import Results
    from farshore.bench.subject import Subject

STANDARD_OUTPUT = "-"


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="A look in passing: half a minute, small numbers.")] = False,
    full: Annotated[bool, typer.Option("--full", help="For the record: a million keys, 5 GiB.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A section, repeatable: requests, processes, large, list, replication, observing, batch, verify, "
            "memory [all].",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="API processes, where there are several [number of cores].")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to put data for the time; its disk is measured.")] = Path(),
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the results as JSON; - is standard output.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Results of an earlier run, to compare with.", show_default=False)
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 when a target is missed.")] = False,
    endpoint_url: EndpointUrl = None,
    data: Data = None,
    profile: Profile = None,
) -> None:
    """Measure servers of its own (or with --endpoint-url or --data, one that runs), and the floors beside them."""
    from rich.console import Console

    from farshore.bench.plan import DEFAULT, FULL, QUICK, SECTIONS
    from farshore.bench.report import show

    if quick and full:
        fail("--quick or --full, not both", USED_WRONGLY)
    unknown = set(only or ()) - set(SECTIONS)
    if unknown:
        fail(f"no section is called {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}", USED_WRONGLY)
    if not folder.is_dir():
        fail(f"{folder} is not a folder", USED_WRONGLY)
    earlier = None if compare is None else _read(compare)
    running = _running(endpoint_url, data, profile)
    plan = QUICK if quick else FULL if full else DEFAULT
    results = _run(plan, only or SECTIONS, folder, workers or os.cpu_count() or 1, running)
    if json is not None:
        _write(results, json)
    show(Console(stderr=json == STANDARD_OUTPUT), results, earlier)
    if check and not all(target.held for target in results.targets):
        raise typer.Exit(DID_NOT_HOLD)


def _running(endpoint_url: str | None, data: Path | None, profile: str | None) -> Subject | None:
    """The server that was named. Settings of the AWS tools alone name none: nobody's server is loaded by accident."""
    from farshore.bench.subject import Subject

    if endpoint_url is None and data is None:
        return None
    found = connect(endpoint_url, data, profile)
    key = found.credentials.get_frozen_credentials()
    if key.token:
        fail("the bench signs with a long-term key, not with a session's", USED_WRONGLY)
    return Subject(endpoint_url=found.endpoint, access_key_id=key.access_key, secret=key.secret_key)


def _run(
    plan: Plan, sections: list[str] | tuple[str, ...], folder: Path, workers: int, running: Subject | None
) -> Results:
    import uvloop
    from rich.console import Console

    from farshore.bench.client import UnexpectedAnswer
    from farshore.bench.run import run
    from farshore.bench.subject import CannotMeasure

    console = Console(stderr=True)
    with console.status("…") as status:

        def say(what: str) -> None:
            status.update(f"measuring: {what}")
            if not console.is_terminal:
                typer.echo(f"measuring: {what}", err=True)

        try:
            return uvloop.run(run(plan, sections=sections, folder=folder, workers=workers, running=running, say=say))
        except (CannotMeasure, UnexpectedAnswer) as error:
            fail(error, DID_NOT_HOLD)


def _read(path: Path) -> Results:
    import msgspec

    from farshore.bench.results import Results

    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}", USED_WRONGLY)
    except msgspec.DecodeError as error:
        fail(f"cannot read {path}: {error}", USED_WRONGLY)


def _write(results: Results, place: str) -> None:
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(results)).decode()
    if place == STANDARD_OUTPUT:
        typer.echo(text)
        return
    try:
        Path(place).write_text(f"{text}\n", "utf-8")
    except OSError as error:
        fail(f"cannot write {place}: {error.strerror}", DID_NOT_HOLD)
