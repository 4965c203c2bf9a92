"""`farshore replication`: commands for replication, one file each."""

from __future__ import annotations

import typer

from farshore.cli import (
    replication_preview,
    replication_retry,
    replication_role,
    replication_status,
    replication_verify,
    replication_wait,
)

app = typer.Typer(
    help="Replication: how it stands, what a configuration would do, the role that it needs; verify; retry failures.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("preview")(replication_preview.preview)
app.command("retry")(replication_retry.retry)
app.command("role")(replication_role.role)
app.command("status")(replication_status.status)
app.command("verify")(replication_verify.verify)
app.command("wait")(replication_wait.wait)
