"""Words as a command that can be pasted into a shell, whatever characters keys have."""

from __future__ import annotations

import re
import shlex

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys instead of showing them."""

_ESCAPED = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_TO_ESCAPE = re.compile(rf"['\\]|{CONTROLS.pattern}")


def shell_words(*words: str) -> str:
    """A command of these words.

    A word with characters of `CONTROLS` is written as `$'…'`, which bash, zsh and ksh read: it shows what it holds, and
    commands no terminal.
    """
    return " ".join(_in_escapes(word) if CONTROLS.search(word) else shlex.quote(word) for word in words)


def _in_escapes(word: str) -> str:
    return f"$'{_TO_ESCAPE.sub(_escape, word)}'"


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _ESCAPED.get(character) or "".join(f"\\x{byte:02x}" for byte in character.encode())
