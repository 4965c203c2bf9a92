"""`farshore replication`: commands for replication, one file each."""

from __future__ import annotations

from farshore.cli import (
    replication_preview,
    replication_retry,
    replication_role,
    replication_status,
    replication_verify,
    replication_wait,
)
from farshore.cli.help import Command, commands

app = commands(
    "Replication: how it stands, what a configuration would do, the role that it needs; verify; retry failures."
)
app.command("preview", cls=Command)(replication_preview.preview)
app.command("retry", cls=Command)(replication_retry.retry)
app.command("role", cls=Command)(replication_role.role)
app.command("status", cls=Command)(replication_status.status)
app.command("verify", cls=Command)(replication_verify.verify)
app.command("wait", cls=Command)(replication_wait.wait)
