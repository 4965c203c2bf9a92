"""How commands speak: results on standard output, everything else on standard error, one line where one is enough."""

from __future__ import annotations

import json
from typing import Annotated, Any, NoReturn

import typer

DID_NOT_HOLD = 1
USED_WRONGLY = 2
TIME_OVER = 3
"""Of commands that wait."""

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def fail(message: object, code: int) -> NoReturn:
    """End the command with a message on standard error."""
    typer.echo(f"farshore: {message}", err=True)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    """One line, complete, so that a reader of lines has whole values."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def human_bytes(count: int) -> str:
    """1536 -> "1.5 KiB"."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def human_age(seconds: float) -> str:
    """90.2 -> "1 min 30 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
