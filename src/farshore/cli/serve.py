"""`farshore serve`: run a server."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farshore.cli.output import DID_NOT_HOLD, USED_WRONGLY, Json, fail, print_json

if TYPE_CHECKING:
    from farshore.app.serve import Serving
    from farshore.runtime.settings import Settings


def serve(
    folder: Annotated[
        Path | None, typer.Argument(help="With --demo: a folder whose files to upload.", show_default=False)
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Walk through replication on the server, with real files, and go on serving.")
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Folder of everything stored [farshore-data].", show_default=False),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one [9000].", show_default=False)] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Region to serve; repeatable [us-east-1, us-west-2, eu-west-1].", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="API processes; 0 puts everything into one [number of cores].", show_default=False),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file (TOML); flags go before it.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Serve S3, and replicate. Prints the endpoint once it answers."""
    from farshore.app.cannot_serve import CannotServe
    from farshore.app.serve import serve as serve_until_told
    from farshore.runtime.settings import BadSettings, check_secrets, load_settings, root_credentials

    if folder is not None and not demo:
        fail(f"what is {str(folder)!r}? A folder belongs to --demo", USED_WRONGLY)
    if folder is not None and not folder.is_dir():
        fail(f"{folder} is not a folder", USED_WRONGLY)
    flags = {"data": data, "host": host, "port": port, "regions": region, "workers": workers}
    try:
        settings = load_settings(os.environ, flags, config)
        root = root_credentials(os.environ)
        check_secrets(settings, os.environ)
    except BadSettings as error:
        fail(error, USED_WRONGLY)

    def announce(serving: Serving) -> subprocess.Popen[bytes] | None:
        _tell(serving, settings, json)
        return _begin_demo(serving, folder, json) if demo else None

    try:
        code = serve_until_told(settings, root, announce)
    except CannotServe as error:
        fail(error, DID_NOT_HOLD)
    raise typer.Exit(code)


def _tell(serving: Serving, settings: Settings, json: bool) -> None:
    """The endpoint on standard output, for programs; the rest beside it, for people."""
    data = serving.folder
    if json:
        print_json(
            {
                "endpoint": serving.endpoint,
                "regions": settings.regions,
                "data": str(data.path),
                "credentials": str(data.credentials),
                "first_start": serving.first,
            }
        )
    else:
        typer.echo(serving.endpoint)
        typer.echo(
            f"Serving {', '.join(settings.regions)} from {data.path}. The access key is in {data.credentials}.",
            err=True,
        )
        if serving.first:
            typer.echo(f"Try it, in another terminal:\n\n{_lines_to_try(serving, settings)}\n", err=True)
    sys.stdout.flush()


def _lines_to_try(serving: Serving, settings: Settings) -> str:
    return "\n".join(
        (
            f"  export AWS_SHARED_CREDENTIALS_FILE={shlex.quote(str(serving.folder.credentials))}"
            f" AWS_ENDPOINT_URL={serving.endpoint} AWS_DEFAULT_REGION={settings.regions[0]}",
            "  aws s3 mb s3://my-first-bucket",
            "  echo hello | aws s3 cp - s3://my-first-bucket/hello.txt && aws s3 ls s3://my-first-bucket",
        )
    )


def _begin_demo(serving: Serving, folder: Path | None, json: bool) -> subprocess.Popen[bytes]:
    """The walk is a program of its own: it sees the server as any client does, and cannot slow it down from inside."""
    command = [sys.executable, "-m", "farshore", "demo", "--data", str(serving.folder.path)]
    command += ["--json"] if json else []
    command += ["--", str(folder)] if folder else []
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)
