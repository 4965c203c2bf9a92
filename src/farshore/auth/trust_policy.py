"""The principals that a role's trust policy names, as text: read, renamed, and those that are gone.

AWS: a trust policy means an identity, not its name. When a user or role is deleted, its unique id stands in its place
and matches nobody, also not who is made anew with the same name. Source: IAM User Guide, "AWS JSON policy elements:
Principal". Documents here were checked before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

_UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,}")
_NOBODY = "arn:aws:iam::000000000000:deleted/"
_ELEMENTS = ("Principal", "NotPrincipal")


def named_principals(document: str) -> Iterator[tuple[str, str]]:
    """(`AWS` or `Service`, text) of every principal."""
    for listed in _principals(json.loads(document)):
        for kind in ("AWS", "Service"):
            texts = listed.get(kind, [])
            for text in cast("list[str]", texts if isinstance(texts, list) else [texts]):
                yield kind, text


def rename_principal(document: str, before: str, after: str) -> str:
    """The document with another text in a principal's place."""
    return _changed(document, lambda text: after if text == before else text)


def without_deleted(document: str) -> str:
    """The document with ARNs that match nobody in the place of unique ids, which no policy may be put with."""
    if not _UNIQUE_ID.search(document):
        return document
    return _changed(document, lambda text: _NOBODY + text if _UNIQUE_ID.fullmatch(text) else text)


def _changed(document: str, change: Callable[[str], str]) -> str:
    parsed = json.loads(document)
    for listed in _principals(parsed):
        if "AWS" in listed:
            texts = listed["AWS"]
            listed["AWS"] = [change(text) for text in texts] if isinstance(texts, list) else change(texts)
    return json.dumps(parsed)


def _principals(document: Any) -> Iterator[dict[str, Any]]:
    """The Principal and NotPrincipal elements that are not `*`."""
    listed = document["Statement"]
    for statement in cast("list[dict[str, Any]]", listed if isinstance(listed, list) else [listed]):
        for element in _ELEMENTS:
            if isinstance(statement.get(element), dict):
                yield cast("dict[str, Any]", statement[element])
