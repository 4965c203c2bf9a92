"""The parameters of a request in the query protocol: `Tags.member.1.Key=a` as a tree.

Source: Smithy, "AWS query protocol": lists are `Name.member.N` (flattened: `Name.N`), maps `Name.entry.N.key` and
`.value`, structures `Name.Member`.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from farshore.model.query_errors import MalformedQueryString

FORM_BYTES_MAX = 1024 * 1024
PARAMETERS_MAX = 10_000
DEPTH_MAX = 12


class Node:
    """What stands under a name: its own text (None when only names below it were sent), and the names below it."""

    __slots__ = ("children", "text")

    def __init__(self) -> None:
        self.text: str | None = None
        self.children: dict[str, Node] = {}

    def child(self, name: str) -> Node | None:
        return self.children.get(name)

    def numbered(self) -> list[Node]:
        """Children with numbers for names, in the order of their numbers; others are left out."""
        numbers = sorted((int(name), node) for name, node in self.children.items() if _is_number(name))
        return [node for _, node in numbers]


def read_form(body: bytes) -> Node:
    """Parse `application/x-www-form-urlencoded`. Of a name that is given twice the first value counts.

    Raises:
        MalformedQueryString: not UTF-8, too many parameters, or too deep.
    """
    root = Node()
    parts = [part for part in body.replace(b"+", b" ").split(b"&") if part]
    if len(parts) > PARAMETERS_MAX:
        raise MalformedQueryString()
    for part in parts:
        name, _, value = part.partition(b"=")
        try:
            path = unquote_to_bytes(name).decode().split(".")
            text = unquote_to_bytes(value).decode()
        except UnicodeDecodeError as error:
            raise MalformedQueryString() from error
        if len(path) > DEPTH_MAX:
            raise MalformedQueryString()
        node = root
        for step in path:
            node = node.children.setdefault(step, Node())
        if node.text is None:
            node.text = text
    return root


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 6
