"""How `--help` reads: whole summaries, placeholders in capitals, `-h` as well."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_INPUT = "Input"
_UNCUT = 1_000
"""Characters of a summary."""


class Command(TyperCommand):
    """A command whose help names values by what they are, not by their types in the program."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            _name_value(error, given)
            raise

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [self.options_metavar or "", *map(_in_usage, _arguments(self, ctx))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if isinstance(parameter, TyperArgument):
                sections["Arguments"].append((_placeholder(parameter), record[1]))
            else:
                sections["Options"].append((_option(parameter), record[1]))
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class Group(TyperGroup):
    """Commands, each with the whole first sentence of its help."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        listed = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(_UNCUT)) for name, command in listed if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def commands(text: str) -> typer.Typer:
    """A group of commands. Register each with `cls=Command`."""
    return typer.Typer(
        help=text,
        cls=Group,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _name_value(error: typer.BadParameter, given: Sequence[str]) -> None:
    """Put the value into the message, which speaks of "Input": `'x' should be a valid integer`."""
    message, names = str(error.message).removeprefix("Value error, "), getattr(error.param, "opts", ())
    error.message = message
    if not message.startswith(_INPUT):
        return
    value = None
    for place, word in enumerate(given):
        name, equals, rest = word.partition("=")
        if name in names:
            value = rest if equals else next(iter(given[place + 1 :]), None)
    if value is not None:
        error.message = f"{value!r}{message.removeprefix(_INPUT).partition(', unable')[0]}"


def _arguments(command: TyperCommand, ctx: Any) -> Iterator[TyperArgument]:
    return (each for each in command.get_params(ctx) if isinstance(each, TyperArgument))


def _in_usage(argument: TyperArgument) -> str:
    return _placeholder(argument) if argument.required else f"[{_placeholder(argument)}]"


def _option(option: Any) -> str:
    names = " / ".join(", ".join(sorted(each, key=len)) for each in (option.opts, option.secondary_opts) if each)
    takes_value = isinstance(option, TyperOption) and not option.is_flag and not option.count
    return f"{names} {_placeholder(option)}" if takes_value else names


def _placeholder(parameter: Any) -> str:
    """What stands for the value: its metavar, its choices, else its name: `--version-id VERSION-ID`."""
    if parameter.metavar is not None:
        return str(parameter.metavar)
    default = parameter.default
    if isinstance(default, Enum):
        return "|".join(str(choice.value) for choice in type(default))
    return str(parameter.name).upper().replace("_", "-")
