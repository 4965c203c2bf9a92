"""Commands that are to be pasted hold every key as it is, and show what they hold."""

from __future__ import annotations

import subprocess

import pytest

from farshore.semantics.shell import CONTROLS, shell_words

WORDS = (
    "plain/key-1.txt",
    "",
    "a b+c%20",
    'it\'s "quoted"',
    "$(touch x)`y`;&|<>*?[]{}~!#",
    "-dash",
    "--bucket",
    "back\\slash",
    "new\nline",
    "cr\rtab\tbell\x07",
    "\x1b]0;owned\x07\x1b[2J",
    "c1\x9b31m del\x7f",
    "\u202ertl\u2028\u2069",
    "mixed ' \\ \n' \\n",
    "1\x012",
    "ü/日本 😀",
)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_shell_reads_the_words_that_were_written(locale: str) -> None:
    line = shell_words("printf", r"%s\0", *WORDS)
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        check=True,
        timeout=60,
        env={"LC_ALL": locale, "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout.decode().split("\0")[:-1] == list(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_no_command_commands_the_terminal_that_shows_it(word: str) -> None:
    assert not CONTROLS.search(shell_words("aws", word))


def test_ordinary_words_are_quoted_as_anybody_would() -> None:
    assert shell_words("aws", "s3", "cp", "a b", "it's") == "aws s3 cp 'a b' 'it'\"'\"'s'"
