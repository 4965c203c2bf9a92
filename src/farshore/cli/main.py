"""The `farshore` program: its commands, one file each. What a command needs is imported when it runs.

Exit codes of every command: 0 held, 1 did not hold, 2 used wrongly.
"""

from __future__ import annotations

from typing import Annotated

import typer

from farshore.cli import account, batch, bench, demo, explain, replication, serve, status
from farshore.cli.help import Command, commands

app = commands("An S3-compatible object store whose replication can be trusted.")
app.command("serve", cls=Command)(serve.serve)
app.command("status", cls=Command)(status.status)
app.command("explain", cls=Command)(explain.explain)
app.command("demo", cls=Command)(demo.demo)
app.command("bench", cls=Command)(bench.bench)
app.add_typer(account.app, name="account")
app.add_typer(replication.app, name="replication")
app.add_typer(batch.app, name="batch")


def main() -> None:
    app(prog_name="farshore")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"farshore {metadata.version('farshore')}")
        raise typer.Exit()


@app.callback()
def _program(  # pyright: ignore[reportUnusedFunction] - typer keeps it.
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
