"""Named SQL: queries live in `queries/*.sql` and are loaded once, when their module is imported.

A query begins at a line `-- name: words_with_underscores` and ends at the next such line. `{name}` inside a query is
replaced by the text of another one (a list of columns, say). Comments and line breaks are dropped: statement caches
compare the text at every execution, so shorter is faster. Literals must therefore hold neither `--` nor runs of spaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_REFERENCE = re.compile(r"\{(\w+)\}")


def load(*names: str) -> Mapping[str, str]:
    """The queries of these files (`"read"` is queries/read.sql), by name.

    Raises:
        ValueError: two queries have one name, or text stands before the first name.
        KeyError: a reference names no query of these files.
    """
    queries: dict[str, str] = {}
    for name in names:
        text = files("farshore.metadata").joinpath("queries", f"{name}.sql").read_text("utf-8")
        for query, body in _parse(text).items():
            if query in queries:
                raise ValueError(f"query {query!r} of {name}.sql exists already")
            queries[query] = body
    return {name: _resolve(body, queries) for name, body in queries.items()}


def _parse(text: str) -> dict[str, str]:
    head, *rest = _NAME.split(text)
    if _squeeze(head):
        raise ValueError(f"text before the first query: {_squeeze(head)[:60]!r}")
    return {name: _squeeze(body) for name, body in zip(rest[::2], rest[1::2], strict=True)}


def _squeeze(text: str) -> str:
    return " ".join(_COMMENT.sub("", text).split()).removesuffix(";")


def _resolve(text: str, queries: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: _resolve(queries[match[1]], queries), text)
