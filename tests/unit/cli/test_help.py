"""`--help` of every command: nothing is cut, and values are named in capitals, not by types of the program."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from farshore.cli.main import app

GROUPS = ("", "account", "replication", "batch")


def commands() -> list[tuple[str, ...]]:
    top = get_command(app)
    found: list[tuple[str, ...]] = []
    for name, command in top.commands.items():
        nested = getattr(command, "commands", {})
        found += [(name, each) for each in nested] or [(name,)]
    return sorted(found)


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, [*words], prog_name="farshore")
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_no_type_of_the_program_and_no_braces_are_shown(words: tuple[str, ...]) -> None:
    text = printed(*words, "--help")
    assert not re.search(r"<\w|list\[|range>|\{\w+\}", text), text
    assert printed(*words, "-h") == text


@pytest.mark.parametrize("group", GROUPS)
def test_summaries_of_commands_are_whole(group: str) -> None:
    text = printed(*group.split(), "-h")
    assert "..." not in text.partition("Commands:")[2], text


def test_what_is_required_and_what_may_be_left_out_can_be_seen() -> None:
    assert "farshore batch show [OPTIONS] JOB-ID\n" in printed("batch", "show", "-h")
    assert "farshore serve [OPTIONS] [FOLDER]\n" in printed("serve", "-h")
    role = printed("replication", "role", "-h")
    assert "SOURCE DESTINATION...\n" in role and "--as json|cli|terraform" in role
    assert "--region REGION" in printed("serve", "-h")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["serve", "--port", "many"], "'--port': 'many' should be a valid integer"),
        (["serve", "--port=many"], "'--port': 'many' should be a valid integer"),
        (["replication", "role", "a", "b", "--as", "yaml"], "'--as': 'yaml' is not one of 'json', 'cli', 'terraform'"),
        (["batch", "replicate", "a", "--priority", "-1"], "'--priority': '-1' should be greater than or equal to 0"),
        (["batch", "show"], "Missing argument 'JOB-ID'"),
        (["batch", "show", "xyz"], "'xyz' is no job id: one looks like"),
        (["batch", "confirm", "s3://shelf"], "`farshore batch list` shows the jobs"),
        (["batch", "cancel", "x" * 37], "is no job id"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_its_flag_and_what_can(words: list[str], message: str) -> None:
    done = CliRunner().invoke(app, words, prog_name="farshore")
    assert (done.exit_code, message in done.output) == (2, True), done.output
