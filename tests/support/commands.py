"""The program's commands, run as somebody with a key, with nothing else of this machine's settings."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.people import Person


def as_person(person: Person) -> dict[str, str]:
    """The variables of whoever has this key."""
    return {
        "AWS_ENDPOINT_URL": person.server.endpoint,
        "AWS_ACCESS_KEY_ID": person.key_id,
        "AWS_SECRET_ACCESS_KEY": person.secret,
    }


def environment_of(person: Person) -> dict[str, str]:
    """The whole environment of a command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FARSHORE_"))}
    return kept | as_person(person)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "farshore", *words]


def run(*words: str, person: Person) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        env=environment_of(person),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
