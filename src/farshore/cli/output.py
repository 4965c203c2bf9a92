"""How commands speak: results on standard output, everything else on standard error, one line where one is enough."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection, Sequence
from typing import Annotated, Any, NoReturn, TextIO

import typer

from farshore.semantics.shell import CONTROLS

DID_NOT_HOLD = 1
USED_WRONGLY = 2
TIME_OVER = 3
"""Of commands that wait."""

_GAP = "  "

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def fail(message: object, code: int) -> NoReturn:
    """End the command with a message on standard error."""
    typer.echo(f"farshore: {message}", err=True)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    """One line, complete, so that a reader of lines has whole values."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def plain(answer: Any) -> Any:
    """A server's answer, to be shown to people: in its texts characters that a terminal obeys are as JSON escapes them.

    Keys are chosen by whoever may write, errors by receivers of events: none of them moves the cursor, or looks like
    another line.
    """
    match answer:
        case str():
            return CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], answer)
        case list():
            return [plain(each) for each in answer]
        case dict():
            return {name: plain(value) for name, value in answer.items()}
        case _:
            return answer


def print_table(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> None:
    """Print rows, the first of which names the columns. Nothing is ever cut.

    A table without a box, whose lines are whole for whoever reads a pipe; on a terminal too narrow for it, a block of
    lines for each row.

    Args:
        rows: a cell may have several lines.
        right: places of columns of numbers.
    """
    typer.echo(table(rows, right=right, width=terminal_width(sys.stdout)))


def terminal_width(stream: TextIO) -> int | None:
    """In columns; None when the stream goes elsewhere."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), width: int | None = None) -> str:
    """What `print_table` prints. width: of the terminal; None is unbounded."""
    split = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(len(line) for row in split for line in row[place]) for place in range(len(rows[0]))]
    if width is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return "\n".join(_block(rows[0], row) for row in split[1:])
    lines: list[str] = []
    for row in split:
        for number in range(max(map(len, row))):
            cells = [cell[number] if number < len(cell) else "" for cell in row]
            padded = [
                cell.rjust(width) if place in right else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ]
            lines.append(_GAP.join(padded).rstrip())
    return "\n".join(lines)


def short_time(text: str) -> str:
    """The server's ISO 8601 text in UTC, to the second: `2026-01-31 12:00:00`."""
    return text[:19].replace("T", " ")


def _block(names: Sequence[str], row: Sequence[Sequence[str]]) -> str:
    """A row by itself: its first cell, then a line for each of the others that says something."""
    named = max(map(len, names))
    lines = ["".join(row[0])]
    for name, cell in zip(names[1:], row[1:], strict=True):
        lines += [f"  {name.ljust(named)}  {line}" for line in cell if line]
    return "\n".join(lines)


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
