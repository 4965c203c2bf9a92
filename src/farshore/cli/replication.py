"""`farshore replication`: commands for replication, one file each."""

from __future__ import annotations

import typer

from farshore.cli import replication_preview, replication_role

app = typer.Typer(
    help="Replication: what a configuration would do, the role that it needs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("preview")(replication_preview.preview)
app.command("role")(replication_role.role)
